"""Models whose replaced heads are gone for good: their queries and keys are neither computed nor stored."""

import copy
import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors.torch import load_model, save_model
from torch import Tensor, nn
from transformers import (
    AutoConfig,
    AutoTokenizer,
    Cache,
    GenerationConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from sandbox.plain_text import one_line
from surrogates.errors import InputError
from surrogates.language.program import Program
from surrogates.library.clusters_file import FILE_NAME as CLUSTERS
from surrogates.library.clusters_file import clusters_text, with_clusters
from surrogates.library.heads import Head
from surrogates.running.architectures.kinds import is_causal
from surrogates.running.architectures.layer import LayerFacts
from surrogates.running.assignment import Assignment, Baseline, check_assignment
from surrogates.running.facts import know, layer_facts
from surrogates.running.layers import Replaced
from surrogates.running.patching import is_patched, patch
from surrogates.running.projections import ThinCache, ThinProjection, apart, thin
from surrogates.running.trial import tolerance, trial_texts

_FILE = "headsynth.json"
_WEIGHTS = "model.safetensors"


def compact(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, assignment: Assignment) -> PreTrainedModel:
    """A copy of a model in which surrogates stand for heads for good, and that is smaller and faster for it.

    Queries of replaced heads are not projected, nor are keys that no other head reads; a cache does not store these.
    The copy computes what the model does within :func:`patch`, which is proved on two short texts. Its
    ``save_pretrained`` writes a folder for :func:`load_compact`.

    Args:
        model: a model in memory, which stays as it is.
        tokenizer: its tokenizer.
        assignment: what stands in for which head; no recorded patterns.

    Raises:
        InputError: the assignment does not fit, or the architecture cannot be made compact exactly.
    """
    if is_patched(model):
        raise InputError("the model is patched; leave the patch first")
    facts = layer_facts(model)
    check_assignment(assignment, [layer.heads for layer in facts])
    if not all(isinstance(surrogate, Program | Baseline) for surrogate in assignment.values()):
        raise InputError("a recorded pattern stands for a head on one batch alone; give programs and baselines")
    kind = model.config.get_text_config().model_type
    reason = "no projections of queries and keys are known there"
    apart_somewhere = any(apart(own) for own, _ in _by_layer(assignment, facts))
    for wide in (False, True) if apart_somewhere else (True,):  # only such projections can be narrow
        found = copy.deepcopy(model).eval()
        _use_sdpa(found)
        own = _facts_of(found, model, facts)
        know(found, own)
        try:
            with patch(found, tokenizer, assignment):
                expected = _trial(found)
            if not _shrink(own, assignment, wide=wide):
                continue
            _settle(found, tokenizer, assignment, own, wide=wide)
            off = float((_trial(found) - expected).abs().max()) / max(1.0, float(expected.abs().max()))
        except (RuntimeError, TypeError, ValueError, IndexError, AttributeError) as error:
            reason = f"it fails ({one_line(str(error), 200) or type(error).__name__})"
            continue
        if off <= 2 * tolerance(model.dtype):  # it goes through all layers
            return found
        reason = f"it computes something else, by {off:.2g} of the largest logit"
    raise InputError(f"{kind} cannot be made compact: {reason}; use patch, which replaces heads while it lasts")


def load_compact(folder: str | Path) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """A compact model that its ``save_pretrained`` wrote, and its tokenizer.

    Raises:
        InputError: the folder holds none, or is damaged.
    """
    folder = Path(folder)
    if not (folder / _FILE).is_file():
        raise InputError(f"{folder} holds no compact model; save one by its save_pretrained")
    try:
        stored = json.loads((folder / _FILE).read_text(encoding="utf-8"))
        kind = getattr(transformers, stored["class"], None)
        if not (isinstance(kind, type) and issubclass(kind, PreTrainedModel)):
            raise ValueError(f"{stored['class']!r} is no model that transformers knows")
        programs = {Head.parse(name): Program.parse(source) for name, source in stored["programs"].items()}
        baselines = {Head.parse(name): Baseline(value) for name, value in stored["baselines"].items()}
        config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        model: PreTrainedModel = kind._from_config(config, dtype=getattr(torch, stored["dtype"])).eval()  # type: ignore[attr-defined]
        if (folder / "generation_config.json").is_file():
            model.generation_config = GenerationConfig.from_pretrained(folder)
        assignment: dict[Head, Any] = baselines | with_clusters(programs, folder)
        _use_sdpa(model)
        modules, wide = dict(model.named_modules()), bool(stored["wide"])
        facts = tuple(
            LayerFacts(modules.get(layer.pop("module")), reads=tuple(layer.pop("reads")), **layer)
            for layer in stored["layers"]
        )
        know(model, facts)
        _shrink(facts, assignment, wide=wide)
        load_model(model, folder / _WEIGHTS)
        # A rotary embedding's frequencies are stored nowhere, and are of one type or another.
        for name, buffer in model.named_buffers():
            buffer.data = buffer.data.to(getattr(torch, stored["buffers"][name]))
    except InputError:
        raise
    except Exception as error:  # of JSON, transformers and safetensors, all of which a damaged folder can bring
        reason = one_line(str(error), 200) or type(error).__name__
        raise InputError(f"{folder} is damaged ({reason}); save the compact model again") from error
    _settle(model, tokenizer, assignment, facts, wide=wide)
    return model, tokenizer


def _use_sdpa(model: PreTrainedModel) -> None:
    """Compute attention in the one way that tells heads apart, where the architecture has it."""
    if model.config._attn_implementation == "eager" and getattr(model, "_supports_sdpa", False):
        model.set_attn_implementation("sdpa")


def _facts_of(found: PreTrainedModel, model: PreTrainedModel, facts: tuple[LayerFacts, ...]) -> tuple[LayerFacts, ...]:
    """The facts of a copy's own modules, none of whose projections are left to be idle."""
    names = {module: name for name, module in model.named_modules()}
    modules = dict(found.named_modules())
    return tuple(
        replace(own, module=modules[names[own.module]], idle=False) if own.module is not None else own for own in facts
    )


def _by_layer(assignment: Assignment, facts: tuple[LayerFacts, ...]) -> Iterator[tuple[LayerFacts, Replaced]]:
    for number, own in enumerate(facts):
        heads = sorted(head.index for head in assignment if head.layer == number)
        if heads:
            yield own, Replaced(heads, own.reads)


def _shrink(facts: tuple[LayerFacts, ...], assignment: Assignment, *, wide: bool) -> bool:
    """Put thin projections into the layers with replaced heads; whether any layer has them."""
    shrunk = False
    for own, replaced in _by_layer(assignment, facts):
        for name, projection in (thin(own, replaced, wide=wide) or {}).items():
            setattr(own.module, name, projection)
            shrunk = True
    return shrunk


def _settle(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    assignment: Assignment,
    facts: tuple[LayerFacts, ...],
    *,
    wide: bool,
) -> None:
    """Patch a model for good."""
    for own, replaced in _by_layer(assignment, facts):
        if own.module is not None and any(isinstance(part, ThinProjection) for part in own.module.children()):
            own.module.register_forward_pre_hook(partial(_with_thin_cache, replaced.keys), with_kwargs=True)
    held = ExitStack()
    held.enter_context(patch(model, tokenizer, assignment))
    model.headsynth_patch = held  # as long as the model lives
    model.save_pretrained = partial(_save, model, tokenizer, assignment, facts, wide)


def _with_thin_cache(
    keys: list[int], _module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    def thinned(value: Any) -> Any:
        return ThinCache(value, keys) if isinstance(value, Cache) else value

    return tuple(map(thinned, args)), {name: thinned(value) for name, value in kwargs.items()}


@torch.no_grad()
def _trial(model: PreTrainedModel) -> Tensor:
    """Logits of real tokens on two short texts, read at once and, by a decoder, in two steps with a cache."""
    ids, mask = trial_texts(model)
    real = mask.bool()
    if not is_causal(model.config):
        return model(input_ids=ids, attention_mask=mask)[0][real]
    whole = model(input_ids=ids, attention_mask=mask, use_cache=False)[0]
    half = ids.shape[1] // 2
    first = model(input_ids=ids[:, :half], attention_mask=mask[:, :half], use_cache=True)
    cache = getattr(first, "past_key_values", None)
    if cache is None:
        return whole[real]
    second = model(input_ids=ids[:, half:], attention_mask=mask, past_key_values=cache, use_cache=True)
    return torch.cat([whole[real], torch.cat([first[0], second[0]], dim=1)[real]])


def _type_name(of: PreTrainedModel | Tensor) -> str:
    return str(of.dtype).removeprefix("torch.")


def _save(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    assignment: Assignment,
    facts: tuple[LayerFacts, ...],
    wide: bool,
    folder: str | Path,
) -> None:
    """Write a folder for :func:`load_compact`."""
    folder = Path(folder)
    if getattr(transformers, type(model).__name__, None) is not type(model):
        raise InputError(f"{type(model).__name__} is a class of your own, by which no folder can be loaded")
    folder.mkdir(parents=True, exist_ok=True)
    model.config.save_pretrained(folder)
    generation = getattr(model, "generation_config", None)
    if generation is not None:
        generation.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    save_model(model, str(folder / _WEIGHTS))
    names = {module: name for name, module in model.named_modules()}
    layers = [{**vars(own), "module": own.module and names[own.module]} for own in facts]
    programs = {str(head): used.source for head, used in assignment.items() if isinstance(used, Program)}
    baselines = {str(head): used.value for head, used in assignment.items() if isinstance(used, Baseline)}
    stored = {
        "class": type(model).__name__, "dtype": _type_name(model), "wide": wide,
        "buffers": {name: _type_name(buffer) for name, buffer in model.named_buffers()},
        "layers": layers, "programs": programs, "baselines": baselines,
    }  # fmt: skip
    (folder / _FILE).write_text(json.dumps(stored, indent=1), encoding="utf-8")
    clusters = [used.clusters for used in assignment.values() if isinstance(used, Program) and used.cluster_names]
    if clusters:
        (folder / CLUSTERS).write_text(clusters_text(clusters[0]), encoding="utf-8")
