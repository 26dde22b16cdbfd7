"""Asking a language model many questions at once, against a server that answers each after a fixed time."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from synth.llm.calls import Client
from tests.benchmarks.timing import Comparison
from tests.llm.asking import PARAMETERS, contents, exchanges_of, nowhere, question, questions

CALLS, CONCURRENCY, LATENCY = 1000, 32, 0.2


def run() -> Comparison:
    """Seconds for 1,000 calls, 32 at once, storing included, to a server in a process of its own.

    The baseline is the ideal: the server's 200 ms for each call, and nothing else, on 32 lines that are never idle.
    """
    command = [sys.executable, "-m", "tests.llm.scripted_server", "--latency", str(LATENCY)]
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server,
        tempfile.TemporaryDirectory() as folder,
    ):
        assert server.stdin is not None
        assert server.stdout is not None
        base_url = server.stdout.readline().strip()
        with exchanges_of(Path(folder)) as exchanges:
            client = Client(PARAMETERS, base_url, exchanges, concurrency=CONCURRENCY)
            client.ask([question("the first loads what the openai package loads late")], nowhere)
            start = time.perf_counter()
            contents(client.ask(questions(CALLS), nowhere))
            seconds = time.perf_counter() - start
        server.stdin.close()
    return Comparison(CALLS * LATENCY / CONCURRENCY, seconds)
