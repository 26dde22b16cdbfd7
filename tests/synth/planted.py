"""Texts over a small vocabulary with awkward strings, and the patterns that a known program makes on them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from evaluation.similarity import similarity
from surrogates.language.features import Texts
from surrogates.language.patterns import pattern
from surrogates.language.program import Program
from surrogates.language.tokens import TokenTable
from synth.corpus import Split
from synth.material import Material
from synth.shards import Description, layer_name, pack, rounding, visible_cells, visible_offsets, write_shard

SURFACES = [
    "<s>", " the", " dog", " girl", ".", ",", '"', "'", "\\", "\n", " Tom", " ran", "é", "它🙂", "\t", " a'b\"c", "ing",
    " She", " 12", '\\"', "\u2028", "{x}", "%s", " of",
]  # fmt: skip
_EMBEDDINGS = np.random.default_rng(5).normal(size=(len(SURFACES), 8)).astype(np.float32)
TABLE = TokenTable.from_surfaces(SURFACES, {0}, _EMBEDDINGS)


def random_lists(texts: int, seed: int = 0, length: int = 20) -> list[list[int]]:
    generator = np.random.default_rng(seed)
    return [
        [0, *generator.integers(1, len(SURFACES), size=length - 1 - number % 3).tolist()] for number in range(texts)
    ]


def batch(lists: list[list[int]], *, causal: bool = True, table: TokenTable = TABLE) -> Texts:
    return Texts.from_lists(lists, table, causal=causal, torch_tensors=True)


def parse(body: str, **constants: float) -> Program:
    given = "".join(f", {name}={value}" for name, value in constants.items())
    return Program.parse(f'def f(query, key, pair{given}):\n    """Planted."""\n    return {body}\n')


def made_by(program: Program, texts: Texts) -> Tensor:
    """The program's pattern, shape (t, n, n)."""
    return torch.as_tensor(pattern(program, texts))


def iou(program: Program, texts: Texts, target: Tensor, visible: np.ndarray | None = None) -> float:
    """Mean IoU of a program with patterns (t, n, n); ``visible`` is what a layer with a window sees."""
    made = torch.as_tensor(pattern(program, texts, None if visible is None else torch.from_numpy(visible)))
    return float(similarity(made, target).iou.mean())


def material_with(
    folder: Path,
    layers: Sequence[Sequence[Program | None]],
    lists: Sequence[list[int]],
    splits: Sequence[Split],
    *,
    causal: bool = True,
    windows: Sequence[int | None] = (),
    missing: Sequence[float] = (0.0,),
) -> Material:
    """Material of a run on a model whose heads attend as programs say; those without one attend uniformly.

    Args:
        layers: of each layer its heads; none where it has no attention.
        windows: of each layer; none by default.
        missing: share of its attention that each query leaves out, taken in turn from the first query on.
    """
    limits = tuple(windows) or (None,) * len(layers)
    lengths = [len(tokens) for tokens in lists]
    texts = batch(list(lists), causal=causal)
    arrays = {"texts": np.arange(len(lists)), "lengths": np.array(lengths)}
    kept = 1 - torch.tensor(missing)[torch.arange(max(lengths)) % len(missing)][:, None]  # (n, 1)
    for layer, (heads, window) in enumerate(zip(layers, limits, strict=True)):
        if not heads:
            continue
        visible = torch.from_numpy(visible_cells(lengths, causal, window))
        uniform = visible / visible.sum(-1, keepdim=True).clamp(min=1)
        made = [kept * (torch.as_tensor(pattern(head, texts, visible)) if head else uniform) for head in heads]
        arrays[layer_name(layer)] = pack(torch.stack(made, 1), visible_offsets(lengths, causal, window))
    counts = tuple(map(len, layers))
    write_shard(folder, arrays, Description("planted", "planted", causal, limits, counts, rounding(torch.float32)))
    vectors = torch.from_numpy(_EMBEDDINGS)
    return Material.build(folder, TABLE, vectors, lists, splits, causal=causal, windows=limits)
