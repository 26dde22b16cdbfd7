"""Which detail keeps a page within its limit, to judge by a sample of its heads."""

from collections.abc import Callable, Iterator, Sequence

from evaluation.report.detail import LIMIT, Detail, details
from evaluation.report.heads import HeadContent, head_value
from evaluation.report.packing import packed

_AIM = 0.95
"""Share of the limit that an estimate may take."""
_OF_HEAD = 8_000
"""Bytes of a head in the overview and of its figures, roughly."""


def fitting(
    sample: Sequence[HeadContent], heads: int, longest: int, others: Callable[[Detail], float], limit: int = LIMIT
) -> Iterator[Detail]:
    """From the most detail that fits, by an estimate, to the least.

    Args:
        sample: some of the heads, without figures; a text or two of each are enough.
        heads: how many there are.
        longest: tokens of the longest text.
        others: bytes of all else that is on the page.
        limit: bytes of the page, at most.
    """
    every = list(details(longest))

    def fits(detail: Detail) -> bool:
        of_head = sum(head_bytes(content, detail) for content in sample) / len(sample) + _OF_HEAD
        return heads * of_head + others(detail) <= _AIM * limit

    first = next((place for place, detail in enumerate(every) if fits(detail)), len(every) - 1)
    yield from every[first:]


def head_bytes(content: HeadContent, detail: Detail) -> float:
    """Bytes of a head on a page, to judge by the texts that are given: as many are held as the detail says."""
    value = head_value(content, detail)
    texts = value.pop("texts")
    return len(packed(value)) + detail.of_head * len(packed(texts)) / len(texts)
