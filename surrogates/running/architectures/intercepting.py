"""The attention of a model, whichever way it is computed."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from torch import nn
from transformers import PreTrainedModel

from surrogates.errors import InputError
from surrogates.running.architectures import interface, own_method
from surrogates.running.architectures.calls import Handler
from surrogates.running.architectures.kinds import USE_INSTEAD


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
