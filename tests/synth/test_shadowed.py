"""Modules of the user's with the name of one of our packages, found before it: one line says which, and what to do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2]
COMMAND = "import sys\nfrom synth.entry import main\nsys.exit(main())\n"  # as installers write it
LIBRARY = "from surrogates import load_library, patch"
PIPELINE = "import synth"
OWN = 'print("the user\'s own was run")\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the user works."""
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


def python(folder: Path, *arguments: object) -> "subprocess.CompletedProcess[str]":
    """Run Python in a folder whose modules come before ours."""
    environment = os.environ | {"PYTHONPATH": f"{folder}{os.pathsep}{HOUSE}"}
    return subprocess.run(
        [sys.executable, *map(str, arguments)], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def shadow(folder: Path, name: str) -> Path:
    """A module of the user's, or a package where the name has no ending."""
    place = folder / name
    if not place.suffix:
        place.mkdir()
    (place if place.suffix else place / "__init__.py").write_text(OWN)
    return place


def told(place: Path) -> str:
    return f"{place} shadows headsynth's package {place.stem}; rename it, or start Python in another folder"


@pytest.mark.parametrize(
    ("name", "door"),
    [
        ("sandbox.py", LIBRARY),
        ("sandbox", PIPELINE),
        ("surrogates.py", PIPELINE),
        ("evaluation", PIPELINE),
        ("prompts.py", PIPELINE),
        ("prompts.py", "import synth.pipeline"),
    ],
)
def test_a_module_in_the_way_is_named(folder: Path, name: str, door: str) -> None:
    place = shadow(folder, name)
    ended = python(folder, "-c", door)
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1] == f"ImportError: {told(place)}"
    assert ended.stdout == ""  # nor was it run


@pytest.mark.parametrize("name", ["sandbox", "surrogates.py", "evaluation.py", "prompts"])
def test_the_command_ends_in_that_line(folder: Path, name: str, tmp_path: Path) -> None:
    place = shadow(folder, name)
    script = tmp_path / "bin" / "headsynth"
    script.parent.mkdir()
    script.write_text(COMMAND)
    ended = python(folder, script, "--help")
    assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", f"headsynth: {told(place)}\n")


def test_a_module_that_was_imported_before_is_in_the_way(folder: Path) -> None:
    place = shadow(folder, "evaluation.py")
    ended = python(folder, "-c", f"import evaluation, sys; sys.path[:] = sys.path[2:]; {PIPELINE}")
    assert ended.stderr.splitlines()[-1] == f"ImportError: {told(place)}"


def test_what_is_in_nobodys_way_is_let_be(folder: Path) -> None:
    """A folder that is no package, which Python passes over for ours; and a package that a door does not lead to."""
    for name in ("evaluation", "surrogates"):
        (folder / name).mkdir()
        (folder / name / "notes.py").write_text(OWN)
    assert python(folder, "-c", f"{PIPELINE}, evaluation, surrogates.errors").returncode == 0
    shadow(folder, "prompts.py")
    assert python(folder, "-c", "import surrogates.errors").returncode == 0


def test_a_folder_that_is_no_package_is_in_the_way_where_ours_comes_last(folder: Path) -> None:
    """As what is installed for editing does: Python asks for it after all folders."""
    (folder / "prompts").mkdir()
    editable = (
        "import sys; from importlib.machinery import PathFinder\n"
        "class Last:\n"
        f"    find_spec = staticmethod(lambda name, *_: PathFinder.find_spec(name, [{str(HOUSE)!r}]))\n"
        f"sys.path.remove({str(HOUSE)!r}); sys.meta_path.insert(sys.meta_path.index(PathFinder) + 1, Last)\n"
    )
    ended = python(folder, "-c", f"{editable}{PIPELINE}")
    assert ended.stderr.splitlines()[-1] == f"ImportError: {told(folder / 'prompts')}"
