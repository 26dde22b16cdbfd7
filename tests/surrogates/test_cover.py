"""How many heads few structures explain: within 0.02 of each head's best, taken greedily."""

from surrogates.library.cover import cover
from surrogates.library.heads import Head
from surrogates.library.structures import Structure, Use


def structure(**ious: float) -> Structure:
    uses = {Head(0, int(name[1:])): Use("", {}, iou) for name, iou in ious.items()}
    return Structure("vectorised", 1, 1, 1, ("position",), uses)


def test_a_structure_that_serves_many_comes_first_and_the_rest_keep_their_own() -> None:
    own = [structure(h0=0.50), structure(h1=0.60), structure(h2=0.70), structure(h3=0.80)]
    shared = structure(h0=0.49, h1=0.581, h2=0.67, h3=0.90)  # too far behind for the third
    assert cover([*own, shared]) == [3, 4]


def test_without_sharing_every_head_needs_its_own() -> None:
    assert cover([structure(h0=0.5), structure(h1=0.5)]) == [1, 2]
    assert cover([]) == []
