"""Several documents in a row: a text is what a query may see, however the model is told."""

import pytest
import torch
from transformers import PreTrainedModel

from surrogates.errors import InputError
from surrogates.language.program import Program
from surrogates.library.heads import Head
from surrogates.running.assignment import Baseline
from surrogates.running.patching import patch
from tests.families import make
from tests.search_written import search_written
from tests.surrogates.test_patching import SINK, WORDS, padded, random_ids
from tests.tiny_models import tiny_model, tiny_tokenizer

LENGTHS = [(5, 7, 3), (9, 6)]
"""Tokens of the documents in each row."""
EVERY = {Head(layer, head): (SINK, WORDS, Baseline.FIRST, WORDS)[head] for layer in range(2) for head in range(4)}


def documents() -> list[list[torch.Tensor]]:
    return [[random_ids(1, n, seed=place * 10 + n)[0] for n in row] for place, row in enumerate(LENGTHS)]


def alone(model: PreTrainedModel, rows: list[list[torch.Tensor]]) -> torch.Tensor:
    """Logits of each document read by itself, side by side."""
    return torch.stack([torch.cat([model(document[None], use_cache=False)[0][0] for document in row]) for row in rows])


def packed(rows: list[list[torch.Tensor]]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Token ids, their positions in their documents, and the numbers of these."""
    ids = torch.stack([torch.cat(row) for row in rows])
    positions = torch.stack([torch.cat([torch.arange(len(document)) for document in row]) for row in rows])
    numbers = torch.stack(
        [torch.cat([torch.full((len(document),), place) for place, document in enumerate(row)]) for row in rows]
    )
    return ids, positions, numbers


def mask_of(numbers: torch.Tensor) -> torch.Tensor:
    return (numbers[:, None, :, None] == numbers[:, None, None, :]).tril()


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
@pytest.mark.parametrize("kind", ["llama", "mistral", "qwen3"])
@pytest.mark.parametrize("told", ["positions", "mask", "additive mask"])
def test_documents_in_a_row_are_read_as_by_themselves(kind: str, attention: str, told: str) -> None:
    model, rows = tiny_model(kind, attention=attention), documents()
    ids, positions, numbers = packed(rows)
    given = {"position_ids": positions}
    if told != "positions":
        mask = mask_of(numbers)
        if kind == "mistral":  # all its layers have a window
            mask = mask & (torch.ones(15, 15).triu(-3).bool())
        smallest = torch.finfo(torch.float32).min
        given["attention_mask"] = mask if told == "mask" else torch.zeros(mask.shape).masked_fill(~mask, smallest)
        if attention == "eager" and told == "mask":
            pytest.skip("eager attention adds its mask")
    with torch.no_grad(), patch(model, tiny_tokenizer(), EVERY):
        apart = alone(model, rows)
        assert torch.allclose(model(ids, use_cache=False, **given)[0], apart, atol=1e-4)
        assert not torch.allclose(model(ids, use_cache=False)[0], apart, atol=1e-2)


def test_positions_that_go_on_say_nothing_of_documents() -> None:
    model, ids = tiny_model("llama"), random_ids(2, 9)
    with torch.no_grad(), patch(model, tiny_tokenizer(), EVERY):
        told = model(ids, position_ids=torch.arange(9).expand(2, -1), use_cache=False)[0]
        assert torch.allclose(told, model(ids, use_cache=False)[0], atol=1e-5)


def test_padding_between_tokens_is_no_token() -> None:
    model, ids = tiny_model("llama", attention="sdpa"), random_ids(2, 9)
    mask = torch.tensor([[1, 1, 1, 0, 0, 1, 1, 1, 1], [0, 1, 1, 1, 1, 1, 1, 0, 0]])
    positions = (mask.cumsum(1) - 1).clamp(min=0)
    with torch.no_grad(), patch(model, tiny_tokenizer(), EVERY):
        gapped = model(ids, attention_mask=mask, position_ids=positions, use_cache=False)[0]
        for row, real in enumerate(mask.bool()):
            assert torch.allclose(gapped[row, real], model(ids[row, real][None], use_cache=False)[0][0], atol=1e-4)


def test_rows_in_which_a_program_fails_are_counted_and_no_others() -> None:
    model, rows = tiny_model("llama"), documents()
    ids, positions, _ = packed(rows)
    ids[ids == 5] = 6
    ids[1, 2] = 5
    failing = Program.parse('''
def attend(query, key, pair, weight=1.0):
    """No number beside one token."""
    return weight * key.is_one_of("#") / (1.0 - key.is_one_of("#"))
''')
    tokenizer = tiny_tokenizer()
    assert tokenizer.decode([5]) == "#"
    with torch.no_grad(), patch(model, tokenizer, {Head(0, 0): failing}, on_error="neural") as failures:
        model(ids, position_ids=positions, use_cache=False)
    assert failures.texts == {Head(0, 0): 1}


def test_a_mask_of_something_else_than_documents_is_refused() -> None:
    model, ids = tiny_model("llama"), random_ids(1, 6)
    prefix = torch.ones(1, 1, 6, 6).tril().bool()
    prefix[..., :3, :3] = True
    additive = torch.zeros(prefix.shape).masked_fill(~prefix, torch.finfo(torch.float32).min)
    hidden = torch.ones(1, 1, 6, 6).tril()
    hidden[..., 4, 1] = 0
    with torch.no_grad(), patch(model, tiny_tokenizer(), EVERY):
        with pytest.raises(InputError, match="keys ahead of themselves"):
            model(ids, attention_mask=additive, use_cache=False)
        with pytest.raises(InputError, match="something else"):
            model(ids, attention_mask=(1 - hidden) * torch.finfo(torch.float32).min, use_cache=False)


def test_layers_whose_masks_tell_other_documents_are_refused() -> None:
    model, ids = tiny_model("gemma2"), random_ids(1, 9)
    _, _, numbers = packed([[ids[0, :5], ids[0, 5:]]])
    smallest = torch.finfo(torch.float32).min
    masks = {
        "full_attention": torch.zeros(1, 1, 9, 9).masked_fill(~mask_of(numbers), smallest),
        "sliding_attention": torch.zeros(1, 1, 9, 9).masked_fill(~torch.ones(9, 9).tril().triu(-3).bool(), smallest),
    }
    with torch.no_grad(), patch(model, tiny_tokenizer(), EVERY), pytest.raises(InputError, match="different documents"):
        model(ids, attention_mask=masks, use_cache=False)


@pytest.mark.parametrize("kind", ["llama", "mistral", "gpt2"])
@pytest.mark.parametrize("side", ["left", "right"])
def test_long_texts_with_long_padding_are_read_as_by_themselves(kind: str, side: str) -> None:
    """So long that queries are taken in blocks, none of whose keys padding may point to."""
    model = make(kind, max_position_embeddings=256)
    rows = [random_ids(1, tokens, seed=tokens)[0] for tokens in (200, 60, 131)]
    ids, mask = padded(rows, side, 0)
    words = [" the", " a", " and", " was", "ed", "er"]
    heads = [Head(layer, index) for layer in range(2) for index in range(4)]
    assignment = dict(zip(heads, search_written(8, words), strict=True))
    positions = (mask.cumsum(1) - 1).clamp(min=0)
    with torch.no_grad(), patch(model, tiny_tokenizer(kind), assignment):
        found = model(ids, attention_mask=mask, position_ids=positions, use_cache=False)[0]
        for place, row in enumerate(rows):
            alone = model(row[None], use_cache=False)[0][0]
            assert torch.allclose(found[place, mask[place].bool()], alone, atol=1e-4)


def test_masks_that_differ_between_heads_are_refused() -> None:
    model, ids = tiny_model("llama", attention="sdpa"), random_ids(1, 6)
    mask = torch.ones(1, 4, 6, 6).tril().bool()
    mask[:, 2, 5, 0] = False
    with torch.no_grad(), patch(model, tiny_tokenizer(), EVERY), pytest.raises(InputError, match="different keys"):
        model(ids, attention_mask=mask, use_cache=False)
