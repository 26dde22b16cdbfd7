"""What is not loaded where it is not needed."""

from tests.llm.test_imports import imported


def test_workers_and_what_only_reads_a_run_load_nothing_that_runs_models() -> None:
    """They would begin in three times the time."""
    found = imported("synth.stages", "synth.commands.inspect")
    assert "synth.proposers.additive.proposing" in found
    assert found.isdisjoint({"transformers", "surrogates.running.patching", "synth.models"})
