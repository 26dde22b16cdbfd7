"""What is in a layer and what is not."""

import subprocess
import sys


def test_http_knows_nothing_of_programs() -> None:
    loaded = "import sys, synth.proposers.llm.endpoint; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    names = {name.rsplit(".", 1)[-1] for name in done.stdout.split() if name.startswith("synth.proposers.llm.")}
    assert {"endpoint", "transport", "server_json"} <= names
    assert names.isdisjoint({"answers", "code_blocks", "completions", "exchanges"})
