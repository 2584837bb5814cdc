"""Questions files: what is understood, and what is refused with its line."""

from pathlib import Path

import pytest

from bot.errors import InputRejected
from bot.evaluation.cases import documents_of, read_cases, spread
from bot.models import Turn
from indexing.models import Reader

SHARED = Path(__file__).parents[2].parent / "shared" / "data"


def written(folder: Path, *lines: str) -> Path:
    path = folder / "questions.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_a_plain_question(tmp_path: Path) -> None:
    path = written(tmp_path, '{"question": "How?", "article_ids": [12, "b"], "locale": "de-AT"}')

    (case,) = read_cases(path)

    assert case.question == "How?"
    assert case.article_ids == {"12", "b"}
    assert case.answerable
    assert case.locale == "de-AT"
    assert case.reader == Reader.customer()
    assert case.answers == ()


def test_unanswerable_where_it_is_said_or_no_article_answers(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        '{"question": "a", "article_ids": []}',
        '{"question": "b", "article_ids": ["1"], "answerable": false}',
        "",
        '{"question": "c", "answerable": true, "answer": null}',
    )

    assert [case.answerable for case in read_cases(path)] == [False, False, True]
    assert [case.line for case in read_cases(path)] == [1, 2, 4]


def test_conversations_bring_history_passages_and_references(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        '{"id": "m1", "question": "And there?", "answerable": true, "answer": ["Yes.", " "],'
        ' "answerability": ["PARTIAL"], "audience": "agent",'
        ' "history": [{"speaker": "user", "text": "Hi"}, {"speaker": "agent", "text": "Hello"}],'
        ' "passages": [{"id": "p1", "text": "Opening hours\\nWe open at 9."}]}',
        '{"id": "m2", "question": "When?", "answerable": false,'
        ' "passages": [{"id": "p1", "text": "Opening hours\\nWe open at 9."}]}',
    )

    first, second = read_cases(path)

    assert first.history == (
        Turn(speaker="customer", text="Hi"),
        Turn(speaker="agent", text="Hello"),
    )
    assert first.answers == ("Yes.",)
    assert first.kind == "partial"
    assert first.reader == Reader.agent()
    (document,) = documents_of([first, second])
    assert (document.id, document.title) == ("p1", "Opening hours")


def test_questions_of_one_language(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        '{"question": "a", "article_ids": ["1"], "locale": "en-US"}',
        '{"question": "b", "article_ids": ["1"], "locale": "eng"}',
        '{"question": "c", "article_ids": ["1"]}',
    )

    assert [case.question for case in read_cases(path, locale="EN")] == ["a"]
    with pytest.raises(InputRejected, match="no questions for locale nl"):
        read_cases(path, locale="nl")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('{"question": "a", "article_ids": ["1"]', "line 2: .*JSON"),
        ("[]", "line 2: .*object"),
        ('{"article_ids": ["1"]}', "line 2: question: Field required"),
        ('{"question": " ", "article_ids": ["1"]}', "line 2: question: .*empty"),
        ('{"question": "a", "article_ids": "1"}', "line 2: article_ids"),
        ('{"question": "a"}', "line 2: says neither article_ids nor answerable"),
        ('{"id": "x", "question": "a", "article_ids": []}', "line 2: id 'x' is already .* line 1"),
        ('{"question": "a", "answerable": true, "history": [{"speaker": "cat"}]}', "line 2: hist"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, why: str) -> None:
    path = written(tmp_path, '{"id": "x", "question": "fine", "article_ids": ["1"]}', line)

    with pytest.raises(InputRejected, match=why) as caught:
        read_cases(path)

    assert str(path) in str(caught.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "latin.jsonl").write_bytes('{"question": "Größe"}'.encode("latin-1"))
    (tmp_path / "empty.jsonl").write_text("\n")

    for name, why in [
        ("none.jsonl", "No such file"),
        ("latin.jsonl", "UTF-8"),
        ("empty.jsonl", "no q"),
    ]:
        with pytest.raises(InputRejected, match=why):
            read_cases(tmp_path / name)


def test_a_limit_takes_cases_from_the_whole_file(tmp_path: Path) -> None:
    path = written(tmp_path, *(f'{{"question": "{n}", "article_ids": ["1"]}}' for n in range(10)))
    cases = read_cases(path)

    assert [case.question for case in spread(cases, 3)] == ["0", "3", "6"]
    assert spread(cases, None) == spread(cases, 99) == cases


@pytest.mark.skipif(not SHARED.exists(), reason="needs ../shared/data")
@pytest.mark.parametrize(
    "path", sorted(SHARED.glob("*/questions*.jsonl")), ids=lambda path: path.parent.name
)
def test_real_files_are_understood(path: Path) -> None:
    cases = read_cases(path)

    assert all(case.answerable or not case.article_ids for case in cases)
