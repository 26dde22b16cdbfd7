"""Scripted programs in the sandbox, against the same code in plain Python; what starting and killing workers costs."""

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from sandbox.pool import Call, Pool, Text
from sandbox.verdicts import Verdict
from tests.benchmarks.timing import Comparison, compare

TEXTS, TOKENS, LIMIT = 400, 64, 0.5
SOURCE = '''
def attend(query, key, pair, near=4.0, bonus=1.5):
    """Two nested loops over the tokens with a few comparisons in the body."""
    n = len(query)
    scores = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            if j <= i and i - j < near and j != 3:
                scores[i, j] += bonus
    return scores
'''
ENDLESS = "def attend(query, key, pair):\n    while True:\n        pass\n"
FINE = "def attend(query, key, pair):\n    return 1.0\n"
FEATURES = frozenset(("pair", name) for name in ("distance", "word_distance", "similarity", "sentence_distance"))
PROGRAMS = 100


class Moments(NamedTuple):
    """Seconds: from nothing to a worker that is ready; from a kill to the next answer; past a limit to its verdict."""

    start: float
    replacement: float
    overrun: float


def _text(number: int) -> Text:
    cells = np.zeros((TOKENS, TOKENS), dtype=np.float32)
    return Text(number, ("the",) * TOKENS, True, lambda _side, _name: cells)


def run() -> Comparison:
    """Seconds for 400 (program, text) runs: plain Python in one process, and the sandbox with a worker a core."""
    scope: dict = {"np": np}
    exec(SOURCE, scope)
    tokens = range(TOKENS)
    calls = [Call(SOURCE, "attend", {"near": 4.0, "bonus": 1.5}, _text(number)) for number in range(TEXTS)]

    def plain() -> None:
        for _ in range(TEXTS):
            scope["attend"](tokens, tokens, None).astype(np.float32)

    with Pool() as pool:
        return compare(plain, lambda: _drain(pool, calls), rounds=5)


def copies() -> Comparison:
    """Seconds a run of a program that does nothing: without features, and with copies of four pair features."""
    texts = [_text(number) for number in range(TEXTS)]

    def runs(features: frozenset[tuple[str, str]], pool: Pool) -> Callable[[], None]:
        calls = [Call(FINE, "attend", {}, text, features) for text in texts]
        return lambda: _drain(pool, calls)

    with Pool(1) as pool:
        found = compare(runs(frozenset(), pool), runs(FEATURES, pool), rounds=5)
    return Comparison(found.baseline / TEXTS, found.ours / TEXTS)


def programs() -> Comparison:
    """Seconds a run: of one program in its process, and of many programs, each in a new one."""
    one = [Call(FINE, "attend", {}, _text(0))] * PROGRAMS
    many = [Call(f"{FINE}# {number}\n", "attend", {}, _text(0)) for number in range(PROGRAMS)]
    with Pool(1) as pool:
        found = compare(lambda: _drain(pool, one), lambda: _drain(pool, many), rounds=5)
    return Comparison(found.baseline / PROGRAMS, found.ours / PROGRAMS)


def _drain(pool: Pool, calls: list[Call]) -> None:
    if any(outcome.verdict is not Verdict.OK for outcome in pool.map(calls)):
        raise RuntimeError("a run did not end well")


def moments() -> Moments:
    """One worker: how long it takes to start, to be replaced after a kill, and to be stopped at its limit."""
    begun = time.perf_counter()
    with Pool(1, limit=LIMIT) as pool:
        if not pool.layers:
            raise RuntimeError("no worker")
        start = time.perf_counter() - begun
        outcomes = pool.map([Call(ENDLESS, "attend", {}, _text(0)), Call(FINE, "attend", {}, _text(0))])
        begun = time.perf_counter()
        if next(outcomes).verdict is not Verdict.TIMED_OUT:
            raise RuntimeError("an endless program ended")
        overrun = time.perf_counter() - begun - LIMIT
        begun = time.perf_counter()
        next(outcomes)
        return Moments(start, time.perf_counter() - begun, overrun)
