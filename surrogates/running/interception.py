"""Where a surrogate's output takes the place of a head's, for each way in which models compute attention.

Most architectures look their attention function up by a name; ours is registered under ``NAME``. It runs the
architecture's own eager function and then overwrites what the replaced heads put out. GPT-Neo has no such door, so
each of its modules gets its ``_attn`` wrapped.
"""

import inspect
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Protocol

import torch
from torch import nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.models.gpt_neo.modeling_gpt_neo import GPTNeoFlashAttention2, GPTNeoSelfAttention

from surrogates.errors import InputError
from surrogates.library.heads import Head
from surrogates.running.forward_pass import ForwardPass

NAME = "headsynth"
_PLAN = "_headsynth_plan"
_EagerAttention = Callable[..., tuple[torch.Tensor, torch.Tensor]]


class CurrentPass(Protocol):
    """Gives the forward pass that the model is in."""

    def __call__(self) -> ForwardPass: ...


class LayerPlan:
    """Which heads of one attention module are replaced, by which surrogates.

    Args:
        module: the attention module.
        heads: its replaced heads.
        places: for each of them, the place of its surrogate in the patch's list.
        groups: how many consecutive heads share a key/value head.
        current: gives the forward pass that the model is in.

    Raises:
        InputError: the module's own eager attention cannot be found.
    """

    def __init__(
        self, module: nn.Module, heads: list[Head], places: list[int], groups: int, current: CurrentPass
    ) -> None:
        self.eager = None if isinstance(module, GPTNeoSelfAttention) else _eager_attention(module)
        self._heads = heads
        self._places = places
        self._groups = groups
        self._current = current

    def replace(
        self,
        value: torch.Tensor,
        mask: torch.Tensor | None,
        weights: torch.Tensor,
        output: torch.Tensor,
        local: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Overwrite what the replaced heads put out, and return the layer's patterns with theirs in place.

        Args:
            value: shape (texts, key/value heads, keys, width).
            mask: the layer's attention mask; see ``ForwardPass.patterns``.
            weights: the layer's own patterns, shape (texts, heads, queries, keys).
            output: what the layer's heads put out, shape (texts, heads, queries, width); changed in place.
            local: see ``ForwardPass.patterns``.
        """
        current = self._current()
        current.layers_done += 1
        stands = current.patterns(self._places, mask, value.shape[2], local=local)
        # Autograd still needs the model's own patterns; without it they are overwritten where they are.
        weights = weights.clone() if weights.requires_grad else weights
        for head, stand in zip(self._heads, stands, strict=True):
            pattern = stand.pattern.to(dtype=value.dtype, device=value.device)
            put_out = (pattern @ value[:, head.index // self._groups]).to(output.dtype)
            if stand.failed is not None:
                current.failures.note(head, int(stand.failed.sum()), stand.reason)
                kept = stand.failed.to(value.device)[:, None, None]
                pattern = torch.where(kept, weights[:, head.index], pattern)
                put_out = torch.where(kept, output[:, head.index], put_out)
            weights[:, head.index] = pattern
            output[:, head.index] = put_out
        current.check(self._places, stands, output[:, [head.index for head in self._heads]])
        return weights


@contextmanager
def intercepted(modules: list[nn.Module], plans: dict[int, LayerPlan]) -> Iterator[None]:
    """Run the attention modules with some of their heads replaced.

    Args:
        modules: all attention modules of a model, by layer.
        plans: the plans of layers that have replaced heads.

    Raises:
        InputError: the modules cannot be intercepted as they are.
    """
    with ExitStack() as undo:
        for layer, module in enumerate(modules):
            if isinstance(module, GPTNeoSelfAttention):
                if isinstance(module, GPTNeoFlashAttention2):
                    raise InputError("GPT-Neo is loaded with flash attention; load it with attn_implementation='eager'")
                if layer in plans:
                    module._attn = _gpt_neo_attention(module, plans[layer])
                    undo.callback(delattr, module, "_attn")
            else:
                _eager_attention(module)
                if layer in plans:
                    setattr(module, _PLAN, plans[layer])
                    undo.callback(delattr, module, _PLAN)
        looked_up = [module for module in modules if not isinstance(module, GPTNeoSelfAttention)]
        for config in {id(module.config): module.config for module in looked_up}.values():
            undo.enter_context(_implementation(config))
        yield


@contextmanager
def _implementation(config: Any) -> Iterator[None]:
    previous = config._attn_implementation
    if previous == NAME:
        raise InputError(
            "this model shares its configuration object with another patched model; "
            "give each its own copy of the configuration, or patch one at a time"
        )
    config._attn_implementation = NAME
    try:
        yield
    finally:
        config._attn_implementation = previous


def _attention(
    module: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    **options: Any,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The function behind ``NAME``: output (texts, queries, heads, width), patterns (texts, heads, queries, keys)."""
    plan: LayerPlan | None = getattr(module, _PLAN, None)
    if plan is None or plan.eager is None:
        return _eager_attention(module)(module, query, key, value, attention_mask, **options)
    output, weights = plan.eager(module, query, key, value, attention_mask, **options)
    return output, plan.replace(value, attention_mask, weights, output.transpose(1, 2))


# The registry is shared by the whole process, so what a model's heads are replaced by hangs on its modules.
AttentionInterface.register(NAME, _attention)
AttentionMaskInterface.register(NAME, AttentionMaskInterface()["eager"])


def _eager_attention(module: nn.Module) -> _EagerAttention:
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
    module: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    **_: Any,
) -> tuple[torch.Tensor, torch.Tensor]:
    """A GPT-2 trained with ``reorder_and_upcast_attn`` computes its eager attention in a method."""
    return module._upcast_and_reordered_attn(query, key, value, attention_mask)  # type: ignore[operator]


def _gpt_neo_attention(module: nn.Module, plan: LayerPlan) -> _EagerAttention:
    """A stand-in for the module's ``_attn``, whose output has shape (texts, heads, queries, width)."""
    original: _EagerAttention = module._attn  # type: ignore[assignment]

    def attend(
        query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, attention_mask: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        output, weights = original(query, key, value, attention_mask)
        queries, keys = query.shape[2], key.shape[2]
        # Local layers keep their window in this buffer, not in the mask they are given.
        buffer: torch.Tensor = module.bias  # type: ignore[assignment]
        visible = buffer[:, :, keys - queries : keys, :keys]
        local = visible if module.attention_type == "local" or attention_mask is None else None
        return output, plan.replace(value, attention_mask, weights, output, local)

    return attend
