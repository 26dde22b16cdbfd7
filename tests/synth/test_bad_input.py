"""Whatever is wrong with what a person gives: one line that says what to do, exit code 2, and the disk as it was."""

import json
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
import transformers

from synth.llm.store import Exchanges
from synth.proposers.language_model.plan import Plan
from tests.synth.tiny_runs import call, copy_run, refusal, save_corpus
from tests.tiny_models import VOCABULARY, tiny_tokenizer

KEYS = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "HEADSYNTH_PRICES")


@dataclass(frozen=True)
class World:
    """What bad input is made from.

    Attributes:
        folder: the working directory, empty but for a good ``corpus.jsonl`` and a folder for temporary files.
        llama: a good model; ``bert`` is an encoder.
        finished: a finished run of llama's.
        encoder: one of bert's.
    """

    folder: Path
    llama: str
    bert: str
    finished: Path
    encoder: Path
    set_variable: Callable[[str, str], None]

    def run(self) -> str:
        """A copy of the finished run."""
        copy_run(self.finished, self.folder / "run")
        return "run"

    def asked(self) -> str:
        """One that has asked a language model."""
        run = self.run()
        with closing(Exchanges(self.folder / run / "library.sqlite", create=True)) as exchanges:
            exchanges.keep_plan(Plan("m").to_json())
        return run

    def generate(self, *more: object) -> tuple[object, ...]:
        return ("generate", self.run(), "--prompt", "a", *more)

    def file(self, name: str, content: str | bytes = "") -> str:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return name

    def synthesize(self, *more: object, model: object = None, corpus: str = "corpus.jsonl") -> tuple[object, ...]:
        given = ("--corpus", corpus, "--output", "new", "--max-tokens", "14", "--max-terms", "1", "--jobs", "1")
        return ("synthesize", model or self.llama, *given, *more)

    def again(self, *more: object) -> tuple[object, ...]:
        """Synthesize into a finished run."""
        return self.synthesize("--output", self.run(), *more)

    def model(self, change: Callable[[Path], object]) -> tuple[object, ...]:
        """Synthesize on a copy of the good model that was changed."""
        shutil.copytree(self.llama, self.folder / "model")
        change(self.folder / "model")
        return self.synthesize(model="model")

    def texts(self, content: str | bytes, name: str = "texts.jsonl") -> tuple[object, ...]:
        """Synthesize on a corpus."""
        return self.synthesize(corpus=self.file(name, content))

    def prices(self, content: str) -> tuple[object, ...]:
        self.set_variable("HEADSYNTH_PRICES", str(self.folder / self.file("prices.toml", content)))
        return self.asking()

    def asking(self, *more: object) -> tuple[object, ...]:
        return self.synthesize("--llm", "m", "--base-url", "http://127.0.0.1:9/v1", *more)


Arguments = tuple[object, ...]
Case = tuple[str, Callable[[World], Arguments]]


def no_weights(model: Path) -> None:
    (model / "model.safetensors").unlink()


def half_the_weights(model: Path) -> None:
    weights = model / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[: weights.stat().st_size // 2])


def configured(**settings: object) -> Callable[[Path], None]:
    def change(model: Path) -> None:
        config = json.loads((model / "config.json").read_text())
        (model / "config.json").write_text(json.dumps(config | settings))

    return change


def no_tokenizer(model: Path) -> None:
    for path in model.glob("tokenizer*"):
        path.unlink()


def architecture(kind: str) -> Callable[[Path], None]:
    def change(model: Path) -> None:
        config: transformers.PreTrainedConfig = transformers.T5Config(d_model=32, num_layers=1, num_heads=4)
        if kind == "bloom":
            config = transformers.BloomConfig(vocab_size=VOCABULARY, hidden_size=32, n_layer=1, n_head=4)
            transformers.BloomForCausalLM(config).save_pretrained(model)
        config.save_pretrained(model)
        tiny_tokenizer().save_pretrained(model)

    return change


MODELS: list[Case] = [
    ("there is no model folder ./nowhere; give a folder", lambda w: w.synthesize(model="./nowhere")),
    ("thesis.txt", lambda w: w.synthesize(model="./" + w.file("thesis.txt", "words"))),
    ("has no config.json; give the folder", lambda w: w.model(lambda m: (m / "config.json").unlink())),
    ("cannot load the model /", lambda w: w.model(lambda m: (m / "config.json").write_text("{"))),
    ("cannot load the model /", lambda w: w.model(lambda m: (m / "config.json").write_text("[]"))),
    ("cannot load the model /", lambda w: w.model(configured(model_type="no-such-type"))),
    ("cannot load the weights of /", lambda w: w.model(no_weights)),
    ("cannot load the weights of /", lambda w: w.model(half_the_weights)),
    ("cannot load the weights of /", lambda w: w.model(configured(hidden_size=64))),
    ("of the weights of a LlamaForCausalLM", lambda w: w.model(configured(num_hidden_layers=3))),
    ("tokenizer", lambda w: w.model(no_tokenizer)),
    ("cannot load the tokenizer", lambda w: w.model(lambda m: (m / "tokenizer.json").write_text("{"))),
    ("encoder-decoder", lambda w: w.model(architecture("t5"))),
    ("attention cannot be intercepted", lambda w: w.model(architecture("bloom"))),
    ("cannot load the model nobody/no-such", lambda w: w.synthesize(model="nobody/no-such-model")),
    ("unknown dtype 'int8'; choose", lambda w: w.synthesize("--dtype", "int8")),
    ("unknown device", lambda w: w.synthesize("--device", "gpu")),
    ("leave the BOS option out", lambda w: w.synthesize("--no-bos", model=w.bert)),
]
CORPORA: list[Case] = [
    ("cannot read no.txt: No such file", lambda w: w.synthesize(corpus="no.txt")),
    ("holds no text; give another one", lambda w: w.texts("")),
    ("holds no text; give another one", lambda w: w.texts("\n \n\n", "blank.txt")),
    ("is no text in UTF-8 (byte 0)", lambda w: w.texts(b"\xff\xfe\x00", "binary.txt")),
    (
        "has 3 distinct documents; give at least 10",
        lambda w: w.texts('{"text": "a"}\n{"text": "b"}\n{"text": "c"}\n{"text": " a "}\n'),
    ),
    ("line 2: not JSON", lambda w: w.texts('{"text": "a"}\n{"text": \n')),
    ("line 1", lambda w: w.texts('{"title": "a", "story": "b"}\n')),
    ("line 1", lambda w: w.texts('{"text": 7}\n')),
    ("line 1", lambda w: w.texts("[1, 2]\n")),
    ("list.json", lambda w: w.texts('{"text": "a"}', "list.json")),
    ("texts.csv is; give a .txt, .jsonl", lambda w: w.texts("a,b", "texts.csv")),
    ("it is no file; check the path", lambda w: w.synthesize(corpus=str(Path(w.file("d.txt/x")).parent))),
]
OPTIONS: list[Case] = [
    ("'H3' is not a head; write it as L3H7", lambda w: w.synthesize("--heads", "H3")),
    ("there is no head L9H9 here; they go from", lambda w: w.synthesize("--heads", "L9H9")),
    ("there is no head L5-L6 here", lambda w: w.synthesize("--heads", "L0,L5-L6")),
    ("no head is named by ''; write one as L3H7, or", lambda w: w.synthesize("--heads", "")),
    ("reads at most 64 tokens; ask for no more", lambda w: w.synthesize("--max-tokens", "65")),
    ("'--max-tokens': ", lambda w: w.synthesize("--max-tokens", "0")),
    ("'--max-tokens': ", lambda w: w.synthesize("--max-tokens", "-5")),
    ("'--max-tokens': ", lambda w: w.synthesize("--max-tokens", "many")),
    ("max_tokens = ", lambda w: w.synthesize("--max-tokens", "9" * 30)),
    ("'--max-terms': ", lambda w: w.synthesize("--max-terms", "99")),
    ("'--library-size': ", lambda w: w.synthesize("--library-size", "-1")),
    ("library_size = 2147483649 is out of range", lambda w: w.synthesize("--library-size", str(2**31 + 1))),
    ("'--seed': ", lambda w: w.synthesize("--seed", "-1")),
    ("'--jobs': ", lambda w: w.synthesize("--jobs", "-1")),
    ("'--jobs': ", lambda w: w.synthesize("--jobs", "all")),
    ("'--engine': ", lambda w: w.synthesize("--engine", "cloud")),
    ("--scheduler", lambda w: w.synthesize("--engine", "dask")),
    ("--scheduler", lambda w: w.synthesize("--scheduler", "tcp://127.0.0.1:1")),
    ("No such option: --speed", lambda w: w.synthesize("--speed", "9")),
    ("unexpected extra argument", lambda w: w.synthesize("more")),
    ("No such command 'explain'; see `headsynth --help`", lambda _: ("explain",)),
    ("Missing argument 'RUN'; see `headsynth inspect --help`", lambda _: ("inspect",)),
]
OWN: list[Case] = [
    ("own is no folder; give --programs a folder", lambda w: w.synthesize("--programs", "own")),
    ("a.py is no folder; give --programs a folder", lambda w: w.synthesize("--programs", w.file("a.py"))),
    ("holds no .py file", lambda w: w.synthesize("--programs", Path(w.file("own/a.txt")).parent)),
    ("a.py is no text in UTF-8", lambda w: w.synthesize("--programs", Path(w.file("own/a.py", b"\xff")).parent)),
    ("other is no run directory", lambda w: w.synthesize("--library", "other")),
    ("this run itself; give --library a run", lambda w: w.again("--library", "run")),
]


def later_version(run: Path) -> None:
    connection = sqlite3.connect(run / "library.sqlite")
    connection.execute("PRAGMA user_version = 999")
    connection.close()


def changed(world: World, change: Callable[[Path], object]) -> str:
    run = world.run()
    change(world.folder / run)
    return run


DIRECTORIES: list[Case] = [
    ("is a file; choose another --output", lambda w: w.synthesize("--output", w.file("taken"))),
    ("Not a directory", lambda w: w.synthesize("--output", w.file("taken") + "/run")),
    ("is not empty and holds no run", lambda w: w.synthesize("--output", Path(w.file("thesis/a.txt")).parent)),
    ("holds a run with model = ", lambda w: (w.again()[0], w.bert, *w.synthesize("--output", "run")[2:])),
    ("holds a run with corpus = ", lambda w: w.again()),
    ("holds a run with ", lambda w: w.again("--corpus", "demo", "--seed", "3")),
    ("no-run is no run directory; run `headsynth synth", lambda _: ("inspect", "no-run")),
    ("no-run is no run directory", lambda _: ("evaluate", "no-run")),
    ("no-run is no run directory", lambda _: ("prompt", "no-run", "L0H0")),
    ("no-run is no run directory", lambda _: ("llm", "export", "no-run", "r.jsonl", "--llm", "m")),
    ("taken is no run directory", lambda w: ("inspect", w.file("taken"))),
    ("library of a later version; update", lambda w: ("inspect", changed(w, later_version))),
    ("holds no library", lambda w: ("evaluate", changed(w, lambda run: (run / "library.sqlite").unlink()))),
    ("holds no attention patterns", lambda w: ("evaluate", changed(w, lambda run: shutil.rmtree(run / "attention")))),
    ("has no programs for L1H0; heads in it: L0H0 to", lambda w: ("inspect", w.run(), "L1H0")),
    ("'L0' is not a head; write it as L3H7", lambda w: ("inspect", w.run(), "L0")),
    ("'--sort': ", lambda w: ("inspect", w.run(), "--sort", "size")),
    ("there is no head L7H7 here; they go from", lambda w: ("prompt", w.run(), "L7H7")),
    ("the smallest prompt takes about", lambda w: ("prompt", w.run(), "L0H0", "--prompt-tokens", "1")),
    ("have no perplexity to stay within; leave", lambda w: ("evaluate", w.encoder, "--max-increase", "9")),
    ("cannot read the fractions 'half'; write perc", lambda w: ("evaluate", w.run(), "--fractions", "half")),
    ("cannot read the fractions '0,50'", lambda w: ("evaluate", w.run(), "--fractions", "0,50")),
    ("cannot read the fractions '150'", lambda w: ("evaluate", w.run(), "--fractions", "150")),
    ("cannot read the fractions ''", lambda w: ("evaluate", w.run(), "--fractions", "")),
    ("device", lambda w: ("evaluate", w.run(), "--device", "cuda:99")),
    ("is an encoder, which predicts no next token", lambda w: ("calibrate", w.encoder)),
    ("25.0 is no share of the heads; give", lambda w: ("calibrate", w.run(), "--fraction", "25")),
    ("'--texts': ", lambda w: ("calibrate", w.run(), "--texts", "0")),
    ("no-run is no run directory", lambda _: ("generate", "no-run", "--prompt", "a")),
    ("Missing option '--prompt'; see `headsynth generate", lambda w: ("generate", w.run())),
    ("the prompt is empty; give a text", lambda w: w.generate("--prompt", "")),
    ("the prompt has no tokens; give a text", lambda w: w.generate("--prompt", "<s>")),
    ("is an encoder, which writes no text", lambda w: ("generate", w.encoder, "--prompt", "a")),
    ("25.0 is no share of the heads; give", lambda w: w.generate("--fraction", "25")),
    ("0.0 is no share of the heads; give", lambda w: w.generate("--fraction", "0")),
    ("nan is no share of the heads; give", lambda w: w.generate("--fraction", "nan")),
    ("'--fraction': ", lambda w: w.generate("--fraction", "half")),
    ("'--max-new-tokens': ", lambda w: w.generate("--max-new-tokens", "0")),
    ("more than the 64 that", lambda w: w.generate("--max-new-tokens", "64")),
    ("the temperature -1.0 is out of range; give 0,", lambda w: w.generate("--temperature", "-1")),
    ("the temperature 1e-30 is out of range", lambda w: w.generate("--temperature", "1e-30")),
    ("the temperature nan is out of range", lambda w: w.generate("--temperature", "nan")),
    ("the seed 9", lambda w: w.generate("--seed", "9" * 30)),
    ("'--seed': ", lambda w: w.generate("--seed", "-1")),
    ("'--on-error': ", lambda w: w.generate("--on-error", "ignore")),
    ("device", lambda w: w.generate("--device", "cuda:99")),
]
LANGUAGE_MODELS: list[Case] = [
    ("--budget is about a language model; name one", lambda w: w.synthesize("--budget", "5")),
    ("5 apples", lambda w: w.asking("--budget", "5 apples")),
    ("-1", lambda w: w.asking("--budget", "-1")),
    ("'--rounds': ", lambda w: w.asking("--rounds", "0")),
    ("'--candidates': ", lambda w: w.asking("--candidates", "x")),
    ("localhost", lambda w: w.synthesize("--llm", "m", "--base-url", "localhost:8000/v1")),
    ("OPENAI_API_KEY", lambda w: w.synthesize("--llm", "gpt-5-mini")),
    ("--llm", lambda w: w.synthesize("--llm", "")),
    ("prices.toml", lambda w: w.prices("[m\n")),
    ("prices.toml", lambda w: w.prices("[m]\ninput = -1\noutput = 1\n")),
    ("prices.toml", lambda w: w.prices("[m]\ninput = 1\n")),
    ("has asked no language model yet; name one", lambda w: ("llm", "export", w.run(), "r.jsonl")),
    ("'x' is not a head", lambda w: ("llm", "export", w.run(), "r.jsonl", "--llm", "m", "--heads", "x")),
    ("it is no file; name another", lambda w: ("llm", "export", w.run(), ".", "--llm", "m")),
    ("no.jsonl", lambda w: ("llm", "import", w.asked(), "no.jsonl")),
    ("it is no file; name another", lambda w: ("llm", "import", w.asked(), ".")),
    (
        "has asked no language model yet",
        lambda w: ("llm", "import", w.run(), w.file("a.jsonl", '{"custom_id": "x"}\n')),
    ),
]
CASES = MODELS + CORPORA + OPTIONS + OWN + DIRECTORIES + LANGUAGE_MODELS


def listing(folder: Path) -> dict[str, bytes]:
    """Every file under a folder with its content, but for that of a library, which whoever opens it may tidy up."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() and "sqlite" not in path.name else b""
        for path in folder.rglob("*")
        if not path.name.endswith(("-wal", "-shm", "run.lock"))
    }


@pytest.fixture
def world(
    llama: str, bert: str, finished: Path, finished_encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> World:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    for name in KEYS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    save_corpus(tmp_path / "corpus.jsonl", 500)  # with fewer documents a second line would say so
    return World(tmp_path, llama, bert, finished, finished_encoder, monkeypatch.setenv)


@pytest.mark.parametrize(("message", "arguments"), CASES, ids=range(len(CASES)))
def test_bad_input_is_one_line_that_says_what_to_do(
    message: str, arguments: Callable[[World], Arguments], world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    given = arguments(world)
    before = listing(world.folder)
    line = refusal(capsys, *given)
    assert message in line
    assert "; " in line  # what is wrong, and what to do
    assert listing(world.folder) == before


def test_texts_of_a_letter_have_programs_and_questions(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(capsys, *world.texts("\n\n".join("abcdefghijkl"), "letters.txt")).code == 0
    asked = call(capsys, "prompt", "new", "L0H0")
    assert asked.code == 0
    assert "The head's program so far" in asked.out


def test_there_are_many_kinds() -> None:
    assert len(CASES) >= 40
