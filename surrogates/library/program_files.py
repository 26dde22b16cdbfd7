"""Programs as files that a person reads, edits and publishes: ``programs/L03H07/01_sink_and_recency.py``."""

import re
from pathlib import Path

from sandbox.plain_text import one_line
from surrogates.errors import InputError
from surrogates.language.program import Program, ProgramRefused
from surrogates.library.candidates import label_of
from surrogates.library.heads import Head
from surrogates.library.ranking import Ranked

MAX_BYTES = 200_000
"""Of a program's file: its characters, as many as a source may have, take four each at most."""
_STANDS_IN = ", stands in for the head"
_HEADER = re.compile(r"\A# L\d+H\d+, test IoU [^\n]*\n")
_FOLDER = re.compile(r"L(\d+)H(\d+)")


def file_text(head: Head, entry: Ranked) -> str:
    """A ranked program with a comment in front that tells its figures and whether it stands in for the head."""
    scores = entry.scores
    figures = (
        f"test IoU {scores.iou:.3f} ({scores.iou_low:.3f} to {scores.iou_high:.3f}), "
        f"cross-entropy {scores.cross_entropy:.3f} nats, found by {one_line(entry.candidate.found_by)}"
        + (_STANDS_IN if entry.stands_in else "")
    )
    return f"# {head}, {figures}\n{entry.candidate.source}"


def without_figures(text: str) -> str:
    """The source in a file's text: an edited copy has other figures."""
    return _HEADER.sub("", text)


def check_length(path: Path) -> None:
    """Refuse a file that is larger than any program, before it is read.

    Raises:
        InputError: it has more than ``MAX_BYTES`` bytes.
        OSError: it cannot be looked at.
    """
    size = path.stat().st_size
    if size > MAX_BYTES:
        name = one_line(str(path))
        raise InputError(f"{name} has {size:,} bytes, over the {MAX_BYTES:,} of a program; take it out of the folder")


def label_of_file(path: Path) -> str:
    """The file's name as a label, without the rank that an exported file has in front."""
    return label_of(re.sub(r"^\d+_(?=.)", "", path.stem))


def read_folder(folder: Path) -> dict[Head, Program]:
    """The program of each head's folder: the one whose first line says that it stands in, or else the first by name.

    Raises:
        InputError: the folder holds no programs, two stand in for a head, or one cannot be read or is refused.
    """
    found: dict[Head, Program] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        name = _FOLDER.fullmatch(path.name)
        files = [file for file in sorted(path.glob("[!.]*.py")) if file.is_file()] if name and path.is_dir() else []
        if name is None or not files:
            continue
        texts = {file: _read(file) for file in files}
        head = Head(int(name[1]), int(name[2]))
        if head in found:
            raise InputError(f"{folder} has two folders for {head}; take one out")
        marked = [file for file, text in texts.items() if (first := _HEADER.match(text)) and _STANDS_IN in first[0]]
        if len(marked) > 1:
            raise InputError(f"both {marked[0]} and {marked[1]} stand in for {head}; take the words out of one")
        chosen = marked[0] if marked else min(texts)
        try:
            found[head] = Program.parse(without_figures(texts[chosen]))
        except ProgramRefused as error:
            raise InputError(f"{chosen} is no program: {error}") from error
    if not found:
        raise InputError(f"{folder} holds no library and no programs such as L03H07/01_name.py; name a run's folder")
    return found


def _read(path: Path) -> str:
    try:
        check_length(path)
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is no text in UTF-8 (byte {error.start}); convert it") from error
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}; change its permissions") from error
