"""Finding programs for a model's heads, and what the model loses with them in the heads' place."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from synth.measuring import evaluate
    from synth.pipeline import synthesize
    from synth.run import open_run

__all__ = ["evaluate", "open_run", "synthesize"]


def __getattr__(name: str) -> Any:
    # torch and transformers take seconds to load; what does without should not wait for them.
    match name:
        case "evaluate":
            from synth.measuring import evaluate

            return evaluate
        case "synthesize":
            from synth.pipeline import synthesize

            return synthesize
        case "open_run":
            from synth.run import open_run

            return open_run
    raise AttributeError(f"module 'synth' has no attribute {name!r}")
