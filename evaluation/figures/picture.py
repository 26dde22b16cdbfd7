"""A figure for a paper: what it draws, as a table, and the drawing, as files."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

Table = Sequence[Mapping[str, Any]]
"""Rows by the names of their columns, which are the same in every row."""

COLUMN = 3.3
"""Inches across a column of a paper in two columns."""
PAGE = 6.9
"""Inches across both."""

# The palette of Okabe and Ito, Color Universal Design, 2008, which people with any colour vision tell apart.
BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILLION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
GREY = "#999999"

_DOTS_PER_INCH = 300
_STYLE = {
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same on every machine
    "font.size": 8,
    "axes.labelsize": 8,
    "axes.titlesize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 1.2,
    "lines.markersize": 3.5,
    "hatch.linewidth": 0.8,
    "pdf.fonttype": 42,  # TrueType: letters stay text that can be searched and edited
}


@dataclass(frozen=True)
class Picture:
    """A figure.

    Attributes:
        name: of its files, without what tells their kind.
        table: what it draws.
        size: inches across and down.
        draw: draws it on an empty figure.
    """

    name: str
    table: Table
    size: tuple[float, float]
    draw: Callable[[Figure], None]

    def files(self) -> dict[str, bytes]:
        """Its files by their names: the drawing as PDF and PNG, the table as CSV; the same bytes every time."""
        with matplotlib.rc_context({**matplotlib.rcParamsDefault, **_STYLE}):
            figure = Figure(figsize=self.size, layout="constrained")
            self.draw(figure)
            pdf, png = io.BytesIO(), io.BytesIO()
            figure.savefig(pdf, format="pdf", metadata={"CreationDate": None})
            figure.savefig(png, format="png", dpi=_DOTS_PER_INCH)
        return {
            f"{self.name}.pdf": pdf.getvalue(),
            f"{self.name}.png": png.getvalue(),
            f"{self.name}.csv": self._csv().encode(),
        }

    def _csv(self) -> str:
        written = io.StringIO()
        writer = csv.DictWriter(written, list(self.table[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.table)
        return written.getvalue()


def legend_below(figure: Figure, axes: Axes, columns: int) -> None:
    """A legend under the axes, where it hides nothing."""
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=columns)


def make_logarithmic(axes: Axes, which: str, least: float, most: float) -> None:
    """Make the ``x`` or ``y`` axis logarithmic, with ticks at 1, 2 and 5 where so many have room.

    Args:
        least: of what is drawn.
        most: of what is drawn.
    """
    axes.set(**{f"{which}scale": "log"})
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if most < 200 * least else (1,)))
    axis.set_minor_formatter(NullFormatter())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
