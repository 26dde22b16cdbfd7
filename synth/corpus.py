"""The texts of a run: read from a corpus, split once by document, and kept in the run directory."""

import json
import random
import re
import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal, get_args

from sandbox.plain_text import one_line
from surrogates.errors import InputError
from synth.regular_files import mend_writing, reading

Split = Literal["train", "validation", "test"]

_FEWEST_DOCUMENTS = 10
# A dataset is streamed; this many documents leave enough to draw from without fetching all of a large one.
_DATASET_DOCUMENTS = 10_000
_RESTORE = "restore the file or start a new run"
_END = re.compile(r"<\|(?:endoftext|end_of_text)\|>|^[ \t]*(?:</s>|<eos>)[ \t]*$", re.MULTILINE)
"""What ends a document in texts that were written out for training; what HTML may hold, on a line of its own alone."""
_FEWEST_WORDS = 20
"""Words of half of the pieces, below which these are a sentence or two rather than documents."""
_FORMS = "a .txt, .jsonl or .json file, or hf:DATASET[:SPLIT[:FIELD]]"


@dataclass(frozen=True)
class SplitText:
    """A text and what it is used for: fitting (train), choosing (validation) or reporting (test)."""

    text: str
    split: Split


def resolve_corpus(source: str, notify: Callable[[str], None]) -> list[str]:
    """The documents of a corpus, in its order, without blank ones.

    A ``.txt`` file holds documents parted by blank lines, a ``.jsonl`` file one object a line, a ``.json`` file a list
    of objects; an object's text is its field ``text``, or else its only field that is a string.
    ``hf:DATASET[:SPLIT[:FIELD]]`` names a dataset on the Hugging Face hub (split ``train`` by default), of which the
    first 10,000 documents are read. Where texts hold marks such as ``<|endoftext|>``, documents end there, and a
    ``.txt`` file's end nowhere else.

    Args:
        source: names the corpus.
        notify: told of blank lines that seem to part paragraphs rather than documents.

    Raises:
        InputError: the corpus cannot be found or read, or holds no text.
    """
    if source.startswith("hf:"):
        texts = _read_dataset(source)
    else:
        path = Path(source).expanduser()
        readers = {".txt": _read_txt, ".jsonl": _read_jsonl, ".json": _read_json}
        if path.suffix.lower() not in readers:
            raise InputError(f"cannot tell what kind of corpus {source} is; give {_FORMS}")
        with reading(path, "check the path"):
            texts = readers[path.suffix.lower()](path)
    documents = [part.strip() for text in texts for part in _END.split(text) if part.strip()]
    if not documents:
        raise InputError(f"the corpus {source} holds no text; give another one")
    if source.lower().endswith(".txt") and len(texts) > 1:
        words = statistics.median(len(document.split()) for document in documents)
        if words < _FEWEST_WORDS:
            notify(
                f"{source} is cut at blank lines, and half of its {len(documents)} pieces have under {words + 1:.0f} "
                "words; if its documents are longer, part them by lines of <|endoftext|>, or give them as .jsonl"
            )
    return documents


def split_texts(
    texts: Iterable[str],
    seed: int,
    *,
    notify: Callable[[str], None],
    train: int = 200,
    validation: int = 100,
    test: int = 200,
) -> list[SplitText]:
    """Distinct documents drawn at random and parted into train, validation and test, in this order.

    With fewer documents than asked for, all are used in the same proportions (40, 20 and 40 % by default) and
    ``notify`` is told so. Documents that differ only in surrounding white space count once.

    Raises:
        InputError: there are fewer than 10 distinct documents.
    """
    distinct = list(dict.fromkeys(stripped for text in texts if (stripped := text.strip())))
    if len(distinct) < _FEWEST_DOCUMENTS:
        raise InputError(f"the corpus has {len(distinct)} distinct documents; give at least {_FEWEST_DOCUMENTS}")
    random.Random(seed).shuffle(distinct)
    asked = train + validation + test
    if len(distinct) < asked:
        train = len(distinct) * train // asked
        validation = len(distinct) * validation // asked
        test = len(distinct) - train - validation
        notify(
            f"the corpus has {len(distinct)} distinct documents, fewer than {asked}: "
            f"{train} for training, {validation} for validation, {test} for testing"
        )
    sizes: list[tuple[Split, int]] = [("train", train), ("validation", validation), ("test", test)]
    splits = [split for split, size in sizes for _ in range(size)]
    return [SplitText(text, split) for text, split in zip(distinct, splits, strict=False)]


def write_texts(path: Path, texts: Sequence[SplitText]) -> None:
    """Write one ``{"text": …, "split": …}`` a line; the file appears whole or not at all.

    Raises:
        InputError: the file cannot be written.
    """
    unfinished = path.with_name(path.name + ".unfinished")
    lines = "".join(json.dumps(asdict(text), ensure_ascii=False) + "\n" for text in texts)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            unfinished.write_text(lines, encoding="utf-8", newline="\n")
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(
            f"cannot write {path}: {error.strerror}; {mend_writing(error)} or choose another folder"
        ) from error


def read_texts(path: Path) -> list[SplitText]:
    """Read what ``write_texts`` wrote.

    Raises:
        InputError: the file is missing or damaged; the message names the line.
    """
    texts: list[SplitText] = []
    with reading(path, _RESTORE):
        for number, record in json_lines(path):
            if record.keys() != {"text", "split"} or record["split"] not in get_args(Split):
                raise InputError(f"{path}, line {number}: not a text with its split; {_RESTORE}")
            texts.append(SplitText(checked_text(record["text"], f"{path}, line {number}"), record["split"]))
    if not texts:
        raise InputError(f"{path} holds no text; {_RESTORE}")
    return texts


def _read_txt(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8-sig")
    return [text] if _END.search(text) else re.split(r"\n\s*\n", text)


def _read_jsonl(path: Path) -> list[str]:
    return _texts_of((f"{path}, line {number}", record) for number, record in json_lines(path))


def _read_json(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8-sig")
    try:
        records = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(
            f"{path}, line {error.lineno}: not JSON ({error.msg}); mend it, or name a file of JSON lines .jsonl"
        ) from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is JSON that cannot be read ({_why(error)}); mend it") from error
    if not isinstance(records, list):
        raise InputError(f"{path} holds no list; give a list of objects with a field text")
    return _texts_of((f"{path}, item {number}", record) for number, record in enumerate(records, start=1))


def _read_dataset(source: str) -> list[str]:
    name, *rest = source.removeprefix("hf:").split(":")
    if not name or len(rest) > 2:
        raise InputError(f"cannot read {source!r}; write hf:DATASET, hf:DATASET:SPLIT or hf:DATASET:SPLIT:FIELD")
    try:
        from datasets import load_dataset
    except ImportError as error:
        raise InputError(
            f'reading {source} needs the datasets package; install it with pip install "headsynth[datasets]"'
        ) from error
    split = rest[0] if rest and rest[0] else "train"
    field = rest[1] if len(rest) > 1 else None
    try:
        rows = list(islice(load_dataset(name, split=split, streaming=True), _DATASET_DOCUMENTS))
    except (OSError, ValueError, RuntimeError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise InputError(
            f"cannot read {source}: {reason}; check the dataset's name, its split and the network"
        ) from error
    return _texts_of(((f"{source}, row {number}", row) for number, row in enumerate(rows, start=1)), field)


def json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Line numbers, from 1, and the objects on them."""
    # Not splitlines: texts may hold the other line separators of Unicode.
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise InputError(f"{path}, line {number}: not JSON ({_why(error)}); mend or remove the line") from error
            if not isinstance(record, dict):
                raise InputError(f'{path}, line {number}: not an object; write {{"text": …}}')
            yield number, record


def _why(error: ValueError | RecursionError) -> str:
    """What is wrong with JSON; it may be right and yet hold longer numbers or deeper lists than can be read."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return error.msg if isinstance(error, json.JSONDecodeError) else str(error)


def _texts_of(records: Iterable[tuple[str, Any]], field: str | None = None) -> list[str]:
    texts: list[str] = []
    for place, record in records:
        if not isinstance(record, dict):
            raise InputError(f'{place}: not an object; write {{"text": …}}')
        if field is None:
            field = _text_field(place, record)
        if field not in record:
            raise InputError(f"{place}: no field {one_line(field)!r} among {_fields(record)}; add it")
        texts.append(checked_text(record[field], f"{place}, field {field!r}"))
    return texts


def _text_field(place: str, record: dict[str, Any]) -> str:
    if "text" in record:
        return "text"
    strings = [name for name, value in record.items() if isinstance(value, str)]
    if len(strings) != 1:
        fields = _fields(record)
        raise InputError(f"{place}: cannot tell which field is the text (fields: {fields}); name it 'text'")
    return strings[0]


def _fields(record: dict[str, Any]) -> str:
    """The names of an object's fields, as part of a message."""
    return one_line(", ".join(map(repr, record))) or "none"


def checked_text(text: Any, place: str) -> str:
    """A text that can be stored, or else an InputError that names its place."""
    if not isinstance(text, str):
        raise InputError(f"{place}: the text is a {type(text).__name__}; write a string")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InputError(f"{place}: the text has half a character (a lone surrogate); mend or remove it") from error
    return text
