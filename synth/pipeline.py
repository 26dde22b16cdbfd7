"""From a model and a corpus to a library: the stages in their order, each of which does only what is missing."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from pickle import PicklingError
from threading import Thread

import torch
from joblib import Parallel, delayed

from sandbox.confinement import missing_layers
from sandbox.verdicts import Verdict
from surrogates.errors import InputError, ProgramFailed
from surrogates.heads import Head, select_heads
from surrogates.library import Candidate, Library, Origin, label_of
from surrogates.program import Program, ProgramRefused
from surrogates.tokens import TokenTable
from synth.attention import extract
from synth.corpus import SplitText, read_texts, resolve_corpus, split_texts, write_texts
from synth.demo import demo_stories
from synth.export import export_programs
from synth.material import Material
from synth.models import LoadedModel, encode, load_for
from synth.progress import Reporter, Step
from synth.proposers.bank import Bank, bank_for
from synth.proposers.hand import read_programs
from synth.proposers.search import propose
from synth.proposers.shared import best_of_others
from synth.refitting import fit_to_head
from synth.run_directory import DEMO_CORPUS, RunDirectory, Settings
from synth.scoring import score_candidates


@dataclass(frozen=True)
class Request:
    """What a run of ``synthesize`` was asked for beyond the settings that decide its results."""

    settings: Settings
    output: Path
    heads: Sequence[str] = ()
    programs: Path | None = None
    device: str = "cpu"
    jobs: int = 0  # worker processes; 0 for one a core


def synthesize(request: Request, reporter: Reporter) -> RunDirectory:
    """Find programs for a model's heads.

    Raises:
        InputError: something asked for is wrong; what the run directory held before is still there.
    """
    hand = read_programs(request.programs) if request.programs else []
    settings = request.settings
    run = RunDirectory.claim(request.output, settings)
    loaded = load_for(settings, request.device)
    heads = select_heads(loaded.heads, request.heads)
    resolved = run.texts.is_file()
    texts = (
        read_texts(run.texts) if resolved else split_texts(_corpus(settings.corpus), settings.seed, notify=reporter.say)
    )
    ids = encode(loaded, [text.text for text in texts], settings.max_tokens)
    material = _material(loaded, run, texts, ids)
    # Only now is the directory made: a mistake in what was asked for leaves nothing behind.
    run.start(settings)
    if not resolved:
        write_texts(run.texts, texts)
    with reporter.stage("attention") as step:
        extract(loaded, ids, run.attention, progress=step)
    material.save(run.tokens)
    del loaded
    library = Library(run.path, create=True)
    try:
        work = _Work(material, library, heads, settings, request.jobs or os.cpu_count() or 1, reporter)
        work.search()
        work.share()
        work.score_hand(hand)
        with reporter.stage("write programs") as step:
            export_programs(run, library)
            step(1, 1)
    finally:
        library.close()
    return run


def _corpus(source: str) -> list[str]:
    return demo_stories() if source == DEMO_CORPUS else resolve_corpus(source)


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
                for head, candidates in self._parallel(_search_head, group, arguments):
                    self.library.add(head, "search", candidates)
                    done += 1
                    total += max((c.scores.validation_iou for c in candidates if c.scores), default=0.0)
                    step(done, len(missing), f"mean validation IoU {total / done:.3f}")

    def share(self) -> None:
        everyone = sorted(set(self.heads) | self.library.finished("search"))
        missing = [head for head in everyone if head not in self.library.finished("shared")]
        if not missing or len(everyone) == 1:
            return
        programs = {
            head: [Program.parse(c.source) for c in self.library.candidates(head) if c.origin == "search" and c.scores]
            for head in everyone
        }
        with self.reporter.stage("try on other heads") as step:
            won = best_of_others(self.material, programs, step)
        with self.reporter.stage("fit shared programs") as step:
            self._refit({head: [(_label(p), p.source) for p in won[head]] for head in missing}, "shared", step)

    def score_hand(self, programs: Sequence[tuple[str, str]]) -> None:
        if not programs:
            return
        if missing := missing_layers():
            self.reporter.say(f"scripted programs run without {' and '.join(missing)}; the other layers hold")
        with self.reporter.stage("score programs by hand") as step:
            self._refit({head: list(programs) for head in self.heads}, "hand", step)

    def _refit(self, programs: Mapping[Head, list[tuple[str, str]]], origin: Origin, step: Step) -> None:
        done = self._parallel(_refit_head, list(programs), [(programs[head], origin) for head in programs])
        for count, (head, candidates) in enumerate(done, start=1):
            self.library.add(head, origin, candidates)
            step(count, len(programs))

    def _parallel(
        self, task: Callable[..., list[Candidate]], heads: Sequence[Head], arguments: Sequence[tuple]
    ) -> Iterator[tuple[Head, list[Candidate]]]:
        """Each head's candidates, in the order of the heads, as they come in."""
        jobs = min(self.jobs, len(heads))
        pool = Parallel(n_jobs=jobs, return_as="generator", mmap_mode="c", pre_dispatch=2 * jobs)
        calls = (
            delayed(_in_worker)(os.getpid(), task, self.material, head, *own)
            for head, own in zip(heads, arguments, strict=True)
        )
        threads = torch.get_num_threads()
        try:
            yield from zip(heads, pool(calls), strict=True)
        except (PicklingError, OSError) as error:
            folder = os.environ.get("JOBLIB_TEMP_FOLDER") or tempfile.gettempdir()
            raise InputError(
                f"cannot hand work to worker processes: {error}; free some space in {folder}, set JOBLIB_TEMP_FOLDER "
                "to another folder, or run with --jobs 1"
            ) from error
        except BrokenProcessPool as error:
            raise InputError(
                "a worker process died, for lack of memory perhaps; run again with fewer --jobs"
            ) from error
        finally:
            torch.set_num_threads(threads)


def _label(program: Program) -> str:
    return label_of("_and_".join(list(program.constants)[:2]))


def _in_worker(parent: int, task: Callable[..., list[Candidate]], *arguments: object) -> list[Candidate]:
    torch.set_num_threads(1)  # so that results do not depend on the number of workers
    if os.getpid() != parent:
        _end_with(parent)
    return task(*arguments)


@cache
def _end_with(parent: int) -> None:
    """Make this worker end when its parent is killed; joblib's would wait for work for ever."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    Thread(target=watch, daemon=True).start()


def _search_head(material: Material, head: Head, bank: Bank, max_terms: int) -> list[Candidate]:
    target = material.patterns(head, material.splits["train"])
    found = [Candidate("search", label, source, None) for label, source in propose(bank, target, max_terms)]
    return score_candidates(material, head, found)


def _refit_head(material: Material, head: Head, programs: Sequence[tuple[str, str]], origin: Origin) -> list[Candidate]:
    """Score programs with constants fitted to the head; those written by hand also as they are."""
    found: dict[str, Candidate] = {}
    for label, source in programs:
        try:
            program = Program.parse(source)
        except ProgramRefused as error:
            found[source] = Candidate(origin, label, source, None, Verdict.REFUSED, str(error))
            continue
        if origin == "hand":
            found[program.source] = Candidate(origin, label, program.source, None)
        try:
            for fitted in fit_to_head(material, head, program):
                name = f"{label}_fitted" if origin == "hand" else label
                found.setdefault(fitted.source, Candidate(origin, name, fitted.source, None))
        except ProgramFailed as error:
            # It may well run with the constants it came with, which is scored above.
            found[f"{label}_fitted"] = Candidate(
                origin, f"{label}_fitted", program.source, None, error.verdict, f"fitting its constants: {error}"
            )
    return score_candidates(material, head, list(found.values()))
