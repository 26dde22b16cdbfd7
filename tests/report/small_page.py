"""A report's page of a few heads that were made up, for tests of its views."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evaluation.report.packing import packed
from evaluation.report.page import write_page

MARKUP = "<b>bold</b></script><script>window.ran = true</script>"
CATEGORIES = ["induction head", "previous-token head", "name mover", "mixed"]
_VOCABULARY = {
    "features": [
        {"name": name, "side": side, "family": family, "type": "mask", "definition": definition, "argument": None,
         "encoders_only": False}
        for name, side, family, definition in (
            ("is_comma", "token", "class", "a comma"),
            ("is_capitalised", "token", "class", "starts with an upper-case letter"),
            ("follows_same_token", "pair", "repetition", "the key's left neighbour is the query's token (induction)"),
            ("distance", "pair", "position", "query index minus key index"),
        )
    ],
    "functions": [], "fitted": [], "classes": ["is_comma", "is_capitalised", "like_Tom"], "clusters": ["like_Tom"],
    "limits": {"strings": 16, "knots": 9, "words": 24, "values": 960, "constants": 64, "terms": 1000},
}  # fmt: skip


def small_overview(*, evaluated: bool = True, **changed: Any) -> dict[str, Any]:
    """Two layers of three heads, one of which, L0H1, has no program.

    Args:
        evaluated: whether perplexity, controls and effects were measured.
        changed: values of the overview that are others.
    """
    heads = [
        _head("L0H0", 0.9, 0.95, "previous-token head", "The previous token.", features=["distance"], parts=1),
        _head("L0H2", 0.5, None, None, f"Anything {MARKUP}.", words=[MARKUP, "she"], families=["words"]),
        _head("L1H0", 0.7, 0.8, "induction head", "What followed it.", features=["follows_same_token"],
              families=["repetition"]),
        _head("L1H1", 0.6, 0.9, "name mover", "Capitals.", features=["is_capitalised"], words=["like_Tom"],
              shares={"names": 0.6, "recency": 0.4}),
        _head("L1H2", 0.3, 0.4, "mixed", "A loop.", features=["is_comma"], words=["sheep"], parts=None),
    ]  # fmt: skip
    if evaluated:
        for place, head in enumerate(heads):
            head["effect"] = {"program": 1e-4, "zero": 10.0 ** (place - 4), "recovered": 0.9 - place / 10,
                              "recovered_low": 0.1, "recovered_high": 0.95}  # fmt: skip
    overview = {
        "model": "small", "run": "runs/small", "version": "0.1.0", "corpus": "stories", "start": "texts start with <s>",
        "causal": True, "texts": {"train": 20, "validation": 10, "test": 12}, "max_tokens": 64, "seed": 0,
        "layers": 2, "width": 3,
        "mean": {"iou": 0.6, "low": 0.58, "high": 0.62, "ceiling": 0.7625, "ceiling_heads": 4,
                 "baselines": {"uniform": 0.2, "first": 0.1, "previous": 0.3}},
        "language_model": None, "categories": CATEGORIES, "share_kinds": ["recency", "names", "avoids recency"],
        "heads": heads, "without": ["L0H1"], "cover": [3, 4, 5],
        "structures": [
            _structure("The previous token.", ["L0H0", "L1H0", "L1H1"], 0),
            _structure("The token before.", ["L0H0", "L1H0", "L1H1"], None),
            _structure(f"Anything {MARKUP}.", ["L0H2"], 1),
            _structure("A loop.", ["L1H2"], 2),
        ],
        "front": [{"parts": most, "literals": 10.0 * most, "iou": 0.4 + most / 50, "heads": 5} for most in (1, 2, 12)],
        "sweep": _sweep() if evaluated else [], "controls": _controls() if evaluated else [], "controls_share": 0.25,
        "tasks": [], "alike": {"like_Tom": ["Tom", "Lily"]},
        "shown": [], "levels": 255, "notices": [], "vocabulary": _VOCABULARY,
    }  # fmt: skip
    return overview | changed


def written(folder: Path, overview: Mapping[str, Any]) -> str:
    """The address of a page of an overview, without texts and heads' own values."""
    path = folder / "report.html"
    texts = packed({"masks": [], "numbers": [], "texts": {}})
    path.write_text("".join(write_page("small", overview, texts, [])), "utf-8")
    return path.as_uri()


def _head(
    name: str, iou: float, ceiling: float | None, category: str | None, hypothesis: str, **changed: Any
) -> dict[str, Any]:
    own = {
        "head": name, "layer": int(name[1]), "index": int(name[3]), "iou": iou, "low": iou - 0.01, "high": iou + 0.01,
        "ceiling": ceiling, "category": category, "shares": {"recency": 1.0} if category else {}, "scores": {},
        "baselines": {"uniform": 0.2, "first": 0.1, "previous": 0.3}, "parts": 2, "literals": 8, "name": "01_program",
        "hypothesis": hypothesis, "origin": "search", "structure": None, "families": ["position"], "words": [],
        "features": [], "effect": None,
    }  # fmt: skip
    return own | changed


def _structure(hypothesis: str, heads: list[str], cover: int | None) -> dict[str, Any]:
    return {"hypothesis": hypothesis, "source": f"def attend(query, key, pair):\n    # {MARKUP}\n", "parts": 2,
            "literals": 8, "families": ["position"], "heads": heads, "cover": cover}  # fmt: skip


def _measured(increase: float) -> dict[str, Any]:
    return {"increase": increase, "low": increase * 0.9, "high": increase * 1.1, "divergence": 0.02, "agreement": 0.9,
            "texts": 12}  # fmt: skip


def _sweep() -> list[dict[str, Any]]:
    return [
        {"order": order, "replacement": replacement, "fraction": fraction, "heads": round(5 * fraction),
         "kept_neural": 0, "baseline_perplexity": 3.5, **_measured(fraction * increase)}
        for order, replacement, increase in (
            ("iou", "program", 0.3), ("effect", "program", 0.2), ("iou", "uniform", 8.0), ("iou", "zero", 40.0))
        for fraction in (0.25, 1.0)
    ]  # fmt: skip


def _controls() -> list[dict[str, Any]]:
    return [
        {"control": name, "heads": 1, "worse": increase - 0.1, "worse_low": 0.0, "worse_high": increase,
         **_measured(increase)}
        for name, increase in (("right assignment", 0.1), ("permuted", 2.0), ("zero", 9.0))
    ]  # fmt: skip
