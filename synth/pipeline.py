"""From a model and a corpus to a library: the one way in, for the command line and for notebooks."""

from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from surrogates.errors import InputError
from surrogates.library.heads import Head
from synth.engine import Engine, Local
from synth.export import export_programs
from synth.given import Given
from synth.llm.store import Exchanges
from synth.preparation import prepare, stored
from synth.progress import Reporter
from synth.proposers.hand import read_programs
from synth.proposers.language_model.asking import LanguageModel
from synth.proposers.transfer import read_library
from synth.run import Run
from synth.stages import Stages, name_missing_layers


def synthesize(
    model: str | Path | PreTrainedModel,
    corpus: str | Path | None = None,
    *,
    output: str | Path,
    tokenizer: PreTrainedTokenizerBase | None = None,
    texts: Sequence[str] | None = None,
    heads: str | Sequence[str | Head] = (),
    programs: str | Path | None = None,
    library: str | Path | None = None,
    llm: LanguageModel | None = None,
    max_terms: int = 12,
    library_size: int = 0,
    max_tokens: int = 128,
    seed: int = 0,
    revision: str = "",
    dtype: str = "float32",
    bos: bool | None = None,
    device: str = "cpu",
    engine: Engine | None = None,
    reporter: Reporter | None = None,
) -> Run:
    """Find programs for a model's heads; what an earlier call with the same settings did is not done again.

    Args:
        model: a hub name, a folder, ``demo``, or a model in memory, which is put in evaluation mode.
        corpus: see :func:`synth.corpus.resolve_corpus`; by default the bundled stories.
        output: the run directory.
        tokenizer: of a model in memory.
        texts: documents in the place of a corpus.
        heads: such as ``L3H7``, ``L3`` or ``L0-L2``; all by default.
        programs: a folder of programs of your own to score.
        library: a run on another model whose programs are tried on these heads.
        llm: a language model that proposes programs.
        max_terms: most parts of a program that the search writes.
        library_size: structures that the heads share; a quarter of the heads where it is 0.
        max_tokens: texts are cut to so many.
        seed: of the split and of sampling.
        revision: branch, tag or commit of the model on the hub.
        dtype: of the model's numbers, where it is loaded: ``float32``, ``bfloat16`` or ``float16``.
        bos: whether a BOS token is put in front; by default as the model was trained.
        device: where the model runs, where it is loaded, and where heads are fitted; those of a model in memory are
            fitted where it is.
        engine: where heads are worked on; by default in a process a core.
        reporter: where progress is shown.

    Raises:
        InputError: something asked for is wrong; what the run directory held before is still there.
    """
    reporter, engine = reporter or Reporter(), engine or Local()
    output = Path(output)
    given = Given.of(model, tokenizer, corpus, texts)
    settings = given.settings(
        revision=revision, dtype=dtype, bos={None: "", True: "yes", False: "no"}.get(bos, bos), max_tokens=max_tokens,
        max_terms=max_terms, library_size=library_size, seed=seed,
    )  # fmt: skip
    settings.check()
    fits_on = given.device(device)
    names = [str(head) for head in ([heads] if isinstance(heads, str) else heads)]
    hand = read_programs(Path(programs)) if programs else []
    other = read_library(Path(library), output) if library else None
    if llm:
        llm.check()
    run = Run.claim(output, settings)
    with ExitStack() as held:
        held.callback(run.close)
        begun = run.begun
        if begun:
            held.enter_context(run.writing())
        prepared = stored(run, settings, names) or prepare(run, given, settings, names, device, reporter)
        if not begun:
            # Only now is the directory made: a mistake in what was asked for leaves nothing behind.
            held.enter_context(run.writing())
            run.start(settings, prepared.start)
        prepared.begin()
        if llm:
            exchanges = held.enter_context(closing(Exchanges(run.library.path, create=True)))
            asker = llm.asker(exchanges)
            llm.announce(asker, run.library, prepared.heads, reporter.say)
        prepared.finish(reporter)
        stages = Stages(run, prepared.heads, engine, reporter, fits_on)
        stages.search()
        stages.share()
        if other or hand or llm:
            name_missing_layers(reporter)
        if other:
            stages.transfer(other)
        stages.score_hand(hand)
        try:
            if llm:
                stages.ask(llm, exchanges, asker)
        except InputError:
            export_programs(run)  # what was found by then
            raise
        with reporter.stage("write programs") as step:
            export_programs(run)
            step(1, 1)
    return run
