"""What a model's configuration says: whether it is a decoder or an encoder, and what its layers see."""

from collections.abc import Mapping

from torch import nn
from transformers import PretrainedConfig
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_CAUSAL_LM_MAPPING,
    MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING,
    MODEL_FOR_MASKED_LM_MAPPING,
)

from surrogates.errors import InputError
from surrogates.running.architectures import own_method

USE_INSTEAD = (
    "use a model of the Llama, Mistral, Qwen, Gemma, Phi, OPT, GPT-2, GPT-Neo, GPT-NeoX, BERT, RoBERTa "
    "or DistilBERT family"
)


def is_causal(config: PretrainedConfig) -> bool:
    """True for a decoder-only model, False for an encoder; of one that sees or hears too, its text model counts.

    Raises:
        InputError: the model is neither, such as an encoder-decoder.
    """
    reads_images = type(config) in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING
    config = config.get_text_config()
    kind = config.model_type
    if config.is_encoder_decoder:
        raise InputError(f"{kind} is an encoder-decoder model, which is not supported; {USE_INSTEAD}")
    if type(config) in MODEL_FOR_MASKED_LM_MAPPING:
        # The BERT family is in both mappings: its members are decoders only when their configuration says so.
        return bool(getattr(config, "is_decoder", False))
    if reads_images or type(config) in MODEL_FOR_CAUSAL_LM_MAPPING:
        bidirectional = getattr(config, "use_bidirectional_attention", False) or not getattr(config, "is_causal", True)
        return not bidirectional
    raise InputError(f"{kind} is neither a causal language model nor an encoder of the BERT family; {USE_INSTEAD}")


def windows(config: PretrainedConfig, modules: Mapping[int, nn.Module]) -> dict[int, int | None]:
    """For each layer that computes attention, the sliding window in tokens, or None where every token is visible.

    Query i sees key j when i - j < window (for an encoder, |i - j| < window); a window of 1 is the token itself.

    Args:
        config: of the text model.
        modules: the modules that compute attention, by layer.

    Raises:
        InputError: a layer sees chunks of a text, whose bounds no window tells.
    """
    kinds = getattr(config, "layer_types", None)
    found: dict[int, int | None] = {}
    for layer, module in modules.items():
        kind = kinds[layer] if kinds is not None else None
        if kind is not None and "chunked" in kind:
            raise InputError(f"{config.model_type} has layers of {kind}, which is not supported; {USE_INSTEAD}")
        if own_method.modules(module):
            found[layer] = own_method.window(module)
        elif kind == "full_attention":
            found[layer] = None
        else:
            # The module's own value comes first: ModernBERT's differs by one from its configuration's.
            own = getattr(module, "sliding_window", None)
            found[layer] = getattr(config, "sliding_window", None) if own is None else own
    return found
