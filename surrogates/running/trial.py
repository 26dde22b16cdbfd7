"""Proves on two short texts what is taken to be true of a model's attention, before anything relies on it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from sandbox.plain_text import one_line
from surrogates.errors import InputError
from surrogates.running.architectures.calls import Attended, Call, Handler
from surrogates.running.architectures.intercepting import intercepted
from surrogates.running.architectures.kinds import USE_INSTEAD, is_causal, windows
from surrogates.running.architectures.layer import NO_ATTENTION, LayerFacts
from surrogates.running.layers import Replaced
from surrogates.running.projections import apart, idle

_LENGTHS = (9, 6)
"""Tokens of the texts of the trial: the second one is padded."""
_CLOSE = 1e-4
"""How far two ways of computing the same may lie apart in single precision, as a share of the largest value."""
_LONGEST_REASON = 300
_OTHERWISE = "eager attention computes something else than the attention the model was loaded with"


def products_of(weights: Tensor, value: Tensor) -> Tensor:
    """What weights make of the values, shape (texts, heads, queries, width)."""
    return weights.to(value.dtype) @ value.repeat_interleave(weights.shape[1] // value.shape[1], dim=1)


def scales_of(products: Tensor, put_out: Tensor) -> Tensor:
    """The factors that make one of the other, a query, shape (texts, heads, queries, 1)."""
    products, put_out = products.float(), put_out.float()
    return (products * put_out).sum(-1, keepdim=True) / (products**2).sum(-1, keepdim=True).clamp(min=1e-30)


@dataclass
class _Seen:
    """What the trial sees of a module's attention.

    Attributes:
        calls: how often it is computed.
        call: the last time.
        own: what the heads put out then, shape (texts, queries, heads, width).
        eager: the same from eager attention, with its weights.
    """

    calls: int = 0
    call: Call | None = None
    own: Tensor | None = None
    eager: Attended | None = None


class _Watch:
    def __init__(self, seen: _Seen) -> None:
        self._seen = seen

    def __call__(self, call: Call) -> Attended:
        seen = self._seen
        call.visible()  # which may be refused
        found = call.compute()
        seen.calls += 1
        # What comes after must not change what was seen.
        seen.call, seen.own, seen.eager = call, found[0].clone(), call.eager()
        return found


class _PutBack:
    def __init__(self, heads: list[int], facts: LayerFacts, pattern: Tensor) -> None:
        self._replaced = Replaced(heads, facts.reads)
        self._block = slice(None), pattern[:, heads]

    def __call__(self, call: Call) -> Attended:
        return self._replaced.attend(call, [self._block])


class Trial:
    """Forward passes on two short texts."""

    def __init__(self, model: PreTrainedModel, candidates: Sequence[nn.Module]) -> None:
        self.model = model
        self.candidates = candidates
        self.kind = model.config.get_text_config().model_type
        self.causal = is_causal(model.config)
        self.ids, self.mask = trial_texts(model)

    def facts(self) -> tuple[LayerFacts, ...]:
        """What is seen of the layers, once it is proved.

        Raises:
            InputError: something is not exact.
        """
        watched = {module: _Seen() for module in self.candidates}
        expected = self._run({})
        if self._apart(self._run({module: _Watch(seen) for module, seen in watched.items()}), expected) > 1:
            raise self._inexact("it computes something else when its attention is looked at")
        seen = {module: own for module, own in watched.items() if own.calls}
        if not seen:
            raise InputError(f"{self.kind} attention cannot be intercepted: no layer asks for it; {USE_INSTEAD}")
        layers = self._by_layer(list(seen))
        sliding = windows(self.model.config.get_text_config(), layers)
        found = [NO_ATTENTION] * max(self._count(), len(layers))
        patterns = {}
        for layer, module in layers.items():
            found[layer], patterns[module] = self._layer(layer, module, seen, sliding[layer])
        if self.model.dtype in (torch.float32, torch.float64):
            # In shorter numbers a layer's rounding may send a token to another expert: there, layers must do.
            self._check_whole(found, patterns, expected)
        if any(facts.idle for facts in found) and not self._are_idle(found, patterns, expected):
            found = [replace(facts, idle=False) for facts in found]
        return tuple(found)

    def _check_whole(self, found: Sequence[LayerFacts], patterns: Mapping[nn.Module, Tensor], expected: Tensor) -> None:
        """Refuse a model that computes something else eagerly, or with heads' own patterns in their place."""
        if self._apart(self._run({}, eager=True), expected) > 1:
            raise self._inexact(_OTHERWISE)
        for turn in (0, 1):
            handlers: dict[nn.Module, Handler] = {}
            for facts in found:
                heads = [head for head in range(facts.heads) if head % 2 == turn]
                if facts.module is not None and heads:
                    handlers[facts.module] = _PutBack(heads, facts, patterns[facts.module])
            if self._apart(self._run(handlers), expected) > 1:
                raise self._inexact("heads' own patterns in their place move what it computes")

    def _are_idle(self, found: Sequence[LayerFacts], patterns: Mapping[nn.Module, Tensor], expected: Tensor) -> bool:
        """Whether the model is as it is without queries and keys where all heads are replaced."""
        handlers: dict[nn.Module, Handler] = {}
        with ExitStack() as held:
            for facts in found:
                if facts.module is not None and facts.idle:
                    handlers[facts.module] = _PutBack(list(range(facts.heads)), facts, patterns[facts.module])
                    for projection in apart(facts).values():
                        held.enter_context(idle(projection, _never))
            try:
                return self._apart(self._run(handlers), expected) <= 1
            except InputError:
                return False

    def _layer(
        self, layer: int, module: nn.Module, all_seen: Mapping[nn.Module, _Seen], window: int | None
    ) -> tuple[LayerFacts, Tensor]:
        seen = all_seen[module]
        if seen.calls > 1:
            raise self._inexact(f"layer {layer} computes attention {seen.calls} times in a forward pass")
        assert seen.call is not None
        assert seen.own is not None
        assert seen.eager is not None
        output, weights = seen.eager
        if weights is None:
            raise self._inexact(f"the eager attention of layer {layer} gives no weights")
        if output.shape != seen.own.shape or self._apart(output, seen.own) > 1:
            raise self._inexact(_OTHERWISE)
        self._check_visible(layer, seen.call, window)
        value, key = seen.call.value, seen.call.key
        heads, kept = weights.shape[1], value.shape[1]
        if heads % kept or output.shape[2] != heads:
            raise self._inexact(f"layer {layer} has {heads} heads of weights and {kept} of values")
        products, put_out = products_of(weights, value), output.transpose(1, 2)
        pattern, scaled = weights.float(), False
        if products.shape != put_out.shape or self._apart(products, put_out, of_tokens=False) > 1:
            if products.shape == put_out.shape:
                scales = scales_of(products, put_out)
                pattern, scaled = pattern * scales, True
                products = products * scales.to(products.dtype)
            if products.shape != put_out.shape or self._apart(products, put_out, of_tokens=False) > 1:
                raise self._inexact(f"what the heads of layer {layer} put out does not follow from their weights")
        if not bool(((pattern > -_CLOSE) & (pattern < 1 + self._tolerance)).all()):
            raise self._inexact(f"layer {layer} has weights below 0 or above 1")
        others = [other.call.key for place, other in all_seen.items() if place is not module and other.call]
        shares = any(other.untyped_storage().data_ptr() == key.untyped_storage().data_ptr() for other in others)
        reads = tuple(head // (heads // kept) for head in range(heads))
        for turn in (0, 1):
            if replaced := [head for head in range(heads) if head % 2 == turn]:
                found, _ = Replaced(replaced, reads).attend(seen.call, [(slice(None), pattern[:, replaced])])
                if self._apart(found, seen.own) > 1:
                    raise self._inexact(f"heads' own patterns in their place move what layer {layer} puts out")
        facts = LayerFacts(module, heads, reads, value.shape[3], window, scaled, idle=False)
        return replace(facts, idle=not shares and bool(apart(facts))), pattern

    def _check_visible(self, layer: int, call: Call, window: int | None) -> None:
        """Refuse a layer whose mask shows something else than the text up to the query, within the window."""
        places = torch.arange(self.ids.shape[1], device=self.ids.device)
        distance = places[:, None] - places
        near = distance >= 0 if self.causal else distance == distance
        near = near if window is None else near & (distance.abs() < window)
        real = self.mask.bool()
        if not bool(((call.visible() == (near & real[:, None, :])) | ~real[:, :, None]).all()):
            sees = "the tokens up to themselves" if self.causal else "the whole text"
            sees += f", {window} tokens away at most" if window else ""
            raise self._inexact(f"the mask of layer {layer} shows queries something else than {sees}")

    def _by_layer(self, modules: list[nn.Module]) -> dict[int, nn.Module]:
        """The modules by the number of their layer: their own, or else the order in which they are called."""
        layers = self._count()
        numbered = {number: module for module in modules if (number := getattr(module, "layer_idx", None)) is not None}
        if len(numbered) == len(modules) and numbered.keys() <= set(range(layers)):
            return dict(sorted(numbered.items()))
        if len(modules) != layers:
            raise InputError(
                f"{self.kind} attention cannot be intercepted layer by layer: {len(modules)} attention modules serve "
                f"{layers} layers; {USE_INSTEAD}"
            )
        return dict(enumerate(modules))

    def _count(self) -> int:
        """How many layers the model has."""
        found = getattr(self.model.config.get_text_config(), "num_hidden_layers", None)
        if not isinstance(found, int):
            raise self._inexact("its configuration does not say how many layers it has")
        return found

    def _run(self, handlers: Mapping[nn.Module, Handler], *, eager: bool = False) -> Tensor:
        """What the model computes: logits, or an encoder's states."""
        options = {"use_cache": False} if self.causal else {}
        with torch.no_grad(), _evaluating(self.model), ExitStack() as held:
            if handlers or eager:
                held.enter_context(intercepted(self.model, handlers, eager=eager))
            try:
                return self.model(input_ids=self.ids, attention_mask=self.mask, **options)[0]
            except InputError:
                raise
            except Exception as error:  # whatever an architecture raises
                reason = one_line(str(error), _LONGEST_REASON) or type(error).__name__
                raise self._inexact(f"a trial on two short texts fails ({reason.rstrip('.')})") from error

    @property
    def _tolerance(self) -> float:
        return tolerance(self.model.dtype)

    def _apart(self, found: Tensor, expected: Tensor, *, of_tokens: bool = True) -> float:
        """The largest difference, padding aside, as a share of what rounding may make it; nan where one is none."""
        found, expected = found.float(), expected.float()
        if of_tokens:
            real = self.mask.bool()
            found, expected = found[real], expected[real]
        size = max(1.0, float(expected.abs().max()))
        apart = float((found - expected).abs().max()) / (size * self._tolerance)
        return apart if apart == apart else float("inf")

    def _inexact(self, why: str) -> InputError:
        return InputError(f"{self.kind} attention cannot be intercepted exactly: {why}; {USE_INSTEAD}")


def tolerance(dtype: torch.dtype) -> float:
    """How far two ways of computing the same may lie apart in numbers of a type, as a share of the largest value."""
    return _CLOSE if dtype in (torch.float32, torch.float64) else 4 * torch.finfo(dtype).eps


def _never() -> bool:
    return False


def trial_texts(model: PreTrainedModel) -> tuple[Tensor, Tensor]:
    """Token ids and mask of the trial; no token that the configuration has a use for."""
    config = model.config
    named = vars(config) | vars(config.get_text_config())
    values = [value for name, value in named.items() if name.endswith(("token_id", "token_index"))]
    special = {token for value in values for token in (value if isinstance(value, list) else [value])}
    known = model.get_input_embeddings().weight.shape[0]
    usual = [token for token in range(known) if token not in special]
    generator = torch.Generator().manual_seed(0)
    drawn = torch.randint(len(usual), (len(_LENGTHS), max(_LENGTHS)), generator=generator)
    ids = torch.tensor(usual)[drawn].to(model.device)
    mask = torch.arange(max(_LENGTHS), device=model.device) < torch.tensor(_LENGTHS, device=model.device)[:, None]
    return ids, mask.long()


@contextmanager
def _evaluating(model: PreTrainedModel) -> Iterator[None]:
    """Leave out dropout meanwhile."""
    training = [module for module in model.modules() if module.training]
    model.eval()
    try:
        yield
    finally:
        for module in training:
            module.training = True
