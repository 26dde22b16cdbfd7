"""Continuations side by side: what each side is, where they part, and how that is shown."""

import io
import re
import sys
from contextlib import nullcontext
from dataclasses import asdict
from html import escape
from pathlib import Path
from typing import Any

import pytest
import torch

from surrogates import Head, load_library, patch
from surrogates.errors import InputError, ProgramFailed
from synth import generate, open_run
from synth.commands import generate as commands
from synth.continuations import Continuation, Continuations, Row, part
from synth.run import Run
from tests.surrogates.tokenizers_of_kinds import KINDS
from tests.synth.tiny_runs import SMALL, call, exchange_program, ranked, refusal
from tests.tiny_models import tiny_tokenizer

Capture = pytest.CaptureFixture[str]

PROMPT = "the dog ran"
NEW = 12
QUIET = ("--quiet", "--max-new-tokens", NEW)
FAILING = 'def f(query, key, pair):\n    """S."""\n    return pair.zeros()[:, :] + len(query.text[99])\n'


@pytest.fixture
def opened(finished: Path) -> Run:
    return open_run(finished)


def by_hand(run: Run, ids: list[int], heads: list[Head], seed: int = 0, **options: Any) -> tuple[int, ...]:
    """What the model's own ``generate`` writes with the heads' programs in place."""
    loaded = run.model()
    model: Any = loaded.model
    assignment = {head: program for head, program in load_library(run.path).items() if head in heads}
    prompt = torch.tensor([ids])
    with patch(model, loaded.tokenizer, assignment) if heads else nullcontext():
        torch.manual_seed(seed)
        found = model.generate(prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=NEW, **options)
    return tuple(found[0, len(ids) :].tolist())


def in_order(run: Path) -> list[Head]:
    """Heads by the validation IoU of what stands in for them."""
    chosen = {head: entry for head, entries in ranked(run).items() for entry in entries if entry.stands_in}
    return sorted(chosen, key=lambda head: -chosen[head].scores.validation_iou)


# What each side is.


@pytest.mark.parametrize(("fraction", "heads"), [(0.01, 1), (0.34, 1), (0.5, 2), (1, 3)])
def test_each_side_is_what_generate_writes(fraction: float, heads: int, opened: Run) -> None:
    ids = opened.model().tokenizer(PROMPT)["input_ids"]
    found = generate(opened, PROMPT, fraction, max_new_tokens=NEW)
    assert found.heads == tuple(in_order(opened.path)[:heads])
    assert found.model_heads == 8
    assert found.neural.ids == by_hand(opened, ids, [], do_sample=False)
    assert found.patched.ids == by_hand(opened, ids, list(found.heads), do_sample=False)
    differing = [place for place in range(NEW) if found.neural.ids[place] != found.patched.ids[place]]
    assert found.parts_at == (differing[0] if differing else None)
    assert differing or fraction < 1
    assert found.kept_neural == 0
    assert found.speed == found.patched.tokens_per_second / found.neural.tokens_per_second > 0


def test_sampling_repeats_with_its_seed_and_leaves_other_random_numbers_alone(opened: Run) -> None:
    ids = opened.model().tokenizer(PROMPT)["input_ids"]
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first, again, other = (
        generate(opened, PROMPT, 1, max_new_tokens=NEW, temperature=0.7, seed=seed) for seed in (3, 3, 4)
    )
    assert torch.equal(torch.rand(3), expected)
    assert first.neural.ids == again.neural.ids != other.neural.ids
    assert first.patched.ids == again.patched.ids != other.patched.ids
    sampling: dict[str, Any] = {"do_sample": True, "temperature": 0.7, "seed": 3}
    assert first.neural.ids == by_hand(opened, ids, [], **sampling)
    assert first.patched.ids == by_hand(opened, ids, list(first.heads), **sampling)


def test_a_prompt_starts_as_the_runs_texts_do(llama: str, corpus: str, tmp_path: Path, capsys: Capture) -> None:
    run = tmp_path / "run"
    asked = ("--corpus", corpus, "--output", run, "--heads", "L0H0", "--jobs", "1", "--no-bos", *SMALL)
    assert not call(capsys, "synthesize", llama, *asked).code
    with open_run(run) as without:
        with_bos = without.model().tokenizer(PROMPT)["input_ids"]
        assert with_bos[0] == without.model().tokenizer.bos_token_id
        found = generate(without, "<s>" + PROMPT, max_new_tokens=NEW)
        assert found.neural.ids == by_hand(without, with_bos[1:], [], do_sample=False)
        assert found.neural.ids != by_hand(without, with_bos, [], do_sample=False)


def test_a_model_that_ends_is_no_error(opened: Run) -> None:
    model: Any = opened.model().model
    whole = generate(opened, PROMPT, max_new_tokens=NEW)
    model.generation_config.eos_token_id = end = whole.neural.ids[2]
    ended = generate(opened, PROMPT, max_new_tokens=NEW)
    for side, cut in ((whole.neural.ids, ended.neural.ids), (whole.patched.ids, ended.patched.ids)):
        assert cut == (side[: side.index(end) + 1] if end in side else side)
    assert len(ended.neural.ids) <= 3


def test_a_program_that_fails_stops_or_is_counted(run: Path, capsys: Capture) -> None:
    exchange_program(run, FAILING, "TRUE")
    with open_run(run) as opened:
        with pytest.raises(ProgramFailed):
            generate(opened, PROMPT, max_new_tokens=NEW)
        found = generate(opened, PROMPT, 1, max_new_tokens=NEW, on_error="neural")
    assert found.parts_at is None
    assert found.patched.ids == found.neural.ids
    assert found.kept_neural == 3 * NEW  # heads, and a pass for every new token
    stopped = call(capsys, "generate", run, "--prompt", PROMPT, *QUIET)
    assert stopped.code == 2
    assert stopped.err.splitlines()[-1].endswith("or pass --on-error neural")
    counted = call(capsys, "generate", run, "--prompt", PROMPT, *QUIET, "--on-error", "neural", "--fraction", "1")
    assert counted.code == 0
    assert f"Programs failed {3 * NEW} times" in counted.out
    assert f"the {NEW} new tokens are the same" in " ".join(counted.out.split())
    assert not re.search("^(neural|patched) ", counted.out, re.MULTILINE)


# Where they part.


def ids_of(tokenizer: Any, *pieces: str) -> list[int]:
    return [token for piece in pieces for token in tokenizer(piece, add_special_tokens=False)["input_ids"]]


@pytest.mark.parametrize(
    ("first", "second", "shared", "marks"),
    [
        ((" the", " dog"), (" the", " dog"), None, None),
        ((" the", " dog", "."), (" the", " ball", "."), 1, (" dog", " ball")),
        ((" the", " ball"), (" the", " ball", "s"), 2, ("", "s")),
        (("</s>",), (" the", " dog"), 0, ("</s>", " the")),
        (("\n", "a"), (" ", "a"), 0, ("\n", " ")),
    ],
)
def test_the_first_token_that_differs_is_marked(
    first: tuple[str, ...], second: tuple[str, ...], shared: int | None, marks: tuple[str, str] | None
) -> None:
    tokenizer = tiny_tokenizer()
    sides = [ids_of(tokenizer, *side) for side in (first, second)]
    assert list(map(len, sides)) == [len(first), len(second)]  # each piece is a token
    found, *texts = part(tokenizer, tokenizer("She")["input_ids"], *sides)
    assert found == shared
    assert [text for text, _ in texts] == ["".join(first), "".join(second)]
    if marks is None:
        assert [mark for _, mark in texts] == [None, None]
    else:
        assert tuple(text[slice(*mark)] for text, mark in texts if mark) == marks
        assert {mark[0] for _, mark in texts if mark} == {len("".join(first[:shared]))}


def test_a_character_of_several_tokens_is_marked_whole() -> None:
    tokenizer = tiny_tokenizer()
    sides = [ids_of(tokenizer, text) for text in ("a🎈b", "a🎉b")]
    shared, *texts = part(tokenizer, tokenizer("She")["input_ids"], *sides)
    assert shared == 4  # three bytes of four are the same
    assert texts == [("a🎈b", (1, 2)), ("a🎉b", (1, 2))]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_before_the_mark_is_the_same_with_every_tokenizer(kind: str) -> None:
    tokenizer = KINDS[kind]()
    prompt, first, second = (ids_of(tokenizer, text) for text in ("Tom's", " dog said", " dog No"))
    shared, (text, mark), (other, other_mark) = part(tokenizer, prompt, first, second)
    assert mark
    assert other_mark
    assert shared
    assert first[:shared] == second[:shared]
    assert first[shared] != second[shared]
    assert text[: mark[0]] == other[: other_mark[0]]
    assert text[slice(*mark)] != other[slice(*other_mark)]
    assert text.lstrip().startswith("dog")
    whole = tokenizer.decode([*prompt, *first], clean_up_tokenization_spaces=False)
    assert whole.endswith(text)
    assert tokenizer.decode(prompt).startswith(whole.removesuffix(text))


# How it is shown.


def made(common: str, neural: tuple[str, str], patched: tuple[str, str], prompt: str = PROMPT) -> Continuations:
    """Continuations of a common beginning by a marked piece and what follows it."""
    sides = [
        Continuation(common + mark + after, (1, token), (len(common), len(common + mark)), speed)
        for (mark, after), token, speed in ((neural, 2, 200.0), (patched, 3, 150.0))
    ]
    return Continuations(prompt, (Head(0, 1), Head(1, 0)), 8, sides[0], sides[1], parts_at=1, kept_neural=0)


def test_the_document_tells_what_the_value_does(opened: Run, capsys: Capture) -> None:
    document = call(capsys, "generate", opened.path, "--prompt", PROMPT, *QUIET, "--json").document
    found = generate(opened, PROMPT, max_new_tokens=NEW)
    assert list(document) == [*asdict(found), "speed"]
    assert document["heads"] == [str(head) for head in found.heads]
    assert (document["prompt"], document["model_heads"], document["kept_neural"]) == (PROMPT, 8, 0)
    assert document["parts_at"] == found.parts_at
    for side, value in (("neural", found.neural), ("patched", found.patched)):
        told = document[side]
        assert list(told) == ["text", "ids", "marked", "tokens_per_second"]
        assert (told["text"], tuple(told["ids"])) == (value.text, value.ids)
        assert told["marked"] == (list(value.marked) if value.marked else None)
        assert told["tokens_per_second"] > 0


@pytest.mark.parametrize("width", [40, 80, 120])
def test_marks_are_brackets_in_plain_text(
    width: int, opened: Run, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setattr(commands, "generate", lambda *_, **__: made("the ", ("red", " ball" * 20), ("dog", "!\nShe")))
    shown = call(capsys, "generate", opened.path, "--prompt", PROMPT, *QUIET).out
    assert all(len(line) <= width for line in shown.splitlines())
    first, both, neural, *_ = lines = [line.rstrip() for line in shown.splitlines()]
    assert (first, both) == (f"prompt   {PROMPT}", "both     the")
    assert neural.startswith("neural   ⟨red⟩ ball ball")
    place = lines.index("patched  ⟨dog⟩!")
    assert lines[place + 1 : place + 3] == ["         She", ""]
    assert " ".join(lines[place + 3 :]) == (
        "tokens per second: 200.0 neural, 150.0 patched (0.75 times as many); 2 of the model's 8 heads replaced; "
        "they part at new token 2"
    )


def test_marks_are_styles_on_a_terminal(opened: Run, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(commands, "generate", lambda *_, **__: made("the ", ("red", " ball"), ("dog", "!")))
    shown = call(capsys, "generate", opened.path, "--prompt", PROMPT, *QUIET).out
    assert len(re.findall(r"\x1b\[1;4m[^\x1b]+\x1b\[0m", shown)) == 2
    assert "⟨" not in shown


@pytest.mark.parametrize(
    ("common", "mark", "row"),
    [
        ("She play", "ed", Row("neural", "play", "ed", " on")),  # a word from its beginning
        ("She played", ".", Row("neural", "played", ".", " on")),  # since the other side may go on with the word
        ("She", " played", Row("neural", " ", "played", " on")),  # the space before a word is no part of the mark
        ("She", "\n", Row("neural", "", "\\n", "\n on")),
        ("She", " ", Row("neural", "", " ", " on")),
        ("She", "\x1b[2J", Row("neural", "", r"\x1b[2J", " on")),
    ],
)
def test_marks_can_be_seen(common: str, mark: str, row: Row) -> None:
    other = "er" if row.before in ("play", "played") else "\t"
    found = made(common, (mark, " on"), (other, ""))
    assert found.rows[-2] == row
    before = "".join(piece.before for piece in found.rows[1:-2])
    assert before + row.before.strip() == common


def test_what_the_model_writes_commands_no_terminal(
    opened: Run, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    orders, shown = "\x1b]0;owned\x07[/red]\u202e", r"\x1b]0;owned\x07[/red]\u202e"
    found = made(orders, (f"{orders}1", f"2{orders}"), (f"{orders}3", orders), prompt=orders)
    monkeypatch.setattr(commands, "generate", lambda *_, **__: found)
    out = call(capsys, "generate", opened.path, "--prompt", PROMPT, *QUIET).out
    for text in (out, repr(found)):
        assert text.count(shown) == 6
        assert not {"\x1b", "\x07", "\u202e"} & set(text)
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    call(capsys, "generate", opened.path, "--prompt", PROMPT, *QUIET)
    assert rf"\u27e8{shown}1\u27e9".encode() in raw.getvalue()


def test_it_shows_itself_in_a_notebook() -> None:
    found = made("a<b>", ("red", "</td>"), ("dog", ""))
    assert repr(found).splitlines()[:-1] == [f"prompt: {PROMPT}", "both: a<b>", "neural: ⟨red⟩</td>", "patched: ⟨dog⟩"]
    html = found._repr_html_()
    assert "a&lt;b&gt;" in html
    assert "<b><u>red</u></b>&lt;/td&gt;" in html
    assert repr(found).splitlines()[-1] == found.figures
    assert escape(found.figures) in html


# What is read and what is refused.


def test_a_prompt_can_come_from_standard_input(opened: Run, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"Tom.\n\n{PROMPT}\n"))
    document = call(capsys, "generate", opened.path, "--prompt", "-", *QUIET, "--json").document
    assert document["prompt"] == f"Tom.\n\n{PROMPT}"


@pytest.mark.parametrize(("errors", "encoding"), [("strict", "utf-8"), ("surrogateescape", "utf-8")])
def test_standard_input_that_is_no_text_is_refused(
    errors: str, encoding: str, opened: Run, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xff\n"), encoding=encoding, errors=errors))
    line = refusal(capsys, "generate", opened.path, "--prompt", "-")
    assert "standard input is no text in" in line


def test_the_prompt_and_what_is_to_come_must_fit(opened: Run, capsys: Capture) -> None:
    tokens = len(opened.model().tokenizer(PROMPT)["input_ids"])
    assert len(generate(opened, PROMPT, max_new_tokens=64 - tokens).neural.ids) == 64 - tokens
    line = refusal(capsys, "generate", opened.path, "--prompt", PROMPT, "--max-new-tokens", 65 - tokens)
    assert f"the prompt's {tokens} tokens and {65 - tokens} new ones are more than the 64 that" in line
    assert "shorten the prompt, or ask for fewer with --max-new-tokens" in line
    long = " ".join([PROMPT] * 100)
    with pytest.raises(InputError, match=f"the prompt's {len(opened.model().tokenizer(long)['input_ids'])} tokens"):
        generate(opened, long)


@pytest.mark.parametrize(
    "given",
    [{"fraction": 25}, {"max_new_tokens": 0}, {"temperature": -1.0}, {"seed": -1}, {"on_error": "ignore"}],
    ids=str,
)
def test_numbers_out_of_range_are_refused_in_a_notebook_too(given: dict[str, Any], opened: Run) -> None:
    with pytest.raises(InputError, match="; "):
        generate(opened, PROMPT, **({"max_new_tokens": NEW} | given))
