"""Tables and figures from the rows of a campaign: medians over seeds, unfinished runs as lower bounds."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from campaign import REFERENCE, Row
from networks import Shape

from polyrelu.plotting import style
from polyrelu.plotting.style import INK, SILENT, feature_colour, themed
from polyrelu.support.extras import require

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class Case(NamedTuple):
    """A question without its seed."""

    network: str
    width: int
    dim: int
    blocks: int
    target: str
    box: int

    @classmethod
    def of(cls, row: Row) -> Case:
        """The case of a row."""
        numbers = {name: int(row[name]) for name in ("width", "dim", "blocks", "box")}
        return cls(network=row["network"], target=row["target"], **numbers)

    def __str__(self) -> str:
        box = f", in [-{self.box}, {self.box}]^{self.dim}" if self.box else ""
        return f"{self.network} {Shape(self.dim, self.width, self.blocks)}, `{self.target}`{box}"


class Quantity(NamedTuple):
    """What a column or an axis shows.

    Attributes:
        title: its name.
        of: its value in a row; None where it has none.
        written: how a value is written.
        grows: whether it only grows in a run, so that what an unfinished one reached is a lower bound.
    """

    title: str
    of: Callable[[Row], float | None]
    written: Callable[[float], str] = lambda value: f"{value:,.0f}"
    grows: bool = True


def number(name: str) -> Callable[[Row], float | None]:
    """A column of the CSV file as a number."""
    return lambda row: float(row[name]) if row[name] else None


def ratio(name: str, of: str) -> Callable[[Row], float | None]:
    """One column for each unit of another."""

    def value(row: Row) -> float | None:
        return float(row[name]) / float(row[of]) if float(row[of]) else None

    return value


def short(value: float) -> str:
    """Three digits of what may be small or large."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


QUANTITIES = {
    "pieces": Quantity("pieces", number("pieces")),
    "nodes": Quantity("nodes", number("nodes")),
    "nodes/piece": Quantity("nodes a piece", ratio("nodes", "pieces"), lambda value: f"{value:,.2f}", False),
    "wasted": Quantity("wasted", ratio("wasted", "nodes"), lambda value: f"{100 * value:.1f} %", False),
    "discarded": Quantity("discarded", number("discarded")),
    "implied": Quantity("implied", number("implied")),
    "lps": Quantity("LPs", number("lps")),
    "pivots": Quantity("pivots", number("pivots")),
    "seconds": Quantity("seconds", number("seconds"), short),
    "lost": Quantity("lost pieces", number("lost_pieces")),
    "volume": Quantity("lost volume", number("lost_volume"), short),
}
DEFAULT = ("pieces", "nodes", "nodes/piece", "wasted", "discarded", "lps", "pivots", "seconds")
NOT_TRIED, NO_VALUE = "·", "-"


def cell(rows: Sequence[Row], quantity: Quantity) -> str:
    """The median over seeds; "> " and the median of what was reached where a run did not finish.

    Each unfinished count only grows, so the median of what was reached is a lower bound of the median.
    """
    if not rows:
        return NOT_TRIED
    value = median(rows, quantity)
    if value is None:
        return NO_VALUE
    return ("" if all_finished(rows) else "> ") + quantity.written(value)


def median(rows: Sequence[Row], quantity: Quantity) -> float | None:
    """The median over seeds, or a lower bound of it; None where there is neither."""
    values = [value for value in map(quantity.of, rows) if value is not None]
    return statistics.median(values) if values and (quantity.grows or all_finished(rows)) else None


def all_finished(rows: Iterable[Row]) -> bool:
    """Whether no limit or error ended one of these runs."""
    return all(row["finished"] == "yes" for row in rows)


def checked(rows: Sequence[Row]) -> str:
    """What the comparison with the default search said, all seeds together."""
    if not rows:
        return NOT_TRIED
    said = sorted({row["note"] or row["check"] for row in rows})
    return "; ".join(said)


def markdown(header: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A table; the first column to the left, numbers to the right."""
    parts = [f"| {' | '.join(header)} |", "|---|" + "--:|" * (len(header) - 1)]
    return "\n".join([*parts, *(f"| {' | '.join(line)} |" for line in lines)])


def names_of(rows: Iterable[Row]) -> list[str]:
    """The heuristics, the default search first, then in the order in which they first ran."""
    names = list(dict.fromkeys(row["heuristic"] for row in rows))
    return sorted(names, key=lambda name: name != REFERENCE)


def of_heuristic(rows: Iterable[Row], name: str) -> list[Row]:
    """The rows of one heuristic."""
    return [row for row in rows if row["heuristic"] == name]


def by_case(rows: Sequence[Row], quantities: Sequence[str] = DEFAULT) -> str:
    """One table for each case: heuristics below one another, quantities beside one another."""
    parts = []
    names = names_of(rows)
    for case in dict.fromkeys(map(Case.of, rows)):
        here = [row for row in rows if Case.of(row) == case]
        lines = []
        for name in names:
            own = of_heuristic(here, name)
            lines.append([name, *(cell(own, QUANTITIES[key]) for key in quantities), checked(own)])
        seeds = len({row["seed"] for row in here})
        parts.append(
            f"**{case}**, {seeds} seed{'s' * (seeds > 1)}\n\n"
            + markdown(["heuristic", *(QUANTITIES[key].title for key in quantities), "check"], lines)
        )
    return "\n\n".join(parts)


def across(
    rows: Sequence[Row],
    quantity: str,
    heading: Callable[[Case], str] = lambda case: f"n = {case.width}",
    above: Iterable[tuple[str, Callable[[Case], str]]] = (),
) -> str:
    """One table of one quantity: heuristics below one another, cases beside one another, ordered as they were run."""
    cases = list(dict.fromkeys(map(Case.of, rows)))
    lines = [[title, *(written(case) for case in cases)] for title, written in above]
    if quantity != "pieces":
        lines.append(["pieces", *(cell(_of(rows, case, REFERENCE), QUANTITIES["pieces"]) for case in cases)])
    lines += [[name, *(cell(_of(rows, case, name), QUANTITIES[quantity]) for case in cases)] for name in names_of(rows)]
    return markdown([QUANTITIES[quantity].title, *map(heading, cases)], lines)


def _of(rows: Iterable[Row], case: Case, name: str) -> list[Row]:
    return [row for row in rows if Case.of(row) == case and row["heuristic"] == name]


def faces(case: Case) -> int:
    """The faces of the orthants of all blocks."""
    return 2 ** (case.width * case.blocks)


def arrangement_bound(width: int, dim: int) -> int:
    """sum_{i <= d} C(n, i): the most cells that n hyperplanes make in R^d (R. Buck, Partition of space, 1943)."""
    return sum(math.comb(width, i) for i in range(dim + 1))


class Label(NamedTuple):
    """The name of a line that ends at (x, y)."""

    x: float
    y: float
    name: str
    shade: str


Point = tuple[int, float, bool]
_LINE = 11.5  # points


def figure(rows: Sequence[Row], quantity: str, names: Sequence[str] | None = None) -> Figure:
    """A quantity against the width, a line for each heuristic; the counts beside 2^n and the arrangement bound.

    Medians over seeds. An open triangle is a lower bound: a limit ended a run, and no wider layer was tried. Phi_d(n)
    is the arrangement bound.
    """
    pyplot = require("matplotlib.pyplot", "figure")
    drawn: Figure
    with style():
        drawn, axes = pyplot.subplots(figsize=(7.2, 4.2))
        drawn.subplots_adjust(left=0.09, right=0.71, bottom=0.115, top=0.925)  # the names are on the right
        cases = list(dict.fromkeys(map(Case.of, rows)))
        widths = sorted({case.width for case in cases})
        is_share = quantity == "wasted"
        axes.set_xscale("log", base=2)
        if not is_share:
            axes.set_yscale("log", base=10)
        labels: list[Label] = []
        highest = 1.0
        for index, name in enumerate(names or names_of(rows)):
            shade = themed(INK) if name == REFERENCE else feature_colour(index)
            points = list(_points(rows, name, QUANTITIES[quantity], widths))
            if not points:
                continue
            x, y, _ = points[-1]
            if not is_share and not any(y for _, y, _ in points):
                labels.append(Label(x, 1.0, f"{name}: none", shade))
                continue
            _draw(axes, points, shade)
            labels.append(Label(x, y, name, shade))
            highest = max(highest, *(y for _, y, _ in points))
        if quantity in ("nodes", "lps"):
            _bounds(axes, widths, cases[0], highest, labels)
        elif is_share:
            axes.set_ylim(-0.02, 1.02)
        axes.set_xlim(widths[0] / 1.15, widths[-1] * 1.15)
        axes.set_xticks(widths, [str(width) for width in widths])
        axes.xaxis.set_minor_locator(pyplot.NullLocator())
        axes.set_xlabel("neurons of the layer, $n$")
        axes.set_ylabel(QUANTITIES[quantity].title + (" (share of the nodes)" if is_share else ""))
        axes.set_title(_title(cases[0]))
        axes.spines[["top", "right"]].set_visible(False)
        _label(drawn, axes, labels)
    return drawn


def _draw(axes: Axes, points: Sequence[Point], shade: str) -> None:
    """A line through the medians, and a dotted one to each lower bound that is no step down."""
    sure = [(x, y) for x, y, is_bound in points if not is_bound]
    if sure:
        axes.plot(*zip(*sure, strict=True), "o-", color=shade, linewidth=1.2, markersize=4)
    for k, (x, y, is_bound) in enumerate(points):
        if is_bound:
            axes.plot([x], [y], "^", color=shade, markersize=4, mfc="white", zorder=3)
            before = points[max(k - 1, 0)]
            if before[1] <= y:
                axes.plot([before[0], x], [before[1], y], ":", color=shade, linewidth=1.2)


def _points(rows: Sequence[Row], name: str, quantity: Quantity, widths: Sequence[int]) -> Iterable[Point]:
    """Width, median, and whether it is a lower bound."""
    for width in widths:
        own = [row for row in of_heuristic(rows, name) if int(row["width"]) == width]
        value = median(own, quantity)
        if value is not None:
            yield width, value, not all_finished(own)


def _bounds(axes: Axes, widths: Sequence[int], case: Case, highest: float, labels: list[Label]) -> None:
    """2^n and the arrangement bound, and an axis that shows what was reached."""
    top = 10 ** (math.ceil(math.log10(highest)) + 1)
    fine = [widths[0] * (widths[-1] / widths[0]) ** (k / 200) for k in range(201)]
    every = [2**n for n in fine if n < math.log2(top)]
    axes.plot(fine[: len(every)], every, color=themed(SILENT), linestyle=(0, (4, 2)), linewidth=1.2)
    cells = [arrangement_bound(n, case.dim) for n in range(widths[0], widths[-1] + 1)]
    axes.plot(range(widths[0], widths[-1] + 1), cells, color=themed(SILENT), linestyle=(0, (1, 1.5)), linewidth=1.2)
    axes.annotate("$2^n$ faces", (fine[len(every) - 1], every[-1]), (4, 0), textcoords="offset points", va="top")
    labels.append(Label(widths[-1], cells[-1], r"$\Phi_d(n)$ cells", themed(INK)))
    axes.set_ylim(1, top)


def _label(drawn: Figure, axes: Axes, labels: Sequence[Label]) -> None:
    """Names in the right margin, in the order of the lines' ends, a line of text apart, with leaders."""
    frame = axes.get_window_extent()
    height = frame.height * 72 / drawn.dpi

    def end(label: Label) -> float:
        return float(axes.transData.transform((label.x, label.y))[1] - frame.y0) * 72 / drawn.dpi

    # Of lines that end side by side, those that end early come higher, so that leaders do not cross.
    ordered = sorted(labels, key=lambda label: (round(4 * end(label) / _LINE), -label.x, end(label), label.name))
    for label, place in zip(ordered, spread(list(map(end, ordered)), _LINE, height), strict=True):
        axes.annotate(
            label.name,
            (label.x, label.y),
            (1.04, place / height),
            textcoords="axes fraction",
            va="center",
            color=label.shade,
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": label.shade,
                "linewidth": 0.4,
                "shrinkA": 1,
                "shrinkB": 3,
                "relpos": (0, 0.5),
            },
        )


def spread(places: Sequence[float], gap: float, top: float) -> list[float]:
    """Ascending places moved as little up, then down below the top, as a gap between them takes."""
    moved = list(places)
    for i in range(1, len(moved)):
        moved[i] = max(moved[i], moved[i - 1] + gap)
    for i in reversed(range(len(moved))):
        moved[i] = min(moved[i], top if i == len(moved) - 1 else moved[i + 1] - gap)
    return moved


def _title(case: Case) -> str:
    shape = Shape(case.dim, "n", case.blocks)  # type: ignore[arg-type]
    return f"{case.network} {shape}, {case.target}"
