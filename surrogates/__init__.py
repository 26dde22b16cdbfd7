"""Programs that stand in for attention heads: what they are, and how they run inside a model."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from surrogates.library.loading import load_library
    from surrogates.running.patching import patch

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
