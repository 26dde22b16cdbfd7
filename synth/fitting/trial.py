"""From programs that were proposed for a head to candidates with fitted constants and scores."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate, chain, pairwise

from sandbox.verdicts import Verdict
from surrogates.errors import ProgramFailed
from surrogates.language.program import Program, ProgramRefused
from surrogates.library.candidates import Candidate
from synth.fitting.constants import fit_to_head
from synth.fitting.scoring import score_candidates
from synth.material import HeadData


def try_programs(data: HeadData, proposed: Sequence[Candidate], known: float = 0.0) -> list[list[Candidate]]:
    """Score programs with constants fitted to the head; those written by hand also as they are.

    Args:
        data: of the head whose patterns they should predict.
        proposed: candidates without scores, their sources as they were written.
        known: IoU of the head's best program; those that have no hope to come near are scored in one version.

    Returns:
        What became of each, mostly one candidate fitted for IoU and one for cross-entropy. Sources that an earlier one
        already gave are left out.
    """
    seen: set[str] = set()
    found = []
    for candidate in proposed:
        own = [c for c in _fitted(data, candidate, known) if c.source not in seen or c.verdict is not Verdict.OK]
        seen |= {c.source for c in own}
        found.append(own)
    scored = score_candidates(data, list(chain.from_iterable(found)))
    bounds = accumulate(map(len, found), initial=0)
    return [_without_repeats(scored[start:end]) for start, end in pairwise(bounds)]


def _without_repeats(own: list[Candidate]) -> list[Candidate]:
    """One failure is enough of a program that fails fitted and as it is."""
    return own if any(candidate.scores for candidate in own) else own[:1]


def _fitted(data: HeadData, candidate: Candidate, known: float) -> list[Candidate]:
    try:
        program = Program.parse(candidate.source)
    except ProgramRefused as error:
        return [replace(candidate, verdict=Verdict.REFUSED, reason=str(error))]
    by_hand = candidate.origin == "hand"
    as_it_is = candidate.holding(program)
    label = f"{candidate.label}_fitted" if by_hand else candidate.label
    try:
        fitted = list(dict.fromkeys(fit_to_head(data, program, known=known)))
    except ProgramFailed as error:
        # It may well run with the constants it came with.
        reason = f"fitting its constants: {error}"
        return [as_it_is, replace(as_it_is, label=f"{candidate.label}_fitted", verdict=error.verdict, reason=reason)]
    kept = [as_it_is] if by_hand or program in fitted else []
    return kept + [replace(as_it_is, label=label).holding(fit) for fit in fitted if fit != program]
