"""From what was given to stored patterns: texts, tokens and attention of a run, each made only where it is missing."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from surrogates.errors import InputError
from surrogates.language.tokens import TokenTable
from surrogates.library.heads import Head, select_heads
from surrogates.library.library import Library
from synth.attention import extract, open_store
from synth.corpus import SplitText, read_texts, split_texts, write_texts
from synth.engine import one_thread
from synth.fingerprint import files_fingerprint
from synth.given import Given
from synth.material import Material
from synth.missing_mass import missing_mass
from synth.models import LoadedModel, encode
from synth.progress import Reporter
from synth.repeated_tokens import measure_scores
from synth.run import Run
from synth.settings import IN_MEMORY, Settings


@dataclass
class Preparation:
    """What the stages need of a run.

    Attributes:
        heads: those of the model that were asked for.
        missing: what is not stored yet; None where all is.
    """

    run: Run
    heads: list[Head]
    missing: "Missing | None" = None

    @property
    def start(self) -> str:
        """How texts start and why."""
        return self.missing.loaded.start if self.missing else self.run.start_of_texts

    def begin(self) -> None:
        """Write the texts, and make the library where there is none."""
        if self.missing and not self.run.texts_file.is_file():
            write_texts(self.run.texts_file, self.missing.texts)
        Library(self.run.path, create=True).close()

    def finish(self, reporter: Reporter) -> None:
        """Extract the attention that is missing, and let the model go."""
        missing, run = self.missing, self.run
        if missing is None:
            return
        reporter.say(self.start)
        with reporter.stage("attention") as step:
            extract(missing.loaded, missing.ids, run.attention, progress=step)
        if not _measured(run.library, missing.loaded.heads):
            longest, seed = run.settings.max_tokens, run.settings.seed
            scores = measure_scores(missing.loaded, missing.material, longest, seed)
            lost = missing_mass(missing.material, scores)
            run.library.keep_scores({head: replace(own, missing_mass=lost[head]) for head, own in scores.items()})
        origin = _origin(missing.files, run.texts_file)
        replace(missing.material, origin=origin).save(run.tokens_file)
        if missing.loaded.name.startswith(IN_MEMORY):
            run.take_model(missing.loaded)
        run.forget()
        self.missing = None


@dataclass(frozen=True)
class Missing:
    """What patterns are made from.

    Attributes:
        files: see :func:`files_fingerprint`, from before the model was loaded.
        ids: the model's tokens of every text.
        material: made of these, but for its origin.
    """

    files: str
    loaded: LoadedModel
    texts: list[SplitText]
    ids: list[list[int]]
    material: Material


def stored(run: Run, settings: Settings, heads: Sequence[str]) -> Preparation | None:
    """What a run holds, if nothing is missing or has changed since, so that the model need not be loaded.

    Raises:
        InputError: the model has no such heads.
    """
    if not run.begun or not run.tokens_file.is_file() or not run.texts_file.is_file():
        return None
    origin = _origin(files_fingerprint(settings), run.texts_file)
    try:
        material, store = run.material, open_store(run.attention)
        whole = bool(origin) and origin == material.origin and store.holds(material.model_ids())
        whole = whole and _measured(run.library, store.heads)
    except InputError:
        whole = False  # a part is damaged: it is made anew
    if not whole:
        run.forget()
        return None
    return Preparation(run, select_heads(store.heads, heads))


def prepare(
    run: Run, given: Given, settings: Settings, heads: Sequence[str], device: str, reporter: Reporter
) -> Preparation:
    """Load the model, and find or draw the texts; nothing is written yet.

    Raises:
        InputError: something that was given is wrong.
    """
    files = files_fingerprint(settings)
    loaded = given.load(settings, device)
    chosen = select_heads(loaded.heads, heads)
    if run.texts_file.is_file():
        texts = read_texts(run.texts_file)
    else:
        texts = split_texts(given.documents(settings, reporter.say), settings.seed, notify=reporter.say)
    ids = encode(loaded, [text.text for text in texts], settings.max_tokens)
    embeddings = loaded.model.get_input_embeddings().weight.detach()
    with one_thread():  # so that the clusters of words are the same on any machine
        material = Material.build(
            run.attention,
            TokenTable.from_tokenizer(loaded.tokenizer, len(embeddings)),
            embeddings,
            ids,
            [text.split for text in texts],
            causal=loaded.causal,
            windows=loaded.windows,
        )
    return Preparation(run, chosen, Missing(files, loaded, texts, ids, material))


def _measured(library: Library, heads: Sequence[Head]) -> bool:
    """Whether heads have all scores; an earlier version measured none, or not what is missing."""
    scores = library.head_scores()
    return all(head in scores and scores[head].missing_mass is not None for head in heads)


def _origin(files: str, texts: Path) -> str:
    """Names what a run's tokens and patterns were made from; empty where that cannot be told."""
    return f"{files} {hashlib.sha256(texts.read_bytes()).hexdigest()}" if files else ""
