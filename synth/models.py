"""Loading a Hugging Face model and turning texts into the token ids it was trained on."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from huggingface_hub.utils import logging as hub_logging
from torch import nn
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForImageTextToText,
    AutoTokenizer,
    PretrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING, MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING
from transformers.utils import logging

from surrogates.errors import InputError
from surrogates.library.heads import Head
from surrogates.running.architectures.kinds import is_causal
from surrogates.running.facts import layer_facts
from surrogates.running.patching import is_patched
from synth.demo import MODEL_FOLDER
from synth.settings import DEMO_MODEL, Settings
from synth.unloadable import check_fetched, explained

_DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}


@dataclass(frozen=True)
class LoadedModel:
    """A model in evaluation mode, and what extraction must know about it."""

    name: str
    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    causal: bool  # a decoder: queries see only keys at or before them
    heads: list[Head]  # in order
    windows: tuple[int | None, ...]  # per layer: sliding window in tokens, None where attention is full
    add_bos: bool
    start: str  # how texts start and why, to be shown
    context: int | None  # the most tokens the model reads, None where it sets no limit

    @property
    def heads_by_layer(self) -> tuple[int, ...]:
        """How many heads each layer has; 0 where it has no attention."""
        counts = Counter(head.layer for head in self.heads)
        return tuple(counts[layer] for layer in range(len(self.windows)))


def load_for(settings: Settings, device: str) -> LoadedModel:
    """The model that a run was asked for.

    Raises:
        InputError: see :func:`load_model`.
    """
    name = str(MODEL_FOLDER) if settings.model == DEMO_MODEL else settings.model
    revision = settings.revision or None
    return load_model(name, revision=revision, dtype=settings.dtype, device=device, bos=settings.bos_choice)


def load_model(
    name: str,
    *,
    revision: str | None = None,
    dtype: str = "float32",
    device: str = "cpu",
    bos: bool | None = None,
) -> LoadedModel:
    """Load a causal language model or an encoder of the BERT family, by its name on the hub or its folder.

    ``bos`` overrides whether a BOS token is put in front of every text; by default it is, wherever the model was
    trained that way (see ``describe_model``).

    Raises:
        InputError: the model cannot be loaded, is incomplete, or its attention cannot be intercepted.
    """
    if dtype not in _DTYPES:
        raise InputError(f"unknown dtype {dtype!r}; choose one of {', '.join(_DTYPES)}")
    target = device_named(device)
    _check_folder(name)
    unread = (
        "mend its config.json or choose another model" if Path(name).is_dir() else "check its name and your network"
    )
    with quiet(), explained(f"cannot load the model {name}", unread):
        config = AutoConfig.from_pretrained(name, revision=revision, trust_remote_code=False)
    auto = _auto_class(config)
    with quiet(), explained(f"cannot load the weights of {name}", "fetch them again or choose another model"):
        model, info = auto.from_pretrained(
            name,
            config=config,
            revision=revision,
            dtype=_DTYPES[dtype],
            trust_remote_code=False,
            output_loading_info=True,
        )
    # An encoder's pooler comes after all attention, and many checkpoints leave it out. A random one would make another
    # model each time.
    for key in info["missing_keys"]:
        if "pooler" in key:
            torch.nn.init.zeros_(model.get_parameter(key))
    missing = sorted(key for key in info["missing_keys"] if "pooler" not in key)
    if missing:
        raise InputError(
            f"{name} lacks {len(missing)} of the weights of a {type(model).__name__} ({missing[0]}, …), "
            "which would stay random; choose a complete checkpoint"
        )
    with quiet(), explained(f"cannot load the tokenizer of {name}", "fetch its tokenizer files again, or mend them"):
        tokenizer = AutoTokenizer.from_pretrained(name, revision=revision, trust_remote_code=False)
    with explained(f"cannot move {name} to {device}", "choose another --device or a smaller model"):
        model = model.to(target)
    return describe_model(name, model, tokenizer, bos=bos)


def _auto_class(config: PretrainedConfig) -> Any:
    """What loads a model with its head: of language, or of language and what else it reads; encoders have none."""
    if not is_causal(config):
        return AutoModel
    reads_more = (
        type(config) in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING and type(config) not in MODEL_FOR_CAUSAL_LM_MAPPING
    )
    return AutoModelForImageTextToText if reads_more else AutoModelForCausalLM


def describe_model(
    name: str, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, *, bos: bool | None = None
) -> LoadedModel:
    """The facts about a model already in memory, which is put in evaluation mode.

    A decoder gets a BOS token in front of every text if its tokenizer adds one, or if that is the EOS too: GPT-2 and
    its kin never add it but were trained on documents that it parts. A BOS apart that is never added, such as the turn
    marker of chat models, starts no document. Encoders keep their tokenizer's special tokens as they are.

    Raises:
        InputError: the attention cannot be intercepted, the tokenizer is empty, or ``bos`` cannot be followed.
    """
    if is_patched(model):
        raise InputError("the model is patched, so its attention is not its own; leave the patch first")
    causal = is_causal(model.config)
    add_bos, start = _start(name, tokenizer, causal, bos)
    layers = layer_facts(model)
    if not tokenizer.get_vocab() or not tokenizer("a", add_special_tokens=False)["input_ids"]:
        raise InputError(f"the tokenizer of {name} is empty; put its tokenizer files beside its weights")
    return LoadedModel(
        name=name,
        model=model.eval(),
        tokenizer=tokenizer,
        causal=causal,
        heads=[Head(layer, index) for layer, facts in enumerate(layers) for index in range(facts.heads)],
        windows=tuple(facts.window for facts in layers),
        add_bos=add_bos,
        start=start,
        context=_context(model),
    )


def encode(loaded: LoadedModel, texts: Sequence[str], max_tokens: int | None) -> list[list[int]]:
    """Token ids of each text, at most ``max_tokens`` of them if given, as the model was trained to read them.

    A decoder's text starts with exactly one BOS or none; an encoder's keeps its final special token when cut.

    Raises:
        InputError: ``max_tokens`` does not suit the model, or the tokenizer has tokens the model does not know.
    """
    if max_tokens is not None and max_tokens < 1:
        raise InputError(f"texts of {max_tokens} tokens are empty; ask for at least 1")
    if max_tokens is not None and loaded.context is not None and max_tokens > loaded.context:
        raise InputError(
            f"{loaded.name} reads at most {loaded.context} tokens; ask for no more than that with --max-tokens"
        )
    if not texts:
        return []
    tokenizer = loaded.tokenizer
    if loaded.causal:
        # Cut by hand: a tokenizer may be set up to cut at the front.
        ids = [_with_bos(loaded, row)[:max_tokens] for row in tokenizer(list(texts), verbose=False)["input_ids"]]
    else:
        ids = tokenizer(list(texts), truncation=max_tokens is not None, max_length=max_tokens)["input_ids"]
    known = loaded.model.get_input_embeddings().num_embeddings
    largest = max((max(row) for row in ids if row), default=0)
    if largest >= known:
        raise InputError(
            f"the tokenizer of {loaded.name} gives token {largest} but the model knows {known}; "
            "use the tokenizer it was trained with"
        )
    return ids


def _with_bos(loaded: LoadedModel, ids: list[int]) -> list[int]:
    bos = loaded.tokenizer.bos_token_id
    if bos is None:
        return ids
    # The tokenizer may have added one, and the text itself may spell one out.
    start = next((place for place, token in enumerate(ids) if token != bos), len(ids))
    return [bos] * loaded.add_bos + ids[start:]


def _start(name: str, tokenizer: PreTrainedTokenizerBase, causal: bool, asked: bool | None) -> tuple[bool, str]:
    """Whether a BOS token is put in front of texts, and a line that says so and why."""
    bos, token = tokenizer.bos_token_id, tokenizer.bos_token
    if not causal:
        if asked is not None:
            raise InputError(f"{name} is an encoder, whose tokenizer sets its special tokens; leave the BOS option out")
        return False, "texts have the special tokens that the tokenizer adds"
    if asked and bos is None:
        raise InputError(f"the tokenizer of {name} has no BOS token; leave the BOS option out")
    if asked is not None:
        return asked, f"texts start with {token}, as was asked" if asked else "texts start without a BOS, as was asked"
    if bos is None:
        return False, "texts start without a BOS: the tokenizer has none"
    if tokenizer("a")["input_ids"][:1] == [bos]:
        return True, f"texts start with {token}: the tokenizer adds it"
    if bos == tokenizer.eos_token_id:
        return (
            True,
            f"texts start with {token}: the tokenizer does not add it, but it is the EOS, which parts documents",
        )
    return False, f"texts start without a BOS: the tokenizer names {token} as one and never adds it"


def _context(model: PreTrainedModel) -> int | None:
    limit = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    for path, module in model.named_modules():
        if path.endswith("position_embeddings") and isinstance(module, nn.Embedding) and module.padding_idx is not None:
            # RoBERTa counts positions from the padding token's id on.
            return module.num_embeddings - module.padding_idx - 1
    return limit


def device_named(name: str) -> torch.device:
    """The device of a name such as ``cuda:1``.

    Raises:
        InputError: there is none.
    """
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise InputError(f"unknown device {name!r}; choose cpu, cuda or mps") from error
    available = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not available.get(device.type, False):
        usable = ", ".join(kind for kind, there in available.items() if there)
        raise InputError(f"the device {name!r} is not available here; choose one of {usable}")
    if device.type == "cuda" and device.index is not None and device.index >= torch.cuda.device_count():
        raise InputError(f"there is no {name}; the last one is cuda:{torch.cuda.device_count() - 1}")
    return device


def _check_folder(name: str) -> None:
    folder = Path(name).expanduser()
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise InputError(f"the folder {name} has no config.json; give the folder of a Hugging Face model")
        check_fetched(folder)
    elif folder.exists() or folder.is_absolute() or name.startswith(("./", "../", "~")) or name.count("/") > 1:
        raise InputError(f"there is no model folder {name}; give a folder with a config.json, or a name on the hub")


@contextmanager
def quiet() -> Iterator[None]:
    """Keep transformers from telling of its progress and of settings; what matters of it is checked by the caller."""
    verbosity, hub_verbosity = logging.get_verbosity(), hub_logging.get_verbosity()
    bars = logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    hub_logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        hub_logging.set_verbosity(hub_verbosity)
        if bars:
            logging.enable_progress_bar()
