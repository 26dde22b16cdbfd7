"""From a model and a corpus to a library: the stages in their order, each of which does only what is missing."""

import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from sandbox.confinement import missing_layers
from surrogates.language.program import Program
from surrogates.language.tokens import TokenTable
from surrogates.library.candidates import Candidate, label_of
from surrogates.library.heads import Head, select_heads
from surrogates.library.library import Library
from synth.attention import extract
from synth.corpus import SplitText, read_texts, resolve_corpus, split_texts, write_texts
from synth.demo import demo_stories
from synth.engine import each_head
from synth.export import export_programs
from synth.fitting.scoring import score_candidates
from synth.fitting.trial import try_programs
from synth.llm.store import Exchanges
from synth.material import HeadData, Material
from synth.models import LoadedModel, encode, load_for
from synth.progress import Reporter, Step
from synth.proposers.bank import Bank, bank_for
from synth.proposers.hand import read_programs
from synth.proposers.language_model.asking import LanguageModel
from synth.proposers.language_model.rounds import Rounds
from synth.proposers.search import propose
from synth.proposers.shared import best_fitting
from synth.proposers.transfer import TRANSFERRED, OtherLibrary, read_library
from synth.run import DEMO_CORPUS, RunDirectory, Settings


@dataclass(frozen=True)
class Request:
    """What a run of ``synthesize`` was asked for beyond the settings that decide its results."""

    settings: Settings
    output: Path
    heads: Sequence[str] = ()
    programs: Path | None = None
    library: Path | None = None
    llm: LanguageModel | None = None
    device: str = "cpu"
    jobs: int = 0  # worker processes; 0 for one a core


def synthesize(request: Request, reporter: Reporter) -> RunDirectory:
    """Find programs for a model's heads.

    Raises:
        InputError: something asked for is wrong; what the run directory held before is still there.
    """
    hand = read_programs(request.programs) if request.programs else []
    other = read_library(request.library, request.output) if request.library else None
    if request.llm:
        request.llm.check()
    settings = request.settings
    run = RunDirectory.claim(request.output, settings)
    with ExitStack() as held:
        begun = run.begun
        if begun:
            held.enter_context(run.writing())
        loaded = load_for(settings, request.device)
        heads = select_heads(loaded.heads, request.heads)
        resolved = run.texts.is_file()
        texts = read_texts(run.texts) if resolved else _drawn_texts(settings, reporter)
        ids = encode(loaded, [text.text for text in texts], settings.max_tokens)
        material = _material(loaded, run, texts, ids)
        if not begun:
            # Only now is the directory made: a mistake in what was asked for leaves nothing behind.
            held.enter_context(run.writing())
            run.start(settings)
        if not resolved:
            write_texts(run.texts, texts)
        library = held.enter_context(closing(Library(run.path, create=True)))
        if request.llm:
            request.llm.announce(library, heads, reporter.say)
        with reporter.stage("attention") as step:
            extract(loaded, ids, run.attention, progress=step)
        material.save(run.tokens)
        del loaded
        work = _Work(material, library, heads, settings, request.jobs or os.cpu_count() or 1, reporter)
        work.search()
        work.share()
        if other or hand or request.llm:
            name_missing_layers(reporter)
        if other:
            work.transfer(other)
        work.score_hand(hand)
        if request.llm:
            work.ask(request.llm)
        with reporter.stage("write programs") as step:
            export_programs(run, library)
            step(1, 1)
    return run


def _drawn_texts(settings: Settings, reporter: Reporter) -> list[SplitText]:
    documents = demo_stories() if settings.corpus == DEMO_CORPUS else resolve_corpus(settings.corpus)
    return split_texts(documents, settings.seed, notify=reporter.say)


def _material(loaded: LoadedModel, run: RunDirectory, texts: Sequence[SplitText], ids: list[list[int]]) -> Material:
    embeddings = loaded.model.get_input_embeddings().weight.detach()
    return Material.build(
        run.attention,
        TokenTable.from_tokenizer(loaded.tokenizer, len(embeddings)),
        embeddings,
        ids,
        [text.split for text in texts],
        causal=loaded.causal,
        windows=loaded.windows,
    )


@dataclass(frozen=True)
class _Work:
    """The stages that fill the library, over the chosen heads."""

    material: Material
    library: Library
    heads: list[Head]
    settings: Settings
    jobs: int
    reporter: Reporter

    def search(self) -> None:
        missing = [head for head in self.heads if head not in self.library.finished("search")]
        if not missing:
            return
        # Heads that join later have programs to share, so sharing starts again.
        self.library.forget("shared")
        done = 0
        total = 0.0
        with self.reporter.stage("search") as step:
            step(0, len(missing))
            for group in self.material.by_window(missing):
                bank = bank_for(self.material, group[0], self.settings.seed)
                arguments = [(bank, self.settings.max_terms)] * len(group)
                for head, candidates in each_head(_search_head, self.material, group, arguments, self.jobs):
                    self.library.add(head, "search", candidates)
                    done += 1
                    total += max((c.scores.validation_iou for c in candidates if c.scores), default=0.0)
                    step(done, len(missing), f"mean validation IoU {total / done:.3f}")

    def share(self) -> None:
        everyone = sorted(set(self.heads) | self.library.finished("search"))
        missing = [head for head in everyone if head not in self.library.finished("shared")]
        if not missing or len(everyone) == 1:
            return
        programs = {head: [c.program for c in self._scored(head) if c.origin == "search"] for head in everyone}
        with self.reporter.stage("try on other heads") as step:
            known = {head: {program.structure for program in own} for head, own in programs.items()}
            won = best_fitting(self.material, chain.from_iterable(programs.values()), known, step)
        with self.reporter.stage("fit shared programs") as step:
            proposed = {
                head: [Candidate("shared", _label(program), program.source, None) for program in won[head]]
                for head in missing
            }
            self._try(proposed, "shared", step)

    def transfer(self, other: OtherLibrary) -> None:
        missing = [head for head in self.heads if head not in self.library.finished(other.stage)]
        if not missing:
            return
        known = {head: {c.program.structure for c in self._scored(head)} for head in missing}
        with self.reporter.stage(f"try programs of {other.model}") as step:
            won = best_fitting(self.material, other.programs(), known, step, TRANSFERRED)
        with self.reporter.stage(f"fit programs of {other.model}") as step:
            proposed = {
                head: [Candidate("transfer", _label(p), p.source, None, model=other.model) for p in won[head]]
                for head in missing
            }
            self._try(proposed, other.stage, step)

    def score_hand(self, programs: Sequence[tuple[str, str]]) -> None:
        if not programs:
            return
        with self.reporter.stage("score programs by hand") as step:
            proposed = [Candidate("hand", label, source, None) for label, source in programs]
            self._try(dict.fromkeys(self.heads, proposed), "hand", step)

    def ask(self, llm: LanguageModel) -> None:
        with closing(Exchanges(self.library.path)) as exchanges:
            exchanges.keep_plan(llm.plan.to_json())
            unanswered = Rounds(
                self.material, self.library, exchanges, self.heads, llm.plan, llm.asker(exchanges), self.jobs,
                self.settings.seed, self.reporter,
            ).run()  # fmt: skip
        if unanswered:
            why = (
                f"the budget of {llm.budget} has no room for them; run again with a larger one to go on"
                if llm.budget
                else "their batch expired; run again to go on"
            )
            self.reporter.say(f"{unanswered} questions have no answer, since {why}")

    def _scored(self, head: Head) -> list[Candidate]:
        return [candidate for candidate in self.library.candidates(head) if candidate.scores]

    def _try(self, proposed: Mapping[Head, list[Candidate]], stage: str, step: Step) -> None:
        arguments = [(programs,) for programs in proposed.values()]
        done = each_head(_tried, self.material, list(proposed), arguments, self.jobs)
        for count, (head, candidates) in enumerate(done, start=1):
            self.library.add(head, stage, candidates)
            step(count, len(proposed))


def name_missing_layers(reporter: Reporter) -> None:
    """Say which layers of the sandbox this machine does not have, before it runs what strangers wrote."""
    if missing := missing_layers():
        reporter.say(f"scripted programs run without {' and '.join(missing)}; the other layers hold")


def _label(program: Program) -> str:
    return label_of("_and_".join(list(program.constants)[:2]))


def _search_head(material: Material, head: Head, bank: Bank, max_terms: int) -> list[Candidate]:
    target = material.patterns(head, material.splits["train"])
    found = [Candidate("search", label, source, None) for label, source in propose(bank, target, max_terms)]
    return score_candidates(HeadData(material, head), found)


def _tried(material: Material, head: Head, proposed: Sequence[Candidate]) -> list[Candidate]:
    return list(chain.from_iterable(try_programs(HeadData(material, head), proposed)))
