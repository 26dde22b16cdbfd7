"""Figures of the heads: how well programs predict them, of what kind they are, and how few structures explain them."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from evaluation.figures.picture import (
    BLACK,
    BLUE,
    COLUMN,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SKY,
    VERMILLION,
    YELLOW,
    Picture,
    Table,
    legend_below,
    make_logarithmic,
)

_LINES = {
    "iou": ("programs", BLUE, "-"),
    "ceiling": ("ceiling", BLACK, "--"),
    "previous": ("previous token", VERMILLION, "-."),
    "first": ("first token", ORANGE, ":"),
    "uniform": ("uniform", GREY, "-"),
}
"""By column: what its line is called, its colour and its stroke."""
_FILLS = (BLUE, VERMILLION, GREEN, ORANGE, PURPLE, SKY, YELLOW, BLACK)
_HATCH = "//////"
_LEAST_EFFECT = 1e-7
"""Nats at which a head that has no effect is drawn, since a logarithmic axis has no zero."""


def iou_distribution(heads: Table) -> Picture:
    """The share of the heads that each IoU is not passed on, for programs, their ceilings and baselines.

    Args:
        heads: of each its ``iou``, that of its ``ceiling``, and those of ``uniform``, ``first`` and ``previous``; None
            where it is not known.
    """

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for column, (name, colour, stroke) in _LINES.items():
            values = [row[column] for row in heads if row[column] is not None]
            if values:
                label = f"{name} (mean {np.mean(values):.2f})"
                axes.ecdf(values, label=label, color=colour, linestyle=stroke)
        axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="IoU with the head's pattern", ylabel="share of heads at or below")
        legend_below(figure, axes, 2)

    return Picture("iou_distribution", heads, (COLUMN, 2.8), draw)


def iou_map(heads: Table) -> Picture:
    """Layer by head, the IoU of each head's program.

    Args:
        heads: of each its ``layer``, ``index`` and ``iou``.
    """

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        cells = np.full(_shape(heads), np.nan)
        for row in heads:
            cells[row["layer"], row["index"]] = row["iou"]
        image = axes.imshow(cells, cmap="viridis", vmin=0, vmax=1, aspect="auto", interpolation="nearest")
        figure.colorbar(image, label="IoU of the program", pad=0.03)
        _by_layer_and_head(axes)

    return Picture("iou_map", _columns(heads, "head", "layer", "index", "iou"), (COLUMN, _height(heads)), draw)


def category_map(heads: Table, categories: Sequence[str], unclear: str) -> Picture:
    """Layer by head, the category of each head.

    Args:
        heads: of each its ``layer``, ``index`` and ``category``, None where it is not known.
        categories: all that there are, each of which looks the same in every figure.
        unclear: another one, of heads that are of no clear category, which is drawn in grey.
    """
    present = [name for name in (*categories, unclear) if any(row["category"] == name for row in heads)]
    legend_lines = (len(present) + 1) // 2

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for name in present:
            place = categories.index(name) if name in categories else -1
            again = place >= len(_FILLS)  # there are more categories than colours
            colour = "#DDDDDD" if place < 0 else _FILLS[place % len(_FILLS)]
            label: str | None = name
            for row in heads:
                if row["category"] == name:
                    corner = row["index"] - 0.5, row["layer"] - 0.5
                    axes.add_patch(
                        Rectangle(
                            corner, 1, 1, facecolor=colour, edgecolor="white", linewidth=0.4,
                            hatch=_HATCH if again else None, label=label,
                        )
                    )  # fmt: skip
                    label = None
        layers, indices = _shape(heads)
        axes.set(xlim=(-0.5, indices - 0.5), ylim=(layers - 0.5, -0.5))
        _by_layer_and_head(axes)
        legend_below(figure, axes, 2)

    size = COLUMN, _height(heads) + 0.16 * legend_lines
    return Picture("category_map", _columns(heads, "head", "layer", "index", "category"), size, draw)


def iou_and_effect(heads: Table) -> Picture:
    """The IoU of each head's program against what the head does in the model.

    Args:
        heads: of each its ``effect``, KL from the model as it is with the head put out, nats a token; the ``iou`` of
            its program; and the share of the effect that the program ``recovered``.
    """

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        effects = [max(row["effect"], _LEAST_EFFECT) for row in heads]
        points = axes.scatter(
            effects, [row["iou"] for row in heads], s=12, c=[row["recovered"] for row in heads], vmin=0, vmax=1,
            cmap="viridis", edgecolors=BLACK, linewidths=0.3,
        )  # fmt: skip
        below = any(row["recovered"] < 0 for row in heads)
        figure.colorbar(points, label="effect recovered by the program", pad=0.03, extend="min" if below else "neither")
        make_logarithmic(axes, "x", min(effects), max(effects))
        axes.set(ylim=(0, 1), xlabel="effect of the head (KL without it, nats a token)", ylabel="IoU of the program")

    return Picture("iou_and_effect", heads, (COLUMN, 2.4), draw)


def cover_curve(counts: Table) -> Picture:
    """How many heads the first, the first two, … structures explain.

    Args:
        counts: rows of ``structures`` and ``heads`` explained, the last of which are all.
    """

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        heads = [row["heads"] for row in counts]
        axes.axhline(heads[-1], color=GREY, linestyle=":", linewidth=0.8)
        axes.plot([0, *(row["structures"] for row in counts)], [0, *heads], color=BLUE, marker=".", clip_on=False)
        axes.annotate(
            f"all {heads[-1]} heads", (0, heads[-1]), (2, 2), textcoords="offset points", fontsize=7, color="#666666"
        )
        axes.set(xlim=(0, None), ylim=(0, 1.08 * heads[-1]), xlabel="structures", ylabel="heads explained")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))

    return Picture("cover_curve", counts, (COLUMN, 2.2), draw)


def _columns(table: Table, *names: str) -> Table:
    return [{name: row[name] for name in names} for row in table]


def _shape(heads: Table) -> tuple[int, int]:
    """Layers and heads that a map has room for."""
    return max(row["layer"] for row in heads) + 1, max(row["index"] for row in heads) + 1


def _height(heads: Table) -> float:
    """Inches down of a map."""
    return min(max(0.8 + 0.2 * _shape(heads)[0], 1.7), 4.2)


def _by_layer_and_head(axes: Axes) -> None:
    axes.set(xlabel="head", ylabel="layer")
    axes.tick_params(length=2)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(integer=True))
    axes.spines[["top", "right"]].set_visible(True)
