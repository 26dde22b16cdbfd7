"""Layers with differing numbers of heads, and layers without any: every head is stored, listed and worked on."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import synth.attention
import synth.repeated_tokens
from surrogates.errors import InputError
from surrogates.language.tokens import TokenTable
from surrogates.library.heads import Head, select_heads
from synth.attention import extract, open_store, pattern_on
from synth.corpus import Split
from synth.material import HeadData, Material
from synth.models import LoadedModel, describe_model, encode
from synth.repeated_tokens import measure_scores
from synth.shards import layer_name
from tests.synth.planted import batch, made_by, material_with, parse, random_lists
from tests.tiny_models import TEXTS, tiny_model, tiny_tokenizer

Counts = tuple[int, ...]
UNEVEN = pytest.mark.parametrize("counts", [(4, 2, 1), (1, 2, 4), (2, 0, 4), (0, 3, 0), (3, 4, 0)], ids=str)


def heads_of(counts: Counts) -> list[Head]:
    return [Head(layer, index) for layer, count in enumerate(counts) for index in range(count)]


@pytest.fixture(scope="module")
def whole() -> LoadedModel:
    return describe_model("llama", tiny_model("llama", layers=3), tiny_tokenizer("llama"))


@pytest.fixture
def with_heads(whole: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> Callable[[Counts], LoadedModel]:
    """A model of which each layer computes so many heads, the first ones, and nothing where these are none."""
    own = synth.attention.batch_patterns

    def some(loaded: LoadedModel, ids: Sequence[Sequence[int]]) -> dict[str, np.ndarray]:
        arrays = own(loaded, ids)
        counts = {layer: sum(head.layer == layer for head in loaded.heads) for layer in range(3)}
        return {
            layer_name(layer): np.ascontiguousarray(arrays[layer_name(layer)][:count])
            for layer, count in counts.items()
            if count
        }

    for module in (synth.attention, synth.repeated_tokens):
        monkeypatch.setattr(module, "batch_patterns", some)
    return lambda counts: replace(whole, heads=heads_of(counts))


@UNEVEN
def test_every_head_is_stored_and_listed(
    counts: Counts, with_heads: Callable[[Counts], LoadedModel], whole: LoadedModel, tmp_path: Path
) -> None:
    loaded = with_heads(counts)
    ids = encode(loaded, TEXTS, 20)
    store = extract(loaded, ids, tmp_path, batch_size=2)
    assert store.heads == heads_of(counts)
    assert store.holds(ids)
    attentions = whole.model(torch.tensor(ids[:1]), output_attentions=True).attentions
    for head in store.heads:
        own = attentions[head.layer][0, head.index].detach()
        np.testing.assert_allclose(store.read(head, [0])[0], own, atol=2e-3)
        np.testing.assert_allclose(pattern_on(loaded, head, ids[0]), own, atol=2e-3)
    for head in set(whole.heads) - set(store.heads):
        with pytest.raises(InputError, match=rf"there is no head {head} here; they go from L\dH0 to L\dH\d"):
            store.read(head, [0])


@UNEVEN
def test_an_extraction_goes_on(counts: Counts, with_heads: Callable[[Counts], LoadedModel], tmp_path: Path) -> None:
    loaded = with_heads(counts)
    ids = encode(loaded, TEXTS, 20)
    extract(loaded, ids, tmp_path, batch_size=2)
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    removed, _ = kept.popitem()
    removed.unlink()
    told: list[int] = []
    assert extract(loaded, ids, tmp_path, progress=lambda done, _: told.append(done)).holds(ids)
    assert 0 < told[0] < len(ids)
    assert all(path.stat().st_mtime_ns == before for path, before in kept.items())


def test_patterns_of_as_many_heads_in_other_layers_are_made_anew(
    with_heads: Callable[[Counts], LoadedModel], tmp_path: Path
) -> None:
    ids = encode(with_heads((4, 2, 1)), TEXTS, 20)
    extract(with_heads((4, 2, 1)), ids, tmp_path)
    extract(with_heads((1, 2, 4)), ids, tmp_path)
    assert open_store(tmp_path).heads == heads_of((1, 2, 4))


@UNEVEN
def test_every_head_has_scores(counts: Counts, with_heads: Callable[[Counts], LoadedModel], whole: LoadedModel) -> None:
    embeddings = whole.model.get_input_embeddings().weight.detach()
    table = TokenTable.from_tokenizer(whole.tokenizer, len(embeddings))
    splits: list[Split] = ["train", "train", "train", "validation", "test"]
    material = Material.build(
        Path(), table, embeddings, encode(whole, TEXTS, 40), splits, causal=True, windows=whole.windows
    )
    every = measure_scores(whole, material, 40, 0)
    some = measure_scores(with_heads(counts), material, 40, 0)
    assert some == {head: every[head] for head in heads_of(counts)}


def test_material_has_the_patterns_of_every_head(tmp_path: Path) -> None:
    programs: Any = [
        [parse(f"-{slope} * pair.distance") for slope in slopes] for slopes in ([0.1, 2.0, 0.4], [], [1.0])
    ]
    lists = random_lists(6)
    splits: list[Split] = ["train", "train", "validation", "validation", "test", "test"]
    material = material_with(tmp_path, programs, lists, splits, windows=(None, None, 4))
    heads = open_store(tmp_path).heads
    assert heads == heads_of((3, 0, 1))
    assert material.by_window(heads) == [heads[:3], heads[3:]]
    for head in heads[:3]:
        expected = made_by(programs[head.layer][head.index], batch(lists))
        np.testing.assert_allclose(HeadData(material, head).patterns(range(6)), expected, atol=1e-3)


def test_heads_are_chosen_from_those_that_there_are() -> None:
    available = heads_of((3, 0, 1))
    assert select_heads(available, ["L0-L1"]) == heads_of((3,))
    assert select_heads(available, ["L0H2,L2"]) == [Head(0, 2), Head(2, 0)]
    for absent in ("L1", "L2H1"):
        with pytest.raises(InputError, match=f"no head {absent} here; .* L0H0 to L2H0, not as many in every layer"):
            select_heads(available, [absent])
