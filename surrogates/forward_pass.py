"""The patterns of one forward pass: computed once for each surrogate and mask, however many heads use them."""

from collections.abc import Sequence

import torch
from torch.nn.functional import pad

from surrogates.assignment import Baseline, Recorded, Surrogate
from surrogates.errors import InputError
from surrogates.features import Texts
from surrogates.patterns import check_finite, normalise, scores
from surrogates.program import Program


class ForwardPass:
    """The batch a model is reading, and what its surrogates make of it.

    Args:
        texts: the tokens, those in the cache included; the last ``texts.queries`` columns are new.
        surrogates: the distinct surrogates of the patch; layers name them by their place.
    """

    def __init__(self, texts: Texts, surrogates: Sequence[Surrogate]) -> None:
        self.texts = texts
        self.layers_done = 0
        self._surrogates = surrogates
        self._scores: dict[int, torch.Tensor] = {}
        self._views: list[tuple[torch.Tensor | None, str, _View]] = []

    # Programs run as they are in a model that is compiled around them.
    @torch.compiler.disable
    def patterns(
        self, places: Sequence[int], mask: torch.Tensor | None, keys: int, *, local: torch.Tensor | None = None
    ) -> list[torch.Tensor]:
        """Patterns of several surrogates under a layer's mask, each float32, shape (texts, queries, keys).

        Args:
            places: which surrogates.
            mask: what the model passes to its attention: additive or boolean, shape (texts or 1, 1, queries, keys or
                more); None when every key is visible.
            keys: how many keys the layer holds. Fewer than tokens: the last ones, as in a sliding window. More: the
                first ones, and the rest of the cache is still empty.
            local: mask of what the layer's own buffer leaves visible, shape (1, 1, queries, keys), or None.

        Raises:
            InputError: a recorded pattern is of another shape, or the mask differs between heads.
            ProgramFailed: a program's arithmetic failed.
        """
        view = self._view(mask, keys, local)
        for place in places:
            if place not in view.patterns:
                view.patterns[place] = self._pattern(place, view)
        return [view.patterns[place] for place in places]

    @torch.compiler.disable
    def check(self, places: Sequence[int], output: torch.Tensor) -> None:
        """Raise if what heads put out under these surrogates' patterns is no number because a pattern is none.

        Raises:
            ProgramFailed: a visible score is not a number.
        """
        # Outputs are smaller than patterns, and reading one number back waits for the device: once a layer.
        if torch.isfinite(output.sum()):
            return
        for view in (view for *_, view in self._views):
            for place in places:
                surrogate = self._surrogates[place]
                if isinstance(surrogate, Program) and place in view.patterns:
                    check_finite(surrogate, view.patterns[place])

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

    def _pattern(self, place: int, view: "_View") -> torch.Tensor:
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
            return surrogate.pattern.to(visible.device)
        match surrogate:
            case Baseline.UNIFORM:
                return normalise(torch.zeros((), device=visible.device), visible)
            case Baseline.FIRST:
                return (visible & (visible.cumsum(-1) == 1)).to(torch.float32)
            case Baseline.ZERO:
                return torch.zeros(visible.shape, device=visible.device)

    def _program_pattern(self, place: int, program: Program, view: "_View") -> torch.Tensor:
        if place not in self._scores:
            self._scores[place] = scores(program, self.texts)
        n, keys = self.texts.n, view.visible.shape[-1]
        values = _last_keys(self._scores[place], n, keys)
        pattern = normalise(values, view.visible[..., :n], empty_rows=view.empty_rows)
        return pad(pattern, (0, keys - n)) if keys > n else pattern


def _last_keys(values: torch.Tensor, n: int, keys: int) -> torch.Tensor:
    """Scores of a window's keys, which are the last; scores may be the same for every key."""
    return values[..., n - keys :] if keys < n and values.dim() > 0 and values.shape[-1] == n else values


class _View:
    """A mask in use, shape (texts, queries, keys), and the patterns computed under it, by surrogate."""

    def __init__(self, visible: torch.Tensor) -> None:
        self.visible = visible
        self.empty_rows = not bool(visible.any(-1).all())
        self.patterns: dict[int, torch.Tensor] = {}


def open_cells(mask: torch.Tensor) -> torch.Tensor:
    """True where a boolean mask is, or where an additive one leaves the score in play; same shape."""
    return mask if mask.dtype == torch.bool else mask > torch.finfo(mask.dtype).min / 2
