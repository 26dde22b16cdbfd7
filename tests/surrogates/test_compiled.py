"""Models compiled inside a patch: in one piece where they read whole texts, and as exact as they are by themselves."""

from collections.abc import Iterator

import pytest
import torch

from surrogates.errors import InputError, ProgramFailed
from surrogates.language.program import Program
from surrogates.library.heads import Head
from surrogates.running.assignment import Baseline
from surrogates.running.patching import patch
from tests.surrogates.test_patching import PROGRAMS, padded, random_ids, run
from tests.tiny_models import ENCODERS, tiny_model, tiny_tokenizer

NO_NUMBER = Program.parse('''
def attend(query, key, pair, weight=1.0):
    """No number."""
    return weight * log(key.index) / (key.index - key.index)
''')
pytestmark = pytest.mark.usefixtures("compiler")


@pytest.fixture
def compiler() -> Iterator[None]:
    """The compiler as in a process of its own: it compiles a function for so many models, and no more."""
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


def test_a_model_compiled_inside_the_patch_computes_the_same() -> None:
    model, ids = tiny_model("llama"), random_ids(2, 9)
    with patch(model, tiny_tokenizer(), PROGRAMS):
        before = run(model, ids)
        # A cache breaks the graph.
        compiled = torch.compile(model, backend="eager")
        assert torch.allclose(run(compiled, ids), before, atol=1e-5)


@pytest.mark.parametrize("kind", ["llama", "gpt_neo", "bert"])
def test_a_model_that_reads_whole_texts_is_compiled_in_one_piece(kind: str) -> None:
    model = tiny_model(kind, attention=None)
    cached = {} if kind in ENCODERS else {"use_cache": False}
    ids, mask = padded([random_ids(1, 11)[0], random_ids(1, 6)[0]], "right", 0)
    with torch.no_grad(), patch(model, tiny_tokenizer(kind), dict(PROGRAMS) | {Head(1, 3): Baseline.FIRST}):
        compiled = torch.compile(model, backend="eager", fullgraph=True)
        for tokens in (9, 12):
            whole = random_ids(2, tokens)
            assert torch.allclose(
                compiled(input_ids=whole, **cached)[0], model(input_ids=whole, **cached)[0], atol=1e-5
            )
        found = compiled(input_ids=ids, attention_mask=mask, **cached)[0]
        assert torch.allclose(found[mask.bool()], run(model, ids, mask)[mask.bool()], atol=1e-5)


def test_a_compiled_model_whose_attention_was_changed_is_refused() -> None:
    model, ids = tiny_model("llama", attention="sdpa"), random_ids(2, 9)
    with torch.no_grad(), patch(model, tiny_tokenizer(), PROGRAMS):
        model.set_attn_implementation("eager")
        with pytest.raises(InputError, match="attention implementation was changed"):
            torch.compile(model, backend="eager")(input_ids=ids, use_cache=False)


def test_a_program_that_fails_in_a_compiled_model_leaves_the_head_its_own_pattern_there() -> None:
    model, ids = tiny_model("llama", attention="sdpa"), random_ids(2, 9)
    with torch.no_grad(), patch(model, tiny_tokenizer(), {Head(0, 1): NO_NUMBER}, on_error="neural") as failures:
        compiled = torch.compile(model, backend="eager")(input_ids=ids, use_cache=False)[0]
    assert failures.texts == {Head(0, 1): 2}
    assert torch.allclose(compiled, run(model, ids), atol=1e-5)


def test_a_program_that_fails_in_a_compiled_model_is_told() -> None:
    model, ids = tiny_model("llama", attention="sdpa"), random_ids(2, 9)
    with torch.no_grad(), patch(model, tiny_tokenizer(), {Head(0, 1): NO_NUMBER}):
        compiled = torch.compile(model, backend="eager", fullgraph=True)
        with pytest.raises(ProgramFailed, match="not a number"):
            compiled(input_ids=ids, use_cache=False)
