"""Measures assignments on texts: each text's figures under each of them, beside the model as it is."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from evaluation.arms import Arm, content, is_made, on_batch
from evaluation.clozes import Cloze, Text, predicted
from evaluation.kept_states import KeptStates
from evaluation.measurements import UNPATCHED, Figures, Measurements
from evaluation.perplexity import Batch, Predictions, batches, logits_of, vocabulary_of
from surrogates.library.heads import Head
from surrogates.running.architectures.kinds import is_causal
from surrogates.running.facts import layer_facts
from surrogates.running.patching import patch
from surrogates.running.plan import OnError


@dataclass(frozen=True)
class PatchedModel:
    """A model whose losses under assignments are asked for."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    on_error: OnError = "raise"

    @cached_property
    def states(self) -> KeptStates:
        """Its hidden states on the batch that is measured; in front of which blocks a pass may begin is tried once."""
        return KeptStates(self.model)


class Store(Protocol):
    """Where figures are kept, by the content of an arm (:func:`evaluation.arms.content`) and a text."""

    def get(self, arm: str, texts: Sequence[Text]) -> list[Figures | None]:
        """What is kept of an arm on texts; None where it is yet to be measured."""
        ...

    def add(self, arm: str, texts: Sequence[Text], figures: Sequence[Figures]) -> None:
        """Keep what was measured, at once."""
        ...


class NoStore:
    """Keeps nothing."""

    def get(self, _arm: str, texts: Sequence[Text]) -> list[Figures | None]:
        return [None] * len(texts)

    def add(self, arm: str, texts: Sequence[Text], figures: Sequence[Figures]) -> None:
        pass


@torch.inference_mode()
def measure(
    patched: PatchedModel,
    ids: Sequence[Text],
    arms: Mapping[str, Arm],
    *,
    store: Store | None = None,
    progress: Callable[[int, int, str], None] | None = None,
    goes_on: Callable[[], bool] | None = None,
) -> Measurements:
    """Figures of each arm on each text, and of the model as it is.

    Texts are read in batches, each under one arm after the other; blocks of the model below the first replaced head are
    not run again. Batches come in a random order that is always the same, so that those that are measured before time
    is up are a fair sample.

    Args:
        patched: the model.
        ids: token ids of texts of two tokens or more, or all of them clozes where the model is an encoder with a
            masked-language head: programs, as the model itself, read the mask token in the place of the one masked.
        arms: by their names; equal ones are measured once.
        store: what is in it is not measured again.
        progress: told the (arm, text) pairs done, their number, and the figure of the arm just measured.
        goes_on: asked after each batch whether there is time for another one; two texts are measured in any case, since
            one has no interval.

    Returns:
        Figures of all texts, or of those for which there was time, in the order of ``ids``; those of clozes are put
        together text by text.

    Raises:
        ProgramFailed: a program failed, and failures are to raise.
    """
    work = _Work(patched, ids, arms, store or NoStore(), progress)
    order = list(batches(ids, vocabulary_of(patched.model)))
    random.Random(0).shuffle(order)
    done: list[int] = []
    try:
        for chosen in order:
            done += chosen
            work.measure(chosen, sorted(done))
            if goes_on is not None and not goes_on() and _distinct(ids, done) > 1:
                break
    finally:
        patched.states.forget()
    return work.found(sorted(done))


def _distinct(ids: Sequence[Text], numbers: Sequence[int]) -> int:
    """How many texts these are, clozes of the same one counted once."""
    return len({text.number if isinstance(text := ids[number], Cloze) else number for number in numbers})


class _Work:
    def __init__(
        self,
        patched: PatchedModel,
        ids: Sequence[Text],
        arms: Mapping[str, Arm],
        store: Store,
        progress: Callable[[int, int, str], None] | None,
    ) -> None:
        self._patched, self._ids, self._store, self._progress = patched, ids, store, progress
        every: dict[str, Arm] = {UNPATCHED: {}, **arms}
        self._contents = {name: content(arm) for name, arm in every.items()}
        self._names: dict[str, str] = {}  # the first name of each
        for name, own in self._contents.items():
            self._names.setdefault(own, name)
        self._arms = {own: every[name] for own, name in self._names.items()}
        self._states = patched.states
        self._figures = {own: store.get(own, ids) for own in self._names}
        if patched.on_error == "raise":  # then a program that failed raises
            self._figures = {
                own: [None if one is not None and one.kept else one for one in figures]
                for own, figures in self._figures.items()
            }
        self._total = len(self._names) * len(ids)
        self._done = sum(one is not None for figures in self._figures.values() for one in figures)
        if self._progress and self._done:
            self._progress(self._done, self._total, "")

    def found(self, numbers: Sequence[int]) -> Measurements:
        figures = {own: [self._figures[own][number] for number in numbers] for own in self._names}
        ids = [self._ids[number] for number in numbers]
        tokens = np.array(list(map(predicted, ids)), dtype=float)
        found = Measurements(tokens, {name: figures[own] for name, own in self._contents.items()})  # type: ignore[misc]
        masked = [text.number for text in ids if isinstance(text, Cloze)]
        return found.put_together(masked) if masked else found

    def measure(self, chosen: Sequence[int], done: Sequence[int]) -> None:
        """Measure what is missing on some texts; ``done`` are these and those before."""
        alike: dict[tuple[str, ...], list[int]] = {}  # a stopped run may have measured some arms, and fewer texts
        for number in chosen:
            missing = tuple(own for own, figures in self._figures.items() if figures[number] is None)
            if missing:
                alike.setdefault(missing, []).append(number)
        for missing, numbers in alike.items():
            self._measure(missing, numbers, done)

    def _measure(self, missing: Sequence[str], numbers: Sequence[int], done: Sequence[int]) -> None:
        batch = Batch.of([self._ids[number] for number in numbers], self._patched.model.device)
        model = _Reference(self._states.record(batch.ids, batch.mask), batch)
        failing = []
        for own in missing:
            arm = self._arms[own]
            figures = self._under(arm, batch, model) if arm else model.figures
            if len(numbers) > 1 and any(one.kept for one in figures):
                failing.append(own)
                continue
            self._store.add(own, [self._ids[number] for number in numbers], figures)
            for number, one in zip(numbers, figures, strict=True):
                self._figures[own][number] = one
            self._done += len(numbers)
            if self._progress:
                self._progress(self._done, self._total, self._figure(own, done))
        if failing:  # on which text a program failed is known where there is one
            for number in numbers:
                self._measure(failing, [number], done)

    def _under(self, arm: Arm, batch: Batch, model: "_Reference") -> list[Figures]:
        patched = self._patched
        first = self._states.first({head.layer for head in arm})
        visible = visible_to(patched.model, batch, arm)
        assignment = on_batch(arm, batch.ids.cpu(), batch.lengths, visible)
        with (
            patch(patched.model, patched.tokenizer, assignment, on_error=patched.on_error) as failures,
            self._states.from_block(first),
        ):
            logits = logits_of(patched.model, batch.ids, batch.mask)
        return model.compare(logits, failures.texts.total())

    def _figure(self, own: str, done: Sequence[int]) -> str:
        """The increase of an arm on the texts so far."""
        numbers = [number for number in done if self._figures[own][number] is not None]
        loss = self._loss(own, numbers) - self._loss(content({}), numbers)
        change = np.expm1(loss / sum(predicted(self._ids[number]) for number in numbers))
        return f"{self._names[own]}: {change:+.1%}"

    def _loss(self, own: str, numbers: Sequence[int]) -> float:
        return sum(one.loss for number in numbers if (one := self._figures[own][number]) is not None)


def visible_to(model: PreTrainedModel, batch: Batch, arm: Arm) -> dict[Head, Tensor]:
    """What queries of the heads see whose patterns are made for each text, shape (texts, n, n)."""
    facts, causal = layer_facts(model), is_causal(model.config)
    real = batch.mask.cpu() != 0
    distance = torch.arange(real.shape[1])[:, None] - torch.arange(real.shape[1])
    found = {}
    for head, own in arm.items():
        if is_made(own):
            window = facts[head.layer].window
            seen = distance >= 0 if causal else torch.ones_like(distance, dtype=torch.bool)
            seen = seen if window is None else seen & (distance.abs() < window)
            found[head] = seen & real[:, None, :] & real[:, :, None]
    return found


class _Reference:
    """What the model as it is predicts on a batch, which arms are compared with.

    Attributes:
        figures: the model's own.
    """

    def __init__(self, logits: Tensor, batch: Batch) -> None:
        self._batch = batch
        losses, likeliest, logs = [], [], []
        for part in Predictions(logits, batch).parts():
            losses.append(part.loss)
            likeliest.append(part.likeliest())
            logs.append(part.logs())
        self._likeliest = torch.cat(likeliest)
        self._logs = torch.cat(logs)
        tokens = batch.sums(torch.ones_like(batch.rows))
        self.figures = [
            Figures(float(loss), 0.0, int(own)) for loss, own in zip(batch.sums(torch.cat(losses)), tokens, strict=True)
        ]

    def compare(self, logits: Tensor, kept: int) -> list[Figures]:
        """Figures of an arm from its logits."""
        losses, same, divergences = [], [], []
        for part in Predictions(logits, self._batch).parts():
            losses.append(part.loss)
            same.append(part.agrees(self._likeliest[part.some]))
            own = self._logs[part.some]
            # A second copy for all tokens would take as much memory as the logits.
            apart = part.logs().neg_().add_(own).mul_(own.exp())
            divergences.append(apart.sum(-1, dtype=torch.float64))
        sums = [self._batch.sums(torch.cat(own)) for own in (losses, divergences)]
        agreeing = self._batch.sums(torch.cat(same).long())
        return [
            Figures(float(loss), float(divergence), int(own), kept)
            for loss, divergence, own in zip(*sums, agreeing, strict=True)
        ]
