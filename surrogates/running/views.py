"""What queries see in a forward pass, and the patterns that surrogates put there."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from surrogates.language.backend import LOWEST


@dataclass(frozen=True)
class Stand:
    """What a surrogate puts in a head's place.

    Attributes:
        pattern: float32, shape (texts or 1, queries, keys).
        failed: texts on which the program failed, shape (texts,), with the first reason; None where there are none.
    """

    pattern: Tensor
    failed: Tensor | None = None
    reason: str = ""


class View:
    """A mask in use, and the patterns computed under it, by surrogate.

    Args:
        visible: shape (texts or 1, queries, keys).
        whole: whether no mask is given.
        like_texts: whether queries see all that is not ahead of them, or all in an encoder.
    """

    def __init__(self, visible: Tensor, *, whole: bool, like_texts: bool) -> None:
        self.visible = visible
        # A step reads nothing back from a device: there any single query may be padding that sees nothing.
        unread = visible.shape[1] == 1 and not visible.is_cpu
        self.empty_rows = not whole and (unread or not bool(visible.any(-1).all()))
        self.is_looked_at = False
        self.patterns: dict[int, Stand] = {}
        self.of_query: Sequence[Tensor] | None = None  # for one query, patterns of each layer's programs
        self.like_texts = like_texts or (whole and visible.shape[1] == 1)
        self._whole = whole

    def shows_what_is_ahead(self, n: int) -> bool:
        """Whether a query sees a key that comes after it.

        Args:
            n: tokens; the last are the queries, and the keys are the last or, in a cache that is longer, the first.
        """
        queries, keys = self.visible.shape[1:]
        if self._whole or queries == 1:
            return False
        columns = torch.arange(keys, device=self.visible.device) + max(0, n - keys)
        ahead = columns > torch.arange(n - queries, n, device=self.visible.device)[:, None]
        return bool((self.visible & ahead).any())

    @cached_property
    def below(self) -> Tensor:
        """What is added to the scores of finite programs, shape (texts or 1, 1, queries, keys).

        It leaves no weight beside any other; a query that sees nothing gets even ones, which are taken away.
        """
        far_below = torch.full((), LOWEST, device=self.visible.device)
        return torch.where(self.visible, torch.zeros_like(far_below), far_below)[:, None]
