"""Models that look their attention function up by a name in transformers' attention interface.

A name of ours stands for each function: it calls a module's handler, or else the function itself. The mask is made as
for that function, so that a module without a handler computes what it ever did.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface

from surrogates.errors import InputError
from surrogates.running.architectures.calls import Attended, Call, Handler, Places, additive, shown

_HANDLER = "_headsynth_handler"
_Function = Callable[..., Attended]
_WITHOUT_MASKS = ("flash", "flex", "kernels", "paged")
"""How functions are called whose masks do not show which keys a query sees; they compute what SDPA does."""
_PLAIN = {"position_ids", "cache_position"}
"""Options of an attention function that are tensors and say nothing of single heads."""


def modules(root: nn.Module) -> list[nn.Module]:
    """The modules whose own forward looks their attention function up."""
    return [module for module in root.modules() if _looks_up(module)]


@contextmanager
def intercepted(modules: Sequence[nn.Module], handlers: Mapping[nn.Module, Handler], *, eager: bool) -> Iterator[None]:
    """Call handlers in the place of the attention functions of their modules.

    Args:
        modules: all that compute a model's attention in this way.
        handlers: by module.
        eager: whether all modules compute attention eagerly meanwhile, which is the one way that gives weights.

    Raises:
        InputError: a function cannot be intercepted.
    """
    with ExitStack() as undo:
        for module, handler in handlers.items():
            setattr(module, _HANDLER, handler)
            undo.callback(delattr, module, _HANDLER)
        for config in {id(module.config): module.config for module in modules}.values():
            undo.enter_context(_named(config, eager))
        yield


def is_intact(module: nn.Module) -> bool:
    """Whether a module that was intercepted still is: the configuration may name another function by now."""
    return isinstance(module.config._attn_implementation, _Name)  # type: ignore[union-attr]


class _Name(str):
    """Names our function that stands for another.

    It is equal to the other's name, for models that ask for that, and yet is looked up apart from it.
    """

    __slots__ = ()

    def __hash__(self) -> int:
        return hash(("headsynth", str(self)))

    def __eq__(self, other: object) -> bool:
        return str(self) == other

    def __ne__(self, other: object) -> bool:
        return str(self) != other


@contextmanager
def _named(config: Any, eager: bool) -> Iterator[None]:
    """Have a configuration name our function in the place of the one that it names."""
    before = config._attn_implementation
    function = "eager" if eager else before or "eager"
    if isinstance(before, _Name):
        raise InputError(
            "this model shares its configuration object with another patched model; "
            "give each its own copy of the configuration, or patch one at a time"
        )
    if function.startswith(_WITHOUT_MASKS):
        function = "sdpa"
    masks = AttentionMaskInterface()
    if function not in masks or (function != "eager" and function not in AttentionInterface()):
        raise InputError(f"the attention function {function!r} has no known masks; set_attn_implementation('sdpa')")
    name = _Name(function)
    own = None if function == "eager" else AttentionInterface()[function]
    AttentionInterface.register(name, partial(_attention, function, own))
    AttentionMaskInterface.register(name, masks[function])
    config._attn_implementation = name
    try:
        yield
    finally:
        config._attn_implementation = before


def _attention(
    name: str,
    own: _Function | None,
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    **options: Any,
) -> Attended:
    """The function behind our name of another: a module's own eager attention, or the one that is given."""
    function = own or _eager_attention(module)
    handler: Handler | None = getattr(module, _HANDLER, None)
    if handler is None:
        return function(module, query, key, value, attention_mask, **options)
    asked = options.get("is_causal")
    causal = name != "eager" and bool(getattr(module, "is_causal", True) if asked is None else asked)
    apart = (
        name == "sdpa"
        and (attention_mask is None or attention_mask.shape[1] == 1)
        and not any(isinstance(option, Tensor) and name not in _PLAIN for name, option in options.items())
    )

    def eager() -> Attended:
        # That it names no call matters: as a cycle, a layer's tensors would stay until garbage is collected.
        mask = attention_mask
        if name != "eager" and (mask is None or mask.dtype == torch.bool):
            mask = additive(shown(mask, query, value.shape[2], causal=causal), query)
        return _eager_attention(module)(module, query, key, value, mask, **options)

    return handler(
        Call(
            query, key, value, attention_mask, causal, None,
            compute=partial(function, module, query, key, value, attention_mask, **options),
            eager=eager,
            some=partial(_some, function, module, query, key, value, attention_mask, options) if apart else None,
        )
    )  # fmt: skip


def _some(
    function: _Function,
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None,
    options: dict[str, Any],
    queries: Sequence[int],
    keys: Sequence[int],
    values: Sequence[int],
) -> Tensor:
    shared = sorted(set(zip(keys, values, strict=True)))
    each = len(queries) // len(shared)
    if list(zip(keys, values, strict=True)) == [pair for pair in shared for _ in range(each)]:
        keys, values = zip(*shared, strict=True)  # as many queries of each key and value: they can still share them
    else:
        each = 1
    given = (Places(own).of(given, 1) for own, given in ((queries, query), (keys, key), (values, value)))
    output, _ = function(_Some(module, each), *given, mask, **options)
    return output


class _Some:
    """An attention module with some of its heads, as far as attention functions look at it.

    Attributes:
        num_key_value_groups: how many heads share a key/value head.
    """

    def __init__(self, module: nn.Module, group: int) -> None:
        self._module = module
        self.num_key_value_groups = group

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


def _eager_attention(module: nn.Module) -> _Function:
    """The eager attention function that the module's own forward would fall back on."""
    if getattr(module, "reorder_and_upcast_attn", False):
        return _gpt2_upcast_attention
    for cls in type(module).__mro__:
        if "forward" in cls.__dict__:
            found = inspect.unwrap(cls.__dict__["forward"]).__globals__.get("eager_attention_forward")
            if found is not None:
                return found
            break
    raise InputError(f"{type(module).__name__} has no eager attention to start from, so its heads cannot be replaced")


def _gpt2_upcast_attention(
    module: nn.Module, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, **_: Any
) -> Attended:
    """A GPT-2 trained with ``reorder_and_upcast_attn`` computes its eager attention in a method."""
    return module._upcast_and_reordered_attn(query, key, value, attention_mask)  # type: ignore[operator]


def _looks_up(module: nn.Module) -> bool:
    for cls in type(module).__mro__:
        forward = cls.__dict__.get("forward")
        if forward is not None:
            code = getattr(inspect.unwrap(forward), "__code__", None)
            if code is not None and "ALL_ATTENTION_FUNCTIONS" in code.co_names:
                return True
    return False
