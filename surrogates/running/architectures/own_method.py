"""GPT-Neo, GPT-J, CodeGen and the Japanese GPT-NeoX, whose modules compute attention in a method of their own."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from torch import Tensor, nn
from transformers.models.codegen.modeling_codegen import CodeGenAttention
from transformers.models.gpt_neo.modeling_gpt_neo import GPTNeoFlashAttention2, GPTNeoSelfAttention
from transformers.models.gpt_neox_japanese.modeling_gpt_neox_japanese import GPTNeoXJapaneseAttention
from transformers.models.gptj.modeling_gptj import GPTJAttention, GPTJFlashAttention2

from surrogates.errors import InputError
from surrogates.running.architectures.calls import Call, Handler

_METHOD = "_attn"
_WITH_METHOD = (GPTNeoSelfAttention, GPTJAttention, CodeGenAttention, GPTNeoXJapaneseAttention)


def modules(root: nn.Module) -> list[nn.Module]:
    """The modules that compute attention."""
    return [module for module in root.modules() if isinstance(module, _WITH_METHOD)]


def window(module: nn.Module) -> int | None:
    """How many tokens back a query sees, itself included; None if all."""
    if not isinstance(module, GPTNeoSelfAttention) or module.attention_type != "local":
        return None
    found: int = module.config.window_size
    return found


@contextmanager
def intercepted(modules: Sequence[nn.Module], handlers: Mapping[nn.Module, Handler]) -> Iterator[None]:
    """See :func:`surrogates.running.architectures.interface.intercepted`; attention is always eager here."""
    with ExitStack() as undo:
        for module in modules:
            if isinstance(module, GPTNeoFlashAttention2 | GPTJFlashAttention2):
                raise InputError("it is loaded with flash attention; load it with attn_implementation='eager'")
            if module in handlers:
                setattr(module, _METHOD, _Attention(module, handlers[module]))
                undo.callback(delattr, module, _METHOD)
        yield


class _Attention:
    """What stands for a module's ``_attn``, whose output has shape (texts, heads, queries, width)."""

    def __init__(self, module: Any, handler: Handler) -> None:
        self._module = module
        self._handler = handler

    def __call__(
        self, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None = None
    ) -> tuple[Tensor, Tensor | None]:
        module = self._module
        own = type(module)._attn

        def compute() -> tuple[Tensor, Tensor]:
            output, weights = own(module, query, key, value, attention_mask)
            return output.transpose(1, 2), weights

        def some(queries: Sequence[int], keys: Sequence[int], values: Sequence[int]) -> Tensor:
            chosen = query[:, list(queries)], key[:, list(keys)], value[:, list(values)]
            return own(module, *chosen, attention_mask)[0].transpose(1, 2)

        apart = attention_mask is None or attention_mask.shape[1] == 1
        output, weights = self._handler(
            Call(
                query, key, value, attention_mask, False, _local(module, query, key, attention_mask),
                compute=compute, eager=compute, some=some if apart else None,
            )
        )  # fmt: skip
        return output.transpose(1, 2), weights


def _local(module: nn.Module, query: Tensor, key: Tensor, mask: Tensor | None) -> Tensor | None:
    """What GPT-Neo's layers leave visible by a buffer of theirs: local ones keep their window there alone."""
    if not isinstance(module, GPTNeoSelfAttention) or not (module.attention_type == "local" or mask is None):
        return None
    queries, keys = query.shape[2], key.shape[2]
    buffer: Tensor = module.bias
    return buffer[:, :, keys - queries : keys, :keys]
