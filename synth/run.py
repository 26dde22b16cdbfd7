"""A run as a value: what was asked and what is in it, read when it is asked for."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import TracebackType

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from evaluation.similarity import similarity
from sandbox.verdicts import Verdict
from surrogates.errors import InputError
from surrogates.language.features import Texts
from surrogates.language.patterns import pattern
from surrogates.language.program import Program, ProgramRefused
from surrogates.language.text_pattern import TextPattern
from surrogates.library.candidates import Candidate
from surrogates.library.heads import Head
from surrogates.library.library import Library
from surrogates.library.structures import Structure
from surrogates.running.patching import token_table
from synth.attention import open_store, pattern_on
from synth.corpus import Split, SplitText, read_texts
from synth.fingerprint import model_fingerprint
from synth.fitting.scoring import score_candidates
from synth.fitting.trial import try_programs
from synth.material import HeadData, Material
from synth.models import LoadedModel, describe_model, encode, load_for
from synth.notebook import HeadPrograms, TextPatterns
from synth.run_directory import RunDirectory
from synth.settings import IN_MEMORY, Settings


class Run(RunDirectory):
    """What a run directory holds. Close it, or use it in ``with``, when it is no longer needed."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._models: dict[str, LoadedModel] = {}
        self._data: HeadData | None = None

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})"

    def __enter__(self) -> "Run":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the library's file; what is asked for next opens it again."""
        library = self.__dict__.pop("library", None)
        if library is not None:
            library.close()

    def forget(self) -> None:
        """Read anew what is asked for next."""
        self.close()
        self._data = None
        for part in ("settings", "material", "texts"):
            self.__dict__.pop(part, None)

    # What is in it.

    @cached_property
    def settings(self) -> Settings:
        """What the run was asked for.

        Raises:
            InputError: run.toml is damaged.
        """
        return Settings.read(self.settings_file)

    @cached_property
    def library(self) -> Library:
        """Its candidates.

        Raises:
            InputError: there is no library yet, or it is damaged.
        """
        return Library(self.path)

    @cached_property
    def material(self) -> Material:
        """Its texts as tokens, and where the patterns lie.

        Raises:
            InputError: tokens.npz is missing or damaged.
        """
        return Material.load(self.tokens_file, self.attention.absolute())  # as workers elsewhere find it

    @cached_property
    def texts(self) -> list[SplitText]:
        """Its texts with their split.

        Raises:
            InputError: texts.jsonl is missing or damaged.
        """
        return read_texts(self.texts_file)

    def ids(self, split: Split) -> list[list[int]]:
        """The model's token ids of the texts of a split, those of a single token left out."""
        return self.material.model_ids(split)

    @property
    def heads(self) -> list[Head]:
        """Heads that have a candidate, in order."""
        return self.library.heads()

    @property
    def structures(self) -> list[Structure]:
        """The structures in the library, those that serve most heads first."""
        return self.library.structures()

    def model(self, device: str = "cpu") -> LoadedModel:
        """The model the run was made with, loaded once a device.

        Raises:
            InputError: it cannot be loaded, or its weights are not those that the patterns were made with.
        """
        if device not in self._models:
            if self.settings.model.startswith(IN_MEMORY):
                raise InputError(
                    f"the model of {self.path} was given in memory; give it again: open_run(path, model=…, tokenizer=…)"
                )
            self.take_model(load_for(self.settings, device), device)
        return self._models[device]

    def take_model(self, loaded: LoadedModel, device: str = "cpu") -> None:
        """Use a model that is in memory.

        Raises:
            InputError: its weights are not those that the patterns were made with.
        """
        if model_fingerprint(loaded) != open_store(self.attention).model:
            raise InputError(
                f"the weights of {loaded.name} are not those that {self.path} was made with; bring them back or start "
                "a new run directory"
            )
        self._models[device] = loaded

    # What can be asked of a head.

    def __getitem__(self, head: str | Head) -> HeadPrograms:
        """A head's programs, such as ``run["L3H7"]``.

        Raises:
            InputError: the library has no such head.
        """
        wanted = Head.parse(head) if isinstance(head, str) else head
        known = self.heads
        if wanted not in known:
            there = f"{known[0]} to {known[-1]}" if known else "none"
            raise InputError(f"{self.path} has no programs for {wanted}; heads in it: {there}")
        return HeadPrograms(wanted, self.library.ranked(wanted), self.library.failures(wanted))

    def __iter__(self) -> Iterator[HeadPrograms]:
        return (self[head] for head in self.heads)

    def score(self, program: Program | str, head: str | Head, *, fitted: bool = False) -> Candidate:
        """How a program does on a head, as it stands or with its constants fitted; nothing is stored.

        Args:
            program: it, or its source.
            head: such as ``L3H7``.
            fitted: whether constants are fitted to the head's training patterns too. Of the program as it stands and
                its fits for IoU and for cross-entropy the one of highest validation IoU is given.

        Returns:
            A candidate with its scores, or with the verdict and the reason why it has none.
        """
        source = program if isinstance(program, str) else program.source
        candidate = Candidate("hand", "score", source, None)
        data = self._data_of(self.head(head))
        if fitted:
            (found,) = try_programs(data, [candidate])
        else:
            try:
                found = score_candidates(data, [candidate.holding(Program.parse(source))])
            except ProgramRefused as error:
                found = [replace(candidate, verdict=Verdict.REFUSED, reason=str(error))]
        return max(found, key=lambda candidate: candidate.scores.validation_iou if candidate.scores else -1.0)

    def patterns(self, head: str | Head, text: str | int, program: Program | None = None) -> TextPatterns:
        """A head's pattern on a text, and a program's.

        Args:
            head: such as ``L3H7``.
            text: any, on which the model is run; or the number of one of the run's own, whose patterns are stored.
            program: by default the one that stands in for the head.

        Raises:
            InputError: the model does not have the head, or there is no such text.
            ProgramFailed: the program fails on the text.
        """
        wanted = self.head(head)
        if program is None:
            program = self[wanted].surrogate.program
        material = self.material
        if isinstance(text, int):
            if not 0 <= text < len(material.ids):
                raise InputError(f"{self.path} has no text {text}; they go from 0 to {len(material.ids) - 1}")
            ids, table = list(material.ids[text]), material.table
            target = material.patterns(wanted, (text,))[0]
        else:
            loaded = self.model()
            (ids,) = encode(loaded, [text], self.settings.max_tokens)
            if not ids:
                raise InputError("the text has no tokens; give a longer one")
            table = token_table(loaded.model, loaded.tokenizer, [program])
            target = torch.from_numpy(pattern_on(loaded, wanted, ids))
        visible = torch.from_numpy(material.visible(wanted.layer, [ids]))
        texts = Texts.from_lists([ids], table, causal=material.causal, torch_tensors=True)
        found = pattern(program, texts, visible)
        tokens = tuple(table.texts[token] for token in ids)
        seen = visible[0].numpy()
        return TextPatterns(
            wanted,
            TextPattern(tokens, target.numpy(), seen),
            TextPattern(tokens, found[0].numpy(), seen),
            float(similarity(found, target[None]).iou),
        )

    def head(self, head: str | Head) -> Head:
        """One of the model's heads, by its name.

        Raises:
            InputError: the model has no such head.
        """
        wanted = Head.parse(head) if isinstance(head, str) else head
        layers = len(self.material.windows)
        if wanted.layer >= layers:
            raise InputError(f"the model has no head {wanted}; its layers go from 0 to {layers - 1}")
        return wanted

    def _data_of(self, head: Head) -> HeadData:
        if self._data is None or self._data.head != head:
            self._data = HeadData(self.material, head)
        return self._data


def open_run(
    path: str | Path, *, model: PreTrainedModel | None = None, tokenizer: PreTrainedTokenizerBase | None = None
) -> Run:
    """A run that exists.

    Args:
        path: the run directory.
        model: the one it was made with, where that was given in memory or is loaded already.
        tokenizer: the model's.

    Raises:
        InputError: there is none, run.toml is damaged, or the model is another.
    """
    run = Run(Path(path))
    if not run.begun:
        raise InputError(f"{path} is no run directory; run `headsynth synthesize MODEL --output {path}` first")
    settings = run.settings  # so that every command says so when they cannot be read
    if model is not None:
        if tokenizer is None:
            raise InputError("a model in memory needs its tokenizer; give tokenizer=… too")
        run.take_model(describe_model(settings.model, model, tokenizer, bos=settings.bos_choice))
    return run
