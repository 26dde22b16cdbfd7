"""Programs that stand in for attention heads: what they are, and how they run inside a model."""

from pathlib import Path
from runpy import run_path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from surrogates.library.loading import load_library
    from surrogates.running.patching import patch

# First of all, since what is imported below may be another's.
run_path(str(Path(__file__).parents[1] / "sandbox" / "siblings.py"))["require"]("sandbox")

__all__ = ["load_library", "patch"]


def __getattr__(name: str) -> Any:
    # Patching needs transformers, which takes seconds to load; what does without should not wait for it.
    if name == "load_library":
        from surrogates.library.loading import load_library

        return load_library
    if name == "patch":
        from surrogates.running.patching import patch

        return patch
    raise AttributeError(f"module 'surrogates' has no attribute {name!r}")
