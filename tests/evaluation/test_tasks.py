"""Tasks of lm-evaluation-harness on models in memory, patched and not."""

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from transformers import PreTrainedModel

from surrogates.errors import InputError, ProgramFailed
from surrogates.language.program import Program
from surrogates.library.heads import Head
from surrogates.running.patching import patch
from tests.tiny_models import CONTEXT, TEXTS, tiny_model, tiny_tokenizer

pytest.importorskip("lm_eval", reason="needs the extra headsynth[tasks]")
pytest.importorskip("accelerate", reason="the harness' own class for models needs it")

import datasets
from lm_eval.api.instance import Instance
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager

from evaluation.harness_model import HarnessModel
from evaluation.task_figures import TaskFigures
from evaluation.tasks import asked_by, measure_task, quiet_harness

RECENT = Program.parse('def f(query, key, pair):\n    """Recent."""\n    return -2 * pair.distance\n')
NO_NUMBER = Program.parse('def f(query, key, pair):\n    """No number."""\n    return pair.distance * (inf - inf)\n')
SOME = {Head(0, 1): RECENT, Head(1, 2): RECENT}
CONTEXTS = ["Once upon a time", "The dog said,", "Tom and Sam went to the park.\n", TEXTS[0], ""]
LONG = " ".join(TEXTS * 2)
CONTINUATIONS = [" a", " there was a little girl.", " ran, and ran", "\nThe end"]
QUESTIONS: list[dict[str, Any]] = [
    {"query": text, "choices": list(CONTINUATIONS[: 2 + number % 3]), "gold": number % 2}
    for number, text in enumerate([text[:20] for text in TEXTS] * 4)
]


def instances(pairs: Sequence[tuple[str, ...]]) -> list[Instance]:
    return [Instance("loglikelihood", {}, pair, number) for number, pair in enumerate(pairs)]


def reader_of(kind: str, *, bos: bool) -> HarnessModel:
    """A tiny model that reads texts with a BOS in front or without."""
    tokenizer = tiny_tokenizer(kind)

    def bare(text: str) -> list[int]:
        return tokenizer(text, add_special_tokens=False)["input_ids"]

    start = tokenizer.bos_token_id
    return HarnessModel(tiny_model(kind), tokenizer, bare, [start] if bos else [], start, CONTEXT)


@pytest.fixture(scope="module")
def reader() -> HarnessModel:
    return reader_of("llama", bos=True)


def task_of(questions: Sequence[dict[str, Any]], **settings: Any) -> Any:
    config = {
        "task": "questions", "custom_dataset": lambda **_: {"test": datasets.Dataset.from_list(list(questions))},
        "test_split": "test", "output_type": "multiple_choice", "doc_to_text": "query", "doc_to_choice": "choices",
        "doc_to_target": "gold", "metric_list": [{"metric": "acc"}, {"metric": "acc_norm"}],
    }  # fmt: skip
    with quiet_harness():
        (task,) = TaskManager(include_defaults=False).load([config | settings])["tasks"].values()
    return task


@pytest.mark.parametrize(("kind", "bos"), [("llama", True), ("gpt2", False)])
@pytest.mark.parametrize("heads", [{}, SOME], ids=["unpatched", "patched"])
def test_likelihoods_are_those_of_the_harness_own_class(kind: str, bos: bool, heads: dict[Head, Program]) -> None:
    reader = reader_of(kind, bos=bos)
    own = HFLM(reader.model, tokenizer=copy.deepcopy(reader.tokenizer), batch_size=3)
    # Of a text that is too long the harness cuts the BOS off too.
    contexts = CONTEXTS if bos else [*CONTEXTS, LONG]
    pairs = [(context, continuation) for context in contexts for continuation in CONTINUATIONS]
    texts = [(text,) for text in [*TEXTS, " ".join(TEXTS)]]
    with patch(reader.model, reader.tokenizer, heads):
        found = reader.loglikelihood(instances(pairs))
        expected = own.loglikelihood(instances(pairs), disable_tqdm=True)
        if not bos:  # the harness puts a second BOS in front of whole texts where the tokenizer adds one
            rolled = reader.loglikelihood_rolling(instances(texts))
            wanted = own.loglikelihood_rolling(instances(texts), disable_tqdm=True)
            np.testing.assert_allclose(rolled, wanted, rtol=1e-5)
    np.testing.assert_allclose([value for value, _ in found], [value for value, _ in expected], rtol=1e-5)
    assert [greedy for _, greedy in found] == [greedy for _, greedy in expected]


def likelihood_of(reader: HarnessModel, ids: list[int], foretold: int) -> float:
    """That of the last tokens of a text."""
    with torch.inference_mode():
        logs = reader.model(torch.tensor([ids[:-1]])).logits[0].log_softmax(-1)
    return sum(float(logs[at, ids[at]]) for at in range(-foretold, 0))


def test_a_text_that_is_too_long_keeps_its_start_and_its_end(reader: HarnessModel) -> None:
    reader.cut = 0
    ((value, _),) = reader.loglikelihood(instances([(LONG, " ran, and ran")]))
    whole, context = (reader.tok_encode(text, add_special_tokens=False) for text in (LONG + " ran, and ran", LONG))
    kept = [reader.prefix_token_id, *whole[-CONTEXT:]]
    assert value == pytest.approx(likelihood_of(reader, kept, len(whole) - len(context)), rel=1e-5)
    assert reader.cut == 1


def test_a_continuation_that_is_too_long_is_foretold_in_pieces(reader: HarnessModel) -> None:
    ((value, _),) = reader.loglikelihood(instances([("", LONG)]))
    start, ids = [reader.prefix_token_id], reader.tok_encode(LONG, add_special_tokens=False)
    half = CONTEXT // 2
    expected = likelihood_of(reader, start + ids[:half], half)
    for begin in range(half, len(ids), half):
        piece = ids[begin : begin + half]
        before = ids[max(0, begin + len(piece) - CONTEXT) : begin]
        expected += likelihood_of(reader, start + before + piece, len(piece))
    assert len(ids) > 3 * half
    assert value == pytest.approx(expected, rel=1e-5)


def test_what_cannot_be_scored_is_refused(reader: HarnessModel) -> None:
    with pytest.raises(InputError, match="adds no token to it"):
        reader.loglikelihood(instances([("Once", "")]))
    writes = task_of(QUESTIONS, output_type="generate_until", doc_to_target="query", metric_list=[{"metric": "bleu"}])
    with pytest.raises(InputError, match="questions has the model write texts; choose tasks that"):
        measure_task(reader, writes, {})


def likelihoods_by_hand(model: PreTrainedModel, tokenizer: Any, question: dict[str, Any]) -> list[float]:
    found = []
    context = tokenizer(question["query"].rstrip())["input_ids"]  # the harness counts white space to what follows
    for choice in question["choices"]:
        ids = tokenizer(f"{question['query']} {choice}")["input_ids"]
        with torch.inference_mode():
            logs = model(torch.tensor([ids])).logits[0].log_softmax(-1)
        found.append(sum(float(logs[at - 1, ids[at]]) for at in range(len(context), len(ids))))
    return found


def test_each_assignment_is_measured_item_by_item(reader: HarnessModel) -> None:
    told: list[tuple[int, int]] = []
    task = task_of(QUESTIONS)
    found = [
        measure_task(reader, task, heads, limit=15, progress=lambda *step: told.append(step))
        for heads in ({}, SOME, {})
    ]  # fmt: skip
    for own, heads in zip(found, ({}, SOME), strict=False):
        right, by_byte = [], []
        with patch(reader.model, reader.tokenizer, heads):
            for question in QUESTIONS[:15]:
                values = likelihoods_by_hand(reader.model, reader.tokenizer, question)
                right.append(int(np.argmax(values)) == question["gold"])
                lengths = [len(choice.encode()) for choice in question["choices"]]
                by_byte.append(int(np.argmax(np.divide(values, lengths))) == question["gold"])
        assert own.metrics["acc"].values.tolist() == right
        assert own.metrics["acc_norm"].values.tolist() == by_byte
        assert (own.items, own.kept, own.cut) == (15, 0, 0)
        assert own.chance == pytest.approx(np.mean([1 / len(question["choices"]) for question in QUESTIONS[:15]]))
    assert found[2].metrics["acc"].values.tolist() == found[0].metrics["acc"].values.tolist()
    requests = sum(len(question["choices"]) for question in QUESTIONS[:15])
    assert told[-1] == (requests, requests)
    assert [total for _, total in told] == [requests] * len(told)
    assert [done for done, total in told if done == total] == [requests] * 3


def test_the_same_is_asked_whatever_is_replaced(reader: HarnessModel, monkeypatch: pytest.MonkeyPatch) -> None:
    task = task_of(QUESTIONS, num_fewshot=2, fewshot_split="test")
    asked = []
    answer = HarnessModel.loglikelihood

    def spy(self: HarnessModel, requests: list[Instance], **options: object) -> Any:
        asked.append([request.args for request in requests])
        return answer(self, requests, **options)

    monkeypatch.setattr(HarnessModel, "loglikelihood", spy)
    for heads in ({}, SOME):
        measure_task(reader, task, heads, limit=6)
    assert asked[0] == asked[1]
    assert len({context for context, _ in asked[0]}) > 1


def test_what_is_asked_is_told_apart() -> None:
    tasks = [
        task_of(QUESTIONS), task_of(QUESTIONS[1:]), task_of([QUESTIONS[0] | {"gold": 1}, *QUESTIONS[1:]]),
        task_of(QUESTIONS, num_fewshot=1, fewshot_split="test"), task_of(QUESTIONS, metric_list=[{"metric": "acc"}]),
    ]  # fmt: skip
    named = [asked_by(task) for task in tasks] + [asked_by(tasks[0], limit) for limit in (5, 6)]
    assert len(set(named)) == len(named)
    assert named == [asked_by(task) for task in tasks] + [asked_by(tasks[0], limit) for limit in (5, 6)]
    assert asked_by(task_of(QUESTIONS)) == named[0]


def test_figures_are_the_same_from_text(reader: HarnessModel) -> None:
    found = measure_task(reader, task_of(QUESTIONS), SOME, limit=5)
    again = TaskFigures.from_text(found.as_text())
    assert {name: (own.interval, own.is_perplexity) for name, own in again.metrics.items()} == {
        name: (own.interval, own.is_perplexity) for name, own in found.metrics.items()
    }
    assert (again.items, again.chance, again.kept, again.cut) == (found.items, found.chance, found.kept, found.cut)


def test_failures_are_counted_or_raised(reader: HarnessModel) -> None:
    task = task_of(QUESTIONS)
    found = measure_task(reader, task, {Head(0, 1): NO_NUMBER}, on_error="neural")
    assert found.kept > 0
    with pytest.raises(ProgramFailed, match="a score in a visible cell is not a number"):
        measure_task(reader, task, {Head(0, 1): NO_NUMBER})
