"""Figures of the model with heads replaced: perplexity, controls and tasks."""

from collections.abc import Callable, Mapping, Sequence
from itertools import cycle
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evaluation.figures.picture import (
    BLACK,
    BLUE,
    COLUMN,
    GREEN,
    GREY,
    ORANGE,
    PAGE,
    PURPLE,
    SKY,
    VERMILLION,
    Picture,
    Table,
    legend_below,
    make_logarithmic,
)

_ORDERS = {
    "iou": ("highest IoU first", BLUE, "o"),
    "effect": ("smallest effect first", VERMILLION, "s"),
    "greedy": ("greedy", GREEN, "D"),
    "random": ("random order", GREY, "^"),
}
"""By order: what its line is called, its colour and its marker."""
_REPLACEMENTS = {
    "program": ("programs", BLUE, "o"),
    "uniform": ("uniform", GREY, "^"),
    "first": ("first token", ORANGE, "s"),
    "zero": ("zero", BLACK, "x"),
}
_TASKS = (BLUE, VERMILLION, GREEN, ORANGE, PURPLE, SKY, BLACK)
_WIDE = 4.0
"""Perplexity relative to the model as it is from which an axis is logarithmic."""


def perplexity(sweep: Table, controls: Table) -> Picture:
    """Perplexity against the share of the heads that is replaced.

    On the left the increase with programs, by the order in which heads are replaced; on the right times the perplexity
    of the model as it is, beside what explains nothing, in the first of the orders.

    Args:
        sweep: of each ``order``, ``replacement`` and ``fraction`` the relative ``increase``, whose interval goes from
            ``low`` to ``high``.
        controls: the same of other assignments, without order; drawn but not in the table.
    """
    first = next(order for order in _ORDERS if any(row["order"] == order for row in sweep))

    def draw(figure: Figure) -> None:
        left, right = figure.subplots(1, 2)
        for place, (order, (name, colour, marker)) in enumerate(_ORDERS.items()):
            rows = [row for row in sweep if row["order"] == order and row["replacement"] == "program"]
            if rows:
                _line(left, rows, name, colour, marker, lambda increase: 100 * increase, place - 1)
        left.set(xlabel="heads replaced (%)", ylabel="increase in perplexity (%)")
        for replacement, (name, colour, marker) in _REPLACEMENTS.items():
            rows = [row for row in sweep if row["order"] == first and row["replacement"] == replacement]
            if rows:
                _line(right, rows, name, colour, marker, lambda increase: 1 + increase)
        if controls:
            right.plot(
                [100 * row["fraction"] for row in controls], [1 + row["increase"] for row in controls],
                linestyle="none", marker="_", color=PURPLE, label="controls", zorder=1,
            )  # fmt: skip
        _relative(right, "y", [*sweep, *controls])
        right.set(xlabel="heads replaced (%)", ylabel="perplexity relative to unpatched")
        for axes in (left, right):
            axes.set_xlim(0, 104)
            # Errorbars come behind other lines in what a legend finds.
            handles, labels = axes.get_legend_handles_labels()
            by_label = dict(zip(labels, handles, strict=True))
            if "controls" in by_label:
                by_label["controls"] = by_label.pop("controls")
            axes.legend(by_label.values(), by_label, loc="upper center", bbox_to_anchor=(0.45, -0.2), ncols=2)

    return Picture("perplexity", sweep, (PAGE, 3.1), draw)


def control_comparison(controls: Table) -> Picture:
    """Perplexity under assignments that should do worse than the right one, which is drawn too.

    Args:
        controls: of each ``control`` the relative ``increase``, whose interval goes from ``low`` to ``high``, and how
            many ``heads`` it replaces; the right one is the first.
    """

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        right, *others = controls
        rows = [*sorted(others, key=lambda row: -row["increase"]), right]
        for place, row in enumerate(rows):
            low, middle, high = (1 + row[name] for name in ("low", "increase", "high"))
            axes.errorbar(
                middle, place, xerr=[[max(middle - low, 0)], [max(high - middle, 0)]], fmt="o", capsize=2,
                color=BLUE if row is right else BLACK,
            )  # fmt: skip
        axes.axvline(1 + right["increase"], color=BLUE, linestyle=":", linewidth=0.8)
        axes.set_yticks(range(len(rows)), [row["control"] for row in rows])
        _relative(axes, "x", controls)
        axes.set_xlabel(f"perplexity relative to unpatched,\n{right['heads']} heads replaced")

    return Picture("controls", controls, (COLUMN, 0.7 + 0.2 * len(controls)), draw)


def tasks(scores: Table) -> Picture:
    """What the model scores on tasks against the share of the heads that is replaced.

    Args:
        scores: of each ``task``, ``metric`` and ``fraction`` (0 for the model as it is) the ``value``, a share from 0
            to 1 whose interval goes from ``low`` to ``high``; what guessing would reach, ``chance``, or None.
    """
    lines: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in scores:
        lines.setdefault((row["task"], row["metric"]), []).append(row)

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for place, ((task, metric), rows, colour, marker) in enumerate(
            zip(lines, lines.values(), cycle(_TASKS), cycle("os^Dv"))
        ):
            aside = 0.8 * (place - (len(lines) - 1) / 2)  # so that intervals stand beside each other
            x, y = [100 * row["fraction"] + aside for row in rows], [100 * row["value"] for row in rows]
            axes.errorbar(x, y, yerr=_bars(rows, "value", 100), label=f"{task}, {metric}", color=colour,
                          marker=marker, capsize=2)  # fmt: skip
            if rows[0]["chance"] is not None:
                axes.plot([x[0], x[-1]], [100 * rows[0]["chance"]] * 2, color=colour, linestyle=":", linewidth=0.8)
        axes.set(ylim=(0, 100), xlabel="heads replaced (%)", ylabel="score (%); dotted: guessing")
        legend_below(figure, axes, 1 if len(lines) < 4 else 2)

    return Picture("tasks", scores, (COLUMN, 2.5 + 0.15 * (len(lines) if len(lines) < 4 else len(lines) / 2)), draw)


def _line(
    axes: Axes, rows: Table, name: str, colour: str, marker: str, scale: Callable[[float], float], aside: float = 0.0
) -> None:
    """Increases by the share of the heads, from none on, with their intervals, ``aside`` of those of other lines."""
    rows = sorted(rows, key=lambda row: row["fraction"])
    x = [0.0, *(100 * row["fraction"] + aside for row in rows)]
    middle, low, high = ([scale(0.0), *(scale(row[column]) for row in rows)] for column in ("increase", "low", "high"))
    bars = [[max(m - a, 0) for m, a in zip(middle, low, strict=True)],
            [max(b - m, 0) for m, b in zip(middle, high, strict=True)]]  # fmt: skip
    axes.errorbar(x, middle, yerr=bars, label=name, color=colour, marker=marker, capsize=2, clip_on=False)


def _bars(rows: Sequence[Mapping[str, Any]], column: str, scale: float) -> list[list[float]]:
    """How far intervals reach below and above."""
    return [
        [scale * max(row[column] - row["low"], 0) for row in rows],
        [scale * max(row["high"] - row[column], 0) for row in rows],
    ]


def _relative(axes: Axes, which: str, rows: Table) -> None:
    """An axis of perplexities relative to that of the model as it is, for what these rows hold."""
    most = 1 + max(row["high"] for row in rows)
    if most >= _WIDE:
        make_logarithmic(axes, which, 1, most)
        axes.set(**{f"{which}lim": (0.9, None)})
