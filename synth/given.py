"""A model and documents as they were given: by name, or as values in memory."""

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from surrogates.errors import InputError
from synth.corpus import checked_text, resolve_corpus
from synth.demo import demo_stories
from synth.models import LoadedModel, describe_model, device_named, load_for
from synth.settings import DEMO_CORPUS, DEMO_MODEL, IN_MEMORY, Settings


@dataclass(frozen=True)
class Given:
    """What a run is made of.

    Attributes:
        model: a name, or a model in memory with its ``tokenizer``.
        corpus: a name; None where there are ``texts``.
    """

    model: str | PreTrainedModel
    tokenizer: PreTrainedTokenizerBase | None
    corpus: str | None
    texts: Sequence[str] | None

    @classmethod
    def of(cls, model: Any, tokenizer: Any, corpus: Any, texts: Any) -> "Given":
        """From what a notebook may give: names, paths, values.

        Raises:
            InputError: they are of the wrong kind, or do not go together.
        """
        model = os.fspath(model) if isinstance(model, os.PathLike) else model
        corpus = os.fspath(corpus) if isinstance(corpus, os.PathLike) else corpus
        if isinstance(model, str):
            if tokenizer is not None:
                raise InputError("a model by name brings its own tokenizer; leave it out, or give a model in memory")
        elif not isinstance(model, PreTrainedModel):
            raise InputError(f"the model is a {type(model).__name__}; give a name, a folder or a model in memory")
        elif not isinstance(tokenizer, PreTrainedTokenizerBase):
            raise InputError("a model in memory needs its tokenizer; give tokenizer=… too")
        if not isinstance(corpus, str | None):
            raise InputError(f"the corpus is a {type(corpus).__name__}; give its name, or texts=… as a list")
        if texts is None:
            return cls(model, tokenizer, corpus, None)
        if corpus is not None:
            raise InputError("there are both a corpus and texts; give one of them")
        if isinstance(texts, str) or not isinstance(texts, Iterable):
            raise InputError("texts is no list of texts; give one string a document")
        documents = [checked_text(text, f"text {number}") for number, text in enumerate(texts)]
        return cls(model, tokenizer, None, documents)

    def settings(self, **asked: object) -> Settings:
        """The settings of a run, in which values in memory have names of their own."""
        if isinstance(self.model, str):
            model = _lasting(self.model)
        else:
            model = f"{IN_MEMORY}{self.model.name_or_path or type(self.model).__name__}"
            asked["dtype"] = str(self.model.dtype).removeprefix("torch.")
        if self.texts is None:
            corpus = _lasting(self.corpus or DEMO_CORPUS)
        else:
            digest = hashlib.sha256("\0".join(self.texts).encode()).hexdigest()[:16]
            corpus = f"{IN_MEMORY}{len(self.texts)} texts, {digest}"
        return Settings(model=model, corpus=corpus, **asked)  # type: ignore[arg-type]

    def load(self, settings: Settings, device: str) -> LoadedModel:
        """The model.

        Raises:
            InputError: it cannot be loaded, or its attention cannot be intercepted.
        """
        if isinstance(self.model, str):
            return load_for(settings, device)
        assert self.tokenizer is not None
        return describe_model(settings.model, self.model, self.tokenizer, bos=settings.bos_choice)

    def device(self, name: str) -> torch.device:
        """Where the model runs: where it is already, or else the device of a name.

        Raises:
            InputError: there is none of that name.
        """
        return device_named(name) if isinstance(self.model, str) else self.model.device

    def documents(self, settings: Settings, notify: Callable[[str], None]) -> list[str]:
        """The documents, in their order.

        Args:
            settings: of the run.
            notify: see :func:`resolve_corpus`.

        Raises:
            InputError: the corpus cannot be found or read, or holds no text.
        """
        if self.texts is not None:
            return list(self.texts)
        return demo_stories() if settings.corpus == DEMO_CORPUS else resolve_corpus(settings.corpus, notify)


def _lasting(name: str) -> str:
    """A path as it reads from any folder, so that the run can be gone on with from another; other names as they are."""
    path = Path(name).expanduser()
    return str(path.resolve()) if name not in (DEMO_CORPUS, DEMO_MODEL) and path.exists() else name
