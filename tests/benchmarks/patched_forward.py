"""Forward passes and generation with heads replaced, against the model as it is under SDPA."""

import copy
from collections.abc import Callable, Iterator
from functools import partial

import torch
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedModel, PreTrainedTokenizerBase

from surrogates.library.heads import Head
from surrogates.running.assignment import Assignment
from surrogates.running.compacting import compact
from surrogates.running.patching import patch
from synth.demo import MODEL_FOLDER
from synth.models import load_model
from tests.benchmarks.timing import Comparison, compare
from tests.search_written import search_written

TEXTS, TOKENS, NEW = 8, 256, 128
LAYERS, HEADS = 6, 6


class Bench:
    """A Llama of some 12 million random weights, and programs of the search's form for its heads."""

    def __init__(self) -> None:
        self.tokenizer: PreTrainedTokenizerBase = load_model(str(MODEL_FOLDER)).tokenizer
        torch.manual_seed(0)
        config = LlamaConfig(
            vocab_size=len(self.tokenizer), hidden_size=64 * HEADS, intermediate_size=1024, num_hidden_layers=LAYERS,
            num_attention_heads=HEADS, num_key_value_heads=HEADS, max_position_embeddings=8192, bos_token_id=0,
            eos_token_id=None, pad_token_id=0, attn_implementation="sdpa",
        )  # fmt: skip
        self.model: PreTrainedModel = LlamaForCausalLM(config).eval()
        words = sorted({text for text in self.tokenizer.get_vocab() if text.isprintable()})
        self.every = [Head(layer, index) for layer in range(LAYERS) for index in range(HEADS)]
        self.programs = dict(zip(self.every, search_written(len(self.every), words), strict=True))
        self.ids = torch.randint(1, len(self.tokenizer), (TEXTS, TOKENS), generator=torch.Generator().manual_seed(0))

    def share(self, each: int) -> Assignment:
        """One head of so many."""
        return {head: self.programs[head] for head in self.every[::each]}

    def forward(self, model: PreTrainedModel) -> None:
        with torch.inference_mode():
            model(input_ids=self.ids, attention_mask=torch.ones_like(self.ids), use_cache=False)

    def generate(self, model: PreTrainedModel) -> None:
        ids = self.ids[:1, :32]
        model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=NEW, do_sample=False)

    def step(self, tokens: int) -> Callable[[], object]:
        """A decoding step behind so many tokens."""
        model = self.model
        ids = self.ids.flatten().repeat(tokens // self.ids.numel() + 1)[None, :tokens]
        with torch.inference_mode():
            cache = model(input_ids=ids, use_cache=True).past_key_values

        def once() -> None:
            with torch.inference_mode():
                model(input_ids=ids[:, :1], past_key_values=cache, use_cache=True)
                cache.crop(-1)

        return once


def run() -> Iterator[tuple[str, Comparison]]:
    """What is compared with the model as it is, and how long both take, one after the other."""
    bench = Bench()
    replaced = copy.deepcopy(bench.model)
    small = compact(bench.model, bench.tokenizer, bench.programs)
    kinds: list[tuple[str, Callable[[PreTrainedModel], None], int]] = [
        (f"forward pass of {TEXTS} texts of {TOKENS} tokens", bench.forward, 7),
        (f"{NEW} tokens generated", bench.generate, 3),
    ]
    for what, work, rounds in kinds:
        for percent, each in ((25, 4), (100, 1)):
            with patch(replaced, bench.tokenizer, bench.share(each)):
                found = compare(partial(work, bench.model), partial(work, replaced), rounds)
            yield f"{what}, {percent} % of the heads replaced", found
        yield f"{what}, compact, 100 %", compare(partial(work, bench.model), partial(work, small), rounds)


def steps() -> Comparison:
    """A decoding step with all heads replaced, behind 1,024 tokens and behind 4,096."""
    bench = Bench()
    with patch(bench.model, bench.tokenizer, bench.programs):
        return compare(bench.step(1024), bench.step(4096), rounds=9)


def cache_bytes() -> tuple[int, int]:
    """What a cache holds of the model as it is, and of the compact one."""
    bench = Bench()
    found = []
    for model in (bench.model, compact(bench.model, bench.tokenizer, bench.programs)):
        with torch.inference_mode():
            cache = model(input_ids=bench.ids, use_cache=True).past_key_values
        found.append(sum(layer.keys.nbytes + layer.values.nbytes for layer in cache.layers))
    return found[0], found[1]
