"""Runs scripted programs: takes a batch apart into texts, hands them to the sandbox, and keeps what came back."""

import atexit
import os
from collections import OrderedDict
from collections.abc import Mapping
from functools import cache

import numpy as np
import torch

from sandbox.pool import Call, Pool, Text
from sandbox.verdicts import Outcome, Verdict
from surrogates.errors import ProgramFailed
from surrogates.language.backend import Array, as_numpy
from surrogates.language.features import Texts
from surrogates.language.pair_features import pair_feature
from surrogates.language.program import Program

_KEPT_BYTES = 128 << 20
"""Scores kept of earlier runs: every head asks for the same programs on the same texts. A worker of joblib's that
grows by much more than this is taken for leaking and ended."""
PACE = 1.0
"""Seconds a text that a program may take on average: fitting it runs it hundreds of times."""
_PACE_AFTER = 8
"""Runs after which the average counts."""


def scripted_scores(program: Program, texts: Texts, constants: Mapping[str, float]) -> Array:
    """Scores of a scripted program, float32, shape (b, q, n); 0 in rows and columns of padding.

    Raises:
        ProgramFailed: the program ended otherwise than well on one of the texts.
        FeatureUnavailable: a feature has no value for this model.
    """
    outcomes = scripted_outcomes(program, texts, constants, until_failure=True)
    for outcome in outcomes:
        if outcome is not None and outcome.verdict is not Verdict.OK:
            raise ProgramFailed(f"{program.name}: {outcome.reason}", outcome.verdict)
    return assemble(outcomes, texts)


def scripted_outcomes(
    program: Program, texts: Texts, constants: Mapping[str, float], *, until_failure: bool = False
) -> list[Outcome | None]:
    """How the program ended on each text of a batch; None for texts after the first failure where that ends it.

    Raises:
        FeatureUnavailable: a feature has no value for this model.
    """
    values = {name: float(value) for name, value in constants.items()}
    whole = texts if texts.queries == texts.n else Texts(
        texts.ids, texts.table, mask=texts.mask if texts.padded else None, causal=texts.causal
    )  # fmt: skip
    calls = [Call(program.source, program.name, values, text, program.features) for text in _texts(whole, program)]
    return _runs().outcomes(calls, until_failure=until_failure)


def assemble(outcomes: list[Outcome | None], texts: Texts) -> Array:
    """The scores of outcomes that are ok, the others 0: float32, shape (b, q, n), of the kind of the texts' ids."""
    found = np.zeros((len(outcomes), texts.n, texts.n), dtype=np.float32)
    for row, (outcome, columns) in enumerate(zip(outcomes, _columns(texts), strict=True)):
        if outcome is not None and outcome.scores is not None:
            found[row][np.ix_(columns, columns)] = outcome.scores
    found = found[:, texts.n - texts.queries :]
    return torch.from_numpy(found).to(texts.ids.device) if isinstance(texts.ids, torch.Tensor) else found


def _columns(texts: Texts) -> list[np.ndarray]:
    """Of each text the columns that are no padding."""
    return [np.flatnonzero(row) for row in as_numpy(texts.mask)]


def _texts(texts: Texts, program: Program) -> list[Text]:
    ids, entries = as_numpy(texts.ids), as_numpy(texts.entries)
    # What is unavailable is found here rather than while a worker waits for it.
    values = {
        (side, name): as_numpy(texts.token(name) if side == "token" else pair_feature(texts, name))
        for side, name in program.features
    }
    found = []
    for row, columns in enumerate(_columns(texts)):
        own = ids[row, columns]

        def feature(side: str, name: str, row: int = row, columns: np.ndarray = columns) -> np.ndarray:
            cells = values[side, name]
            one = cells[row if len(cells) > 1 else 0]  # without padding some are the same in every text
            return one[columns] if side == "token" else one[np.ix_(columns, columns)]

        key = (texts.table.serial, texts.causal, own.tobytes())
        found.append(
            Text(key, tuple(texts.table.texts[entry] for entry in entries[row, columns]), texts.causal, feature)
        )
    return found


class _Runs:
    """A pool, and the outcomes of its latest runs."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self._kept: OrderedDict[tuple, Outcome] = OrderedDict()
        self._size = 0
        self._pace: dict[str, tuple[int, float]] = {}  # runs of each program and their seconds, by source

    def outcomes(self, calls: list[Call], *, until_failure: bool) -> list[Outcome | None]:
        keys = [(call.source, tuple(call.constants.items()), call.text.key) for call in calls]
        found: dict[tuple, Outcome] = {}
        for key in keys:
            if key in self._kept:
                self._kept.move_to_end(key)
                found[key] = self._kept[key]
        # Texts that stand in a batch more than once, as in beam search, are run once.
        missing = {key: call for key, call in zip(keys, calls, strict=True) if key not in found}
        source = calls[0].source if calls else ""
        if self._too_slow(source) is None and not (
            until_failure and any(outcome.verdict is not Verdict.OK for outcome in found.values())
        ):
            outcomes = self.pool.map(missing.values())
            for key, outcome in zip(missing, outcomes, strict=True):
                found[key] = outcome
                self._keep(key, outcome)
                runs, seconds = self._pace.get(source, (0, 0.0))
                self._pace[source] = runs + 1, seconds + outcome.seconds
                if (until_failure and outcome.verdict is not Verdict.OK) or self._too_slow(source):
                    break
            outcomes.close()  # type: ignore[attr-defined]
        late = self._too_slow(source)
        return [found.get(key, late) for key in keys]

    def _too_slow(self, source: str) -> Outcome | None:
        """What becomes of further runs of a program that takes too long on average; None of one that does not."""
        runs, seconds = self._pace.get(source, (0, 0.0))
        if runs < _PACE_AFTER or seconds <= PACE * runs:
            return None
        reason = f"takes {seconds / runs:.1f} s a text; at most {PACE:g} s on average are allowed"
        return Outcome(Verdict.TIMED_OUT, reason=reason)

    def _keep(self, key: tuple, outcome: Outcome) -> None:
        if outcome.verdict is Verdict.CRASHED:
            return  # it may have been somebody else's doing
        self._kept[key] = outcome
        self._size += _size(outcome)
        while self._size > _KEPT_BYTES:
            self._size -= _size(self._kept.popitem(last=False)[1])


def _size(outcome: Outcome) -> int:
    return 1000 + (0 if outcome.scores is None else outcome.scores.nbytes)


def _runs() -> _Runs:
    return _runs_of(os.getpid(), torch.get_num_threads())


@cache
def _runs_of(_process: int, workers: int) -> _Runs:
    """One pool a process, with as many workers as torch has threads: a worker of joblib's has one."""
    pool = Pool(workers)
    atexit.register(pool.close)
    return _Runs(pool)
