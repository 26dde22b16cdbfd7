"""Loading models: what is read from them, how their texts begin, and which are refused."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from huggingface_hub import constants
from transformers import PreTrainedTokenizerFast

from surrogates.errors import InputError
from surrogates.library.heads import Head
from surrogates.running.architectures.intercepting import attention_modules
from surrogates.running.architectures.kinds import is_causal
from surrogates.running.facts import layer_facts
from synth.models import describe_model, encode, load_model
from tests.tiny_models import CONTEXT, DECODERS, ENCODERS, TEXTS, VOCABULARY, WINDOW, tiny_model, tiny_tokenizer

SMALL: dict[str, Any] = {"hidden_size": 32, "vocab_size": VOCABULARY, "num_hidden_layers": 2, "num_attention_heads": 4}


def save(kind: str, folder: Path) -> str:
    transformers.utils.logging.disable_progress_bar()
    tiny_model(kind).save_pretrained(folder)
    tiny_tokenizer(kind).save_pretrained(folder)
    return str(folder)


@pytest.mark.parametrize("kind", DECODERS + ENCODERS)
def test_every_architecture_loads_from_its_folder(kind: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    name = save(kind, tmp_path)
    capfd.readouterr()
    loaded = load_model(name)
    assert capfd.readouterr() == ("", "")
    assert loaded.causal == (kind in DECODERS)
    assert loaded.heads == [Head(layer, index) for layer in range(2) for index in range(4)]
    shared = kind in ("llama", "mistral", "gemma2", "qwen2", "qwen3")
    assert [facts.reads for facts in layer_facts(loaded.model)] == [(0, 0, 1, 1) if shared else (0, 1, 2, 3)] * 2
    windows = {"mistral": (WINDOW, WINDOW), "gemma2": (WINDOW, None), "gpt_neo": (None, WINDOW)}
    assert loaded.windows == windows.get(kind, (None, None))
    # RoBERTa's positions start after the padding token's id, 1.
    assert loaded.context == (CONTEXT - 2 if kind == "roberta" else CONTEXT)
    assert not loaded.model.training
    ids = torch.tensor(encode(loaded, TEXTS[:1], 8))
    original = tiny_model(kind).base_model(input_ids=ids)[0]
    torch.testing.assert_close(loaded.model.base_model(input_ids=ids)[0], original)


def test_dtype_is_the_one_asked_for(tmp_path: Path) -> None:
    assert load_model(save("llama", tmp_path), dtype="bfloat16").model.dtype == torch.bfloat16


@pytest.mark.parametrize(
    ("kind", "bos", "start"),
    [
        ("llama", None, "<s>"),  # the tokenizer adds it
        ("llama", True, "<s>"),
        ("llama", False, None),
        ("gpt_neo", None, "</s>"),  # the tokenizer knows it but does not add it
        ("gpt_neo", True, "</s>"),
        ("gpt_neo", False, None),
        ("bert", None, "<s>"),
    ],
)
@pytest.mark.parametrize("spelled_out", [False, True])
def test_a_text_starts_with_one_bos_or_none(kind: str, bos: bool | None, start: str | None, spelled_out: bool) -> None:
    loaded = describe_model(kind, tiny_model(kind), tokenizer := tiny_tokenizer(kind), bos=bos)
    text = tokenizer.bos_token + TEXTS[0] if spelled_out and loaded.causal else TEXTS[0]
    plain = tokenizer(TEXTS[0], add_special_tokens=False)["input_ids"]
    front = [] if start is None else [tokenizer.convert_tokens_to_ids(start)]
    assert encode(loaded, [text], CONTEXT) == [front + plain + ([] if loaded.causal else [tokenizer.eos_token_id])]
    assert loaded.add_bos == (kind != "bert" and start is not None)


@pytest.mark.parametrize("options", [{}, {"add_bos_token": False}])
def test_a_bos_that_is_never_added_starts_texts_only_where_it_is_the_eos_too(options: dict[str, bool]) -> None:
    backend = tiny_tokenizer("gpt2").backend_tokenizer  # which adds none
    own = PreTrainedTokenizerFast(tokenizer_object=backend, bos_token="<s>", eos_token="</s>", **options)
    shared = PreTrainedTokenizerFast(tokenizer_object=backend, bos_token="</s>", eos_token="</s>", **options)
    none = PreTrainedTokenizerFast(tokenizer_object=backend, eos_token="</s>")
    model = tiny_model("llama")
    loaded = [describe_model("x", model, each) for each in (own, shared, none)]
    assert [each.add_bos for each in loaded] == [False, True, False]
    assert [each.start for each in loaded] == [
        "texts start without a BOS: the tokenizer names <s> as one and never adds it",
        "texts start with </s>: the tokenizer does not add it, but it is the EOS, which parts documents",
        "texts start without a BOS: the tokenizer has none",
    ]
    assert describe_model("x", model, own, bos=True).start == "texts start with <s>, as was asked"
    with pytest.raises(InputError, match="no BOS token"):
        describe_model("x", model, none, bos=True)
    with pytest.raises(InputError, match="encoder"):
        describe_model("x", tiny_model("bert"), tiny_tokenizer("bert"), bos=True)


@pytest.mark.parametrize("kind", ["llama", "gpt_neo", "bert"])
def test_texts_are_cut_to_the_tokens_asked_for(kind: str) -> None:
    loaded = describe_model(kind, tiny_model(kind), tiny_tokenizer(kind))
    whole, short = encode(loaded, TEXTS[:1], CONTEXT)[0], encode(loaded, TEXTS[:1], 6)[0]
    assert short == (whole[:6] if loaded.causal else [*whole[:5], whole[-1]])
    assert encode(loaded, [], 6) == []
    with pytest.raises(InputError, match=f"at most {CONTEXT} tokens"):
        encode(loaded, TEXTS, CONTEXT + 1)
    with pytest.raises(InputError, match="at least 1"):
        encode(loaded, TEXTS, 0)


def test_tokens_the_model_does_not_know_are_refused() -> None:
    tokenizer = tiny_tokenizer()
    tokenizer.add_tokens(["<ball>"])
    with pytest.raises(InputError, match=f"gives token {VOCABULARY}"):
        encode(describe_model("x", tiny_model("llama"), tokenizer), ["a <ball>"], 8)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (transformers.BloomConfig(hidden_size=32, n_layer=2, n_head=4, vocab_size=99), "bloom attention cannot be"),
        (transformers.FalconConfig(**SMALL), "falcon attention cannot be intercepted"),
        (transformers.MptConfig(d_model=32, n_layers=2, n_heads=4, vocab_size=99), "mpt attention cannot be"),
        (transformers.MambaConfig(hidden_size=32, num_hidden_layers=2, vocab_size=99), "has no attention"),
    ],
)
def test_attention_that_cannot_be_intercepted_is_refused(config: Any, message: str) -> None:
    with torch.device("meta"):
        model = transformers.AutoModelForCausalLM.from_config(config)
    with pytest.raises(InputError, match=message):
        attention_modules(model)


def test_layers_that_share_one_attention_are_refused() -> None:
    config = transformers.AlbertConfig(**SMALL, intermediate_size=48, embedding_size=16)
    with pytest.raises(InputError, match="1 attention modules serve 2 layers"):
        layer_facts(transformers.AlbertModel(config))


def test_a_multimodal_model_is_read_by_its_text_part() -> None:
    config = transformers.Gemma3Config(
        text_config=SMALL | {"intermediate_size": 48, "head_dim": 8, "num_key_value_heads": 2},
        vision_config={"hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 48},
    )
    with torch.device("meta"):
        model = transformers.AutoModelForCausalLM.from_config(config)
    assert is_causal(config)
    assert [type(module).__name__ for module in attention_modules(model)] == ["Gemma3Attention"] * 2


@pytest.mark.parametrize("config", [transformers.T5Config(), transformers.BartConfig()])
def test_encoder_decoders_are_refused(config: Any, tmp_path: Path) -> None:
    config.save_pretrained(tmp_path)
    with pytest.raises(InputError, match="encoder-decoder"):
        load_model(str(tmp_path))


def test_a_model_that_is_not_of_text_is_refused(tmp_path: Path) -> None:
    transformers.ViTConfig().save_pretrained(tmp_path)
    with pytest.raises(InputError, match="vit is neither"):
        load_model(str(tmp_path))


def test_missing_weights_are_refused(tmp_path: Path) -> None:
    transformers.utils.logging.disable_progress_bar()
    tiny_model("llama").base_model.save_pretrained(tmp_path)  # without the language model's head
    tiny_tokenizer().save_pretrained(tmp_path)
    with pytest.raises(InputError, match=r"lacks 1 of the weights .*lm_head"):
        load_model(str(tmp_path))


def test_damaged_and_missing_files_are_one_line(tmp_path: Path) -> None:
    name = save("llama", tmp_path)
    weights = tmp_path / "model.safetensors"
    whole = weights.read_bytes()
    for damaged in (whole[: len(whole) // 2], b"not weights", b""):
        weights.write_bytes(damaged)
        with pytest.raises(InputError, match="cannot load the weights") as caught:
            load_model(name)
        assert "\n" not in str(caught.value)
    weights.unlink()
    with pytest.raises(InputError, match="cannot load the weights"):
        load_model(name)
    weights.write_bytes(whole)
    for file in tmp_path.glob("tokenizer*"):
        file.unlink()
    with pytest.raises(InputError, match="tokenizer"):
        load_model(name)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(InputError, match="cannot load the model"):
        load_model(name)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "nothing-known"}))
    with pytest.raises(InputError, match="nothing-known"):
        load_model(name)
    (tmp_path / "config.json").unlink()
    with pytest.raises(InputError, match=r"no config\.json"):
        load_model(name)


def _changed(file: str, **entries: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / file
        whole = json.loads(path.read_text()) | entries
        path.write_text(json.dumps({name: value for name, value in whole.items() if value is not None}))

    return change


def _without_tokenizer(folder: Path) -> None:
    for file in folder.glob("tokenizer*"):
        file.unlink()


def _with_code_of_its_own(folder: Path) -> None:
    _changed("config.json", model_type="mystery", auto_map={"AutoConfig": "configuration.C"})(folder)
    (folder / "configuration.py").write_text("raise SystemExit('it was run')")


def _with_a_tokenizer_of_its_own(folder: Path) -> None:
    _changed("tokenizer_config.json", tokenizer_class="T", auto_map={"AutoTokenizer": ["tokenization.T", None]})(folder)
    (folder / "tokenization.py").write_text("raise SystemExit('it was run')")


def _with_a_model_file(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()
    _changed("tokenizer_config.json", tokenizer_class="PreTrainedTokenizerFast")(folder)
    (folder / "tiktoken.model").write_text("IQ== 0")


def _pointer(file: str) -> Callable[[Path], object]:
    return lambda folder: (folder / file).write_text("version https://git-lfs.github.com/spec/v1\nsize 7\n")


def _link_to_nothing(file: str) -> Callable[[Path], object]:
    """As the hub's cache has it when its blobs were cleared away."""

    def change(folder: Path) -> None:
        (folder / file).unlink()
        (folder / file).symlink_to(folder / "gone")

    return change


_UNLOADABLE: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "code of its own": (_with_code_of_its_own, "code from its own repository, which is not run", "choose a model that"),
    "a tokenizer of its own": (_with_a_tokenizer_of_its_own, "code from its own repository", "choose a model that"),
    "an unknown architecture": (
        _changed("config.json", model_type="mystery"),
        "does not know the architecture mystery",
        "update transformers, or choose another model",
    ),
    "no type": (_changed("config.json", model_type=None), "no model_type", "give the folder or the name of a whole"),
    "heads that do not fit": (
        _changed("config.json", num_attention_heads=3),
        "not a multiple of the number of attention heads",  # which stands in the second line of what was said
        "mend its config.json",
    ),
    "other shapes": (_changed("config.json", intermediate_size=77), "other shapes", "whose config.json is its own"),
    "a quantized model": (
        _changed("config.json", quantization_config={"quant_method": "gptq", "bits": 4}),
        "requires",
        "install what that names, or choose a model that is not quantized",
    ),
    "no tokenizer": (_without_tokenizer, "neither a tokenizer.json", "put its tokenizer files beside its weights"),
    "a damaged tokenizer": (
        lambda folder: (folder / "tokenizer.json").write_text("{"),
        "line 1 column 2",
        "fetch its tokenizer files again",
    ),
    "weights left with Git": (_pointer("model.safetensors"), "model.safetensors is a pointer of", "`git lfs pull`"),
    "a tokenizer left with Git": (_pointer("tokenizer.json"), "tokenizer.json is a pointer of", "`git lfs pull`"),
    "a link to weights that are gone": (
        _link_to_nothing("model.safetensors"),
        "is a link to a file that is not there",
        "fetch the model again",
    ),
    "a configuration left with Git": (_pointer("config.json"), "config.json is a pointer of", "`git lfs pull`"),
}


@pytest.mark.parametrize("kind", _UNLOADABLE)
def test_the_remedy_fits_the_reason(kind: str, tmp_path: Path) -> None:
    change, reason, remedy = _UNLOADABLE[kind]
    folder = tmp_path / "a quantized one"  # its name is no reason
    folder.mkdir()
    name = save("llama", folder)
    change(folder)
    with pytest.raises(InputError) as caught:
        load_model(name)
    said, _, to_do = str(caught.value).partition("; ")
    assert reason in said
    assert remedy in to_do
    assert str(caught.value).isprintable()
    assert "network" not in to_do


def test_a_tokenizer_that_needs_a_package_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = save("llama", tmp_path)
    _with_a_model_file(tmp_path)
    monkeypatch.setitem(sys.modules, "tiktoken", None)  # as where it is not installed
    with pytest.raises(InputError, match=r"needs a package .*; install it by `pip install sentencepiece tiktoken`"):
        load_model(name)


@pytest.mark.parametrize("name", ["/no/such/folder", "./nowhere", "a/b/c"])
def test_a_folder_that_is_not_there_is_one_line(name: str) -> None:
    with pytest.raises(InputError, match="no model folder"):
        load_model(name)


def test_an_unknown_name_without_network_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(InputError, match="check its name and your network") as caught:
        load_model("nobody/no-such-model")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dtype": "int8"}, "choose one of float32, float16, bfloat16"),
        ({"device": "gpu"}, "unknown device"),
        ({"device": "meta"}, "not available"),
    ],
)
def test_bad_dtypes_and_devices_are_one_line(options: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        load_model("nobody/no-such-model", **options)  # type: ignore[arg-type]


def test_a_folder_beside_the_weights_does_not_hinder(tmp_path: Path) -> None:
    name = save("llama", tmp_path)
    (tmp_path / "checkpoints.bin").mkdir()
    assert load_model(name).heads
