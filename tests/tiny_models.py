"""Random models of a few common families, tens of thousands of weights each, and a tokenizer to go with them all."""

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedModel, PreTrainedTokenizerBase, PreTrainedTokenizerFast

from tests.families import random_model
from tests.family_table import CONTEXT as CONTEXT
from tests.family_table import FAMILIES, VOCABULARY
from tests.family_table import WINDOW as WINDOW

TEXTS = [
    "Once upon a time, there was a little girl. She had a red ball, and she liked it.",
    'The dog said, "I want to play with the ball!" The girl was happy.',
    "Tom and Sam went to the park. Tom ran, and ran, and ran.",
    "It was 12 o'clock.\n\nThe end.",
    "She liked the ball. She liked the dog.",
]

DECODERS = ["llama", "mistral", "gemma2", "qwen2", "qwen3", "phi", "gpt2", "gpt_neo", "gpt_neox", "opt"]
ENCODERS = ["bert", "roberta", "distilbert"]


def tiny_model(kind: str, *, attention: str | None = "eager", layers: int = 2) -> PreTrainedModel:
    """A model of 2 layers, or more, × 4 heads with random weights, the same every time, in evaluation mode.

    ``mistral`` has a sliding window of ``WINDOW`` tokens on both layers, ``gemma2`` on the first, ``gpt_neo`` on the
    second; ``llama``, ``mistral``, ``gemma2``, ``qwen2`` and ``qwen3`` share a key/value head between two query heads.
    """
    with torch.random.fork_rng(devices=[]):
        return random_model(kind, attention, {"num_hidden_layers": layers})


def tiny_tokenizer(kind: str = "llama") -> PreTrainedTokenizerBase:
    """A byte-level BPE tokenizer trained on ``TEXTS``, with the special tokens of the kind of model.

    Decoders other than ``gpt2`` and ``gpt_neo`` get ``<s>`` in front; those two have ``</s>`` as BOS and EOS and never
    add it. Encoders get ``<s>`` in front and ``</s>`` behind.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    encoder = FAMILIES[kind].kind == "encoder"
    specials = ["<s>", "<pad>", "</s>"] if encoder else ["<pad>", "<s>", "</s>"]
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=specials,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(TEXTS, trainer)
    start, end = (("<s>", tokenizer.token_to_id("<s>")), ("</s>", tokenizer.token_to_id("</s>")))
    bos = "<s>"
    if encoder:
        tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=[start, end])
    elif kind in ("gpt2", "gpt_neo"):
        bos = "</s>"
    else:
        tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[start])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=bos, eos_token="</s>", pad_token="<pad>", model_max_length=CONTEXT
    )
