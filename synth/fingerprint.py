"""Tells one model and one set of texts from another."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from huggingface_hub import try_to_load_from_cache
from huggingface_hub.errors import HFValidationError

from synth.demo import MODEL_FOLDER
from synth.models import LoadedModel
from synth.settings import DEMO_MODEL, IN_MEMORY, Settings


def model_fingerprint(loaded: LoadedModel) -> str:
    """Of every byte of a model's weights, their names and shapes, and of what its heads see.

    What a checkpoint does not hold, such as rotary frequencies, is computed from the configuration; it is left out,
    since versions of transformers name it differently and machines differ in its last bit.

    Takes about 0.8 s for a gigabyte, and memory for the largest weight where it does not lie on the CPU.
    """
    digest = hashlib.sha256(json.dumps([loaded.causal, loaded.windows, len(loaded.heads)]).encode())
    for name, tensor in sorted(loaded.model.state_dict().items()):
        _add(digest, name, tensor)
    return digest.hexdigest()


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
