"""Shards that hold what no extraction writes are named when read, and replaced when the extraction goes on."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.numpy import save_file

import synth.attention
from surrogates.errors import InputError
from surrogates.library.heads import Head
from synth.attention import AttentionStore, extract
from synth.fingerprint import model_fingerprint
from synth.models import LoadedModel, describe_model, encode, load_model
from tests.synth.stored import read_layer
from tests.synth.tiny_runs import call, save_model
from tests.tiny_models import CONTEXT, DECODERS, ENCODERS, TEXTS, tiny_model, tiny_tokenizer

Contents = tuple[dict[str, np.ndarray], dict[str, str]]


@pytest.fixture(scope="module")
def tiny() -> LoadedModel:
    return describe_model("llama", tiny_model("llama"), tiny_tokenizer("llama"))


def rewrite(shard: Path, change: Callable[[dict[str, np.ndarray], dict[str, str]], Any]) -> None:
    with safe_open(shard, framework="np") as file:
        arrays = {name: file.get_tensor(name).copy() for name in file.keys()}  # noqa: SIM118 - it is no dict
        metadata = dict(file.metadata())
    change(arrays, metadata)
    save_file(arrays, shard, metadata=metadata)


def cell(value: float) -> Callable[..., None]:
    def change(arrays: dict[str, np.ndarray], _metadata: dict[str, str]) -> None:
        arrays["layer_001"][2, 5] = value

    return change


def array(name: str, make: Callable[[np.ndarray], np.ndarray]) -> Callable[..., None]:
    return lambda arrays, _metadata: arrays.__setitem__(name, np.ascontiguousarray(make(arrays[name])))


def described(name: str, value: str | None) -> Callable[..., None]:
    return lambda _arrays, metadata: metadata.pop(name) if value is None else metadata.__setitem__(name, value)


@pytest.mark.parametrize(
    "change",
    [
        *[cell(value) for value in (np.nan, np.inf, -np.inf, -0.25, 1.5, 60000.0)],
        array("layer_001", lambda a: a[:, :-1]),
        array("layer_001", lambda a: a[:2]),
        array("layer_001", lambda a: a.astype(np.float32)),
        array("layer_001", lambda a: a[0]),
        array("layer_000", lambda a: a[0, 0]),
        lambda arrays, _: arrays.pop("layer_001"),
        lambda arrays, _: arrays.pop("lengths"),
        array("lengths", lambda a: a.astype(np.float64)),
        array("lengths", lambda a: a - 100),
        array("lengths", lambda a: a * 10**9),
        array("lengths", lambda a: a[:-1]),
        array("lengths", lambda a: a[::-1] + np.arange(len(a))),
        array("texts", lambda a: a[:, None]),
        array("texts", lambda a: a * 0),
        array("texts", lambda a: a.astype(np.int32)),
        described("causal", None),
        described("windows", None),
        described("causal", "1"),
        described("causal", "no"),
        described("windows", "[" * 100_000),
        described("windows", "[" + "9" * 5000 + ", null]"),
        described("windows", '["x", null]'),
        described("windows", "[]"),
        described("windows", "[null, null, null]"),
        described("heads", "[4]"),
        described("heads", "[4, 3]"),
        described("heads", "[4, 5]"),
        described("heads", "[4, -4]"),
        described("heads", "[0, 0]"),
        described("heads", "[true, 4]"),
        described("heads", "4"),
        described("heads", None),
        described("rounded", "1e999"),
        described("rounded", "null"),
    ],
)
def test_a_wrong_shard_is_named_and_replaced(change: Callable[..., Any], tiny: LoadedModel, tmp_path: Path) -> None:
    ids = encode(tiny, TEXTS, 20)
    numbers = range(len(ids))
    expected = read_layer(extract(tiny, ids, tmp_path, batch_size=100), 1, numbers)
    (shard,) = tmp_path.iterdir()
    rewrite(shard, change)
    with pytest.raises(InputError, match=rf"{shard.name} is damaged \(.*\); run the extraction again") as caught:
        read_layer(AttentionStore(tmp_path), 1, numbers)
    assert "\n" not in str(caught.value)
    np.testing.assert_array_equal(read_layer(extract(tiny, ids, tmp_path, batch_size=100), 1, numbers), expected)


@pytest.mark.parametrize(
    ("unnoted", "told"),
    [(("heads", "rounded"), "how many heads each layer has"), (("heads", "rounded", "model"), "the model's weights")],
)
def test_a_shard_of_an_earlier_version_is_told_and_replaced(
    unnoted: tuple[str, ...], told: str, tiny: LoadedModel, tmp_path: Path
) -> None:
    ids = encode(tiny, TEXTS, 20)
    expected = read_layer(extract(tiny, ids, tmp_path), 1, range(len(ids)))
    for name in unnoted:
        rewrite(next(tmp_path.iterdir()), described(name, None))
    with pytest.raises(
        InputError, match=rf"safetensors is of an earlier version, which did not note {told}; run the extraction again"
    ) as caught:
        read_layer(AttentionStore(tmp_path), 1, range(len(ids)))
    assert "damaged" not in str(caught.value)
    np.testing.assert_array_equal(read_layer(extract(tiny, ids, tmp_path), 1, range(len(ids))), expected)


@pytest.mark.parametrize("foreign", [0, 1])
@pytest.mark.parametrize("what", ["model", "texts"])
def test_a_shard_of_another_run_is_told_and_the_advice_works(
    what: str, foreign: int, tiny: LoadedModel, tmp_path: Path
) -> None:
    ids = encode(tiny, TEXTS, 20)
    expected = read_layer(extract(tiny, ids, tmp_path, batch_size=3), 1, range(len(ids)))
    first, second = sorted(tmp_path.iterdir())
    rewrite((first, second)[foreign], described(what, "another"))
    with pytest.raises(
        InputError, match=rf"{second.name} holds .* than \S*{first.name}; remove the one that is not of"
    ):
        read_layer(AttentionStore(tmp_path), 1, range(len(ids)))
    with pytest.raises(InputError, match="other texts or another model"):
        extract(tiny, ids, tmp_path)
    (first, second)[foreign].unlink()
    again = read_layer(extract(tiny, ids, tmp_path), 1, range(len(ids)))
    np.testing.assert_allclose(again, expected, atol=1e-3)


def test_one_head_is_read_although_another_is_damaged(tiny: LoadedModel, tmp_path: Path) -> None:
    store = extract(tiny, encode(tiny, TEXTS, 20), tmp_path)
    rewrite(next(tmp_path.iterdir()), cell(np.nan))
    assert np.isfinite(store.read(Head(1, 1), [0])).all()
    with pytest.raises(InputError, match="layer 1 has values that are not between 0 and 1"):
        store.read(Head(1, 2), [0])


@pytest.mark.parametrize(
    "change",
    [
        array("texts", lambda a: a + 100),  # of no text in the run
        array("texts", lambda a: -1 - a),
        array("texts", lambda a: a[::-1]),  # other texts' lengths
        described("causal", "false"),
    ],
)
def test_a_shard_of_something_else_is_replaced(change: Callable[..., Any], tiny: LoadedModel, tmp_path: Path) -> None:
    ids = [[1, *range(5, 5 + number)] for number in range(1, 5)]
    expected = read_layer(extract(tiny, ids, tmp_path), 1, range(4))
    rewrite(next(tmp_path.iterdir()), change)
    np.testing.assert_array_equal(read_layer(extract(tiny, ids, tmp_path), 1, range(4)), expected)


def test_two_shards_with_the_same_text_are_told_and_mended(tiny: LoadedModel, tmp_path: Path) -> None:
    ids = encode(tiny, TEXTS, 20)
    expected = read_layer(extract(tiny, ids, tmp_path, batch_size=2), 0, range(len(ids)))
    first, second, *_ = sorted(tmp_path.iterdir())
    second.write_bytes(first.read_bytes())
    with pytest.raises(InputError, match=rf"{second.name} is damaged \(text \d is in {first.name} too\); run the"):
        read_layer(AttentionStore(tmp_path), 0, [0])
    again = read_layer(extract(tiny, ids, tmp_path, batch_size=2), 0, range(len(ids)))
    np.testing.assert_allclose(again, expected, atol=1e-3)


def test_what_is_no_file_or_no_shard_does_not_hinder(tiny: LoadedModel, tmp_path: Path) -> None:
    ids = encode(tiny, TEXTS, 20)
    os.mkfifo(tmp_path / "shard_00007.safetensors")
    (tmp_path / "shard_of_mine.safetensors").write_text("notes")
    with pytest.raises(InputError, match=r"shard_00007\.safetensors: it is no file; run the extraction again"):
        read_layer(AttentionStore(tmp_path), 0, [0])
    assert extract(tiny, ids, tmp_path).texts == list(range(len(ids)))
    assert (tmp_path / "shard_of_mine.safetensors").read_text() == "notes"


@pytest.mark.parametrize("value", [float("nan"), -0.5, 1.5])
def test_what_is_no_weight_is_never_written(
    value: float, tiny: LoadedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack = synth.attention.pack

    def spoiled(weights: torch.Tensor, *rest: Any) -> np.ndarray:
        weights = weights.clone()
        weights[0, 0, 0, 0] = value
        return pack(weights, *rest)

    monkeypatch.setattr(synth.attention, "pack", spoiled)
    with pytest.raises(InputError, match="not finite or no weights"):
        extract(tiny, encode(tiny, TEXTS, 20), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_run_names_the_shard_and_the_advice_works(
    run: Path, again: Callable[..., tuple], capsys: pytest.CaptureFixture[str]
) -> None:
    shard = sorted((run / "attention").iterdir())[0]
    rewrite(shard, lambda arrays, _: arrays["layer_000"].fill(np.nan))
    outcome = call(capsys, "inspect", run, "L0H0")
    assert outcome.code == 2
    assert f"{shard.name} is damaged" in outcome.err
    assert "`headsynth synthesize`" in outcome.err
    assert call(capsys, *again(run)).code == 0
    assert call(capsys, "inspect", run, "L0H0").code == 0


# Other weights.


def weights(model: Any) -> dict[str, torch.Tensor]:
    return dict(model.named_parameters())


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_one_changed_value_anywhere_is_another_model(dtype: torch.dtype, tmp_path: Path) -> None:
    model = tiny_model("llama").to(dtype)
    loaded = describe_model("llama", model, tiny_tokenizer("llama"))
    ids = encode(loaded, TEXTS, 20)
    extract(loaded, ids, tmp_path)
    before = sorted(path.read_bytes() for path in tmp_path.iterdir())
    for name, weight in weights(model).items():
        with torch.no_grad():
            kept = weight.flatten()[-1].clone()
            weight.view(-1)[-1] += 0.5
            with pytest.raises(InputError, match="another model: the weights are not those of llama now"):
                extract(loaded, ids, tmp_path)
            weight.view(-1)[-1] = kept
        assert name
    assert extract(loaded, ids, tmp_path).texts == list(range(len(ids)))
    assert sorted(path.read_bytes() for path in tmp_path.iterdir()) == before


def test_what_is_computed_from_the_configuration_may_have_another_name(tiny: LoadedModel, tmp_path: Path) -> None:
    ids = encode(tiny, TEXTS, 20)
    expected = extract(tiny, ids, tmp_path).model
    other = tiny_model("llama")
    other.model.rotary_emb.register_buffer("frequencies", other.model.rotary_emb.inv_freq, persistent=False)
    renamed = describe_model("llama", other, tiny_tokenizer("llama"))
    assert extract(renamed, ids, tmp_path).model == model_fingerprint(renamed) == expected


def test_a_run_whose_model_was_trained_on_is_refused(
    again: Callable[..., tuple], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, run = tmp_path / "model", tmp_path / "run"
    model, tokenizer = tiny_model("llama"), tiny_tokenizer("llama")
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    command = again(run, "--heads", "L0H0", "--max-terms", "1", model=str(folder))
    assert call(capsys, *command).code == 0
    assert call(capsys, "evaluate", run, "--fractions", "100").code == 0
    config = json.loads((folder / "config.json").read_text())
    with torch.no_grad():
        weights(model)["model.layers.1.mlp.down_proj.weight"][-1, -1] += 0.01
    model.save_pretrained(folder)
    assert json.loads((folder / "config.json").read_text()) == config
    outcome = call(capsys, "evaluate", run, "--fractions", "100")
    assert (outcome.code, outcome.out) == (2, "")
    assert "the weights of " in outcome.err.splitlines()[-1]
    assert "are not those that" in outcome.err.splitlines()[-1]
    assert "effect of each head" not in outcome.err
    outcome = call(capsys, *command)
    assert outcome.code == 2
    assert "bring them back or start a new run directory" in outcome.err.splitlines()[-1]


# Another configuration.


def changed(**settings: Any) -> Any:
    model = tiny_model("llama")
    config = type(model.config)(**model.config.to_dict() | settings)
    other = type(model)(config).eval()
    other.load_state_dict(model.state_dict())
    return other


@pytest.mark.parametrize(
    "settings",
    [
        {"rope_parameters": {"rope_theta": 500.0, "rope_type": "default"}},
        {"rms_norm_eps": 0.1},
        {"hidden_act": "relu"},
        {"max_position_embeddings": 2 * CONTEXT},
    ],
)
def test_equal_weights_with_other_settings_are_another_model(
    settings: dict[str, Any], tiny: LoadedModel, tmp_path: Path
) -> None:
    ids = encode(tiny, TEXTS, 20)
    extract(tiny, ids, tmp_path)
    other = describe_model("llama", changed(**settings), tiny.tokenizer)
    with pytest.raises(InputError, match=r"another model: the settings \(config.json\) are not those of llama now"):
        extract(other, ids, tmp_path)


@pytest.mark.parametrize(
    "settings",
    [
        {"use_cache": False, "attention_dropout": 0.5, "initializer_range": 1.0, "pad_token_id": 2, "eos_token_id": 9},
        {"architectures": ["Other"], "name_or_path": "x", "transformers_version": "9", "torch_dtype": "float16"},
        {"id2label": {0: "yes", 1: "no"}, "output_attentions": True},
    ],
)
def test_settings_that_compute_nothing_may_change(settings: dict[str, Any], tiny: LoadedModel) -> None:
    other = describe_model("elsewhere", changed(**settings).float(), tiny.tokenizer)
    assert model_fingerprint(other) == model_fingerprint(tiny)


@pytest.mark.parametrize("kind", [*DECODERS, *ENCODERS])
def test_a_model_keeps_its_fingerprint_on_disk(kind: str, tmp_path: Path) -> None:
    loaded = describe_model(kind, tiny_model(kind), tiny_tokenizer(kind))
    assert model_fingerprint(load_model(save_model(kind, tmp_path))) == model_fingerprint(loaded)


def test_a_run_whose_model_is_configured_otherwise_is_refused(
    run: Path, llama: str, again: Callable[..., tuple], capsys: pytest.CaptureFixture[str]
) -> None:
    """The model's folder stays, and of its files config.json alone is changed."""
    config = Path(llama) / "config.json"
    before, times = config.read_text(), config.stat()
    changed = json.loads(before)
    changed["rope_parameters"]["rope_theta"] = 500.0
    config.write_text(json.dumps(changed))
    try:
        for command in (("evaluate", run, "--fractions", "100"), again(run)):
            outcome = call(capsys, *command)
            assert (outcome.code, outcome.out) == (2, "")
            assert "the settings (config.json) " in outcome.err.splitlines()[-1]
            assert "bring them back or start a new run directory" in outcome.err.splitlines()[-1]
    finally:
        config.write_text(before)
        os.utime(config, ns=(times.st_atime_ns, times.st_mtime_ns))  # other tests share the folder, unchanged
    assert call(capsys, *again(run)).code == 0
