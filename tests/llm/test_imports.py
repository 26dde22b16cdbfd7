"""What is in a layer and what is not."""

import subprocess
import sys


def test_http_knows_nothing_of_programs() -> None:
    loaded = "import sys, synth.llm.server; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    modules = set(done.stdout.split())
    assert {"synth.llm.server", "synth.llm.transport", "synth.llm.server_json"} <= modules
    assert modules.isdisjoint({"prompts.answers", "synth.llm.completions", "synth.llm.store"})
