"""Texts that a model writes itself, where those of a run are too few to tune many constants on."""

from collections.abc import Callable, Sequence
from itertools import cycle, groupby

import torch

from synth.models import LoadedModel

_BEGINNING = 8
"""Of a text so small a part is kept, and the rest is the model's own."""
_AT_ONCE = 64


@torch.inference_mode()
def continued(
    loaded: LoadedModel, ids: Sequence[Sequence[int]], count: int, seed: int, progress: Callable[[int, int], None]
) -> list[list[int]]:
    """Beginnings of texts, continued by the model up to the length of the longest text, each text in its turn.

    Tokens are drawn as the model predicts them. A text ends before the model's end of text.

    Args:
        ids: token ids of the texts.
        count: how many to write; none where it is not above 0.
        seed: of what is drawn.
        progress: told the texts written and their number.
    """
    longest = max(map(len, ids))
    beginnings = [list(text[: max(2, longest // _BEGINNING)]) for text, _ in zip(cycle(ids), range(count))]
    generator = torch.Generator().manual_seed(seed)
    found: list[list[int]] = []
    for _, alike in groupby(sorted(beginnings, key=len), key=len):
        own = list(alike)
        for start in range(0, len(own), _AT_ONCE):
            found += _written(loaded, own[start : start + _AT_ONCE], longest, generator)
            progress(len(found), len(beginnings))
    return found


def _written(
    loaded: LoadedModel, beginnings: Sequence[list[int]], length: int, generator: torch.Generator
) -> list[list[int]]:
    """Beginnings of one length, continued."""
    given = torch.tensor(beginnings, device=loaded.model.device)
    texts, cache = given, None
    while texts.shape[1] < length:
        output = loaded.model(input_ids=given, past_key_values=cache, use_cache=True)
        cache = output.past_key_values
        drawn = torch.multinomial(output.logits[:, -1].float().softmax(-1).cpu(), 1, generator=generator)
        texts = torch.cat([texts, drawn.to(texts.device)], dim=1)
        given = drawn.to(texts.device)
    begun, end = len(beginnings[0]), loaded.tokenizer.eos_token_id
    rows = texts.tolist()
    return [row[: row.index(end, begun)] if end in row[begun:] else row for row in rows]
