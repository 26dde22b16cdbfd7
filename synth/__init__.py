"""Finding programs for a model's heads, and what the model loses with them in the heads' place."""

from importlib import import_module
from pathlib import Path
from runpy import run_path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from synth.calibrating import calibrate
    from synth.generating import generate
    from synth.head_faithfulness import faithfulness
    from synth.measuring import evaluate
    from synth.pipeline import synthesize
    from synth.run import open_run
    from synth.tasks import evaluate_tasks

# First of all, since what is imported below may be another's.
run_path(str(Path(__file__).parents[1] / "sandbox" / "siblings.py"))["require"](
    "sandbox", "surrogates", "evaluation", "prompts"
)

__all__ = ["calibrate", "evaluate", "evaluate_tasks", "faithfulness", "generate", "open_run", "synthesize"]

_HOMES = {
    "calibrate": "synth.calibrating",
    "evaluate": "synth.measuring",
    "evaluate_tasks": "synth.tasks",
    "faithfulness": "synth.head_faithfulness",
    "generate": "synth.generating",
    "open_run": "synth.run",
    "synthesize": "synth.pipeline",
}


def __dir__() -> list[str]:
    return __all__


def __getattr__(name: str) -> Any:
    # torch and transformers take seconds to load; what does without should not wait for them.
    if name not in _HOMES:
        raise AttributeError(f"module 'synth' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
