"""Puts what a language model answered to the test, for one head."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from prompts.answers import programs_in
from sandbox.verdicts import Verdict
from surrogates.language.program import Program, ProgramRefused
from surrogates.library.candidates import Candidate, Unusable, label_of
from surrogates.library.heads import Head
from synth.fitting.trial import try_programs
from synth.llm.failures import Failure
from synth.llm.store import Exchange
from synth.material import HeadData, Material
from synth.proposers.language_model.adding import add_parts
from synth.proposers.language_model.archive import standing_of
from synth.proposers.language_model.joining import hypothesis_alone, parts_of, with_hypothesis
from synth.proposers.language_model.plan import asks_for_parts

MOST_SUMMANDS = 12
"""Parts of whole programs that are tried in a round."""
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
    """Fit and score the parts or the programs in answers, whichever the round asked for.

    Args:
        material: the run's texts and patterns.
        head: which the answers are about.
        known: its candidates so far; a program of the same structure is not tried again.
        replies: answers, or why there is none, in the order of the questions.
        model: which wrote them.
        round_: in which it was asked.
        most: parts or programs that are taken from one answer, as many as a question asks for.
    """
    tried = Tried()
    proposed, hypothesis = _read(replies, known, model, round_, most, tried)
    data, standing = HeadData(material, head), standing_of(known)
    if hypothesis is not None and standing.scores:
        tried.candidates += (named := _named(hypothesis, standing, known, tried))
        standing = standing_of([*known, *named])
    if asks_for_parts(round_):
        _add(data, standing, proposed, tried)
    else:
        best = max((c.scores.validation_iou for c in known if c.scores), default=0.0)
        written: list[Candidate] = []
        for candidate, results in zip(proposed, try_programs(data, proposed, best), strict=True):
            written += results
            if results and not any(result.scores for result in results):
                tried.broken.append(Broken(candidate.source, f"{results[0].verdict}: {results[0].reason}"))
        # What they are made of may be what the head's program lacks; asked for it was not, and nothing is said of it.
        tried.candidates += [*written, *add_parts(data, standing, _summands(written)).candidates]
    return tried


def _read(
    replies: Sequence[Exchange | Failure],
    known: Sequence[Candidate],
    model: str,
    round_: int,
    most: int,
    tried: Tried,
) -> tuple[list[Candidate], Candidate | None]:
    """What answers propose, and the first that is nothing but a hypothesis; what is unusable is noted."""
    # Of those that failed, only the same source is known to fail again: a constant may be what was wrong. A part may
    # well be like a whole program that is known.
    whole = not asks_for_parts(round_)
    seen = {c.source.strip() for c in known if not c.scores}
    seen |= {_label_and_structure(c.source)[1] for c in known if c.scores and whole}
    proposed: list[Candidate] = []
    hypotheses: list[Candidate] = []
    for reply in replies:
        if isinstance(reply, Failure):
            tried.unusable.append(Unusable(reply.kind, reply.reason, round_))
            continue
        answer = programs_in(reply.content, reply.finish_reason)
        tried.unusable += [Unusable(flaw.kind, flaw.reason, round_, reply.key) for flaw in answer.flaws]
        written = [source for source in answer.sources if not hypothesis_alone(source)]
        named = [source for source in answer.sources if hypothesis_alone(source)][:1]
        hypotheses += [Candidate("llm", "", s, None, model=model, round=round_, call=reply.key) for s in named]
        if written[most:]:
            reason = f"there are more programs than the {most} that were asked for"
            tried.unusable.append(Unusable("more than asked", reason, round_, reply.key))
        for source in written[:most]:
            label, structure = _label_and_structure(source)
            if {source.strip(), structure} & seen:
                reason = "its structure was tried on this head before"
                tried.unusable.append(Unusable("known program", reason, round_, reply.key))
                continue
            seen |= {source.strip(), structure}
            proposed.append(Candidate("llm", label, source, None, model=model, round=round_, call=reply.key))
    for extra in hypotheses[1:]:
        tried.unusable.append(Unusable("more than asked", "another hypothesis was given before it", round_, extra.call))
    return proposed, hypotheses[0] if hypotheses else None


def _add(data: HeadData, standing: Candidate, proposed: Sequence[Candidate], tried: Tried) -> None:
    added = add_parts(data, standing, proposed)
    tried.candidates += [*added.failed, *added.candidates]
    tried.unusable += added.unusable
    tried.broken += [Broken(part.source, f"{part.verdict}: {part.reason}") for part in added.failed]


def _summands(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The parts of the programs that have scores, those of the best first, one of each structure."""
    best = sorted((c for c in candidates if c.scores), key=lambda c: -c.train_iou)
    found: dict[str, Candidate] = {}
    for candidate in best:
        for part in parts_of(candidate.program):
            found.setdefault(part.structure, candidate.holding(part))
    # One that failed on test texts alone has scores and a verdict, which its parts may not share.
    parts = list(found.values())[:MOST_SUMMANDS]
    return [replace(part, scores=None, verdict=Verdict.OK, reason="") for part in parts]


def _named(hypothesis: Candidate, standing: Candidate, known: Sequence[Candidate], tried: Tried) -> list[Candidate]:
    """The fits of the program that was shown under a hypothesis that was written for it, with the scores they have."""
    said = hypothesis_alone(hypothesis.source)
    structure = standing.program.structure
    named = replace(hypothesis, label=_label(said))
    try:
        return [
            replace(
                named,
                source=with_hypothesis(c.program, said).source,
                scores=c.scores,
                verdict=c.verdict,
                reason=c.reason,
            )
            for c in known
            if c.scores and c.program.structure == structure
        ]
    except ProgramRefused as error:
        tried.unusable.append(Unusable("refused", f"the hypothesis: {error}", named.round, named.call))
        return []


def _label_and_structure(source: str) -> tuple[str, str]:
    """A name for the program's files, its own or else how its hypothesis begins, and its structure.

    One that cannot be read has its source for a structure.
    """
    try:
        program = Program.parse(source)
    except ProgramRefused:
        return label_of(""), source.strip()
    return _label(program.hypothesis) if program.name == "attend" else label_of(program.name), program.structure


def _label(hypothesis: str) -> str:
    return label_of(" ".join(hypothesis.split()[:_LABEL_WORDS]))
