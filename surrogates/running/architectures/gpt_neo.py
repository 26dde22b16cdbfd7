"""GPT-Neo, whose modules compute attention in a method of their own."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

from torch import Tensor, nn
from transformers.models.gpt_neo.modeling_gpt_neo import GPTNeoFlashAttention2, GPTNeoSelfAttention

from surrogates.errors import InputError
from surrogates.running.architectures.calls import Call, Handler


def modules(root: nn.Module) -> list[nn.Module]:
    """The modules that compute attention."""
    return [module for module in root.modules() if isinstance(module, GPTNeoSelfAttention)]


def window(module: GPTNeoSelfAttention) -> int | None:
    """How many tokens back a query sees, itself included; None if all."""
    return module.config.window_size if module.attention_type == "local" else None


@contextmanager
def intercepted(modules: Sequence[nn.Module], handlers: Mapping[nn.Module, Handler]) -> Iterator[None]:
    """See :func:`surrogates.running.architectures.interface.intercepted`; attention is always eager here."""
    with ExitStack() as undo:
        for module in modules:
            assert isinstance(module, GPTNeoSelfAttention)
            if isinstance(module, GPTNeoFlashAttention2):
                raise InputError("GPT-Neo is loaded with flash attention; load it with attn_implementation='eager'")
            if module in handlers:
                module._attn = _Attention(module, handlers[module])
                undo.callback(delattr, module, "_attn")
        yield


class _Attention:
    """What stands for a module's ``_attn``, whose output has shape (texts, heads, queries, width)."""

    def __init__(self, module: GPTNeoSelfAttention, handler: Handler) -> None:
        self._module = module
        self._handler = handler

    def __call__(
        self, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None = None
    ) -> tuple[Tensor, Tensor | None]:
        module = self._module
        own = type(module)._attn
        queries, keys = query.shape[2], key.shape[2]
        # Local layers keep their window in this buffer, not in the mask they are given.
        buffer: Tensor = module.bias
        local = buffer[:, :, keys - queries : keys, :keys]

        def compute() -> tuple[Tensor, Tensor]:
            output, weights = own(module, query, key, value, attention_mask)
            return output.transpose(1, 2), weights

        def some(queries: Sequence[int], keys: Sequence[int], values: Sequence[int]) -> Tensor:
            chosen = query[:, list(queries)], key[:, list(keys)], value[:, list(values)]
            return own(module, *chosen, attention_mask)[0].transpose(1, 2)

        apart = attention_mask is None or attention_mask.shape[1] == 1
        needed = module.attention_type == "local" or attention_mask is None
        output, weights = self._handler(
            Call(
                query, key, value, attention_mask, False, local if needed else None,
                compute=compute, eager=compute, some=some if apart else None,
            )
        )  # fmt: skip
        return output.transpose(1, 2), weights
