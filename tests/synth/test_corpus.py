"""The corpus: what may be given, how it is split, and how the texts are kept."""

import json
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from surrogates.errors import InputError
from synth.corpus import SplitText, read_texts, resolve_corpus, split_texts, write_texts


def silent(notice: str) -> None:
    raise AssertionError(f"unexpected notice: {notice}")


def write(path: Path, content: str | bytes) -> str:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def test_txt_documents_are_parted_by_blank_lines(tmp_path: Path) -> None:
    source = write(tmp_path / "a.txt", "\ufeffOne.\r\nStill one.\r\n \r\n\r\nTwo.\n")
    assert resolve_corpus(source, lambda _: None) == ["One.\nStill one.", "Two."]


def test_documents_end_at_their_marks_where_a_text_has_some(tmp_path: Path) -> None:
    """As TinyStories is distributed: stories with blank lines inside."""
    stories = [f"Story {number} began.\n\nIt went on.\n\n\nIt ended." for number in range(40)]
    for mark in ("<|endoftext|>", "</s>", "<|end_of_text|>", "<eos>"):
        lone = f"\n{mark}\n"
        joins = (lone, f"\r\n{mark} \r\n", mark) if mark.startswith("<|") else (lone, f"\r\n{mark} \r\n")
        for join in joins:
            assert resolve_corpus(write(tmp_path / "a.txt", join.join(stories) + join), silent) == stories
        lines = "".join(json.dumps({"text": f"{story}{lone}"}) + "\n" for story in stories)
        assert resolve_corpus(write(tmp_path / "a.jsonl", lines), silent) == stories
        whole = json.dumps([{"text": lone.join(stories[:20])}, {"text": lone.join(stories[20:])}])
        assert resolve_corpus(write(tmp_path / "a.json", whole), silent) == stories


def test_marks_within_a_line_may_be_html(tmp_path: Path) -> None:
    text = "A price of <s>ten</s> five coins, struck through as <s>web pages</s>\nwrite it, and the <eos> of a grammar."
    assert resolve_corpus(write(tmp_path / "a.jsonl", json.dumps({"text": text})), silent) == [text]


def test_blank_lines_that_part_paragraphs_are_told(tmp_path: Path) -> None:
    told: list[str] = []
    source = write(tmp_path / "a.txt", "\n\n".join(f"A line, number {number}." for number in range(30)))
    assert len(resolve_corpus(source, told.append)) == 30
    (line,) = told
    assert "is cut at blank lines, and half of its 30 pieces have under 5 words" in line
    assert "part them by lines of <|endoftext|>, or give them as .jsonl" in line
    long = " ".join(["word"] * 30)
    assert len(resolve_corpus(write(tmp_path / "b.txt", f"{long}\n\n{long} more\n \t\n{long} still"), silent)) == 3
    assert resolve_corpus(write(tmp_path / "c.txt", "One short text."), silent) == ["One short text."]


def test_jsonl_reads_the_text_field_before_others(tmp_path: Path) -> None:
    source = write(tmp_path / "a.jsonl", '{"title": "x", "text": "One\u2028line."}\n\n{"text": " ", "title": "y"}\n')
    assert resolve_corpus(source, silent) == ["One\u2028line."]


def test_json_reads_the_only_string_field(tmp_path: Path) -> None:
    source = write(tmp_path / "a.json", json.dumps([{"id": 1, "story": "One."}, {"id": 2, "story": "Two."}]))
    assert resolve_corpus(source, silent) == ["One.", "Two."]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", '{"text": "a"}\n{"text": "b"\n', "line 2: not JSON"),
        ("a.jsonl", '{"question": "a", "answer": "b"}\n', "'question', 'answer'"),
        ("a.jsonl", '{"text": "a"}\n{"story": "b"}\n', "line 2: no field 'text'"),
        ("a.jsonl", '{"text": "a"}\n["b"]\n', "line 2: not an object"),
        ("a.jsonl", '{"text": 3}\n', "the text is a int"),
        ("a.jsonl", '{"text": "\\ud800"}\n', "half a character"),
        ("a.json", '[{"text": "a"},\n{"text" "b"}]', "line 2: not JSON"),
        ("a.json", '{"text": "a"}', "holds no list"),
        ("a.json", '["a"]', "item 1: not an object"),
        ("a.txt", b"caf\xe9", r"no text in UTF-8 \(byte 3\); convert it to UTF-8"),
        ("a.jsonl", b'{"text": "caf\xe9"}', "no text in UTF-8"),
        ("a.txt", " \n\n", "holds no text"),
        ("a.jsonl", "", "holds no text"),
        ("a.csv", "text\na\n", "cannot tell what kind"),
        ("a.jsonl", '{"text": "a"}\n{"text": "b", "n": ' + "[" * 100_000, "line 2: not JSON .it is nested too deeply"),
        ("a.jsonl", '{"text": "a"}\n{"text": "b", "n": ' + "9" * 5000 + "}", "line 2: not JSON .Exceeds the limit"),
        ("a.jsonl", '{"text": "a"}\n{"text": "b\0"}', "line 2: not JSON .Invalid control character"),
        ("a.jsonl", "\0\0\0\0", "line 1: not JSON"),
        (
            "a.json",
            '[{"text": "a", "n": ' + "[" * 100_000,
            "a.json is JSON that cannot be read .it is nested too deeply",
        ),
        ("a.json", '[{"text": "a", "n": ' + "9" * 5000 + "}]", "a.json is JSON that cannot be read .Exceeds the limit"),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path: Path, name: str, content: str | bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        resolve_corpus(write(tmp_path / name, content), silent)


def test_missing_files_and_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        resolve_corpus(str(tmp_path / "none.txt"), silent)
    (tmp_path / "folder.txt").mkdir()
    with pytest.raises(InputError, match=r"folder\.txt: it is no file; check the path"):
        resolve_corpus(str(tmp_path / "folder.txt"), silent)


@pytest.mark.parametrize("name", ["a.txt", "a.jsonl", "a.json"])
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    with pytest.raises(InputError, match="it is no file; check the path"):
        resolve_corpus(str(tmp_path / name), silent)
    with pytest.raises(InputError, match="it is no file; restore the file or start a new run"):
        read_texts(tmp_path / name)


def test_a_dataset_needs_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(InputError, match=r"headsynth\[datasets\]"):
        resolve_corpus("hf:someone/stories", silent)


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ("hf:someone/stories", ["train a", "train b"]),
        ("hf:someone/stories:test", ["test a", "test b"]),
        ("hf:someone/stories:test:title", ["test A", "test B"]),
    ],
)
def test_a_dataset_is_read_by_split_and_field(monkeypatch: pytest.MonkeyPatch, source: str, texts: list[str]) -> None:
    def load_dataset(name: str, *, split: str, streaming: bool) -> list[dict[str, Any]]:
        assert (name, streaming) == ("someone/stories", True)
        return [{"text": f"{split} {letter}", "title": f"{split} {letter.upper()}"} for letter in "ab"]

    datasets = ModuleType("datasets")
    datasets.load_dataset = load_dataset  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "datasets", datasets)
    assert resolve_corpus(source, silent) == texts


def test_a_dataset_that_cannot_be_loaded_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def load_dataset(name: str, **_: object) -> None:
        raise ValueError(f'Unknown split "tran" of {name}.\nTry another.')

    datasets = ModuleType("datasets")
    datasets.load_dataset = load_dataset  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "datasets", datasets)
    with pytest.raises(InputError, match="Unknown split") as caught:
        resolve_corpus("hf:someone/stories:tran", silent)
    assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match="hf:DATASET:SPLIT:FIELD"):
        resolve_corpus("hf:a:b:c:d", silent)


def test_a_large_corpus_is_split_into_the_sizes_asked_for() -> None:
    split = split_texts([f"text {number}" for number in range(600)], seed=0, notify=silent)
    assert [text.split for text in split] == ["train"] * 200 + ["validation"] * 100 + ["test"] * 200
    assert len({text.text for text in split}) == 500


def test_a_small_corpus_is_split_in_proportion_and_says_so() -> None:
    notices: list[str] = []
    split = split_texts([f"text {number}" for number in range(50)], seed=0, notify=notices.append)
    assert [text.split for text in split] == ["train"] * 20 + ["validation"] * 10 + ["test"] * 20
    assert len(notices) == 1
    assert "50 distinct documents" in notices[0]


def test_the_seed_decides_the_split() -> None:
    texts = [f"text {number}" for number in range(500)]
    assert split_texts(texts, 1, notify=silent) == split_texts(texts, 1, notify=silent)
    assert split_texts(texts, 1, notify=silent) != split_texts(texts, 2, notify=silent)


def test_no_document_is_in_two_splits() -> None:
    texts = [f"text {number % 20}" + " " * (number % 3) for number in range(600)]
    split = split_texts(texts, seed=0, notify=lambda _: None)
    assert sorted(text.text for text in split) == sorted(f"text {number}" for number in range(20))


def test_too_few_documents_are_refused() -> None:
    with pytest.raises(InputError, match="9 distinct documents; give at least 10"):
        split_texts([f"text {number % 9}" for number in range(100)], seed=0, notify=silent)


def test_texts_survive_the_disk(tmp_path: Path) -> None:
    texts = [SplitText("Line\nbreak \u2028 and “quotes”\r", "train"), SplitText("caf\u00e9 \U0001f600", "test")]
    path = tmp_path / "run" / "texts.jsonl"
    write_texts(path, texts)
    assert read_texts(path) == texts
    assert [entry.name for entry in path.parent.iterdir()] == ["texts.jsonl"]


@pytest.mark.parametrize(
    "line",
    [
        '{"text": "b"',
        '{"text": "b"}',
        '{"text": "b", "split": "dev"}',
        '{"text": "b", "split": ["dev"]}',
        '{"text": 1, "split": "test"}',
        '{"text": "\\udc00", "split": "test"}',
        '"b"',
        "[" * 100_000,
        '{"text": ' + "9" * 5000 + "}",
        "\0",
    ],
)
def test_a_damaged_line_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "texts.jsonl"
    write(path, '{"text": "a", "split": "train"}\n' + line + "\n")
    with pytest.raises(InputError, match="line 2"):
        read_texts(path)


def test_a_missing_or_unwritable_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read_texts(tmp_path / "texts.jsonl")
    write(tmp_path / "file", "")
    with pytest.raises(InputError, match="cannot write"):
        write_texts(tmp_path / "file" / "texts.jsonl", [])
