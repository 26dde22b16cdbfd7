"""Programs that stand in for attention heads: what they are, and how they run inside a model."""

from importlib import import_module
from pathlib import Path
from runpy import run_path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from surrogates.language.program import Program
    from surrogates.library.heads import Head
    from surrogates.library.loading import load_library
    from surrogates.running.assignment import Baseline
    from surrogates.running.compacting import compact, load_compact
    from surrogates.running.patching import patch
    from surrogates.running.transformer_lens import transformer_lens_hook

# First of all, since what is imported below may be another's.
run_path(str(Path(__file__).parents[1] / "sandbox" / "siblings.py"))["require"]("sandbox")

__all__ = [
    "Baseline", "Head", "Program", "compact", "load_compact", "load_library", "patch", "transformer_lens_hook",
]  # fmt: skip

_HOMES = {
    "Baseline": "surrogates.running.assignment",
    "Head": "surrogates.library.heads",
    "Program": "surrogates.language.program",
    "compact": "surrogates.running.compacting",
    "load_compact": "surrogates.running.compacting",
    "load_library": "surrogates.library.loading",
    "patch": "surrogates.running.patching",
    "transformer_lens_hook": "surrogates.running.transformer_lens",
}


def __dir__() -> list[str]:
    return __all__


def __getattr__(name: str) -> Any:
    # torch and transformers take seconds to load; what does without should not wait for them.
    if name not in _HOMES:
        raise AttributeError(f"module 'surrogates' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
