"""The patterns of one forward pass: computed once for each surrogate and mask, kept as long as a layer may use them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch.nn.functional import pad

from sandbox.verdicts import Verdict
from surrogates.errors import InputError, ProgramFailed
from surrogates.language.features import Texts
from surrogates.language.patterns import check_finite, failing, normalise, scores
from surrogates.language.program import Program
from surrogates.language.scripted import assemble, scripted_outcomes
from surrogates.library.heads import Head
from surrogates.running.assignment import Baseline, Recorded, Surrogate

OnError = Literal["raise", "neural"]
KEPT_BYTES = 1 << 30
"""Bytes of patterns and scores that are kept for later layers; what finds no room is computed anew."""


@dataclass(frozen=True)
class Failures:
    """The heads that computed their own pattern because a program failed.

    Attributes:
        texts: how often each head did, counting every text of every forward pass.
        reasons: the first reason of each head.
    """

    texts: Counter[Head] = field(default_factory=Counter)
    reasons: dict[Head, str] = field(default_factory=dict)

    def note(self, head: Head, texts: int, reason: str) -> None:
        self.texts[head] += texts
        self.reasons.setdefault(head, reason)


@dataclass(frozen=True)
class Stand:
    """What a surrogate puts in a head's place.

    Attributes:
        pattern: float32, shape (texts, queries, keys).
        failed: texts on which the program failed, shape (texts,), with the first reason; None where there are none.
    """

    pattern: torch.Tensor
    failed: torch.Tensor | None = None
    reason: str = ""


class ForwardPass:
    """The batch a model is reading, and what its surrogates make of it.

    Args:
        texts: the tokens, those in the cache included; the last ``texts.queries`` columns are new.
        surrogates: the distinct surrogates of the patch; layers name them by their place.
        layers: how many layers use each surrogate.
        on_error: whether a program that fails raises, or is reported so that the head can be kept.
        failures: where heads that were kept are noted.
    """

    def __init__(
        self,
        texts: Texts,
        surrogates: Sequence[Surrogate],
        layers: Sequence[int],
        on_error: OnError,
        failures: Failures,
    ) -> None:
        self.texts = texts
        self.failures = failures
        self.layers_done = 0
        self._on_error = on_error
        self._surrogates = surrogates
        self._left = list(layers)
        self._kept = 0
        self._scores: dict[int, Stand] = {}
        self._views: list[tuple[torch.Tensor | None, str, _View]] = []

    # Programs run as they are in a model that is compiled around them.
    @torch.compiler.disable
    def patterns(
        self, places: Sequence[int], mask: torch.Tensor | None, keys: int, *, local: torch.Tensor | None = None
    ) -> list[Stand]:
        """What several surrogates put in the place of heads under a layer's mask.

        Args:
            places: which surrogates.
            mask: what the model passes to its attention: additive or boolean, shape (texts or 1, 1, queries, keys or
                more); None when every key is visible.
            keys: how many keys the layer holds. Fewer than tokens: the last ones, as in a sliding window. More: the
                first ones, and the rest of the cache is still empty.
            local: mask of what the layer's own buffer leaves visible, shape (1, 1, queries, keys), or None.

        Raises:
            InputError: a recorded pattern is of another shape, or the mask differs between heads.
            ProgramFailed: a program failed, and failures are to raise.
        """
        view = self._view(mask, keys, local)
        found = {place: self._kept_pattern(place, view) for place in dict.fromkeys(places)}
        return [found[place] for place in places]

    def _kept_pattern(self, place: int, view: "_View") -> Stand:
        """A surrogate's pattern, computed at its first use and let go at its last."""
        self._left[place] -= 1
        found = view.patterns.get(place) or self._pattern(place, view)
        self._keep(view.patterns, place, found)
        if self._left[place] <= 0:
            for kept in (self._scores, *(other.patterns for *_, other in self._views)):
                if place in kept:
                    self._kept -= kept.pop(place).pattern.nbytes
        return found

    def _keep(self, kept: dict[int, Stand], place: int, found: Stand) -> None:
        """Keep what a later layer will ask for, if there is room."""
        if place not in kept and self._left[place] > 0 and self._kept + found.pattern.nbytes <= KEPT_BYTES:
            kept[place] = found
            self._kept += found.pattern.nbytes

    @torch.compiler.disable
    def check(self, places: Sequence[int], stands: Sequence[Stand], output: torch.Tensor) -> None:
        """Raise if what heads put out under surrogates' patterns is no number because a pattern is none.

        Raises:
            ProgramFailed: a visible score is not a number.
        """
        # Outputs are smaller than patterns, and reading one number back waits for the device: once a layer.
        if torch.isfinite(output.sum()):
            return
        for place, stand in zip(places, stands, strict=True):
            surrogate = self._surrogates[place]
            if isinstance(surrogate, Program):
                check_finite(surrogate, stand.pattern)

    def _view(self, mask: torch.Tensor | None, keys: int, local: torch.Tensor | None) -> "_View":
        # Layers of a kind are handed the same mask object; GPT-Neo's local layers add a buffer of their own to it.
        kind = f"{keys} {local is not None}"
        for known_mask, known_kind, view in self._views:
            if known_mask is mask and known_kind == kind:
                return view
        view = _View(self._visible(mask, keys, local))
        self._views.append((mask, kind, view))
        return view

    def _visible(self, mask: torch.Tensor | None, keys: int, local: torch.Tensor | None) -> torch.Tensor:
        texts = self.texts
        shape = (texts.ids.shape[0], texts.queries, keys)
        if mask is None:
            visible = texts.ids.new_ones(shape, dtype=torch.bool)
        else:
            if mask.dim() != 4 or mask.shape[1] != 1:
                raise InputError(
                    f"the attention mask has shape {tuple(mask.shape)}; programs need one mask for all heads, "
                    "of shape (texts, 1, queries, keys)"
                )
            visible = open_cells(mask)[:, 0, :, :keys].to(texts.ids.device).expand(shape)
        return visible if local is None else visible & local[:, 0].to(visible.device)

    def _pattern(self, place: int, view: "_View") -> Stand:
        visible = view.visible
        surrogate = self._surrogates[place]
        if isinstance(surrogate, Program):
            return self._program_pattern(place, surrogate, view)
        if isinstance(surrogate, Recorded):
            if surrogate.pattern.shape != visible.shape:
                raise InputError(
                    f"a recorded pattern has shape {tuple(surrogate.pattern.shape)} but the model attends "
                    f"{tuple(visible.shape)} (texts, queries, keys); use it on the batch it was recorded on"
                )
            return Stand(surrogate.pattern.to(visible.device))
        match surrogate:
            case Baseline.UNIFORM:
                return Stand(normalise(torch.zeros((), device=visible.device), visible))
            case Baseline.FIRST:
                return Stand((visible & (visible.cumsum(-1) == 1)).to(torch.float32))
            case Baseline.ZERO:
                return Stand(torch.zeros(visible.shape, device=visible.device))

    def _program_pattern(self, place: int, program: Program, view: "_View") -> Stand:
        found = self._scores.get(place) or self._program_scores(program)
        self._keep(self._scores, place, found)
        n, keys = self.texts.n, view.visible.shape[-1]
        values = _last_keys(found.pattern, n, keys)
        pattern = normalise(values, view.visible[..., :n], empty_rows=view.empty_rows)
        pattern = pad(pattern, (0, keys - n)) if keys > n else pattern
        if self._on_error == "raise":
            return Stand(pattern)
        unusable = ~torch.isfinite(pattern.sum((1, 2)))
        reason = found.reason or f"{program.name}: {Verdict.NOT_FINITE}: a score in a visible cell is not a number"
        failed = unusable if found.failed is None else unusable | found.failed
        return Stand(pattern, failed, reason) if bool(failed.any()) else Stand(pattern)

    def _program_scores(self, program: Program) -> Stand:
        """A program's scores in a pattern's stead, and the texts that it gave none for."""
        if self._on_error == "raise":
            return Stand(scores(program, self.texts))
        texts, device = self.texts, self.texts.ids.device
        try:
            if program.kind == "vectorised":
                return Stand(scores(program, texts))
            with failing(program):
                outcomes = scripted_outcomes(program, texts, program.constants)
        except ProgramFailed as error:
            every = torch.ones(len(texts.ids), dtype=torch.bool, device=device)
            return Stand(torch.zeros((), device=device), every, str(error))
        bad = [outcome is None or outcome.verdict is not Verdict.OK for outcome in outcomes]
        reasons = [f"{program.name}: {o.reason}" for o in outcomes if o and o.verdict is not Verdict.OK]
        return Stand(assemble(outcomes, texts), torch.tensor(bad, device=device), reasons[0] if reasons else "")


def _last_keys(values: torch.Tensor, n: int, keys: int) -> torch.Tensor:
    """Scores of a window's keys, which are the last; scores may be the same for every key."""
    return values[..., n - keys :] if keys < n and values.dim() > 0 and values.shape[-1] == n else values


class _View:
    """A mask in use, shape (texts, queries, keys), and the patterns computed under it, by surrogate."""

    def __init__(self, visible: torch.Tensor) -> None:
        self.visible = visible
        self.empty_rows = not bool(visible.any(-1).all())
        self.patterns: dict[int, Stand] = {}


def open_cells(mask: torch.Tensor) -> torch.Tensor:
    """True where a boolean mask is, or where an additive one leaves the score in play; same shape."""
    return mask if mask.dtype == torch.bool else mask > torch.finfo(mask.dtype).min / 2
