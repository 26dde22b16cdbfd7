"""``make bench``: each figure as a ratio to a baseline measured in the same run."""

import torch

from tests.benchmarks import (
    computed_together,
    evaluation,
    extraction,
    fitting,
    llm_throughput,
    patched_forward,
    sandbox_runs,
    scoring,
)
from tests.benchmarks.timing import Comparison


def _line(what: str, baseline: str, found: Comparison, *, faster: bool) -> None:
    ratio = found.baseline / found.ours if faster else found.ours / found.baseline
    words = f"{ratio:.1f} times faster than" if faster else f"{ratio:.2f} times"
    print(f"{what}: {words} {baseline} ({found.ours * 1e3:.1f} ms against {found.baseline * 1e3:.1f} ms)", flush=True)


def main() -> None:
    """Print every figure."""
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads")
    size = f"{scoring.PROGRAMS} programs, {scoring.HEADS} heads, {scoring.TEXTS} texts of {scoring.TOKENS} tokens"
    _line(f"scoring ({size})", "a loop over (program, text, head) in NumPy float64", scoring.run(), faster=True)
    size = f"{fitting.HEADS} heads x {fitting.PROGRAMS} programs, {fitting.TEXTS} texts of {fitting.TOKENS} tokens"
    each = "derivatives by one constant after the other on all texts, a program"
    _line(f"fitting ({size})", each, fitting.run(), faster=True)
    plain = "a forward pass with output_attentions"
    _line("extraction (32 texts of 128 tokens)", plain, extraction.run(), faster=False)
    for size, found in computed_together.run().items():
        _line(f"scores of programs together ({size})", "one program after the other", found, faster=True)
    for what, found in patched_forward.run():
        _line(what, "the model as it is, under SDPA", found, faster=False)
    _line("a decoding step behind 4,096 tokens, 100 %", "one behind 1,024", patched_forward.steps(), faster=False)
    whole, small = patched_forward.cache_bytes()
    print(f"cache of a compact model, 100 %: {small / whole:.0%} of the bytes", flush=True)
    heads = f"{evaluation.LAYERS * evaluation.HEADS} heads replaced one by one"
    for what, found in evaluation.run().items():
        _line(f"{heads} ({evaluation.TEXTS} texts of {evaluation.TOKENS} tokens)", what, found, faster=True)
    runs = sandbox_runs.run()
    print(
        f"sandbox ({sandbox_runs.TEXTS} runs of two nested loops over {sandbox_runs.TOKENS} tokens): "
        f"{sandbox_runs.TEXTS / runs.ours:.0f} runs a second, {runs.baseline / runs.ours:.0%} of plain Python in one "
        f"process ({sandbox_runs.TEXTS / runs.baseline:.0f} a second)",
        flush=True,
    )
    copies, programs = sandbox_runs.copies(), sandbox_runs.programs()
    print(
        f"sandbox isolation: copies of four pair features for every run, {copies.ours * 1e6:.0f} µs against "
        f"{copies.baseline * 1e6:.0f} µs without features; a process for every program, "
        f"{programs.ours * 1e3:.1f} ms against {programs.baseline * 1e3:.1f} ms in one process",
        flush=True,
    )
    moments = sandbox_runs.moments()
    print(
        f"sandbox worker: ready in {moments.start:.2f} s, replaced in {moments.replacement:.2f} s after a kill, "
        f"a limit of {sandbox_runs.LIMIT} s overrun by {moments.overrun * 1e3:.0f} ms",
        flush=True,
    )
    calls = llm_throughput.run()
    print(
        f"asking ({llm_throughput.CALLS} calls, {llm_throughput.CONCURRENCY} at once, a server that takes "
        f"{llm_throughput.LATENCY * 1e3:.0f} ms): {calls.baseline / calls.ours:.0%} of the ideal throughput "
        f"({calls.ours:.2f} s against {calls.baseline:.2f} s)",
        flush=True,
    )


if __name__ == "__main__":
    main()
