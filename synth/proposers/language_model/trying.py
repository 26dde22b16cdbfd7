"""Puts what a language model answered to the test, for one head."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from prompts.answers import programs_in
from surrogates.language.program import Program, ProgramRefused
from surrogates.library.candidates import Candidate, Unusable, label_of
from surrogates.library.heads import Head
from synth.fitting.trial import try_programs
from synth.llm.failures import Failure
from synth.llm.store import Exchange
from synth.material import HeadData, Material

_LABEL_WORDS = 5


@dataclass(frozen=True)
class Broken:
    """A program as it was written that cannot be used, and what was said of it."""

    source: str
    error: str


@dataclass
class Tried:
    """What became of some answers.

    Attributes:
        candidates: the programs in them, scored or with a verdict.
        unusable: parts that held no program, and programs that were known.
        broken: programs that were refused or failed, to be sent back.
    """

    candidates: list[Candidate] = field(default_factory=list)
    unusable: list[Unusable] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)


def try_answers(
    material: Material,
    head: Head,
    known: Sequence[Candidate],
    replies: Sequence[Exchange | Failure],
    model: str,
    round_: int,
    most: int,
) -> Tried:
    """Fit and score the programs in answers.

    Args:
        material: the run's texts and patterns.
        head: which the answers are about.
        known: its candidates so far; a program of the same structure is not tried again.
        replies: answers, or why there is none, in the order of the questions.
        model: which wrote them.
        round_: in which it was asked.
        most: programs that are taken from one answer, as many as a question asks for.
    """
    tried = Tried()
    # Of those that failed, only the same source is known to fail again: a constant may be what was wrong.
    seen = {_label_and_structure(c.source)[1] if c.scores else c.source.strip() for c in known}
    proposed: list[Candidate] = []
    for reply in replies:
        if isinstance(reply, Failure):
            tried.unusable.append(Unusable(reply.kind, reply.reason, round_))
            continue
        answer = programs_in(reply.content, reply.finish_reason)
        tried.unusable += [Unusable(flaw.kind, flaw.reason, round_, reply.key) for flaw in answer.flaws]
        if answer.sources[most:]:
            reason = f"there are more programs than the {most} that were asked for"
            tried.unusable.append(Unusable("more than asked", reason, round_, reply.key))
        for source in answer.sources[:most]:
            label, structure = _label_and_structure(source)
            if {source.strip(), structure} & seen:
                reason = "its structure was tried on this head before"
                tried.unusable.append(Unusable("known program", reason, round_, reply.key))
                continue
            seen |= {source.strip(), structure}
            proposed.append(Candidate("llm", label, source, None, model=model, round=round_, call=reply.key))
    for candidate, results in zip(proposed, try_programs(HeadData(material, head), proposed), strict=True):
        tried.candidates += results
        if results and not any(result.scores for result in results):
            tried.broken.append(Broken(candidate.source, f"{results[0].verdict}: {results[0].reason}"))
    return tried


def _label_and_structure(source: str) -> tuple[str, str]:
    """A name for the program's files, its own or else how its hypothesis begins, and its structure.

    One that cannot be read has its source for a structure.
    """
    try:
        program = Program.parse(source)
    except ProgramRefused:
        return label_of(""), source.strip()
    words = " ".join(program.hypothesis.split()[:_LABEL_WORDS])
    return label_of(words if program.name == "attend" else program.name), program.structure
