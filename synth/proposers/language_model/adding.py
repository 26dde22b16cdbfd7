"""Adds parts to a head's program: each is fitted beside it, and joins where validation texts gain from it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sandbox.verdicts import Verdict
from surrogates.errors import ProgramFailed
from surrogates.language.program import Program, ProgramRefused
from surrogates.library.candidates import Candidate, Unusable
from synth.fitting.constants import CAREFUL_CELLS, fit_to_head
from synth.fitting.scoring import score_candidates
from synth.material import HeadData
from synth.proposers.language_model.archive import LEAST_GAIN
from synth.proposers.language_model.joining import joined, with_strength


@dataclass
class Added:
    """What became of parts.

    Attributes:
        candidates: the head's program with one part more, and more; then with all constants fitted together.
        failed: the parts that are no programs, or do not run, with a verdict.
        unusable: parts that run and do not pay.
    """

    candidates: list[Candidate] = field(default_factory=list)
    failed: list[Candidate] = field(default_factory=list)
    unusable: list[Unusable] = field(default_factory=list)


def add_parts(data: HeadData, standing: Candidate, offered: Sequence[Candidate]) -> Added:
    """Try parts beside a program, and add those that pay, the one that gains most first.

    Args:
        data: of the head.
        standing: its program; one without scores gets them.
        offered: the parts as they were written, without scores.
    """
    added = Added()
    standing = standing if standing.scores else score_candidates(data, [standing])[0]
    tried = [(part, _beside(data, standing, part, added)) for part in offered]
    useful = [(part, found) for part, found in tried if found is not None]
    useful.sort(key=lambda item: -_gain(item[1], standing))
    current = standing
    for part, found in useful:
        # What was found beside the first program holds for the one that gains most; the others see what joined.
        again = Added()
        better = found if current is standing else _beside(data, current, part, again)
        if better is None:
            why = (again.failed or again.unusable)[0].reason
            added.unusable.append(
                Unusable("adds nothing", f"beside what joined before it: {why}", part.round, part.call)
            )
            continue
        gain = _gain(better, current)
        if gain < LEAST_GAIN:
            reason = f"{part.label} adds {gain:+.4f} IoU on validation texts; {LEAST_GAIN:g} is the least that counts"
            added.unusable.append(Unusable("adds nothing", reason, part.round, part.call))
            continue
        added.candidates.append(better)
        current = better
    if current is not standing and current.program.kind == "vectorised":
        added.candidates += _fitted_together(data, current)
    return added


def _beside(data: HeadData, standing: Candidate, part: Candidate, added: Added) -> Candidate | None:
    """The program with a part, whose constants are fitted and that has scores; None where that cannot be."""
    try:
        fits = fit_to_head(data, with_strength(Program.parse(part.source)), beside=standing.program)
    except ProgramRefused as error:
        added.failed.append(replace(part, verdict=Verdict.REFUSED, reason=str(error)))
        return None
    except ProgramFailed as error:
        added.failed.append(replace(part, verdict=error.verdict, reason=f"fitting its constants: {error}"))
        return None
    try:
        whole = [joined(standing.program, fit) for fit in dict.fromkeys(fits)]
    except ProgramRefused as error:
        reason = f"{part.label} makes the head's program too large: {error}"
        added.unusable.append(Unusable("too large", reason, part.round, part.call))
        return None
    found = score_candidates(data, [part.holding(program) for program in whole])
    scored = [candidate for candidate in found if candidate.scores]
    if not scored:
        added.failed.append(replace(part, verdict=found[0].verdict, reason=found[0].reason))
        return None
    return max(scored, key=_validation)


def _fitted_together(data: HeadData, candidate: Candidate) -> list[Candidate]:
    try:
        fits = fit_to_head(data, candidate.program, many=CAREFUL_CELLS)
    except ProgramFailed:
        return []  # it stands as it was fitted before
    return [c for c in score_candidates(data, [candidate.holding(fit) for fit in dict.fromkeys(fits)]) if c.scores]


def _validation(candidate: Candidate) -> float:
    return candidate.scores.validation_iou if candidate.scores else 0.0


def _gain(candidate: Candidate, before: Candidate) -> float:
    return _validation(candidate) - _validation(before)
