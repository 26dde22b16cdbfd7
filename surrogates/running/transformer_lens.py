"""A program in the place of a head's pattern in a ``TransformerBridge`` of TransformerLens."""

from collections.abc import Callable
from typing import Any

import torch

from surrogates.errors import InputError
from surrogates.language.features import Texts
from surrogates.language.patterns import pattern
from surrogates.language.program import Program
from surrogates.language.tokens import TokenTable
from surrogates.language.vocabulary import SIMILARITY
from surrogates.library.heads import Head
from surrogates.running.architectures.calls import open_cells
from surrogates.running.assignment import check_assignment
from surrogates.running.patching import token_table

_TOKENS = "embed.hook_in"


def transformer_lens_hook(
    program: Program, head: Head, bridge: Any, tokens: torch.Tensor
) -> tuple[Callable[[str], bool], Callable[..., torch.Tensor | None]]:
    """A hook that puts a program's pattern in the place of a head's, on one batch.

    The pattern is written at the layer's ``attn.hook_pattern``. What a query may see, padding on either side and
    sliding windows included, is read at ``attn.hook_attn_scores``, and ``embed.hook_in`` tells whether the tokens are
    those that were given.

    Args:
        program: what stands in for the head.
        head: the head.
        bridge: a ``TransformerBridge`` with its tokenizer.
        tokens: the batch that it is to read, shape (texts, tokens) or (tokens,), as ``bridge.to_tokens`` gives it.

    Returns:
        A pair for ``fwd_hooks`` of ``bridge.run_with_hooks`` and ``bridge.hooks``: which hook points, and the function.

    Raises:
        InputError: the bridge has no such head, no tokenizer, or not these hook points; when the hook runs, the tokens
            are others, a key/value cache is in use, what queries see is not one text each, or the bridge leaves
            attention to the Hugging Face module, which has used its own pattern by then.
        ProgramFailed: when the hook runs, the program fails or its scores are not numbers.
    """
    if not hasattr(bridge, "hook_dict") or not hasattr(bridge, "original_model"):
        raise InputError(
            f"a {type(bridge).__name__} is no TransformerBridge; make one by TransformerBridge.boot_transformers"
        )
    if not isinstance(program, Program):
        raise InputError(f"{head} is given a {type(program).__name__}; give a Program")
    check_assignment({head: program}, [bridge.cfg.n_heads] * bridge.cfg.n_layers)
    if bridge.tokenizer is None:
        raise InputError("the bridge has no tokenizer; boot it with the model's own")
    if SIMILARITY in program.features and bridge.compatibility_mode:
        raise InputError(
            f"{program.name} compares the model's input embeddings, which compatibility mode changes; use a bridge "
            "without it"
        )
    hook = _Hook(program, head, tokens, token_table(bridge.original_model, bridge.tokenizer, [program]))
    points = {_TOKENS, hook.scores, hook.pattern}
    if missing := points - bridge.hook_dict.keys():
        raise InputError(f"the bridge has no hook point {min(missing)}, so {head} cannot be replaced; use patch")
    return points.__contains__, hook


class _Hook:
    """What is called at the hook points of one head."""

    def __init__(self, program: Program, head: Head, tokens: torch.Tensor, table: TokenTable) -> None:
        self.scores = f"blocks.{head.layer}.attn.hook_attn_scores"
        self.pattern = f"blocks.{head.layer}.attn.hook_pattern"
        self._program = program
        self._head = head
        self._ids = tokens if tokens.dim() > 1 else tokens[None]
        self._table = table
        self._visible: torch.Tensor | None = None

    def __call__(self, activation: torch.Tensor, hook: Any) -> torch.Tensor | None:
        if hook.name == _TOKENS:
            self._check_tokens(activation)
        elif hook.name == self.scores:
            # A pattern's zeros would not do: the softmax makes them of low scores, too.
            self._visible = self._of_head(open_cells(activation))
        else:
            return self._replaced(activation)
        return None

    def _check_tokens(self, ids: torch.Tensor) -> None:
        if not torch.equal(ids.flatten(), self._ids.to(ids.device).flatten()):
            raise InputError(
                f"the hook of {self._head} was made for other tokens than the bridge reads; make one for each batch "
                "(bridge.to_tokens), and generate with patch"
            )

    def _replaced(self, patterns: torch.Tensor) -> torch.Tensor:
        """The layer's patterns with the program's in the head's place, shape (texts, heads, queries, keys)."""
        visible, self._visible = self._visible, None
        if visible is None:
            raise InputError(
                f"the bridge leaves the attention of {self._head} to the Hugging Face module, which does not use what "
                "hooks make of its pattern; use patch"
            )
        ids = self._ids.to(patterns.device)
        real = visible.diagonal(dim1=-2, dim2=-1)  # padding does not see itself
        _check_visible(visible, real)
        texts = Texts(ids, self._table, mask=None if bool(real.all()) else real, causal=True)
        patterns = patterns.clone()
        patterns[:, self._head.index] = pattern(self._program, texts, visible).to(patterns.dtype)
        return patterns

    def _of_head(self, cells: torch.Tensor) -> torch.Tensor:
        """The head's part of a tensor of the layer's, shape (texts, queries, keys)."""
        texts, n = self._ids.shape
        if cells.dim() != 4 or (cells.shape[0], *cells.shape[2:]) != (texts, n, n):
            raise InputError(
                f"{self._head} attends {tuple(cells.shape)} (texts, heads, queries, keys), but its hook was made for "
                f"{texts} × {n} tokens; run without a key/value cache, and with the dimension of texts"
            )
        return cells[:, self._head.index]


def _check_visible(visible: torch.Tensor, real: torch.Tensor) -> None:
    """Refuse what programs do not know: several texts in a row, or keys after the query."""
    place = torch.arange(visible.shape[-1], device=visible.device)
    distance = place[:, None] - place
    window = (distance * visible).max() + 1
    expected = real[:, None, :] & (distance >= 0) & (distance < window)
    if not torch.equal(visible[real], expected[real]):
        raise InputError(
            "the attention mask is not that of one text a row, read from left to right; programs read such texts only"
        )
