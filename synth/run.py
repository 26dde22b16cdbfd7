"""A run as a value: what was asked and what is in it, read when it is asked for.

What loads and runs a model is imported where one is asked for, since that takes longer than all else.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from html import escape
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import torch

from evaluation.similarity import similarity
from sandbox.plain_text import valid
from sandbox.verdicts import Verdict
from surrogates.errors import InputError
from surrogates.language.features import Texts
from surrogates.language.patterns import pattern
from surrogates.language.program import Program, ProgramRefused
from surrogates.language.text_pattern import TextPattern
from surrogates.library.candidates import Candidate, Ceiling
from surrogates.library.head_scores import HeadScores
from surrogates.library.heads import Head, no_head
from surrogates.library.library import FITTED, Library
from surrogates.library.structures import Structure
from synth.attention import open_store, pattern_on
from synth.categories import HeadKind
from synth.corpus import Split, SplitText, read_texts
from synth.fitting.scoring import score_candidates
from synth.fitting.trial import try_programs
from synth.material import HeadData, Material
from synth.notebook import HeadPrograms, TextPatterns, library_html
from synth.run_directory import RunDirectory
from synth.same_model import check_same_model
from synth.settings import IN_MEMORY, Settings, read_start
from synth.shards import visible_cells

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from synth.models import LoadedModel
    from synth.reporting import Report


class Run(RunDirectory):
    """What a run directory holds. Close it, or use it in ``with``, when it is no longer needed."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._given: LoadedModel | None = None
        self._loaded: dict[str, LoadedModel] = {}
        self._data: HeadData | None = None

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})"

    def _repr_html_(self) -> str:
        surrogates = self.library.surrogates()
        table = library_html(surrogates, self.ceilings, self.kinds)
        return f"{escape(self.settings.model)}: what stands in for each head{table}"

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

    @property
    def start_of_texts(self) -> str:
        """How its texts start and why: with which special token, if any.

        Raises:
            InputError: run.toml is damaged.
        """
        return read_start(self.settings_file)

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
        return Material.load(self.tokens_file, self.attention)

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

    @property
    def ceilings(self) -> dict[Head, Ceiling]:
        """What an additive model with full tables reaches on each head for which that is known."""
        return self.library.ceilings()

    @property
    def kinds(self) -> dict[Head, HeadKind]:
        """What kind of head each is that has a candidate, as far as that is known."""
        ceilings, scores = self.ceilings, self.library.head_scores()
        shares = {head: ceilings[head].groups if head in ceilings else {} for head in self.heads}
        return {head: HeadKind(own, scores.get(head, HeadScores())) for head, own in shares.items()}

    @property
    def assignment(self) -> dict[Head, Program]:
        """The program that stands in for each head that has one, highest validation IoU first.

        Raises:
            InputError: no head has one yet.
        """
        surrogates = self.library.surrogates()
        if not surrogates:
            raise InputError(f"{self.path} has no scored program yet; run `headsynth synthesize` again to finish it")
        order = sorted(surrogates, key=lambda head: (-surrogates[head].scores.validation_iou, head))
        return {head: replace(surrogates[head].program, clusters=self.material.clusters) for head in order}

    @property
    def assignments(self) -> dict[str, list[Head]]:
        """The names of the assignments there are, and the heads of each; ``fitted`` is :attr:`assignment`."""
        return {FITTED: sorted(self.library.surrogates()), **self.library.assignments()}

    def assigned(self, name: str) -> dict[Head, Program]:
        """An assignment by its name, the head of highest validation IoU of what was fitted first.

        Raises:
            InputError: there is none of that name.
        """
        if name == FITTED:
            return self.assignment
        programs = self.library.assignment(name)
        order = [head for head in self.assignment if head in programs]
        return {head: replace(programs[head], clusters=self.material.clusters) for head in order}

    def model(self, device: str = "cpu") -> "LoadedModel":
        """The model the run was made with, loaded once a device; one that was given in memory stays where it is.

        Raises:
            InputError: it cannot be loaded, or it is not what the patterns were made with.
        """
        if self._given is not None:
            check_same_model(self.path, self.material, self._given)  # whoever gave it may have changed it since
            self._given.model.eval()
            return self._given
        if self.settings.model.startswith(IN_MEMORY):
            raise InputError(
                f"the model of {self.path} was given in memory; give it again: open_run(path, model=…, tokenizer=…)"
            )
        if device not in self._loaded:
            from synth.models import load_for

            loaded = load_for(self.settings, device)
            check_same_model(self.path, self.material, loaded)
            self._loaded[device] = loaded
        return self._loaded[device]

    def take_model(self, loaded: "LoadedModel") -> None:
        """Use a model that is in memory, which is put in evaluation mode.

        Raises:
            InputError: it or its tokenizer is not what the patterns were made with.
        """
        check_same_model(self.path, self.material, loaded)
        self._given = loaded

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
        return self._programs(wanted, self.ceilings, self.kinds)

    def __iter__(self) -> Iterator[HeadPrograms]:
        ceilings, kinds = self.ceilings, self.kinds  # of all heads, read once
        return (self._programs(head, ceilings, kinds) for head in self.heads)

    def __contains__(self, head: str | Head) -> bool:
        return (Head.parse(head) if isinstance(head, str) else head) in self.heads

    def _programs(self, head: Head, ceilings: Mapping[Head, Ceiling], kinds: Mapping[Head, HeadKind]) -> HeadPrograms:
        clusters = self.material.clusters
        ranked = [
            replace(entry, candidate=replace(entry.candidate, clusters=clusters)) for entry in self.library.ranked(head)
        ]

        def page() -> str:
            return self.report(head)._repr_html_()

        return HeadPrograms(head, ranked, self.library.failures(head), ceilings.get(head), kinds[head], page)

    def report(self, head: str | Head | None = None) -> "Report":
        """The explorer, as a page that a notebook shows; it is in no file until its ``write`` is called.

        Args:
            head: such as ``L3H7``, for a page of it alone; by default all heads that have a program.

        Raises:
            InputError: see :func:`synth.reporting.report`.
        """
        from synth.reporting import report  # which is made from runs itself

        return report(self, head)

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
        best = max(found, key=lambda candidate: candidate.scores.validation_iou if candidate.scores else -1.0)
        return replace(best, clusters=self.material.clusters)

    def patterns(self, head: str | Head, text: str | int, program: Program | str | None = None) -> TextPatterns:
        """A head's pattern on a text, and a program's.

        Args:
            head: such as ``L3H7``.
            text: any, on which the model is run, cut to the run's ``max_tokens``; or the number of one of the run's
                own, whose patterns are stored.
            program: it, or its source; by default the one that stands in for the head.

        Raises:
            InputError: the model does not have the head, there is no such text, or the source is no program.
            ProgramFailed: the program fails on the text.
        """
        wanted = self.head(head)
        program = self.program_for(wanted, program)
        material = self.material
        if isinstance(text, str):
            from surrogates.running.patching import token_table
            from synth.models import encode

            loaded = self.model()
            (ids,) = encode(loaded, [valid(text)], self.settings.max_tokens)
            if not ids:
                raise InputError("the text has no tokens; give a longer one")
            table = token_table(loaded.model, loaded.tokenizer, [replace(program, clusters=material.clusters)])
            # The run's own windows are those that its texts reach.
            visible = visible_cells([len(ids)], loaded.causal, loaded.windows[wanted.layer])
            target = pattern_on(loaded, wanted, ids)
        else:
            if not 0 <= text < len(material.ids):
                raise InputError(f"{self.path} has no text {text}; they go from 0 to {len(material.ids) - 1}")
            ids, table = list(material.ids[text]), material.table
            visible = material.visible(wanted.layer, [ids])
            target = self._data_of(wanted).patterns([int(text)])[0].numpy()
        texts = Texts.from_lists([ids], table, causal=material.causal, torch_tensors=True)
        found = pattern(program, texts, torch.from_numpy(visible))
        tokens = table.spell(ids)
        return TextPatterns(
            wanted,
            TextPattern(tokens, target, visible[0]),
            TextPattern(tokens, found[0].numpy(), visible[0]),
            float(similarity(found, torch.from_numpy(target)[None]).iou),
        )

    def head(self, head: str | Head) -> Head:
        """One of the model's heads, by its name.

        Raises:
            InputError: the model has no such head.
        """
        wanted = Head.parse(head) if isinstance(head, str) else head
        known = open_store(self.attention).heads
        if wanted not in known:
            raise no_head(wanted, known)
        return wanted

    def program_for(self, head: Head, program: Program | str | None = None) -> Program:
        """A program, of it or of its source; by default the one that stands in for the head.

        Raises:
            InputError: the source is no program, or no program stands in for the head.
        """
        if program is None:
            return self[head].surrogate.program
        try:
            return Program.parse(program) if isinstance(program, str) else program
        except ProgramRefused as error:
            raise InputError(f"this is no program: {error}") from error

    def _data_of(self, head: Head) -> HeadData:
        if self._data is None or self._data.head != head:
            self._data = HeadData(self.material, head)
        return self._data


def open_run(
    path: str | Path, *, model: "PreTrainedModel | None" = None, tokenizer: "PreTrainedTokenizerBase | None" = None
) -> Run:
    """A run that exists.

    Args:
        path: the run directory.
        model: the one it was made with, where that was given in memory or is loaded already; it is put in evaluation
            mode.
        tokenizer: the model's.

    Raises:
        InputError: there is none, run.toml is damaged, or the model is another.
    """
    run = Run(Path(path))
    if not run.begun:
        raise InputError(f"{path} is no run directory; run `headsynth synthesize MODEL --output {path}` first")
    settings = run.settings  # so that every command says so when they cannot be read
    if model is not None or tokenizer is not None:
        from transformers import PreTrainedModel, PreTrainedTokenizerBase

        from synth.models import describe_model

        if not isinstance(model, PreTrainedModel) or not isinstance(tokenizer, PreTrainedTokenizerBase):
            raise InputError("give open_run a model in memory together with its tokenizer, or neither")
        run.take_model(describe_model(settings.model, model, tokenizer, bos=settings.bos_choice))
    return run
