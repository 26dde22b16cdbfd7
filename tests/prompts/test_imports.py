"""What reads and writes for a language model knows nothing of the server behind it, nor of the pipeline."""

import subprocess
import sys


def test_prompts_import_nothing_of_synth() -> None:
    code = "import sys, prompts.answers, prompts.messages, prompts.summary; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "prompts.code_blocks" in done.stdout.split()
    assert "synth" not in done.stdout.split()
