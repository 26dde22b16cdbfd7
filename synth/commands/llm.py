"""``headsynth llm``: questions and answers that a person carries."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from surrogates.errors import InputError
from surrogates.library.heads import select_heads
from surrogates.library.library import Library
from synth.commands.kept_plan import kept_plan
from synth.engine import Engine
from synth.export import export_programs
from synth.llm.files import Carried, import_answers, write_requests
from synth.llm.money import load_prices
from synth.llm.store import Exchanges
from synth.progress import Reporter
from synth.proposers.language_model.plan import Plan
from synth.proposers.language_model.rounds import Rounds
from synth.regular_files import check_regular, reading
from synth.run import Run, open_run
from synth.stages import name_missing_layers

_ANOTHER = "name another"


def export(path: Path, requests: Path, plan: Plan | None, engine: Engine, reporter: Reporter) -> None:
    """Write the questions that wait, as many as can be asked with the answers there are.

    Args:
        path: the run directory.
        requests: the file to write.
        plan: what to ask; None for what the run was given last.
        engine: where the work is done.
        reporter: told the progress.

    Raises:
        InputError: there is no finished run, no plan, or the file cannot be written.
    """
    check_regular(requests, _ANOTHER)
    with _opened(path) as opened:
        if plan:
            select_heads(opened.run.heads, plan.heads)  # only to hear of mistakes before the plan is kept
            opened.exchanges.keep_plan(plan.to_json())
        asker = opened.go_on(engine, reporter)
        if not asker.noted:
            reporter.say("no question waits for an answer: all rounds are done")
            return
        try:
            files = write_requests(asker.noted, requests)
        except OSError as error:
            raise InputError(f"cannot write {requests}: {error.strerror}; name another file") from error
    heads = len({question.label for question in asker.noted})
    reporter.say(f"{len(asker.noted)} questions about {heads} heads: {', '.join(map(str, files))}")
    reporter.say(
        f"bring the answers back with `headsynth llm import {path} ANSWERS`: a batch's output, or lines "
        'such as {"custom_id": "…", "content": "…"}'
    )


def import_(path: Path, answers: Path, engine: Engine, reporter: Reporter) -> None:
    """Store answers and try the programs in them; what they lead to is asked with the next export.

    Args:
        path: the run directory.
        answers: a JSONL file.
        engine: where the work is done.
        reporter: told the progress.

    Raises:
        InputError: there is no run that asked, or the file is wrong; its good lines are stored and tried all the same.
    """
    check_regular(answers, _ANOTHER)
    with reading(answers, "name a JSONL file of answers", "answers"):
        answers.open("rb").close()  # before the work that good lines lead to
    with _opened(path) as opened:
        wrong: InputError | None = None
        new: tuple[str, ...] = ()
        try:
            read = import_answers(answers, opened.exchanges, load_prices())
        except InputError as error:
            wrong = error
        else:
            new = read.new
            reporter.say(
                f"{read.stored} answers stored, {read.kept} questions had one before, {read.unknown} lines answer "
                f"no question of this run, {len(read.failures)} questions failed"
            )
            for failure in sorted(map(str, read.failures.values())):
                reporter.say(f"  {failure}")
        asker = opened.go_on(engine, reporter)
        apart = [key for key in new if key not in asker.asked]
        models = sorted({asked[0] for key in apart if (asked := opened.exchanges.asked(key))})
    if wrong:
        raise wrong
    if apart:
        reporter.say(
            f"{len(apart)} of the answers are to what was asked before, of {' and '.join(models)}, and not by the plan "
            "that was given last: they are stored, and tried when `headsynth llm export` or `synthesize` is given that "
            "--llm again, and the options of then"
        )
    if asker.noted:
        reporter.say(f"{len(asker.noted)} questions wait: `headsynth llm export {path} REQUESTS` writes them")
    reporter.say(f"see `headsynth inspect {path}`")


@dataclass(frozen=True)
class _Opened:
    run: Run
    exchanges: Exchanges

    def go_on(self, engine: Engine, reporter: Reporter) -> Carried:
        """Take the rounds as far as the stored answers go, and note the questions that then wait."""
        plan = kept_plan(self.exchanges, self.run.path)
        if plan is None:
            raise InputError(f"{self.run.path} has asked no language model yet; name one with --llm MODEL")
        heads = select_heads(self.run.heads, plan.heads)
        name_missing_layers(reporter)
        asker = Carried(plan.parameters, self.exchanges)
        Rounds(self.run, self.exchanges, heads, plan, asker, engine, reporter).go()
        export_programs(self.run)
        return asker


@contextmanager
def _opened(path: Path) -> Iterator[_Opened]:
    with open_run(path) as run, run.writing():
        if run.library_file.is_file():
            Library(path, create=True).close()  # so that one of an earlier version can be written to
        if not run.heads:
            raise InputError(f"{path} has no scored program yet; run `headsynth synthesize` again to finish it")
        with closing(Exchanges(run.library.path, create=True)) as exchanges:
            yield _Opened(run, exchanges)
