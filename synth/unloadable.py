"""Why a model cannot be loaded, in a line whose remedy fits the reason."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.plain_text import one_line
from surrogates.errors import InputError

_LONGEST_REASON = 300
_POINTER = b"version https://git-lfs.github.com/spec/"
_FETCHED = ("*.json", "*.safetensors", "*.bin", "*.model", "*.txt")
"""What a model's folder holds that may be left with Git LFS."""
_ANOTHER = "choose another model"
_CAUSES: tuple[tuple[str, str, str], ...] = (
    (
        r"custom code which must be executed",
        "it needs code from its own repository, which is not run",
        "choose a model that transformers knows without such code",
    ),
    (
        r"model type `([^`]*)` but Transformers does not recognize",
        r"the installed transformers does not know the architecture {0}",
        f"update transformers, or {_ANOTHER}",
    ),
    (
        r"Should have a `model_type` key",
        "its config.json names no model_type",
        "give the folder or the name of a whole Hugging Face model",
    ),
    (
        r"[Gg]ated repo",
        "it is gated",
        "ask for access on its page on the hub, log in with `hf auth login`, and run again",
    ),
    (
        r"couldn't connect to|couldn't find them in the cached files|outgoing traffic has been disabled",
        "",
        "check its name and your network; a gated or private one needs `hf auth login` too",
    ),
    (r"not a valid model identifier|Repository Not Found", "", "check its name, or log in with `hf auth login`"),
    (r"not a valid git identifier|Revision Not Found", "", "check --revision"),
    (
        r"Couldn't instantiate the backend tokenizer",
        "it has neither a tokenizer.json nor other tokenizer files that can be converted here",
        "put its tokenizer files beside its weights; a .model file needs `pip install sentencepiece tiktoken`",
    ),
    (
        r"`tiktoken` is required",
        "its tokenizer's .model file needs a package that is not installed",
        "install it by `pip install sentencepiece tiktoken`",
    ),
    (
        r"(?:requires|Using)\b.*quantiz|quantiz\w+ .*requires",
        "",
        "install what that names, or choose a model that is not quantized",
    ),
    (r"pip install|need to install|requires the .* library|No module named", "", "install what that names"),
    (
        r"ignore_mismatched_sizes|size mismatch",
        "the weights have other shapes than its config.json says",
        "choose a checkpoint whose config.json is its own",
    ),
    (
        r"Weights only load failed",
        "its weights are damaged, or hold more than tensors",
        "fetch them again, or choose a checkpoint in the safetensors format",
    ),
    (r"out of memory|not enough memory|can't allocate", "", "choose a smaller model, --dtype or another --device"),
)
"""What libraries say, what is said for it (nothing for their own words), and what to do."""


@contextmanager
def explained(what: str, remedy: str) -> Iterator[None]:
    """Turn what the libraries raise into one line; a half-read traceback helps nobody.

    Args:
        what: what cannot be done.
        remedy: what to do about a reason that is not known.
    """
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        said = str(error)
        for pattern, reason, own in _CAUSES:
            if found := re.search(pattern, said):
                said, remedy = reason.format(*found.groups()) or said, own
                break
        reason = one_line(said, _LONGEST_REASON) or type(error).__name__
        raise InputError(f"{what}: {reason.rstrip('.')}; {remedy}") from error


def check_fetched(folder: Path) -> None:
    """Find files that Git left with its store of large files, and links to files that are gone.

    Raises:
        InputError: there is one.
    """
    for pattern in _FETCHED:
        for path in sorted(folder.glob(pattern)):
            if path.is_symlink() and not path.exists():
                raise InputError(f"{one_line(str(path))} is a link to a file that is not there; fetch the model again")
            if not path.is_file():
                continue
            with path.open("rb") as file:
                if file.read(len(_POINTER)) == _POINTER:
                    raise InputError(
                        f"{one_line(str(path))} is a pointer of Git LFS and not the file itself; fetch it with "
                        "`git lfs pull` in its folder"
                    )
