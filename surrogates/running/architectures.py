"""What a model's architecture says about its attention: which modules compute it, and what a query may see."""

import inspect

from torch import nn
from transformers import PretrainedConfig, PreTrainedModel
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING, MODEL_FOR_MASKED_LM_MAPPING
from transformers.models.gpt_neo.modeling_gpt_neo import GPTNeoSelfAttention

from surrogates.errors import InputError

_USE_INSTEAD = (
    "use a model of the Llama, Mistral, Qwen, Gemma, Phi, OPT, GPT-2, GPT-Neo, GPT-NeoX, BERT, RoBERTa "
    "or DistilBERT family"
)


def is_causal(config: PretrainedConfig) -> bool:
    """True for a decoder-only model, False for an encoder.

    Raises:
        InputError: the model is neither, such as an encoder-decoder.
    """
    config = config.get_text_config()
    kind = config.model_type
    if config.is_encoder_decoder:
        raise InputError(f"{kind} is an encoder-decoder model, which is not supported; {_USE_INSTEAD}")
    if type(config) in MODEL_FOR_MASKED_LM_MAPPING:
        # The BERT family is in both mappings: its members are decoders only when their configuration says so.
        return bool(getattr(config, "is_decoder", False))
    if type(config) in MODEL_FOR_CAUSAL_LM_MAPPING:
        bidirectional = getattr(config, "use_bidirectional_attention", False) or not getattr(config, "is_causal", True)
        return not bidirectional
    raise InputError(f"{kind} is neither a causal language model nor an encoder of the BERT family; {_USE_INSTEAD}")


def attention_modules(model: PreTrainedModel) -> list[nn.Module]:
    """The modules that compute self-attention, one per layer, in the order of the layers.

    Each is either called through transformers' attention interface or a ``GPTNeoSelfAttention``, which computes its
    attention in ``_attn(query, key, value, attention_mask)``. Under eager attention the second value each returns is
    the pattern, shape (texts, heads, queries, keys).

    Raises:
        InputError: the attention of this architecture cannot be intercepted, or not layer by layer.
    """
    config = model.config.get_text_config()
    # A vision or audio tower has attention too; only the text decoder's is wanted.
    root = model if config is model.config else model.get_decoder()
    modules = [m for m in root.modules() if isinstance(m, GPTNeoSelfAttention) or _uses_attention_interface(m)]
    kind = config.model_type
    if not modules:
        raise InputError(
            f"{kind} attention cannot be intercepted: the model does not use transformers' attention interface, "
            f"or has no attention; {_USE_INSTEAD}"
        )
    if len(modules) != config.num_hidden_layers:
        raise InputError(
            f"{kind} attention cannot be intercepted layer by layer: {len(modules)} attention modules serve "
            f"{config.num_hidden_layers} layers; {_USE_INSTEAD}"
        )
    return modules


def key_value_groups(model: PreTrainedModel) -> tuple[int, ...]:
    """For each layer, how many query heads share one key/value head (1 without grouped queries)."""
    return tuple(int(getattr(module, "num_key_value_groups", 1)) for module in attention_modules(model))


def windows(model: PreTrainedModel) -> tuple[int | None, ...]:
    """For each layer, the sliding window in tokens, or None where every earlier token is visible.

    Query i sees key j when i - j < window (for an encoder, |i - j| < window); a window of 1 is the token itself.

    Raises:
        InputError: a layer's attention is neither full nor sliding.
    """
    config = model.config.get_text_config()
    modules = attention_modules(model)
    kinds = getattr(config, "layer_types", None)
    if kinds is not None and (unknown := set(kinds) - {"full_attention", "sliding_attention"}):
        raise InputError(f"{config.model_type} has layers of {min(unknown)}, which is not supported; {_USE_INSTEAD}")
    found: list[int | None] = []
    for layer, module in enumerate(modules):
        if isinstance(module, GPTNeoSelfAttention):
            found.append(config.window_size if module.attention_type == "local" else None)
        elif kinds is not None and kinds[layer] == "full_attention":
            found.append(None)
        else:
            # The module's own value comes first: ModernBERT's differs by one from its configuration's.
            of_config = getattr(config, "sliding_window", None)
            window = getattr(module, "sliding_window", None)
            found.append(of_config if window is None else window)
    return tuple(found)


def _uses_attention_interface(module: nn.Module) -> bool:
    """Whether the module's own forward looks its attention function up where a custom one can be registered."""
    for cls in type(module).__mro__:
        forward = cls.__dict__.get("forward")
        if forward is not None:
            code = getattr(inspect.unwrap(forward), "__code__", None)
            if code is not None and "ALL_ATTENTION_FUNCTIONS" in code.co_names:
                return True
    return False
