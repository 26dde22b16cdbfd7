"""What must be known of each attention layer of a model, proved on two short texts before anything relies on it."""

import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from sandbox.plain_text import one_line
from surrogates.errors import InputError
from surrogates.running.architectures import interface, own_method
from surrogates.running.architectures.calls import Attended, Call, Handler
from surrogates.running.architectures.kinds import USE_INSTEAD, is_causal, windows
from surrogates.running.layers import Replaced
from surrogates.running.projections import apart, idle

_LENGTHS = (9, 6)
"""Tokens of the texts of the trial: the second one is padded."""
_CLOSE = 1e-4
"""How far two ways of computing the same may lie apart in single precision, as a share of the largest value."""
_LONGEST_REASON = 300


@dataclass(frozen=True)
class LayerFacts:
    """One layer of a model.

    Attributes:
        module: what computes its attention; None where a layer has none.
        heads: how many it has, 0 where there is no attention.
        reads: the key/value head that each of them reads.
        width: of values, in numbers.
        window: sliding window in tokens, None where attention is full.
        scaled: whether what a query's weights make of the values is multiplied by a number before heads put it out.
            The pattern is then that number times the weights.
        idle: whether queries and keys are projected apart and for nothing but this layer's attention.
    """

    module: nn.Module | None
    heads: int
    reads: tuple[int, ...]
    width: int
    window: int | None
    scaled: bool
    idle: bool


_NO_ATTENTION = LayerFacts(None, 0, (), 0, None, scaled=False, idle=False)
_known: "weakref.WeakKeyDictionary[PreTrainedModel, tuple[object, tuple[LayerFacts, ...]]]" = (
    weakref.WeakKeyDictionary()
)


def layer_facts(model: PreTrainedModel) -> tuple[LayerFacts, ...]:
    """The layers of a model, in order; found out once a model.

    That takes a trial of some forward passes on two short texts. It proves that the patterns reproduce what heads put
    out, and that a head's own pattern in its place leaves the model as it is.

    Raises:
        InputError: the attention of this architecture cannot be intercepted, or not exactly.
    """
    proved = _what_is_proved(model)
    known = _known.get(model)
    if known is None or known[0] != proved:
        with torch.autocast(model.device.type, enabled=False):
            _known[model] = known = proved, _Trial(model, attention_modules(model)).facts()
    return known[1]


def _what_is_proved(model: PreTrainedModel) -> object:
    """What a trial is about: the modules, what computes their attention, and in which numbers."""
    modules = attention_modules(model)
    return modules, [getattr(module, "config", model.config)._attn_implementation for module in modules], model.dtype


def know(model: PreTrainedModel, facts: tuple[LayerFacts, ...]) -> None:
    """Take facts of a model's layers for true, which need no trial then."""
    _known[model] = _what_is_proved(model), facts


def attention_modules(model: PreTrainedModel) -> list[nn.Module]:
    """The modules that may compute the self-attention of a model's text decoder or encoder.

    Raises:
        InputError: there is none.
    """
    root = _text_model(model)
    found = [*interface.modules(root), *own_method.modules(root)]
    if not found:
        kind = model.config.get_text_config().model_type
        raise InputError(
            f"{kind} attention cannot be intercepted: the model does not use transformers' attention interface, or has "
            f"no attention; {USE_INSTEAD}"
        )
    return found


def _text_model(model: PreTrainedModel) -> nn.Module:
    """The part of a model that reads text: a vision or audio tower has attention too, which is not wanted."""
    return model if model.config.get_text_config() is model.config else model.get_decoder()


@contextmanager
def intercepted(
    model: PreTrainedModel, handlers: Mapping[nn.Module, Handler], *, eager: bool = False
) -> Iterator[None]:
    """Call handlers in the place of the attention functions of a model's modules.

    Args:
        handlers: by module.
        eager: whether attention is computed eagerly meanwhile.

    Raises:
        InputError: they cannot be intercepted as they are.
    """
    root = _text_model(model)
    with ExitStack() as undo:
        undo.enter_context(interface.intercepted(interface.modules(root), handlers, eager=eager))
        undo.enter_context(own_method.intercepted(own_method.modules(root), handlers))
        yield


@contextmanager
def recording(model: PreTrainedModel, take: Callable[[int, Tensor], None]) -> Iterator[None]:
    """Compute attention eagerly, and hand each layer's patterns over as soon as they are computed.

    Args:
        take: is given a layer and its patterns, shape (texts, heads, queries, keys).

    Raises:
        InputError: see :func:`layer_facts`.
    """
    layers = enumerate(layer_facts(model))
    handlers = {facts.module: _Recorder(layer, facts, take) for layer, facts in layers if facts.module is not None}
    with intercepted(model, handlers, eager=True):
        yield


class _Recorder(Handler):
    def __init__(self, layer: int, facts: LayerFacts, take: Callable[[int, Tensor], None]) -> None:
        self._layer, self._facts, self._take = layer, facts, take

    def __call__(self, call: Call) -> Attended:
        output, weights = call.compute()
        assert weights is not None
        if self._facts.scaled:
            products, put_out = _products(weights, call.value), output.transpose(1, 2)
            self._take(self._layer, weights * _scales(products, put_out))
        else:
            self._take(self._layer, weights)
        return output, weights


def _products(weights: Tensor, value: Tensor) -> Tensor:
    """What weights make of the values, shape (texts, heads, queries, width)."""
    return weights.to(value.dtype) @ value.repeat_interleave(weights.shape[1] // value.shape[1], dim=1)


def _scales(products: Tensor, put_out: Tensor) -> Tensor:
    """The factors that make one of the other, a query, shape (texts, heads, queries, 1)."""
    products, put_out = products.float(), put_out.float()
    return (products * put_out).sum(-1, keepdim=True) / (products**2).sum(-1, keepdim=True).clamp(min=1e-30)


@dataclass
class _Seen:
    """What the trial sees of a module's attention."""

    calls: int = 0
    weights: Tensor | None = None
    call: Call | None = None
    output: Tensor | None = None


class _Watch(Handler):
    def __init__(self, seen: _Seen) -> None:
        self._seen = seen

    def __call__(self, call: Call) -> Attended:
        seen = self._seen
        output, weights = call.compute()
        seen.calls += 1
        # What comes after must not change what was seen.
        seen.call, seen.output, seen.weights = call, output.clone(), None if weights is None else weights.clone()
        call.visible()
        return output, weights


class _PutBack(Handler):
    def __init__(self, heads: list[int], facts: LayerFacts, pattern: Tensor) -> None:
        self._replaced = Replaced(heads, facts.reads)
        self._block = slice(None), pattern[:, heads]

    def __call__(self, call: Call) -> Attended:
        return self._replaced.attend(call, [self._block])


class _Trial:
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
        eager = self._run({module: _Watch(seen) for module, seen in watched.items()}, eager=True)
        if self._apart(eager, expected) > 1:
            raise self._inexact("eager attention computes something else than the attention the model was loaded with")
        seen = {module: own for module, own in watched.items() if own.calls}
        if not seen:
            raise InputError(f"{self.kind} attention cannot be intercepted: no layer asks for it; {USE_INSTEAD}")
        layers = self._by_layer(list(seen))
        sliding = windows(self.model.config.get_text_config(), layers)
        of_config = self.model.config.get_text_config().num_hidden_layers
        found = [_NO_ATTENTION] * max(of_config, len(layers))
        patterns = {}
        for layer, module in layers.items():
            found[layer], patterns[module] = self._layer(layer, module, seen, sliding[layer])
        for turn in (0, 1):
            handlers: dict[nn.Module, Handler] = {}
            for facts in found:
                heads = [head for head in range(facts.heads) if head % 2 == turn]
                if facts.module is not None and heads:
                    handlers[facts.module] = _PutBack(heads, facts, patterns[facts.module])
            apart = self._apart(self._run(handlers), expected)
            if apart > 1:
                raise self._inexact(f"heads' own patterns in their place move what it computes by {apart:.2g} times "
                                    "what rounding may")  # fmt: skip
        if any(facts.idle for facts in found) and not self._are_idle(found, patterns, expected):
            found = [replace(facts, idle=False) for facts in found]
        return tuple(found)

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
        assert seen.output is not None
        if seen.weights is None:
            raise self._inexact(f"the eager attention of layer {layer} gives no weights")
        self._check_visible(layer, seen.call, window)
        value, key = seen.call.value, seen.call.key
        heads, kept = seen.weights.shape[1], value.shape[1]
        if heads % kept or seen.output.shape[2] != heads:
            raise self._inexact(f"layer {layer} has {heads} heads of weights and {kept} of values")
        products, put_out = _products(seen.weights, value), seen.output.transpose(1, 2)
        pattern, scaled = seen.weights.float(), False
        if products.shape != put_out.shape or self._apart(products, put_out, of_tokens=False) > 1:
            if products.shape == put_out.shape:
                scales = _scales(products, put_out)
                pattern, scaled = pattern * scales, True
                products = products * scales.to(products.dtype)
            if products.shape != put_out.shape or self._apart(products, put_out, of_tokens=False) > 1:
                raise self._inexact(f"what the heads of layer {layer} put out does not follow from their weights")
        if not bool(((pattern > -_CLOSE) & (pattern < 1 + self._tolerance)).all()):
            raise self._inexact(f"layer {layer} has weights below 0 or above 1")
        others = [other.call.key for place, other in all_seen.items() if place is not module and other.call]
        shares = any(other.untyped_storage().data_ptr() == key.untyped_storage().data_ptr() for other in others)
        reads = tuple(head // (heads // kept) for head in range(heads))
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
        layers = self.model.config.get_text_config().num_hidden_layers
        numbered = {number: module for module in modules if (number := getattr(module, "layer_idx", None)) is not None}
        if len(numbered) == len(modules) and numbered.keys() <= set(range(layers)):
            return dict(sorted(numbered.items()))
        if len(modules) != layers:
            raise InputError(
                f"{self.kind} attention cannot be intercepted layer by layer: {len(modules)} attention modules serve "
                f"{layers} layers; {USE_INSTEAD}"
            )
        return dict(enumerate(modules))

    def _run(self, handlers: Mapping[nn.Module, Handler], *, eager: bool = False) -> Tensor:
        """What the model computes: logits, or an encoder's states."""
        options = {"use_cache": False} if self.causal else {}
        with torch.no_grad(), _evaluating(self.model), ExitStack() as held:
            if handlers:
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
    return _CLOSE if dtype in (torch.float32, torch.float64) else 8 * torch.finfo(dtype).eps


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
