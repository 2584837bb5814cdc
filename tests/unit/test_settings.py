"""Settings: what they become, what is refused and how, and which names look like mistakes."""

from pathlib import Path

import pytest

from bot import settings
from bot.bootstrap import engine_name
from bot.errors import SettingInvalid


@pytest.fixture(autouse=True)
def _no_settings_but_the_tests_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in settings.names():
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    return tmp_path / ".env"


def test_defaults_need_no_setting_at_all(env_file: Path) -> None:
    found = settings.load(env_file)

    assert found.storage.database_url is None
    assert found.storage.data_dir.is_absolute()
    assert (found.web.host, found.web.port) == ("127.0.0.1", 8000)
    assert engine_name(found) == "extractive"


def test_the_environment_wins_over_the_file(
    env_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env_file.write_text("PORT=1111\nLOG_FORMAT=json\n")
    monkeypatch.setenv("PORT", "2222")

    found = settings.load(env_file)

    assert found.web.port == 2222
    assert found.log.log_format == "json"


def test_an_empty_value_means_not_set(env_file: Path) -> None:
    env_file.write_text("DATABASE_URL=\nPORT=\nANTHROPIC_API_KEY=\n")

    found = settings.load(env_file)

    assert found.storage.database_url is None
    assert found.anthropic.api_key is None
    assert found.web.port == 8000


def test_a_file_from_windows_is_read(env_file: Path) -> None:
    env_file.write_bytes(b"\xef\xbb\xbfPORT=1234\r\nANSWER_ENGINE=Extractive\r\n")

    found = settings.load(env_file)

    assert (found.web.port, found.answers.answer_engine) == (1234, "extractive")


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("ANSWER_ENGINE", "gpt", "auto, claude, markers or extractive"),
        ("PORT", "web", "0 to 65535"),
        ("PORT", "70000", "0 to 65535"),
        ("LOG_FORMAT", "xml", "auto, json or console"),
        ("SUPPORTBOT_DEBUG", "perhaps", "true or false"),
        ("DATABASE_URL", "mysql://root:hunter22@host/db", "must start with postgresql://"),
        ("ANTHROPIC_BASE_URL", "localhost:8080", "must start with https://"),
        ("PUBLIC_URL", "support.example.com", "must start with https://"),
        ("SUPPORTBOT_DATA_DIR", __file__, "is a file"),
    ],
)
def test_a_bad_setting_is_named_with_what_is_allowed(
    env_file: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(SettingInvalid) as caught:
        settings.load(env_file)

    message = str(caught.value)
    assert message.startswith(f"{name} ")
    assert says in message
    assert "\n" not in message
    assert "hunter22" not in message


def test_secrets_show_neither_in_print_nor_repr(env_file: Path) -> None:
    env_file.write_text(
        "ANTHROPIC_API_KEY=sk-secret-1\nSLACK_BOT_TOKEN=xoxb-secret-2\n"
        "DATABASE_URL=postgresql://u:pass%40word@h/d\n"
    )

    found = settings.load(env_file)

    assert "secret-" not in f"{found!r} {found}"
    assert "pass%40word" not in f"{found!r} {found}"
    assert {"sk-secret-1", "xoxb-secret-2", "pass%40word", "pass@word"} <= found.secrets()


@pytest.mark.parametrize(
    ("lines", "engine"),
    [
        ("ANTHROPIC_API_KEY=k", "claude"),
        ("ANTHROPIC_API_KEY=k\nANTHROPIC_BASE_URL=https://gateway.example.com", "claude"),
        ("ANTHROPIC_BASE_URL=http://127.0.0.1:8080", "markers"),
        ("ANTHROPIC_BASE_URL=https://api.anthropic.com", "extractive"),
        ("ANTHROPIC_API_KEY=k\nANSWER_ENGINE=extractive", "extractive"),
        ("ANTHROPIC_BASE_URL=http://x.test\nANSWER_ENGINE=markers", "markers"),
    ],
)
def test_the_engine_follows_from_what_is_set(env_file: Path, lines: str, engine: str) -> None:
    env_file.write_text(lines)

    assert engine_name(settings.load(env_file)) == engine


@pytest.mark.parametrize(
    ("engine", "missing"), [("claude", "ANTHROPIC_API_KEY"), ("markers", "ANTHROPIC_BASE_URL")]
)
def test_an_engine_without_its_setting_is_refused(
    env_file: Path, engine: str, missing: str
) -> None:
    env_file.write_text(f"ANSWER_ENGINE={engine}")

    with pytest.raises(SettingInvalid, match=missing):
        engine_name(settings.load(env_file))


def test_names_that_look_like_mistakes_are_reported_without_values(env_file: Path) -> None:
    env_file.write_text(
        "PORT=1\nANTHROPIC_API_KEY=old-key\nANTHROPIC_API_KEY=new-key\nANSWER_ENGIN=claude\n"
        "UNRELATED=1\n"
    )
    environment = {"PORT": "2", "ANTHROPIC_APIKEY": "some-key", "HOME": "/h", "HOST": "h"}

    said = list(settings.suspicions(environment, env_file))

    assert len(said) == 4
    text = "\n".join(said)
    assert "ANTHROPIC_API_KEY is set 2 times" in text
    assert "PORT differs" in text
    assert "Did you mean ANSWER_ENGINE?" in text
    assert "Did you mean ANTHROPIC_API_KEY?" in text
    assert "-key" not in text


def test_a_correct_file_raises_no_suspicion(env_file: Path) -> None:
    env_file.write_text("PORT=1\nANSWER_ENGINE=claude\n")

    assert list(settings.suspicions({"PORT": "1", "PATH": "/bin"}, env_file)) == []
