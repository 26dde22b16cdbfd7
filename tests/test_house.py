"""The house: arrows between packages only point down."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BELOW = {
    "sandbox": set[str](),
    "surrogates": {"sandbox"},
    "evaluation": {"sandbox", "surrogates"},
    "prompts": {"sandbox", "surrogates", "evaluation"},
    "synth": {"sandbox", "surrogates", "evaluation", "prompts"},
}
"""What each package may import besides itself."""
APART = {
    "surrogates/language": ("surrogates.library", "surrogates.running"),
    "surrogates/library": ("surrogates.running",),
    "synth/llm": ("surrogates.language", "surrogates.running", "surrogates.library.heads", "synth.proposers"),
}
"""What a folder within a package knows nothing of."""


def imports(folder: str) -> Iterator[tuple[Path, str]]:
    """Every module of ours that a file of the folder imports."""
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            yield from ((path.relative_to(ROOT), name) for name in names if name.split(".")[0] in BELOW)


@pytest.mark.parametrize("package", BELOW)
def test_arrows_point_down(package: str) -> None:
    found = list(imports(package))
    assert found or package == "sandbox"
    allowed = BELOW[package] | {package}
    assert [(str(path), name) for path, name in found if name.split(".")[0] not in allowed] == []


@pytest.mark.parametrize("folder", APART)
def test_rooms_are_apart(folder: str) -> None:
    found = list(imports(folder))
    assert found
    assert [(str(path), name) for path, name in found if name.startswith(APART[folder])] == []
