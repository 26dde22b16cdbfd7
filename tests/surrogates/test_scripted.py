"""Scripted programs see what vectorised ones see, and stand in for heads as they do."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from transformers import PreTrainedModel

from sandbox.pool import Call, Pool
from sandbox.verdicts import Outcome, Verdict
from surrogates.errors import InputError, ProgramFailed
from surrogates.language.features import Texts
from surrogates.language.patterns import pattern, scores
from surrogates.language.program import Program
from surrogates.language.tokens import TokenTable
from surrogates.language.vocabulary import FEATURES
from surrogates.library.heads import Head
from surrogates.running.patching import patch
from tests.surrogates.golden import EMBEDDINGS, SURFACES
from tests.tiny_models import tiny_model, tiny_tokenizer

TABLE = TokenTable.from_surfaces(SURFACES, {0}, np.array(EMBEDDINGS))
LISTS = [[0, 1, 2, 3, 4, 5, 6, 7], [0, 3, 3, 1], [5], [2, 4, 6, 8, 1, 1]]


def vectorised(expression: str) -> Program:
    return Program.parse(f'def f(query, key, pair):\n    """x"""\n    return {expression} + 0.0\n')


def scripted(*lines: str, constants: str = "") -> Program:
    body = "".join(f"    {line}\n" for line in lines)
    program = Program.parse(f'def f(query, key, pair{constants}):\n    """x"""\n{body}')
    assert program.kind == "scripted"
    return program


def _expressions() -> list[tuple[str, str, bool]]:
    """A feature as a vectorised program and a scripted one write it, and whether it is for encoders only."""
    found = []
    arguments = {None: "", "count": "(2)", "strings": '("the", "dog", ",")', "mask": "(key.is_comma)"}
    for feature in FEATURES:
        name = feature.name + arguments[feature.argument]
        if feature.side == "pair":
            found.append((f"pair.{name}", f"pair.{name}", feature.encoders_only))
        else:
            for side, aim in (("query", "[:, None]"), ("key", "[None, :]")):
                for previous in ("", ".previous", ".previous.previous"):
                    word = f"{side}{previous}.{name}"
                    found.append((word, word + aim, feature.encoders_only))
    for word in (
        "pair.latest(pair.same_token & ~pair.offset(0))",
        "pair.offset(0)",
        "pair.within(0)",
        "pair.offset(-1)",
    ):
        found.append((word, word, False))
    found.append(("(query.is_comma | key.is_quote)", "(query.is_comma[:, None] | key.is_quote)", False))
    knots, words = "{-4: 0.5, -1: 2.0, 0: -1.0, 0.5: 0.25, 3: 1.5}", '{"Tom": 1.2, "<s>": -0.5, "odd": 9}, is_comma=2'
    for curve in (f"curve(pair.distance, {knots})", f"curve(curve(0.5 * pair.distance - 2, {knots}), {knots})"):
        found.append((curve, curve, False))
    found.append((f"curve(key.length, {knots})", f"curve(key.length, {knots})", False))
    for classes, encoders_only in ((", is_capitalised=-1.5", False), (", is_last=3", True)):
        for side, aim in (("query", "[:, None]"), ("key", "[None, :]"), ("key.previous.previous", "")):
            call = f"weights({side}, {words}{classes})"
            found.append((call, call + aim, encoders_only))
    return found


@pytest.mark.parametrize("causal", [True, False], ids=["decoder", "encoder"])
@pytest.mark.parametrize(("word", "array", "encoders_only"), _expressions(), ids=lambda value: str(value))
def test_every_feature_is_the_same_for_both_kinds(word: str, array: str, encoders_only: bool, causal: bool) -> None:
    if encoders_only and causal:
        pytest.skip("a decoder has no such feature")
    texts = Texts.from_lists(LISTS, TABLE, causal=causal)
    mine = scores(scripted(f"return pair.zeros() + {array}"), texts)
    real = np.broadcast_to(scores(vectorised(word), texts), texts.visible.shape)
    np.testing.assert_allclose(np.where(texts.visible, mine, 0), np.where(texts.visible, real, 0), rtol=1e-6)


def test_a_feature_a_decoder_lacks_fails_with_its_name() -> None:
    with pytest.raises(ProgramFailed, match="is_last is for encoders only"):
        scores(scripted("return pair.zeros() + key.is_last"), Texts.from_lists(LISTS, TABLE, causal=True))


LOOPS = scripted(
    "WORDS = {'Tom', 'the', 'dog'}",
    "s = pair.zeros()",
    "for i in range(len(query)):",
    "    for j in range(i + 1):",
    "        s[i, j] += sink * key.is_first[j] - recency * pair.log_distance[i, j]",
    "        if query.text[i] in WORDS and key.text[j] != 'said':",
    "            s[i, j] += 1.5 * pair.within(3)[i, j]",
    "return s",
    constants=", sink=2.0, recency=1.0",
)
TWIN = Program.parse(
    'def f(query, key, pair, sink=2.0, recency=1.0):\n    """x"""\n'
    "    return sink * key.is_first - recency * pair.log_distance"
    " + 1.5 * query.is_one_of('Tom', 'the', 'dog') * pair.within(3) * ~key.is_one_of('said')\n"
)


def test_values_of_curves_and_word_weights_may_be_names_and_are_no_constants() -> None:
    body = "curve(pair.distance, {{0: {0}, 4: 2}}) + weights(key, {{'Tom': {0}}}, is_comma={0} / 2)"
    program = scripted(f"return pair.zeros() + {body.format('a')}", constants=", a=1.5")
    assert program.constants == {"a": 1.5}
    other = scripted(f"return pair.zeros() + {body.format('a').replace('4: 2', '4: 3')}", constants=", a=1.5")
    assert other.structure != program.structure
    texts = Texts.from_lists(LISTS, TABLE, causal=True)
    twin = vectorised(body.format("3.0").replace("3.0 / 2", "1.5"))
    found = scores(program, texts, {"a": 3.0})
    np.testing.assert_allclose(
        np.where(texts.visible, found, 0), np.where(texts.visible, scores(twin, texts), 0), rtol=1e-6
    )


@pytest.mark.parametrize(
    ("expression", "fragment"),
    [
        ("curve(pair.distance, {0: 1})", "two or more knots"),
        ("curve(pair.distance, [0, 1])", "two or more knots"),
        ("curve(pair.distance, {3: 1, 0: 2})", "must increase, unlike 3, 0"),
        ("curve(pair.distance, {'0': 1, 1: 2})", "a knot of curve must be a number, not a str"),
        ("curve(pair.distance, {0: key.length, 1: 2})", "a value of curve must be a number, not a "),
        ("curve(key, {0: 1, 1: 2})", "a number or an array of numbers first"),
        ("curve(key.text, {0: 1, 1: 2})", "a number or an array of numbers first"),
        ("weights(pair, {'Tom': 1})", "weights takes query, key or .previous of either first"),
        ("weights(key.length, {'Tom': 1})", "weights takes query, key or .previous of either first"),
        ("weights(key, {1: 1})", "weights takes words and their weights second"),
        ("weights(key, ['Tom'])", "weights takes words and their weights second"),
        ("weights(key, {'odd': None})", "the weight of 'odd' must be a number, not a NoneType"),
        ("weights(key, {}, is_comma='a')", "the weight of is_comma must be a number, not a str"),
        ("weights(key, {}, length=1) + key.length", "weights takes no class length"),
        ("weights(key, {}, is_verb=1)", "weights takes no class is_verb"),
    ],
)
def test_wrong_curves_and_word_weights_say_so(expression: str, fragment: str) -> None:
    with pytest.raises(ProgramFailed, match=re.escape(fragment)):
        scores(scripted(f"return pair.zeros() + {expression}"), Texts.from_lists(LISTS, TABLE, causal=True))


@pytest.mark.parametrize("as_torch", [False, True])
def test_loops_and_their_vectorised_twin_give_the_same_pattern(as_torch: bool) -> None:
    texts = Texts.from_lists(LISTS, TABLE, causal=True, torch_tensors=as_torch)
    mine, twin = pattern(LOOPS, texts), pattern(TWIN, texts)
    assert type(mine) is type(twin)
    np.testing.assert_allclose(np.asarray(mine), np.asarray(twin), atol=1e-6)
    faster = pattern(LOOPS, texts, constants={"recency": 3.0})
    np.testing.assert_allclose(
        np.asarray(faster), np.asarray(pattern(TWIN, texts, constants={"recency": 3.0})), atol=1e-6
    )


def test_a_text_that_stands_in_a_batch_twice_is_run_once_and_its_scores_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run: list[Call] = []
    plain = Pool.map

    def noted(pool: Pool, calls: Iterable[Call]) -> Iterator[Outcome]:
        given = list(calls)
        run.extend(given)
        return plain(pool, given)

    monkeypatch.setattr(Pool, "map", noted)
    texts = Texts.from_lists([[1, 2, 3]] * 6 + [[3, 2, 1]], TABLE, causal=True)
    program = scripted("return pair.zeros() + len(query.text[0])")
    found = scores(program, texts)
    assert len(run) == 2
    for row in range(6):
        np.testing.assert_array_equal(found[row], found[0])
    assert found[6, 0, 0] != found[0, 0, 0]
    np.testing.assert_array_equal(scores(program, texts), found)
    assert len(run) == 2


@pytest.fixture
def model() -> PreTrainedModel:
    return tiny_model("llama")


def logits(model: PreTrainedModel, program: Program, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    with torch.inference_mode(), patch(model, tiny_tokenizer(), {Head(0, 1): program, Head(1, 2): program}):
        return model(input_ids=ids, attention_mask=mask).logits


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_scripted_program_stands_in_as_its_twin_does_with_padding(model: PreTrainedModel, side: str) -> None:
    ids = torch.randint(3, len(tiny_tokenizer()), (3, 9), generator=torch.Generator().manual_seed(0))
    mask = torch.ones_like(ids)
    mask[1, slice(0, 4) if side == "left" else slice(5, 9)] = 0
    mine, twin = logits(model, LOOPS, ids, mask), logits(model, TWIN, ids, mask)
    torch.testing.assert_close(mine[mask > 0], twin[mask > 0], atol=1e-5, rtol=1e-4)


def test_generation_with_a_cache_is_the_twins(model: PreTrainedModel) -> None:
    ids = torch.randint(3, len(tiny_tokenizer()), (2, 6), generator=torch.Generator().manual_seed(1))
    found = []
    for program in (LOOPS, TWIN):
        with torch.inference_mode(), patch(model, tiny_tokenizer(), {Head(0, 1): program}):
            made = model.generate(
                input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=5, do_sample=False, pad_token_id=0
            )
        found.append(made)
    assert torch.equal(found[0], found[1])


FAILS_ON_LONG = scripted("if len(query) > 6:", "    return query.text[99]", "return pair.zeros()")


def test_a_program_that_fails_inside_a_model_raises_by_default(model: PreTrainedModel) -> None:
    ids = torch.full((1, 8), 4)
    with pytest.raises(ProgramFailed, match="f: line 4: IndexError") as failed:
        logits(model, FAILS_ON_LONG, ids, torch.ones_like(ids))
    assert failed.value.verdict is Verdict.RAISED
    assert model(input_ids=ids).logits.shape[:2] == (1, 8)  # the patch is gone


NAN = Program.parse('def g(query, key, pair):\n    """x"""\n    return log1p(pair.distance) * (inf - inf)\n')


def test_neural_keeps_the_head_on_the_texts_that_fail_and_counts_them(model: PreTrainedModel) -> None:
    tokenizer = tiny_tokenizer()
    ids = torch.randint(3, len(tokenizer), (3, 8), generator=torch.Generator().manual_seed(2))
    mask = torch.ones_like(ids)
    mask[1, 5:] = 0  # this text alone is short enough
    with torch.inference_mode():
        plain = model(input_ids=ids, attention_mask=mask).logits
        assignment = {Head(0, 1): FAILS_ON_LONG, Head(1, 2): NAN}
        with patch(model, tokenizer, assignment, on_error="neural") as failures:
            kept = model(input_ids=ids, attention_mask=mask).logits
        with patch(model, tokenizer, {Head(0, 1): scripted("return pair.zeros()")}):
            replaced = model(input_ids=ids, attention_mask=mask).logits
    torch.testing.assert_close(kept[[0, 2]], plain[[0, 2]], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(kept[1, :5], replaced[1, :5], atol=1e-5, rtol=1e-4)
    assert failures.texts == {Head(0, 1): 2, Head(1, 2): 3}
    assert "IndexError" in failures.reasons[Head(0, 1)]
    assert "not a number" in failures.reasons[Head(1, 2)]


def test_on_error_is_one_of_two_words(model: PreTrainedModel) -> None:
    wrong: Any = "ignore"
    with (
        pytest.raises(InputError, match="choose 'raise' or 'neural'"),
        patch(model, tiny_tokenizer(), {}, on_error=wrong),
    ):
        pass
