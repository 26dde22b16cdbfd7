"""Programs that take all they can get: each ends with its verdict, and the queue behind it is finished."""

import pytest

from sandbox.pool import Pool
from sandbox.verdicts import Verdict
from tests.sandbox.cases import Case, read_cases
from tests.sandbox.running import body, call, text
from tests.sandbox.test_attacks import attempt

BOMBS = read_cases("bombs")
LIMIT = 1.0
FINE = body("return len(query)")


@pytest.fixture(scope="module")
def pool():  # type: ignore[no-untyped-def]
    with Pool(2, limit=LIMIT) as pool:
        yield pool


@pytest.mark.parametrize("case", BOMBS, ids=lambda case: case.name)
def test_a_bomb_ends_with_its_verdict(case: Case, pool: Pool) -> None:
    outcome = attempt(pool, case.source)
    assert outcome.verdict in case.verdicts, f"{case.tries}: {outcome.verdict}: {outcome.reason}"


def test_the_queue_behind_bombs_is_finished(pool: Pool) -> None:
    endless = body("while True:\n    try:\n        while True:\n            pass\n    except Exception:\n        pass")
    hungry = body("x = [1]\nwhile True:\n    x = x + x")
    outcomes = list(pool.map(call(source, text(4, n)) for n, source in enumerate([endless, hungry, FINE] * 3)))
    assert [outcome.verdict for outcome in outcomes[2::3]] == [Verdict.OK] * 3
    assert {outcome.verdict for outcome in outcomes[::3]} == {Verdict.TIMED_OUT}
    assert {outcome.verdict for outcome in outcomes[1::3]} <= {Verdict.OUT_OF_MEMORY, Verdict.TIMED_OUT}
