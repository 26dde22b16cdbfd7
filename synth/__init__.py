"""Finding programs for a model's heads: the pipeline and the command line."""

from pathlib import Path
from runpy import run_path

# First of all, since what is imported below may be another's.
run_path(str(Path(__file__).parents[1] / "sandbox" / "siblings.py"))["require"](
    "sandbox", "surrogates", "evaluation", "prompts"
)
