"""Random models of every supported architecture, a few thousand weights each, and a tokenizer to go with them."""

from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedModel, PreTrainedTokenizerBase, PreTrainedTokenizerFast

WINDOW = 4
CONTEXT = 64
VOCABULARY = 320
TEXTS = [
    "Once upon a time, there was a little girl. She had a red ball, and she liked it.",
    'The dog said, "I want to play with the ball!" The girl was happy.',
    "Tom and Sam went to the park. Tom ran, and ran, and ran.",
    "It was 12 o'clock.\n\nThe end.",
    "She liked the ball. She liked the dog.",
]

_COMMON: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": CONTEXT,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}
_GATED = _COMMON | {"intermediate_size": 48, "num_key_value_heads": 2, "head_dim": 8}
_PLAIN = _COMMON | {"intermediate_size": 48}
_BERT = _PLAIN | {"pad_token_id": 1}  # RoBERTa counts positions from the padding token's id on

# kind: (configuration class, model class, settings)
_KINDS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "llama": ("LlamaConfig", "LlamaForCausalLM", _GATED),
    "mistral": ("MistralConfig", "MistralForCausalLM", _GATED | {"sliding_window": WINDOW}),
    "gemma2": ("Gemma2Config", "Gemma2ForCausalLM", _GATED | {"sliding_window": WINDOW}),
    "qwen2": ("Qwen2Config", "Qwen2ForCausalLM", _GATED),
    "qwen3": ("Qwen3Config", "Qwen3ForCausalLM", _GATED),
    "phi": ("PhiConfig", "PhiForCausalLM", _PLAIN),
    "gpt2": ("GPT2Config", "GPT2LMHeadModel", _COMMON),
    "gpt_neo": (
        "GPTNeoConfig",
        "GPTNeoForCausalLM",
        _COMMON | {"attention_types": [[["global", "local"], 1]], "window_size": WINDOW, "intermediate_size": 48},
    ),
    "gpt_neox": ("GPTNeoXConfig", "GPTNeoXForCausalLM", _PLAIN),
    "opt": ("OPTConfig", "OPTForCausalLM", _COMMON | {"ffn_dim": 48, "word_embed_proj_dim": 32}),
    "bert": ("BertConfig", "BertModel", _BERT),
    "roberta": ("RobertaConfig", "RobertaModel", _BERT),
    "distilbert": (
        "DistilBertConfig",
        "DistilBertModel",
        _COMMON | {"hidden_dim": 48},
    ),
}
ENCODERS = ["bert", "roberta", "distilbert"]
DECODERS = [kind for kind in _KINDS if kind not in ENCODERS]


def tiny_model(kind: str, *, attention: str = "eager", layers: int = 2) -> PreTrainedModel:
    """A model of 2 layers, or more, × 4 heads with random weights, the same every time, in evaluation mode.

    ``mistral`` has a sliding window of ``WINDOW`` tokens on both layers, ``gemma2`` on the first, ``gpt_neo`` on the
    second; ``llama``, ``mistral``, ``gemma2``, ``qwen2`` and ``qwen3`` share a key/value head between two query heads.
    """
    config_name, model_name, settings = _KINDS[kind]
    given = settings | {"num_hidden_layers": layers, "attn_implementation": attention}
    config = getattr(transformers, config_name)(**given)
    generator_state = torch.random.get_rng_state()
    torch.manual_seed(0)
    model = getattr(transformers, model_name)(config)
    for weight in model.parameters():
        if weight.dim() > 1:
            torch.nn.init.normal_(weight, std=0.3)  # the usual 0.02 leaves every pattern almost uniform
    torch.random.set_rng_state(generator_state)
    return model.eval()


def tiny_tokenizer(kind: str = "llama") -> PreTrainedTokenizerBase:
    """A byte-level BPE tokenizer trained on ``TEXTS``, with the special tokens of the kind of model.

    Decoders other than ``gpt2`` and ``gpt_neo`` get ``<s>`` in front; those two have ``</s>`` as BOS and EOS and never
    add it. Encoders get ``<s>`` in front and ``</s>`` behind.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    specials = ["<s>", "<pad>", "</s>"] if kind in ENCODERS else ["<pad>", "<s>", "</s>"]
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=specials,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(TEXTS, trainer)
    start, end = (("<s>", tokenizer.token_to_id("<s>")), ("</s>", tokenizer.token_to_id("</s>")))
    bos = "<s>"
    if kind in ENCODERS:
        tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=[start, end])
    elif kind in ("gpt2", "gpt_neo"):
        bos = "</s>"
    else:
        tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[start])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=bos, eos_token="</s>", pad_token="<pad>", model_max_length=CONTEXT
    )
