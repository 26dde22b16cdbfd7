"""Escapes: every case must get its verdict and trip no canary, in three modes.

Everything on; without seccomp and Landlock, where the policy alone must hold; and without the policy, where the process
alone must hold against what would touch files, processes or the network.
"""

import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from sandbox.pool import Pool
from sandbox.verdicts import Outcome, Verdict
from surrogates.language.program import Program, ProgramRefused
from tests.sandbox.canaries import SECRET, Canaries
from tests.sandbox.cases import Case, read_cases
from tests.sandbox.running import UNGUARDED, body, call, text

ATTACKS = read_cases("attacks")
CONTAINED = [case for case in ATTACKS if case.contained]
CARRIED = [case for case in ATTACKS if case.name.startswith("state_")]
PROBE = body("return pair.distance * np.zeros(1) + np.exp(query.is_comma) + len(query.text) + pair.zeros()")


def test_there_are_enough_attacks(record_property: Callable[[str, object], None]) -> None:
    kinds = {kind: sum(case.contained == kind for case in ATTACKS) for kind in ("file", "process", "network")}
    record_property("attack cases", f"{len(ATTACKS)}, of them without the policy: {kinds}")
    assert len(ATTACKS) >= 150
    assert all(kinds.values())


@pytest.fixture(scope="module")
def canaries() -> Iterator[Canaries]:
    found = Canaries()
    yield found
    found.close()


@pytest.fixture(scope="module", params=["everything on", "without seccomp and Landlock"])
def guarded(request: pytest.FixtureRequest) -> Iterator[Pool]:
    with Pool(1, limit=10, confined=request.param == "everything on") as pool:
        if request.param == "everything on" and sys.platform == "linux":
            assert "landlock" in pool.layers or not _landlock_here()
        elif request.param != "everything on":
            assert not {"seccomp", "landlock"} & pool.layers
        yield pool


def _landlock_here() -> bool:
    import landlockpy

    return landlockpy.supported()


def attempt(pool: Pool, source: str) -> Outcome:
    """What the tool makes of a source: refused as it is read, or run on a text."""
    try:
        program = Program.parse(source)
    except ProgramRefused as error:
        return Outcome(Verdict.REFUSED, reason=str(error))
    (outcome,) = pool.map([call(source, text(24), **program.constants)])
    return outcome


def probed(pool: Pool) -> np.ndarray:
    """What a program that nobody should disturb gives on the text that attacks see."""
    (outcome,) = pool.map([call(PROBE, text(24))])
    assert outcome.scores is not None, outcome
    return outcome.scores


@pytest.mark.parametrize("case", ATTACKS, ids=lambda case: case.name)
def test_an_escape_gets_its_verdict_and_changes_nothing(case: Case, guarded: Pool, canaries: Canaries) -> None:
    before = probed(guarded)
    outcome = attempt(guarded, canaries.placed(case.source))
    assert outcome.verdict in case.verdicts, f"{case.tries}: {outcome.verdict}: {outcome.reason}"
    np.testing.assert_array_equal(probed(guarded), before)
    assert canaries.harm(outcome.scores) == []


@pytest.fixture(scope="module")
def without_policy() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sandbox.processes._MAIN", UNGUARDED)
        yield patch


@pytest.fixture(scope="module")
def plain_python(without_policy: pytest.MonkeyPatch) -> Iterator[Pool]:
    del without_policy
    with Pool(1, limit=10) as pool:
        yield pool


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has seccomp and Landlock")
@pytest.mark.parametrize("case", CONTAINED, ids=lambda case: case.name)
def test_the_process_alone_holds(case: Case, plain_python: Pool, canaries: Canaries) -> None:
    if not {"seccomp", "landlock"} <= plain_python.layers:
        pytest.skip("this machine has no seccomp or no Landlock")
    before = probed(plain_python)
    other = plain_python.processes[-1]  # the one used last
    (outcome,) = plain_python.map([call(canaries.placed(case.source), text(24))])
    if case.contained == "process":
        time.sleep(0.3)  # some act after they have returned
    assert canaries.harm(outcome.scores) == [], f"{case.tries}: {outcome.verdict}: {outcome.reason}"
    worker = plain_python.processes[-1]
    assert worker != other, "it ended"
    assert Path(f"/proc/{worker}/task/{worker}/children").read_text() == ""
    np.testing.assert_array_equal(probed(plain_python), before)


@pytest.mark.parametrize("case", CARRIED, ids=lambda case: case.name)
def test_nothing_is_carried_on_without_the_policy_either(case: Case, plain_python: Pool) -> None:
    before = probed(plain_python)
    list(plain_python.map([call(case.source, text(24))]))
    np.testing.assert_array_equal(probed(plain_python), before)


@pytest.mark.usefixtures("without_policy")
def test_without_the_policy_programs_are_plain_python() -> None:
    with Pool(1) as pool:
        source = body("import sys\nreturn float(().__class__.__base__ is object) + len(sys.modules) * 0")
        (outcome,) = pool.map([call(source)])
    assert outcome.verdict is Verdict.OK
    assert outcome.scores is not None
    assert (outcome.scores == 1).all()


def test_canaries_show_harm() -> None:
    """Each canary, tripped on purpose."""
    canaries = Canaries()
    try:
        _trip(canaries)
    finally:
        canaries.close()


def _trip(canaries: Canaries) -> None:
    canaries.canary.write_text("x")
    assert "appeared" in canaries.harm()[0]
    canaries.secret.unlink()
    assert any("secret was changed" in harm for harm in canaries.harm())
    codes = np.frombuffer(SECRET, dtype=np.uint8).astype(np.float32)
    assert canaries.harm(np.stack([codes, codes])) == ["the secret came back"]
    port = int(canaries.placed("@PORT@"))
    socket.create_connection(("127.0.0.1", port)).close()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.sendto(b"x", ("127.0.0.1", port))
    assert len(canaries.harm()) == 2
    assert canaries.harm() == []
    os.kill(int(canaries.placed("@PID@")), signal.SIGKILL)
    time.sleep(0.2)
    assert canaries.harm() == ["a process was killed"]
