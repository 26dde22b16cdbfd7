"""The patterns of one forward pass: computed once for each surrogate and mask, kept as long as a layer may use them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn.functional import pad

from sandbox.verdicts import Verdict
from surrogates.errors import InputError, ProgramFailed
from surrogates.language.backend import as_numpy
from surrogates.language.features import Known, Texts
from surrogates.language.patterns import failing, normalise, pattern, scores
from surrogates.language.program import Program
from surrogates.language.scripted import assemble, scripted_outcomes
from surrogates.language.tokens import TokenTable
from surrogates.library.heads import Head
from surrogates.running.architectures.calls import Call
from surrogates.running.assignment import Baseline, Recorded
from surrogates.running.documents import Apart, has_gap, numbers_by_mask
from surrogates.running.history import Context
from surrogates.running.plan import Group, Plan
from surrogates.running.views import Stand, View

_BLOCK, _BLOCKS = 64, 4
"""Least queries of a block, and most blocks of a text."""
Block = tuple[slice, Tensor]
"""Some queries, and their patterns, shape (texts or 1, heads, queries, keys), on keys up to the last that they see."""
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
class Read:
    """What a model is given to read.

    Attributes:
        tokens: those in the cache included; the last ``queries`` columns are new.
        queries: how many.
        may_be_packed: whether a row may hold several documents, as only the mask that layers are given tells.
        weights: whether the model is asked for its patterns.
        past: the tokens in the cache; None if there are none.
    """

    tokens: Context
    queries: int
    may_be_packed: bool
    weights: bool
    past: Context | None = None


class ForwardPass:
    """The batch a model is reading, and what its surrogates make of it.

    Args:
        read: what the model is given.
        table: facts of its tokens.
        causal: whether queries see only keys at or before them.
        plan: what stands in for heads.
        failures: where heads that were kept are noted.

    Attributes:
        ran: numbers of the layers whose attention ran, and ``replaced`` of those whose heads were replaced.
    """

    def __init__(
        self,
        read: Read,
        table: TokenTable,
        plan: Plan,
        failures: Failures,
        *,
        causal: bool,
    ) -> None:
        self.read = read
        self.failures = failures
        self.ran: set[int] = set()
        self.replaced: set[int] = set()
        self._table = table
        self._causal = causal
        self._plan = plan
        self._left = list(plan.layers_alone)
        self._kept = 0
        self._scores: dict[int, Stand] = {}
        self._views: list[tuple[Tensor | None, tuple[object, ...], View]] = []
        self._texts: Texts | None = None
        self._of_query: Tensor | None = None  # scores of all programs that are computed together, for one query
        self._apart: Apart | None = None
        self._numbers: Tensor | None = None  # of documents, where rows hold several
        self._sums: list[tuple[Sequence[int], Tensor]] = []

    def blocks(
        self, layer: int, places: Sequence[int], call: Call, window: int | None, *, in_blocks: bool
    ) -> tuple[Iterable[Block], dict[int, Stand]]:
        """What several surrogates put in the place of a layer's heads.

        Args:
            layer: its number.
            places: which surrogates.
            call: its attention.
            window: what it sees, in tokens.
            in_blocks: whether patterns may come in blocks of queries.

        Returns:
            Patterns; and what was computed by itself, by its place.

        Raises:
            InputError: a recorded pattern is of another shape, or the mask shows something else than texts.
            ProgramFailed: a program failed, and failures are to raise.
        """
        view = self._view(call)
        if not view.is_looked_at:
            self._look_at(view, window)
        group = self._plan.group(layer)
        among = group.among if group else {}
        if group and group.order is not None:
            rows = self._rows(view) if in_blocks else [slice(0, self.read.tokens.ids.shape[1])]
            parts = ((block, self._together(group, view, block)) for block in rows)
            # A program may stand in for several heads.
            return (parts if group.in_order else ((block, own[:, group.order]) for block, own in parts)), {}
        together = self._together(group, view) if group else None
        alone = {place: self._kept_pattern(place, view) for place in dict.fromkeys(places) if place not in among}
        stacked = [alone[place].pattern if place in alone else together[:, among[place]] for place in places]  # type: ignore[index]
        return [(slice(None), torch.stack(torch.broadcast_tensors(*stacked), dim=1))], alone

    def _rows(self, view: View) -> list[slice]:
        """The queries of a text in blocks: the keys after the last query of each are left out, as none sees them."""
        n = self.read.tokens.ids.shape[1]
        if self.read.queries == 1 or not self._causal or self._apart is not None or view.visible.shape[1:] != (n, n):
            return [slice(0, n)]
        size = max(_BLOCK, -(-n // _BLOCKS))
        return [slice(start, min(start + size, n)) for start in range(0, n, size)]

    def _together(self, group: Group, view: View, rows: slice | None = None) -> Tensor:
        """Patterns of a layer's programs that are computed together, shape (texts or 1, programs, queries, keys).

        Args:
            rows: which queries, with the keys up to the last of them; all by default.
        """
        together = self._plan.together
        if self.read.queries == 1 and self._apart is None:
            if view.of_query is None:
                if self._of_query is None:
                    self._of_query = torch.as_tensor(together.scores_of_query(self.texts))
                values = self._of_query.clone()  # for layers under another mask
                view.of_query = self._normalised(values, view, hidden=view.like_texts).split(together.counts, dim=1)
            return view.of_query[group.number]
        n = self.read.tokens.ids.shape[1]
        rows = slice(0, n) if rows is None else rows
        values = together.scores(self.texts, group.number, rows)
        if self._apart is not None:
            values = self._apart.scores_of_batch(values, self.read.queries)
        hidden = view.like_texts and not self.texts.padded and not together.alone[group.number]
        return self._normalised(values, view, rows, hidden=hidden)

    def _normalised(self, values: Tensor, view: View, rows: slice | None = None, *, hidden: bool) -> Tensor:
        """The patterns of finite scores, shape (texts, programs, queries, keys), which are overwritten.

        Args:
            values: the scores.
            view: what queries see.
            rows: which queries.
            hidden: whether scores of what queries do not see are far below all others as they are.
        """
        n, (queries, keys) = self.read.tokens.ids.shape[1], view.visible.shape[1:]
        if rows is not None and rows.stop - rows.start < n:
            keys = rows.stop
        else:
            rows = slice(0, queries)
            values = values[..., -queries:, :]  # a layer may be asked for the last queries alone
            values = values[..., n - keys :] if keys < n else values
        # What a query does not see is far below all scores, which are finite here: that is one pass over the cells, and
        # no more memory.
        if not hidden:
            values += view.below[..., rows, : values.shape[-1]]
        found = torch.softmax(values, -1, out=values)
        if view.empty_rows:
            found *= view.visible[:, rows].any(-1)[:, None, :, None]
        return pad(found, (0, keys - n)) if keys > n else found

    def _look_at(self, view: View, window: int | None) -> None:
        """Find out what a mask tells of the texts, which all masks must agree on.

        Raises:
            InputError: it shows queries something else than their text up to themselves, or another text.
        """
        view.is_looked_at = True
        if self._causal and view.shows_what_is_ahead(self.read.tokens.ids.shape[1]):
            raise InputError(
                "the attention mask shows queries keys ahead of themselves, of which programs know nothing"
            )
        numbers: Tensor | None = None
        if self.read.may_be_packed:
            ids, mask = self.read.tokens.ids, self.read.tokens.mask
            real = torch.ones_like(ids, dtype=torch.bool) if mask is None else mask
            keys = min(view.visible.shape[-1], ids.shape[1])  # the last ones in a window's cache
            visible = view.visible[..., :keys].expand(len(ids), -1, -1)
            numbers = numbers_by_mask(visible, real[:, -keys:], causal=self._causal, window=window)
        if self._texts is None:
            self._numbers = numbers
            self._begin(numbers)
        elif (numbers is None) != (self._numbers is None) or (
            numbers is not None and self._numbers is not None and not torch.equal(numbers, self._numbers)
        ):
            raise InputError("layers are given masks that divide a row into different documents; give them the same")

    def _begin(self, numbers: Tensor | None) -> None:
        """Make texts of the tokens.

        Args:
            numbers: see :func:`numbers_by_mask`.
        """
        read, known = self.read, None
        ids, mask, queries = read.tokens.ids, read.tokens.mask, read.queries
        if read.past is not None and self._causal and numbers is None:
            known = read.past.known_before(read.tokens, self._table.serial)
        if known is None and numbers is None and mask is not None and has_gap(mask):
            numbers = mask.long() - 1
        if numbers is not None:
            self._apart = Apart.of(ids, numbers)
            ids, mask, queries = self._apart.ids, self._apart.mask, self._apart.ids.shape[1]
        if read.past is not None and read.queries == 1 and self._apart is None and ids.device.type == "cpu":
            # A step has few cells and many operations, which take a third of the time in NumPy.
            known = None if known is None else known.in_numpy()
            real = None if mask is None else as_numpy(mask)
            self._texts = Texts(as_numpy(ids), self._table, mask=real, causal=self._causal, queries=1, known=known)
            return
        self._texts = Texts(ids, self._table, mask=mask, causal=self._causal, queries=queries, known=known)

    def known(self) -> Known | None:
        """What features of the tokens are, for a step further; None if padding stands elsewhere than on the left."""
        if self._texts is None or self._apart is not None or not self._causal:
            return None
        ends = self._texts.padded_left or not self._texts.padded or bool(self._texts.mask[:, -1].all())
        return self._texts.known() if ends else None

    @property
    def texts(self) -> Texts:
        """The texts that programs read."""
        assert self._texts is not None
        return self._texts

    def _kept_pattern(self, place: int, view: View) -> Stand:
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

    def note_output(self, places: Sequence[int], put_out: Tensor) -> None:
        """Note what heads put out under surrogates' patterns, for :meth:`check`.

        Args:
            places: their surrogates.
            put_out: shape (texts, queries, heads, width).
        """
        # Outputs are smaller than patterns.
        self._sums.append((places, put_out.detach().sum((0, 1, 3), dtype=torch.float32)))

    def check(self) -> None:
        """Raise if what heads put out is no number because a pattern is none.

        Raises:
            ProgramFailed: a visible score is not a number.
        """
        # Reading one number back waits for the device: once a pass.
        if not self._sums or torch.isfinite(torch.cat([sums for _, sums in self._sums])).all():
            return
        for places, sums in self._sums:
            for place, number in zip(places, sums, strict=True):
                surrogate = self._plan.surrogates[place]
                if isinstance(surrogate, Program) and not torch.isfinite(number):
                    pattern(surrogate, self.texts)  # which raises; or else the model's own values are no numbers

    def _view(self, call: Call) -> View:
        # Layers of a kind are handed the same mask object.
        for known_mask, sees, view in self._views:
            if known_mask is call.mask and sees == call.sees:
                return view
        visible = call.visible().to(self.read.tokens.ids.device)
        whole = call.mask is None and call.local is None
        view = View(visible, whole=whole, like_texts=whole and call.causal == self._causal)
        self._views.append((call.mask, call.sees, view))
        return view

    def _pattern(self, place: int, view: View) -> Stand:
        visible = view.visible
        surrogate = self._plan.surrogates[place]
        if isinstance(surrogate, Program):
            return self._program_pattern(place, surrogate, view)
        if isinstance(surrogate, Recorded):
            of_batch = (len(self.read.tokens.ids), *visible.shape[1:])
            if surrogate.pattern.shape != of_batch:
                raise InputError(
                    f"a recorded pattern has shape {tuple(surrogate.pattern.shape)} but the model attends "
                    f"{of_batch} (texts, queries, keys); use it on the batch it was recorded on"
                )
            return Stand(surrogate.pattern.to(visible.device))
        match surrogate:
            case Baseline.UNIFORM:
                return Stand(normalise(torch.zeros((), device=visible.device), visible))
            case Baseline.FIRST:
                return Stand((visible & (visible.cumsum(-1) == 1)).to(torch.float32))
            case Baseline.ZERO:
                return Stand(torch.zeros(visible.shape, device=visible.device))

    def _program_pattern(self, place: int, program: Program, view: View) -> Stand:
        found = self._scores.get(place) or self._program_scores(program)
        self._keep(self._scores, place, found)
        n, keys = self.read.tokens.ids.shape[1], view.visible.shape[-1]
        values = _last_keys(_last_queries(found.pattern, self.read.queries, view.visible.shape[1]), n, keys)
        result = normalise(values, view.visible[..., :n], empty_rows=view.empty_rows)
        result = pad(result, (0, keys - n)) if keys > n else result
        if self._plan.on_error == "raise":
            return Stand(result)
        unusable = (~torch.isfinite(result.sum((1, 2)))).expand(len(self.read.tokens.ids))
        reason = found.reason or f"{program.name}: {Verdict.NOT_FINITE}: a score in a visible cell is not a number"
        failed = unusable if found.failed is None else unusable | found.failed
        return Stand(result, failed, reason) if bool(failed.any()) else Stand(result)

    def _program_scores(self, program: Program) -> Stand:
        """A program's scores in a pattern's stead, and the texts that it gave none for."""
        found = self._scores_of_texts(program)
        if self._apart is None:
            return found
        values = self._apart.scores_of_batch(found.pattern, self.read.queries)
        failed = None if found.failed is None else self._apart.of_texts(found.failed)
        return Stand(values, failed, found.reason)

    def _scores_of_texts(self, program: Program) -> Stand:
        if self._plan.on_error == "raise":
            return Stand(torch.as_tensor(scores(program, self.texts)))
        texts, device = self.texts, self.read.tokens.ids.device
        try:
            if program.kind == "vectorised":
                return Stand(torch.as_tensor(scores(program, texts)))
            with failing(program):
                outcomes = scripted_outcomes(program, texts, program.constants)
        except ProgramFailed as error:
            every = torch.ones(len(texts.ids), dtype=torch.bool, device=device)
            return Stand(torch.zeros((), device=device), every, str(error))
        bad = [outcome is None or outcome.verdict is not Verdict.OK for outcome in outcomes]
        reasons = [f"{program.name}: {o.reason}" for o in outcomes if o and o.verdict is not Verdict.OK]
        return Stand(
            torch.as_tensor(assemble(outcomes, texts)), torch.tensor(bad, device=device), reasons[0] if reasons else ""
        )


def _last_queries(values: Tensor, given: int, queries: int) -> Tensor:
    """Scores of the last queries; scores may be the same for every query."""
    alike = values.dim() < 2 or values.shape[-2] != given
    return values if alike else values[..., given - queries :, :]


def _last_keys(values: Tensor, n: int, keys: int) -> Tensor:
    """Scores of a window's keys, which are the last; scores may be the same for every key."""
    return values[..., n - keys :] if keys < n and values.dim() > 0 and values.shape[-1] == n else values
