"""What each kind of part contributes to heads' dense models, parts being grouped as people speak of them.

A group is worth what the cross-entropy would rise by without all of it, so that parts of it that say the same do not
hide each other.
"""

import math
from collections import defaultdict

import torch
from torch import Tensor

from surrogates.language.features import Texts
from synth.categories import AVOIDS
from synth.material import Material
from synth.proposers.additive.model import Batch, Model
from synth.proposers.additive.parts import (
    DISTANCE,
    EVERYWHERE,
    FIRST,
    Curve,
    Family,
    Mask,
    Pairing,
    Part,
    WordWeights,
    hats,
)  # fmt: skip
from synth.proposers.additive.rows import BATCH, Rows
from synth.proposers.additive.training import Training, cross_entropy, pattern_of

_BATCHES = 2
"""Of texts, apart from each other, on which groups are compared."""
_ROWS = 16
"""Query rows of each text, about."""
_COPIES = ("pair.same_token & ~pair.offset(0)", "pair.latest(pair.same_token & ~pair.offset(0))",
           "pair.same_previous_token & ~pair.offset(0)")  # fmt: skip
_FOLLOWERS = ("pair.follows_same_token", "pair.follows_same_bigram", "pair.latest(pair.follows_same_token)")
_MARKS = tuple(f"pair.latest(key.is_{name})" for name in ("sentence_end", "punctuation", "comma", "quote", "newline"))
_OFFSETS = {"pair.offset(0)": "itself", "pair.offset(1)": "one back", "pair.offset(-1)": "one ahead"}


def group_of(part: Part) -> str:
    """The group that a part belongs to; what depends on the distance is divided further, by :func:`_close`."""
    match part:
        case Curve(number=number):
            return "recency" if number == DISTANCE else "first token"
        case Mask(expression=expression):
            if expression in _COPIES:
                return "repeated token"
            return "what followed it" if expression in _FOLLOWERS else "structure"
        case Pairing():
            return "pairings"
        case WordWeights(token=token, cells=cells):
            if cells == FIRST:
                return "first token"
            if cells in _OFFSETS:
                return _OFFSETS[cells]
            return "key words" if token.startswith("key") else "recency"
    raise AssertionError(part)


@torch.no_grad()
def shares_by_group(training: Training, material: Material, rows: Rows) -> list[dict[str, float]]:
    """Of each head the share of each group that it has, greatest first; they add up to one, unless all are nothing.

    A group that keeps a head away from its keys is called so, as in ``avoids itself``.
    """
    model = training.model
    worth: dict[str, Tensor] = defaultdict(lambda: torch.zeros(model.heads, device=model.device))
    pull: dict[str, Tensor] = defaultdict(lambda: torch.zeros(model.heads, device=model.device))
    lifted = torch.zeros(3, model.heads, device=model.device)
    picked = torch.arange(rows.rows.shape[1], device=model.device)[:: max(1, rows.rows.shape[1] // _ROWS)]
    apart = max(BATCH, len(rows.numbers) // _BATCHES // BATCH * BATCH)
    for start in list(range(0, len(rows.numbers), apart))[:_BATCHES]:
        batch = training.batch(start, picked)
        scores = model.scores(batch)
        whole, seen = cross_entropy(scores, batch), pattern_of(scores, batch)
        near = _near_keys(model.family, batch)
        for group, added in _added(model, batch, scores).items():
            without = scores - added
            worth[group] += cross_entropy(without, batch) - whole
            if group in near:
                pull[group] += ((seen - pattern_of(without, batch)) * near[group]).sum((0, 2, 3))
        lifted += _lifted(model, batch, *(kind.to(model.device) for kind in _kinds(material, rows, start)))
    # The words that are looked for are names, punctuation or others, by what their weights lift.
    divided = lifted / lifted.sum(0).clamp(min=1e-9)
    words = worth["key words"]
    worth["key words"] = words * divided[2]
    worth["names"] = words * divided[0]
    worth["punctuation"] += words * divided[1]
    values = torch.stack(list(worth.values())).clamp(min=0)
    shares = values / values.sum(0).clamp(min=1e-9)
    found = []
    for head, own in enumerate(shares.T.tolist()):
        named = {
            f"{AVOIDS}{group}" if group in pull and pull[group][head] < 0 else group: share
            for group, share in zip(worth, own, strict=True)
            if share
        }
        found.append(dict(sorted(named.items(), key=lambda item: -item[1])))
    return found


def _added(model: Model, batch: Batch, scores: Tensor) -> dict[str, Tensor]:
    """What each group adds to the scores, (b, h, r, n)."""
    family = model.family
    groups = [group_of(part) for part in family.parts]
    # The latest comma and its kin are punctuation where they are looked for, and structure where they are avoided.
    marks = torch.zeros(model.heads, len(groups), dtype=torch.bool, device=model.device)
    for place, mask in enumerate(family.masks):
        if mask.expression in _MARKS:
            marks[:, len(family.curves) + place] = model.masks[:, place] > 0
    found = {}
    for group in dict.fromkeys([*groups, "punctuation"]):
        own = torch.tensor([name == group for name in groups], device=model.device).expand_as(marks)
        own = marks if group == "punctuation" else own & ~marks
        found[group] = scores - model.scores(batch, model.chosen.parts * ~own)
    for group, close in _close(model, batch, found["recency"]).items():
        found[group] = found[group] + close if group in found else close
        found["recency"] = found["recency"] - close
    for group in ("key words", "pairings"):
        first = _at_first(found[group], batch)
        found["first token"] = found["first token"] + first
        found[group] = found[group] - first
    return found


def _at_first(added: Tensor, batch: Batch) -> Tensor:
    """What is added at the first token beyond what is added elsewhere on average: its word is often the same."""
    elsewhere = batch.visible.float()
    elsewhere[..., 0] = 0.0
    level = (added * elsewhere).sum(-1) / elsewhere.sum(-1).clamp(min=1)
    found = torch.zeros_like(added)
    found[..., 0] = added[..., 0] - level
    return found


def _close(model: Model, batch: Batch, by_distance: Tensor) -> dict[str, Tensor]:
    """What all that depends on the distance adds at the query itself and next to it, beyond what it does two away.

    Args:
        by_distance: what it adds, (b, h, r, n): the curve, and the query's words times the logarithm of the distance.
    """
    knots, values = model.family.knots[0], model.curve_values(0)
    distance = batch.distance
    logs = distance.abs().float().log1p()
    curve = (values @ hats(distance.flatten(), knots).T).view(-1, *distance.shape)
    slopes = ((by_distance - curve) * logs).sum(-1) / (logs**2).sum(-1).clamp(min=1e-9)  # (b, h, r)

    def at(*places: int) -> Tensor:
        values_there = values @ hats(torch.tensor(places, device=values.device), knots).mean(0)
        return values_there[:, None] + slopes * math.log1p(abs(places[0]))

    both = min(knots) < 0
    levels = {0: at(2, -2), 1: at(2), -1: at(-2)} if both else {0: at(2), 1: at(2)}
    return {
        _OFFSETS[f"pair.offset({place})"]: (at(place) - level)[..., None] * (distance == place)
        for place, level in levels.items()
    }


def _near_keys(family: Family, batch: Batch) -> dict[str, Tensor]:
    """How much each key is one that a group is about; broadcasts to (b, h, r, n)."""
    distance = batch.distance
    found = {group: (distance == place).float() for place, group in ((0, "itself"), (1, "one back"), (-1, "one ahead"))}
    found["first token"] = (distance == batch.rows[:, None]).float()
    found["recency"] = -distance.abs().float().log1p()
    for group, expressions in (("repeated token", _COPIES), ("what followed it", _FOLLOWERS)):
        places = [place for place, mask in enumerate(family.masks) if mask.expression in expressions]
        if places:
            found[group] = batch.cells[:, places].amax(1, keepdim=True)
    return found


def _kinds(material: Material, rows: Rows, start: int) -> tuple[Tensor, Tensor, Tensor]:
    """Which tokens of a batch there are, and which are names and which punctuation, (b, n)."""
    lists = [list(material.ids[number]) for number in rows.numbers[start : start + BATCH]]
    texts = Texts.from_lists(lists, material.table, causal=material.causal, width=rows.n, torch_tensors=True)
    inside = texts.mask & ~texts.token("is_special")
    # A capital tells a name where no sentence starts, nor speech; I is none.
    opens = texts.token("is_sentence_start") | texts.token("is_quote", 1)
    names = texts.token("is_capitalised") & ~opens & ~texts.token("is_pronoun")
    return inside, names & inside, texts.token("is_punctuation") & inside


def _lifted(model: Model, batch: Batch, inside: Tensor, names: Tensor, punctuation: Tensor) -> Tensor:
    """How far the weights of keys lift names, punctuation and other tokens above the mean, in all: (3, h)."""
    place = model.family.weights.index(WordWeights("key", EVERYWHERE))
    own = (model.words * model.chosen.words)[:, :, place]
    weights = own[batch.tokens[0]] + batch.classes[0] @ model.classes[:, :, place]  # (b, n, h)
    mean = weights[inside].mean(0)
    lifted = (weights - mean).clamp(min=0) * inside[..., None]
    return torch.stack([lifted[kind].sum(0) for kind in (names, punctuation & ~names, inside & ~names & ~punctuation)])
