"""Tells one model and one set of texts from another."""

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from huggingface_hub import try_to_load_from_cache
from huggingface_hub.errors import HFValidationError

from synth.demo import MODEL_FOLDER
from synth.settings import DEMO_MODEL, IN_MEMORY, Settings

if TYPE_CHECKING:
    from synth.models import LoadedModel

_NO_COMPUTATION = re.compile(
    r".*(drop|initializer|init_std|token_id).*|_(name_or_path|commit_hash|attn_implementation.*)|architectures|auto_map|"
    r"dtype|torch_dtype|transformers_version|use_cache|return_dict|output_attentions|output_hidden_states|"
    r"gradient_checkpointing|chunk_size_feed_forward|problem_type|id2label|label2id"
)
"""Names in a configuration that change nothing of what a model in evaluation mode computes from token ids.

Its numbers' type is told by the weights, and the padding token's id, from which RoBERTa counts, by the context.
"""


def model_fingerprint(loaded: "LoadedModel") -> str:
    """Of every byte of a model's weights, their names and shapes, of its configuration, and of what its heads see.

    What a checkpoint does not hold, such as rotary frequencies, is computed from the configuration; itself it is left
    out, since versions of transformers name it differently and machines differ in its last bit.

    Takes about 0.8 s for a gigabyte, and memory for the largest weight where it does not lie on the CPU.
    """
    weights = hashlib.sha256(json.dumps([loaded.causal, loaded.windows, len(loaded.heads)]).encode())
    for name, tensor in sorted(loaded.model.state_dict().items()):
        _add(weights, name, tensor)
    facts = json.dumps([loaded.context, _configuration(loaded)], sort_keys=True, default=str)
    return f"{weights.hexdigest()}-{hashlib.sha256(facts.encode()).hexdigest()}"


def changed_part(before: str, now: str) -> str:
    """What of a model is not what it was, by its fingerprints, in words; empty where all is."""
    if before.split("-")[0] != now.split("-")[0]:
        return "weights"
    return "" if before == now else "settings (config.json)"


def _configuration(loaded: "LoadedModel") -> dict[str, Any]:
    """What of a model's configuration its computation depends on, but for what is as it is by default.

    A later version of transformers may know more, and has defaults for it by which it computes what it did.
    """
    config = loaded.model.config.get_text_config()
    values, usual = config.to_dict(), type(config)().to_dict()
    changed = {name: value for name, value in values.items() if name not in usual or usual[name] != value}
    return {name: value for name, value in changed.items() if not _NO_COMPUTATION.fullmatch(name)} | {
        "model_type": config.model_type
    }


def texts_fingerprint(ids: Sequence[Sequence[int]]) -> str:
    """Of the token ids of texts, in their order."""
    digest = hashlib.sha256()
    for row in ids:
        digest.update(len(row).to_bytes(8, "little") + np.asarray(row, dtype=np.int64).tobytes())
    return digest.hexdigest()


def files_fingerprint(settings: Settings) -> str:
    """Of the files that a model is loaded from, at no cost: another whenever they may have changed.

    A folder is told by the names, sizes and times of its files, a model on the hub by the commit in the local cache.
    Empty where neither is there, or the model was given in memory.
    """
    name = str(MODEL_FOLDER) if settings.model == DEMO_MODEL else settings.model
    folder = Path(name)
    if folder.is_dir():
        files = sorted((path.name, path.stat()) for path in folder.iterdir() if path.is_file())
        facts = [[name, status.st_size, status.st_mtime_ns] for name, status in files]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()
    if settings.model.startswith(IN_MEMORY):
        return ""
    try:
        found = try_to_load_from_cache(name, "config.json", revision=settings.revision or None)
    except HFValidationError:
        return ""
    return Path(found).parent.name if isinstance(found, str) else ""


def _add(digest: "hashlib._Hash", name: str, tensor: torch.Tensor) -> None:
    digest.update(json.dumps([name, str(tensor.dtype), list(tensor.shape)]).encode())
    # NumPy knows no bfloat16; as bytes nothing is copied that lies in memory as it is read.
    values = tensor.detach().cpu().contiguous().reshape(-1)
    digest.update(values.view(torch.uint8).numpy().data)
