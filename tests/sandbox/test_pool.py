"""Many programs at once: order, limits, deaths, and what one program can do to the next."""

import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from sandbox.pool import Call, Pool, SandboxUnavailable
from sandbox.verdicts import Verdict
from tests.sandbox.running import UNGUARDED, body, call, text

FINE = body("return pair.zeros() + len(query)")
ENDLESS = body("while True:\n    pass")


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(2, limit=1.0) as pool:
        yield pool


def test_scores_are_float32_of_one_cell_a_query_and_key(pool: Pool) -> None:
    (outcome,) = pool.map([call(body("return query.is_comma[:, None] * 2 + pair.distance"), text(5))])
    assert outcome.verdict is Verdict.OK
    assert outcome.scores is not None
    assert outcome.scores.dtype == np.float32
    feature = text(5).feature
    expected = feature("token", "is_comma")[:, None] * 2 + feature("pair", "distance")
    np.testing.assert_array_equal(outcome.scores, expected.astype(np.float32))


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("return 3", [[3, 3], [3, 3]]),
        ("return np.arange(len(query))", [[0, 1], [0, 1]]),
        ("return np.arange(len(query))[:, None]", [[0, 0], [1, 1]]),
        ("return [[1, 2], [3, 4.5]]", [[1, 2], [3, 4.5]]),
        ("return pair.offset(0) > 0", [[1, 0], [0, 1]]),
        ("return np.full((2, 2), -np.inf)", [[-np.inf] * 2] * 2),
    ],
)
def test_what_is_returned_is_broadcast(pool: Pool, lines: str, expected: list) -> None:
    (outcome,) = pool.map([call(body(lines), text(2))])
    assert outcome.scores is not None, outcome
    np.testing.assert_array_equal(outcome.scores, expected)


def test_a_program_does_the_same_in_every_process() -> None:
    """The order of a set of strings, and what an error says of an object, do not depend on the process."""
    ordered = body("return np.array([[len(word) for word in list(set(query.text))[:1]]]) + pair.zeros()")
    lost = body("return {}[lambda: 1]")
    words = text(12)
    found = []
    for _ in range(3):
        with Pool(1) as pool:
            found.append(list(pool.map([call(ordered, words), call(lost, words)])))
    for first, second in found:
        assert first.scores is not None, first
        np.testing.assert_array_equal(first.scores, found[0][0].scores)
        assert "KeyError" in second.reason
        assert second.reason == found[0][1].reason


@pytest.mark.parametrize(
    ("lines", "verdict", "reason"),
    [
        ("return", Verdict.WRONG_SHAPE, "returned nothing"),
        ("return 'scores'", Verdict.WRONG_SHAPE, "returned a str"),
        ("return np.zeros((3, 8))", Verdict.WRONG_SHAPE, "3 x 8 values; return 8 x 8 for 8 tokens"),
        ("return np.zeros((1, 8, 8))", Verdict.WRONG_SHAPE, "1 x 8 x 8"),
        ("return [[1, 2], [3]]", Verdict.WRONG_SHAPE, "differ in length"),
        ("return [[1j]]", Verdict.WRONG_SHAPE, "complex128"),
        ("return [[None]]", Verdict.WRONG_SHAPE, "object"),
        ("return attend", Verdict.WRONG_SHAPE, "returned a function"),
        ("x = pair.zeros()\n\nreturn x[9, 9]", Verdict.RAISED, "line 4: IndexError: index 9 is out of bounds"),
        ("return attend(query, key, pair)", Verdict.RAISED, "line 2: RecursionError"),
        ("raise ValueError('two\\nlines')", Verdict.RAISED, "line 2: ValueError: two lines"),
        ("return pair.zeros()[query.is_comma]", Verdict.RAISED, "index with `mask > 0`"),
        ("query.is_comma[0] = 1\nreturn 0", Verdict.RAISED, "line 2: ValueError: assignment destination is read-only"),
        ("return np.zeros((100000, 100000)) + 1", Verdict.OUT_OF_MEMORY, "line 2: needs more memory"),
        ("x = 1", Verdict.WRONG_SHAPE, "returned nothing"),
        ("return open('x')", Verdict.REFUSED, "line 2: the name `open` is not available"),
        ("return [x async for x in y]", Verdict.REFUSED, "line 2"),
        ("while True:\n    pass", Verdict.TIMED_OUT, "no answer within 1 s on a text of 8 tokens"),
    ],
)
def test_every_end_has_its_verdict(pool: Pool, lines: str, verdict: Verdict, reason: str) -> None:
    (outcome,) = pool.map([call(body(lines))])
    assert outcome.verdict is verdict, outcome
    assert reason in outcome.reason
    assert "\n" not in outcome.reason
    assert outcome.scores is None


def test_outcomes_come_in_the_order_of_the_calls(pool: Pool) -> None:
    slow = body("for i in range(400_000):\n    pass\nreturn len(query)")
    calls = [call(slow if n % 3 == 0 else FINE, text(n + 1)) for n in range(12)]
    outcomes = list(pool.map(calls))
    assert [outcome.scores[0, 0] for outcome in outcomes if outcome.scores is not None] == list(range(1, 13))


def test_calls_are_taken_only_as_workers_become_free(pool: Pool) -> None:
    taken = 0

    def calls() -> Iterator[Call]:
        nonlocal taken
        for _ in itertools.count():
            taken += 1
            yield call(FINE)

    outcomes = pool.map(calls())
    for _ in range(10):
        next(outcomes)
    assert taken < 100
    outcomes.close()  # type: ignore[attr-defined]
    assert [outcome.verdict for outcome in pool.map([call(FINE)])] == [Verdict.OK]


def test_a_program_that_never_ends_delays_others_by_its_own_limit_at_most() -> None:
    with Pool(2, limit=0.5) as pool:
        assert pool.layers
        taken = 0

        def calls() -> Iterator[Call]:
            nonlocal taken
            for source in [ENDLESS, *[FINE] * 200]:
                taken += 1
                yield call(source)

        outcomes = pool.map(calls())
        assert next(outcomes).verdict is Verdict.TIMED_OUT
        # The other worker went on meanwhile, as far ahead as answers may wait for their turn.
        assert taken >= 50
        assert [outcome.verdict for outcome in outcomes] == [Verdict.OK] * 200


def test_two_programs_that_never_end_do_not_lose_the_queue() -> None:
    with Pool(2, limit=0.3) as pool:
        verdicts = [outcome.verdict for outcome in pool.map([call(ENDLESS), call(ENDLESS), call(FINE), call(ENDLESS)])]
        assert verdicts == [Verdict.TIMED_OUT, Verdict.TIMED_OUT, Verdict.OK, Verdict.TIMED_OUT]


def test_a_worker_killed_in_the_middle_is_replaced_and_the_call_tried_once_more() -> None:
    busy = body("for i in range(20_000_000):\n    pass\nreturn len(query)")
    with Pool(1, limit=30) as pool:
        assert pool.layers
        killed = list[int]()

        def calls() -> Iterator[Call]:
            yield call(busy)
            yield call(FINE)

        def kill_once(after: float) -> None:
            def strike(*_: object) -> None:
                killed.extend(pool.processes)
                os.kill(pool.processes[0], signal.SIGKILL)

            signal.signal(signal.SIGALRM, strike)
            signal.setitimer(signal.ITIMER_REAL, after)

        kill_once(0.1)
        outcomes = list(pool.map(calls()))
        assert killed
        assert [outcome.verdict for outcome in outcomes] == [Verdict.OK, Verdict.OK]
        assert pool.processes != killed


@pytest.fixture
def unguarded(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pool]:
    """A pool whose programs are plain Python."""
    monkeypatch.setattr("sandbox.processes._MAIN", UNGUARDED)
    with Pool(1, limit=5.0) as pool:
        yield pool


def test_a_worker_that_dies_twice_of_a_call_is_reported(unguarded: Pool) -> None:
    dies = body("import os\nos._exit(1)")
    outcomes = list(unguarded.map([call(FINE), call(dies), call(FINE)]))
    assert [outcome.verdict for outcome in outcomes] == [Verdict.OK, Verdict.CRASHED, Verdict.OK]
    assert outcomes[1].reason == "the worker process died of it twice"


def test_a_program_that_takes_its_process_over_changes_no_other_program(unguarded: Pool) -> None:
    takes_over = body(
        "import sys, numpy\nworker = sys.modules['sandbox.worker']\n"
        "worker.execute = lambda *_: (worker.Verdict.OK, numpy.zeros((8, 8), numpy.float32).tobytes())\n"
        "numpy.exp = numpy.log\nreturn 1"
    )
    probe = body("return np.exp(query.is_comma) + 1")
    before, taken, after = unguarded.map([call(probe), call(takes_over), call(probe)])
    assert taken.verdict is Verdict.OK
    np.testing.assert_array_equal(after.scores, before.scores)


def test_an_answer_too_many_reaches_no_other_program(unguarded: Pool) -> None:
    forged = "import os, struct\nos.write(0, struct.pack('<BQ', 0, 256) + bytes(256))\nreturn 1"
    outcomes = list(unguarded.map([call(body(forged)), call(FINE), call(body("return 7"))]))
    assert [outcome.scores[0, 0] for outcome in outcomes[1:] if outcome.scores is not None] == [8, 7]


def test_nothing_a_program_keeps_reaches_the_next_run() -> None:
    keeps = "SEEN = []\ndef attend(query, key, pair, memory=[]):\n    SEEN.append(1)\n    memory.append(1)\n"
    keeps += "    attend_count = len(SEEN) + len(memory)\n    return attend_count\n"
    with Pool(1) as pool:
        scores = [outcome.scores for outcome in pool.map([call(keeps)] * 3)]
    assert [float(found[0, 0]) for found in scores if found is not None] == [2.0, 2.0, 2.0]


def test_features_are_shipped_once_a_program() -> None:
    asked: list[str] = []
    source = text(6)

    def feature(side: str, name: str) -> np.ndarray:
        asked.append(name)
        return source.feature(side, name)

    noted = type(source)("noted", source.tokens, True, feature)
    program = body("return query.is_comma + pair.distance").replace("pair)", "pair, x=1.0)")
    with Pool(1) as pool:
        list(pool.map(call(program, noted, x=value) for value in range(5)))
    assert sorted(asked) == ["distance", "is_comma", "length"]


def test_a_worker_forgets_features_when_they_grow_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.processes.SHIPPED", 2000)
    source = body("return pair.distance")
    with Pool(1) as pool:
        for _ in range(2):
            for seed in range(10):
                (outcome,) = pool.map([call(source, text(8, seed))])
                np.testing.assert_array_equal(outcome.scores, text(8, seed).feature("pair", "distance"))


def test_a_worker_has_no_environment_no_descriptors_and_no_root() -> None:
    with Pool(1) as pool:
        assert {"limits", "environment"} <= pool.layers
        (process,) = pool.processes
        folder = Path(f"/proc/{process}")
        lines = (folder / "status").read_text().splitlines()
        status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
        assert sorted(path.name for path in (folder / "fd").iterdir()) == ["0", "1", "2"]
        assert os.geteuid() != 0 or status["Uid"].split() == ["65534"] * 4
        assert status["NoNewPrivs"] == "1"
        if "seccomp" in pool.layers:
            assert status["Seccomp"] == "2"
        assert "PATH=" not in (folder / "environ").read_text()


def test_workers_that_cannot_start_are_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.processes._MAIN", "import sys; sys.exit(3)")
    with Pool(1) as pool, pytest.raises(SandboxUnavailable, match="die as they start"):
        list(pool.map([call(FINE)]))


def test_a_server_of_workers_that_was_killed_is_replaced() -> None:
    with Pool(1) as pool:
        list(pool.map([call(FINE)]))
        (worker,) = pool.processes
        stat = Path(f"/proc/{worker}/stat").read_text()
        os.kill(int(stat.rsplit(")", 1)[1].split()[1]), signal.SIGKILL)  # its parent
        other = body("return 3")
        assert [outcome.verdict for outcome in pool.map([call(other), call(FINE)])] == [Verdict.OK] * 2


def test_an_answer_no_worker_of_ours_would_give_ends_the_worker(unguarded: Pool) -> None:
    # A worker taken over by a program could write anything to the pool.
    (outcome,) = unguarded.map([call(body("import os\nos.write(0, b'\\0' + b'\\xff' * 1000)\nreturn 1"))])
    assert outcome.verdict is Verdict.CRASHED


def test_the_line_to_a_program_is_plain_text(pool: Pool) -> None:
    (outcome,) = pool.map([call(body(r"raise ValueError('\x1b[2J\x9b31m\ud83d\u202egone')"))])
    assert outcome.verdict is Verdict.RAISED
    assert outcome.reason.isprintable()
    assert r"\x1b[2J\x9b31m" in outcome.reason


ORPHANING = """
import os, signal
from sandbox.pool import Pool
from tests.sandbox.running import body, call

pool = Pool(1, limit=0.5)
outcomes = pool.map([call(body("return 1")), call(body("while True:\\n    pass"))])
next(outcomes)
print(pool.processes[0], flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_worker_ends_when_its_pool_is_gone() -> None:
    """Even one that is busy: the kernel ends it a little after the call's limit."""
    ended = subprocess.run([sys.executable, "-c", ORPHANING], capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    stat = Path(f"/proc/{ended.stdout.strip()}/stat")
    deadline = time.monotonic() + 20
    while stat.exists() and stat.read_text().split()[2] != "Z":
        assert time.monotonic() < deadline
        time.sleep(0.1)
