"""The stages that fill a library, each of which does only what is missing."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import torch

from sandbox.confinement import missing_layers
from surrogates.errors import InputError
from surrogates.language.program import Program
from surrogates.library.candidates import Candidate, Ceiling, label_of
from surrogates.library.heads import Head
from surrogates.library.library import Library
from surrogates.library.ranking import TOLERANCE
from synth.engine import Engine
from synth.fitting.scoring import score_candidates
from synth.fitting.trial import try_programs
from synth.k_means import grouped
from synth.llm.calls import Asker
from synth.llm.store import Exchanges
from synth.material import HeadData, Material
from synth.progress import Reporter, Step
from synth.proposers.additive.proposing import DEVICE_GROUP, GROUP, propose
from synth.proposers.additive.rows import Rows, training_rows
from synth.proposers.additive.sharing import share
from synth.proposers.language_model.asking import LanguageModel
from synth.proposers.language_model.rounds import Rounds
from synth.proposers.shared import best_fitting
from synth.proposers.transfer import TRANSFERRED, OtherLibrary
from synth.run import Run
from synth.settings import Settings

Fitted = list[tuple[Head, list[Candidate], Ceiling | None]]
"""Programs of heads that were fitted together, which have no scores as yet; a ceiling where a search found it."""


@dataclass(frozen=True)
class Stages:
    """The stages over the chosen heads of a run; its model is not needed.

    Attributes:
        device: where heads are fitted together; all else is done on the engine's CPUs.
    """

    run: Run
    heads: list[Head]
    engine: Engine
    reporter: Reporter
    device: torch.device

    @property
    def material(self) -> Material:
        return self.run.material

    @property
    def library(self) -> Library:
        return self.run.library

    @property
    def settings(self) -> Settings:
        return self.run.settings

    def search(self) -> None:
        missing = [head for head in self.heads if head not in self.library.finished("search")]
        if not missing:
            return
        # Heads that join later have programs to share, so sharing starts again.
        self.library.forget("shared")
        done = 0
        total = 0.0
        with self.reporter.stage("search") as step:
            step(0, len(missing))
            for seeing in self.material.by_window(self.heads):
                # What is found depends, to rounding, on which heads are fitted together: after an interruption they
                # are the same again.
                size = math.ceil(len(seeing) / self._batches(len(seeing)))
                groups = [tuple(seeing[start : start + size]) for start in range(0, len(seeing), size)]
                groups = [group for group in groups if not set(group).isdisjoint(missing)]
                if not groups:
                    continue
                found = self._fitted(_search, seeing[0].layer, [(group,) for group in groups])
                for head, candidates, ceiling in chain.from_iterable(found):
                    if head not in missing:
                        continue
                    self.library.add(head, "search", candidates, ceiling=ceiling)
                    done += 1
                    total += self._best(candidates)
                    step(done, len(missing), f"mean validation IoU {total / done:.3f}")

    def share(self) -> None:
        ceilings = self.library.ceilings()
        # Heads that an earlier version searched have no dense model.
        everyone = sorted(head for head in self.library.finished("search") if head in ceilings and ceilings[head].model)
        done = self.library.finished("shared")
        if len(everyone) < 2 or set(everyone) <= done:
            return
        best = {head: self._best(self.library.candidates(head)) for head in everyone}
        found: dict[Head, list[Candidate]] = {}
        size = self.settings.library_size or math.ceil(len(everyone) / 4)
        with self.reporter.stage("share structures") as step:
            for seeing in self.material.by_window(everyone):
                if len({len(ceilings[head].shares) for head in seeing}) > 1:
                    raise InputError(
                        f"{self.library.path} holds shares of other parts; give another --output to search anew"
                    )
                profiles = np.sqrt(np.array([ceilings[head].shares for head in seeing]))
                count = max(1, round(size * len(seeing) / len(everyone)))
                groups = [[seeing[row] for row in alike] for alike in grouped(profiles, count, self.settings.seed)]
                batches = _spread(groups, self._batches(len(seeing)))
                items = [
                    (batch, tuple(tuple(ceilings[head].model for head in group) for group in batch))
                    for batch in batches
                ]
                for own in self._fitted(_shared, seeing[0].layer, items):
                    found |= {head: candidates for head, candidates, _ in own}
                    explained = [head for head in found if self._best(found[head]) >= best[head] - TOLERANCE]
                    step(len(found), len(everyone), f"structures {size}, heads explained {len(explained)}")
        for head, candidates in found.items():
            if head not in done:
                self.library.add(head, "shared", candidates)

    def transfer(self, other: OtherLibrary) -> None:
        missing = [head for head in self.heads if head not in self.library.finished(other.stage)]
        if not missing:
            return
        known = {head: {c.program.structure for c in self._scored(head)} for head in missing}
        with self.reporter.stage(f"try programs of {other.model}") as step:
            won = best_fitting(self.engine, self.material, other.programs(), known, step, TRANSFERRED)
        with self.reporter.stage(f"fit programs of {other.model}") as step:
            proposed = {
                head: [Candidate("transfer", _label(p), p.source, None, model=other.model) for p in won[head]]
                for head in missing
            }
            self._try(proposed, other.stage, step)

    def score_hand(self, programs: Sequence[tuple[str, str]]) -> None:
        if not programs:
            return
        with self.reporter.stage("score programs by hand") as step:
            proposed = [Candidate("hand", label, source, None) for label, source in programs]
            self._try(dict.fromkeys(self.heads, proposed), "hand", step)

    def ask(self, llm: LanguageModel, exchanges: Exchanges, asker: Asker) -> None:
        exchanges.keep_plan(llm.plan.to_json())
        try:
            unanswered = Rounds(self.run, exchanges, self.heads, llm.plan, asker, self.engine, self.reporter).go()
        finally:
            for remark in asker.remarks:
                self.reporter.say(remark)
        if unanswered:
            why = (
                f"the budget of {llm.budget} has no room for them; run again with a larger one to go on"
                if llm.budget
                else "their batch expired; run again to go on"
            )
            self.reporter.say(f"{unanswered} questions have no answer, since {why}")

    def _fitted(self, fit: Callable[..., Fitted], layer: int, items: Sequence[tuple]) -> Iterator[Fitted]:
        """What a fit finds, with scores.

        Args:
            layer: one that sees as those of all heads do.
            items: of each fit its own values.
        """
        rows = training_rows(self.material, layer, self.settings.seed)
        shared = (self.material, rows, self.settings.max_terms, self.settings.seed, self.device)
        if self.device.type == "cpu":
            yield from self.engine.map(_fitted_and_scored, (fit, *shared), items)
            return
        for item in items:
            try:
                found = fit(*shared, *item)
            except torch.OutOfMemoryError as error:
                raise InputError(
                    f"the memory of {self.device} is too small for the fits; run again with --device cpu"
                ) from error
            scored = self.engine.map(_with_scores, (self.material,), [(head, own) for head, own, _ in found])
            yield [(head, own, ceiling) for (head, _, ceiling), own in zip(found, scored, strict=True)]

    def _batches(self, heads: int) -> int:
        """How often heads are fitted together; on the CPU an even number, so that two workers have alike to do."""
        if self.device.type != "cpu":
            return math.ceil(heads / DEVICE_GROUP)
        return 1 if heads <= GROUP // 2 else 2 * math.ceil(heads / (2 * GROUP))

    @staticmethod
    def _best(candidates: Sequence[Candidate]) -> float:
        """Greatest validation IoU, 0 where nothing has scores."""
        return max((c.scores.validation_iou for c in candidates if c.scores), default=0.0)

    def _scored(self, head: Head) -> list[Candidate]:
        return [candidate for candidate in self.library.candidates(head) if candidate.scores]

    def _try(self, proposed: Mapping[Head, list[Candidate]], stage: str, step: Step) -> None:
        done = self.engine.map(_tried, (self.material,), list(proposed.items()))
        for count, (head, candidates) in enumerate(zip(proposed, done, strict=True), start=1):
            self.library.add(head, stage, candidates)
            step(count, len(proposed))


def name_missing_layers(reporter: Reporter) -> None:
    """Say which layers of the sandbox this machine does not have, before it runs what strangers wrote."""
    if missing := missing_layers():
        reporter.say(f"scripted programs run without {' and '.join(missing)}; the other layers hold")


def _label(program: Program) -> str:
    return label_of("_and_".join(list(program.constants)[:2]))


def _search(
    material: Material, rows: Rows, max_terms: int, seed: int, device: torch.device, heads: tuple[Head, ...]
) -> Fitted:
    found = propose(material, rows, heads, max_terms, seed, device)
    return [
        (head, [Candidate("search", label, source, None) for label, source in own.programs], own.ceiling)
        for head, own in zip(heads, found, strict=True)
    ]


def _spread(groups: Sequence[Sequence[Head]], batches: int) -> list[tuple[tuple[Head, ...], ...]]:
    """Groups in batches that hold about as many heads each; none is empty."""
    found: list[list[tuple[Head, ...]]] = [[] for _ in range(batches)]
    for group in sorted(groups, key=len, reverse=True):
        min(found, key=lambda batch: sum(map(len, batch))).append(tuple(group))
    return [tuple(batch) for batch in found if batch]


def _shared(
    material: Material,
    rows: Rows,
    max_terms: int,
    seed: int,
    device: torch.device,
    groups: tuple[tuple[Head, ...], ...],
    models: tuple[tuple[bytes, ...], ...],
) -> Fitted:
    found = share(material, rows, groups, models, max_terms, seed, device)
    return [
        (head, [Candidate("shared", label, source, None) for label, source in own], None)
        for head, own in zip(chain.from_iterable(groups), found, strict=True)
    ]


def _fitted_and_scored(fit: Callable[..., Fitted], material: Material, *rest: object) -> Fitted:
    return [(head, _with_scores(material, head, own), ceiling) for head, own, ceiling in fit(material, *rest)]


def _with_scores(material: Material, head: Head, candidates: Sequence[Candidate]) -> list[Candidate]:
    return score_candidates(HeadData(material, head), candidates)


def _tried(material: Material, head: Head, proposed: Sequence[Candidate]) -> list[Candidate]:
    return list(chain.from_iterable(try_programs(HeadData(material, head), proposed)))
