"""What is in a layer and what is not."""

import pkgutil
import subprocess
import sys

import synth.llm

OF_HEADS = {
    "surrogates.language.program", "surrogates.language.patterns", "surrogates.language.features",
    "surrogates.library.heads", "surrogates.library.candidates", "surrogates.library.library", "surrogates.running",
    "evaluation.similarity", "synth.material", "synth.attention", "synth.fitting", "synth.engine", "synth.proposers",
    "synth.commands", "synth.pipeline", "torch", "transformers",
}  # fmt: skip


def imported(*modules: str) -> set[str]:
    """Everything that is loaded once these are."""
    code = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


def test_what_asks_knows_nothing_of_heads_and_programs() -> None:
    modules = [f"synth.llm.{module.name}" for module in pkgutil.iter_modules(synth.llm.__path__)]
    assert "synth.llm.batches" in modules
    assert imported(*modules).isdisjoint(OF_HEADS)


def test_http_knows_nothing_of_questions_and_answers() -> None:
    assert imported("synth.llm.server").isdisjoint({"prompts.answers", "synth.llm.calls", "synth.llm.store"})
