"""The attention store: what it holds equals the model's own patterns, and it survives what happens to disks."""

import errno
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import synth.shards
from surrogates.errors import InputError
from surrogates.library.heads import Head
from synth.attention import AttentionStore, extract
from synth.models import LoadedModel, describe_model, encode
from synth.shards import visible_cells
from tests.synth.stored import read_layer
from tests.tiny_models import CONTEXT, DECODERS, ENCODERS, TEXTS, tiny_model, tiny_tokenizer


def load(kind: str = "llama") -> LoadedModel:
    return describe_model(kind, tiny_model(kind), tiny_tokenizer(kind))


def text_ids(loaded: LoadedModel) -> list[list[int]]:
    return [*encode(loaded, TEXTS, 20), *encode(loaded, TEXTS[:2], 3)]


def shards(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def llama() -> LoadedModel:
    return load()


@pytest.mark.parametrize("kind", DECODERS + ENCODERS)
def test_stored_patterns_are_the_models_own(kind: str, tmp_path: Path) -> None:
    loaded = load(kind)
    ids = text_ids(loaded)
    store = extract(loaded, ids, tmp_path, batch_size=3)
    for text, row in enumerate(ids):
        own = loaded.model(torch.tensor([row]), output_attentions=True).attentions  # alone, so without padding
        for layer in range(len(loaded.windows)):
            stored = read_layer(store, layer, [text])
            np.testing.assert_allclose(stored[:, 0], own[layer][0].detach().numpy(), atol=1e-3)
            np.testing.assert_allclose(stored.sum(-1), 1, atol=1e-5)
            visible = store.visible(layer, [text])[0]
            assert not stored[:, 0][:, ~visible].any()
            assert (own[layer][0].detach().numpy()[:, ~visible] < 1e-6).all()


def test_a_head_is_read_as_its_layer_holds_it(llama: LoadedModel, tmp_path: Path) -> None:
    ids = text_ids(llama)
    store = extract(llama, ids, tmp_path, batch_size=2)
    asked = [6, 0, 3, 0]
    layer = read_layer(store, 1, asked)
    longest = max(len(ids[text]) for text in asked)
    assert layer.shape == (4, 4, longest, longest)
    for index in range(4):
        head = store.read(Head(1, index), asked)
        assert head.dtype == np.float32
        np.testing.assert_array_equal(head, layer[index])
    assert not layer[:, 0, len(ids[6]) :].any()  # padding rows
    assert store.texts == list(range(len(ids)))
    assert [store.length(text) for text in store.texts] == [len(row) for row in ids]
    assert store.read(Head(0, 0), []).shape == (0, 0, 0)


@given(length=st.integers(1, 12), causal=st.booleans(), window=st.none() | st.integers(1, 14))
@settings(derandomize=True, deadline=None)
def test_visible_cells_follow_their_definition(length: int, causal: bool, window: int | None) -> None:
    visible = visible_cells([length], causal, window)[0]
    for query in range(length):
        for key in range(length):
            distance = query - key
            expected = (distance >= 0 or not causal) and (window is None or abs(distance) < window)
            assert visible[query, key] == expected


def test_only_visible_cells_are_stored_in_half_precision(llama: LoadedModel, tmp_path: Path) -> None:
    ids = text_ids(llama)
    extract(llama, ids, tmp_path, batch_size=100)
    cells = sum(len(row) * (len(row) + 1) // 2 for row in ids)
    stored = next(tmp_path.iterdir()).stat().st_size
    assert 0 <= stored - 2 * len(llama.heads) * cells < 2000


def test_an_interrupted_extraction_goes_on(llama: LoadedModel, tmp_path: Path) -> None:
    ids = text_ids(llama)

    def stop(done: int, _total: int) -> None:
        if done >= 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        extract(llama, ids, tmp_path, batch_size=2, progress=stop)
    before = shards(tmp_path)
    assert len(before) == 2
    told: list[tuple[int, int]] = []
    store = extract(llama, ids, tmp_path, batch_size=3, progress=lambda *counts: told.append(counts))
    assert told == [(4, 7), (7, 7)]
    assert before.items() <= shards(tmp_path).items()
    whole = extract(llama, ids, tmp_path / "whole")
    np.testing.assert_allclose(read_layer(store, 0, range(7)), read_layer(whole, 0, range(7)), atol=1e-3)
    finished = shards(tmp_path)
    extract(llama, ids, tmp_path)
    assert shards(tmp_path) == finished


def test_patterns_of_other_texts_or_models_are_not_mixed_in(llama: LoadedModel, tmp_path: Path) -> None:
    ids = text_ids(llama)
    extract(llama, ids, tmp_path)
    before = shards(tmp_path)
    with pytest.raises(InputError, match="other texts or another model"):
        extract(llama, [*ids[:-1], ids[0]], tmp_path)
    with pytest.raises(InputError, match="other texts or another model"):
        extract(load("mistral"), ids, tmp_path)
    other = tiny_model("llama")
    with torch.no_grad():
        other.get_output_embeddings().weight += 1
    with pytest.raises(InputError, match="other texts or another model"):
        extract(describe_model("other", other, tiny_tokenizer()), ids, tmp_path)
    assert shards(tmp_path) == before


@pytest.mark.parametrize("keep", [0, 5, 0.5])
def test_a_damaged_shard_is_named_and_replaced(llama: LoadedModel, tmp_path: Path, keep: float) -> None:
    ids = text_ids(llama)
    expected = read_layer(extract(llama, ids, tmp_path, batch_size=4), 1, range(7))
    shard = sorted(tmp_path.iterdir())[0]
    whole = shard.read_bytes()
    shard.write_bytes(whole[: int(keep * len(whole)) if keep < 1 else int(keep)])
    with pytest.raises(InputError, match=shard.name):
        read_layer(AttentionStore(tmp_path), 1, range(7))
    again = extract(llama, ids, tmp_path, batch_size=4)
    np.testing.assert_array_equal(read_layer(again, 1, range(7)), expected)


def test_a_full_disk_is_one_line_and_the_store_stays_usable(
    llama: LoadedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = text_ids(llama)
    save_file = synth.shards.save_file
    written = 0

    def fill_up(arrays: Any, path: Path, **options: Any) -> None:
        nonlocal written
        written += 1
        if written > 1:
            path.write_bytes(b"half a shard")
            raise OSError(errno.ENOSPC, "No space left on device")
        save_file(arrays, path, **options)

    monkeypatch.setattr(synth.shards, "save_file", fill_up)
    with pytest.raises(InputError, match=r"No space left on device.*free some space") as caught:
        extract(llama, ids, tmp_path, batch_size=4)
    assert "\n" not in str(caught.value)
    assert list(shards(tmp_path)) == ["shard_00000.safetensors"]
    monkeypatch.undo()
    store = AttentionStore(tmp_path)
    assert len(store.texts) == 4
    assert store.read(Head(0, 0), store.texts).shape[0] == 4
    assert extract(llama, ids, tmp_path).texts == list(range(7))


def test_a_folder_that_cannot_be_made_is_one_line(llama: LoadedModel, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write"):
        extract(llama, text_ids(llama), tmp_path / "file")


def test_what_a_kill_left_behind_is_cleared(llama: LoadedModel, tmp_path: Path) -> None:
    (tmp_path / ".unfinished").mkdir()
    (tmp_path / ".unfinished" / "shard_00000.safetensors").write_bytes(b"half a shard")
    extract(llama, text_ids(llama), tmp_path)
    assert list(shards(tmp_path)) == ["shard_00000.safetensors"]


def test_what_the_store_lacks_is_one_line(llama: LoadedModel, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no attention patterns"):
        AttentionStore(tmp_path).read(Head(0, 0), [0])
    store = extract(llama, text_ids(llama), tmp_path)
    for head, texts, message in [
        (Head(2, 0), [0], "no layer 2"),
        (Head(0, 4), [0], "no head L0H4"),
        (Head(0, 0), [7], "no patterns of text 7"),
    ]:
        with pytest.raises(InputError, match=message):
            store.read(head, texts)


def test_texts_the_model_cannot_read_are_refused(llama: LoadedModel, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="text 1 has no tokens"):
        extract(llama, [[1, 5], []], tmp_path)
    with pytest.raises(InputError, match=f"text 0 has {CONTEXT + 1} tokens"):
        extract(llama, [[1] * (CONTEXT + 1)], tmp_path)
    with pytest.raises(InputError, match="at least 1"):
        extract(llama, [[1, 5]], tmp_path, batch_size=0)


def test_values_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    loaded = load()
    with torch.no_grad():
        loaded.model.get_input_embeddings().weight[5] = float("nan")
    with pytest.raises(InputError, match="not finite"):
        extract(loaded, [[1, 5, 6]], tmp_path)
    assert shards(tmp_path) == {}
