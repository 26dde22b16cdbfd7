"""The files of ``--programs``, whatever lies in their folder."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from surrogates import load_library
from surrogates.errors import InputError
from surrogates.language.program import Program
from synth.proposers.hand import read_programs
from tests.synth.nobody import nobody
from tests.synth.tiny_runs import refusal

SOURCE = 'def f(query, key, pair, a=1.0):\n    """Near."""\n    return -a * pair.distance\n'


def test_a_byte_order_mark_is_no_part_of_a_program(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(SOURCE, encoding="utf-8-sig")
    (tmp_path / "b.py").write_text(f"# L0H0, test IoU 0.5\n{SOURCE}", encoding="utf-8-sig")
    assert read_programs(tmp_path) == [("a", SOURCE), ("b", SOURCE)]
    assert len(Program.parse(SOURCE).terms) == 1


def test_folders_and_links_are_followed_to_files(tmp_path: Path) -> None:
    (tmp_path / "x.py").mkdir()
    (tmp_path / "x.py" / "inner.py").write_text(SOURCE)
    (tmp_path / "link.py").symlink_to(tmp_path / "x.py" / "inner.py")
    assert [label for label, _ in read_programs(tmp_path)] == ["link", "inner"]


def pipe(path: Path) -> None:
    os.mkfifo(path)


def loop(path: Path) -> None:
    path.symlink_to(path)


def dangling(path: Path) -> None:
    path.symlink_to(path.with_name("nowhere"))


@pytest.mark.parametrize("make", [pipe, loop, dangling])
def test_what_is_no_file_is_refused_and_not_waited_for(
    make: Callable[[Path], None], again: Callable[..., tuple], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "a.py").write_text(SOURCE)
    make(own / "b.py")
    line = refusal(capsys, *again(tmp_path / "run", "--programs", own))
    assert re.search(r"cannot \w+ \S+b\.py: .*; take it out of the folder$", line)
    assert not (tmp_path / "run").exists()


def test_a_file_larger_than_any_program_is_refused_unread(
    again: Callable[..., tuple], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "L00H00"
    own.mkdir()
    (own / "a.py").write_text(SOURCE)
    with (own / "b.py").open("wb") as file:
        file.truncate(1 << 40)  # no disk holds as much, and no memory
    said = "b.py has 1,099,511,627,776 bytes, over the 200,000 of a program; take it out of the folder"
    assert said in refusal(capsys, *again(tmp_path / "run", "--programs", own))
    assert not (tmp_path / "run").exists()
    with pytest.raises(InputError, match=said):
        load_library(tmp_path)


@pytest.mark.parametrize("what", ["file", "folder"])
def test_what_may_not_be_read_is_refused(what: str, common: Path) -> None:
    hidden = common / "deeper"
    hidden.mkdir()
    (hidden / "a.py").write_text(SOURCE)
    closed = hidden / "a.py" if what == "file" else hidden
    closed.chmod(0)
    try:
        with nobody(), pytest.raises(InputError, match=f"cannot read {closed}: Permission denied; change its permi"):
            read_programs(common)
    finally:
        closed.chmod(0o755)
