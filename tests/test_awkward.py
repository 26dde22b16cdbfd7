"""Whatever strangers write is read in time that grows with its length: answers, programs, corpora, servers' words."""

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from prompts.answers import programs_in
from sandbox.plain_text import one_line
from surrogates.errors import InputError
from surrogates.language.program import Program, ProgramRefused
from synth.corpus import resolve_corpus
from synth.llm.batches import OddAnswer, read_state
from synth.llm.calls import read_body
from synth.llm.errors import read_json, shown
from synth.llm.files import import_answers
from synth.llm.money import Prices, load_prices
from synth.task_items import read_items
from tests.awkward import LONG_RUNS, MEGABYTE, SIZES, grows_too_fast, repeated, shapes
from tests.llm.asking import exchanges_of, noted

ONE = 'def attend(query, key, pair, sink=4.2):\n    """The first."""\n    return sink * key.is_first\n'
FENCED = f"```python\n{ONE}```\n"


def check(read: Callable[[str], object], before: str, after: str, *, sizes: Sequence[int] = SIZES) -> None:
    """Read texts of every shape between two others, and some as long as a megabyte where that may be."""
    long = [(shape, MEGABYTE) for shape in shapes(LONG_RUNS, mixtures=0)] if sizes == MEGABYTE else []
    wrong = {}
    for (name, made), lengths in [*((shape, sizes[:3]) for shape in shapes()), *long]:
        if found := grows_too_fast(read, lambda n, made=made: before + made(n) + after, lengths):  # type: ignore[misc]
            wrong[name] = found
    assert not wrong


ANSWERS = [
    ("word", "word"),
    ("def f(\n", "`\n" + FENCED),
    ("```python\n" + ONE + "\n", "\n" + ONE + "```"),
    ("```python\ndef f(query, key, pair):", ""),
    ('{"program": "def f(query, key, pair):', '"}'),
]


@pytest.mark.parametrize("frame", ANSWERS)
def test_answers(frame: tuple[str, str]) -> None:
    def read(text: str) -> None:
        answer = programs_in(text)
        assert answer.sources or answer.flaws

    check(read, *frame)


LABORIOUS = {
    "a name that is bound over and over": lambda n: "def f(query, key, pair):x = 1\n" + repeated("x = x\n", n),
    "programs that need everything": lambda n: (
        repeated("x=x;", n // 9) + "\n" + repeated("def f(query,key,pair):x\n", n)
    ),
    "definitions that are open": lambda n: repeated("def f(x):\n y = (" + "a+" * 800 + "\n" + "a+\n" * 19, n),
    "brackets before a list": lambda n: '[["a",' * 50 + repeated("1,", n),
    "lines before values in an f-string": lambda n: f"def f(x):\n f'''{chr(10) * (n // 9)}{repeated('{x}', n // 9)}'''",
}


@pytest.mark.parametrize("made", LABORIOUS.values(), ids=list(LABORIOUS))
def test_laborious_answers(made: Callable[[int], str]) -> None:
    assert not grows_too_fast(programs_in, made)


def test_an_answer_with_too_much_to_parse_says_so() -> None:
    answer = programs_in("def f(\n" + "x=\n" * 60_000)
    assert answer.sources == []
    (flaw,) = answer.flaws
    assert flaw.kind == "too long"
    assert "180,007 characters" in flaw.reason
    assert "over 400,000 would be parsed" in flaw.reason


def read_program(text: str) -> None:
    with suppress(ProgramRefused):
        program = Program.parse(text)
        assert program.terms or program.kind == "scripted"
        if program.kind == "vectorised":
            assert program.compiled


PROGRAMS = [
    ("", "\n" + ONE),
    (ONE[: ONE.index("sink * key")], " key.is_first\n"),
    (ONE[: ONE.index("The first")], '"""\n    return key.is_first\n'),
    ("def attend(query, key, pair", '):\n    """x"""\n    return 1.0\n'),
    (ONE.replace("return", "for _ in (1, 2):\n        "), "\n    return pair.zeros()\n"),
]


@pytest.mark.parametrize("frame", PROGRAMS)
def test_programs(frame: tuple[str, str]) -> None:
    check(read_program, *frame, sizes=(600, 4_800, 38_400))


def held_again(lines: int) -> str:
    """A sum of five hundred summands that is handed from name to name."""
    body = ["x = " + " * ".join(["key.is_comma"] * 90), *["x = x + x"] * 9, *(f"x{n} = x" for n in range(lines))]
    return _program([*body, "return x"])


def factors(lines: int) -> str:
    """A large product that is a part of every summand."""
    body = ["x = " + " * ".join(["key.is_comma"] * 90), *(f"x{n} = x * key.length" for n in range(lines))]
    total = " + ".join(f"x{n}" for n in range(min(lines, 90)))
    return _program([*body, f"return {total}"])


def _program(body: list[str]) -> str:
    return "".join(["def attend(query, key, pair):\n", '    """x"""\n', *(f"    {line}\n" for line in body)])


@pytest.mark.parametrize("made", [held_again, factors])
def test_programs_whose_local_names_hold_much(made: Callable[[int], str]) -> None:
    # Their number of terms is the same whatever the lines, so that a second is too much for the shortest as well.
    assert not grows_too_fast(read_program, made, sizes=(3, 20, 160))


def test_marks_without_end_are_refused_with_their_line() -> None:
    with pytest.raises(ProgramRefused, match="line 4: syntax error: over 1,000 accents or other marks on one letter"):
        Program.parse(ONE + "a" + "\u0301\u0323" * 600 + " = 1\n")
    words = "Ein Kopf, der zurückblickt: " + "看着前面的词" * 300
    assert Program.parse(ONE.replace("The first.", words)).hypothesis == words


CORPORA = [
    ("a.txt", "A document.\n\n", "x\n\nAnother."),
    ("a.txt", "A document.<|endoftext|>\n", "x"),
    ("a.jsonl", '{"text": "A document."}\n', ""),
    ("a.jsonl", '{"text": "', '"}'),
    ("a.json", '[{"text": "', '"}]'),
    ("a.json", "[", "]"),
]


@pytest.mark.parametrize("corpus", CORPORA)
def test_corpora(corpus: tuple[str, str, str], tmp_path: Path) -> None:
    name, before, after = corpus

    def read(text: str) -> None:
        (tmp_path / name).write_bytes(text.encode("utf-8", "surrogatepass"))
        try:
            resolve_corpus(str(tmp_path / name), lambda _: None)
        except InputError as error:
            assert len(str(error)) < 500 + len(str(tmp_path))
            assert "\n" not in str(error)

    check(read, before, after, sizes=MEGABYTE)


ITEMS = [("", ""), ('{"query": "', '", "choices": ["a", "b"], "gold": 0}'), ('{"query": "a", "choices": ["', '"]}')]


@pytest.mark.parametrize("frame", ITEMS)
def test_items_of_tasks(frame: tuple[str, str], tmp_path: Path) -> None:
    def read(text: str) -> None:
        path = tmp_path / "items.jsonl"
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        with suppress(InputError):
            read_items(path)

    check(read, *frame)


def test_fields_of_a_corpus_are_shown_in_part(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"x" * 100_000: "a", "b": "c"}))
    with pytest.raises(InputError, match=r"cannot tell which field is the text .fields: 'xxx") as raised:
        resolve_corpus(str(path), lambda _: None)
    assert len(str(raised.value)) < 500 + len(str(path))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "latin-1"])
@pytest.mark.parametrize("name", ["a.txt", "a.jsonl", "a.json"])
def test_corpora_in_other_encodings_are_refused(name: str, encoding: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(("é words\n\n" * 100_000).encode(encoding))
    with pytest.raises(InputError, match=r"is no text in UTF-8 .byte [01].; convert it"):
        resolve_corpus(str(tmp_path / name), lambda _: None)


SERVERS = [
    ("", ""),
    ('{"choices": [{"message": {"content": "', '"}}]}'),
    ('{"error": {"message": "', '"}}'),
    ('{"id": 1, "status": "', '"}'),
]


@pytest.mark.parametrize("frame", SERVERS)
def test_words_of_servers(frame: tuple[str, str]) -> None:
    def read(text: str) -> None:
        try:
            body = read_json(text)
        except ValueError as error:
            assert len(str(error)) <= 200
            body = text
        assert len(shown(body)) <= 80
        read_body(body, "key", 10, "model", None, 0.0)
        with suppress(OddAnswer):
            read_state(text)

    check(read, *frame, sizes=MEGABYTE)
    check(one_line, *frame, sizes=MEGABYTE)


IMPORTED = [("", ""), ('{"custom_id": "a", "content": "', '"}'), ('{"custom_id": "', '", "content": "x"}')]


@pytest.mark.parametrize("frame", IMPORTED)
def test_files_of_answers(frame: tuple[str, str], tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    with exchanges_of(tmp_path) as exchanges:
        noted(exchanges, 1)

        def read(text: str) -> None:
            path.write_bytes(text.encode("utf-8", "surrogatepass"))
            try:
                import_answers(path, exchanges, Prices({}))
            except InputError as error:
                assert len(str(error)) < 500 + len(str(path))

        check(read, *frame)


PRICED = {
    "names in names": lambda n: repeated("a.", n) + "a = 1",
    "names in names, line by line": lambda n: "".join(f"{'a.' * 490}b{line} = 1\n" for line in range(n // 990)),
    "brackets": lambda n: "a = " + "[" * n,
    "digits": lambda n: "a = " + "9" * n,
    "an open string": lambda n: 'a = """' + "\n" * n,
}


@pytest.mark.parametrize("made", PRICED.values(), ids=list(PRICED))
def test_prices(made: Callable[[int], str], tmp_path: Path) -> None:
    path = tmp_path / "prices.toml"

    def read(text: str) -> None:
        path.write_text(text)
        with pytest.raises(InputError, match=r"the prices in .* are no TOML|gives no price for"):
            load_prices(path)

    assert not grows_too_fast(read, made, MEGABYTE)
