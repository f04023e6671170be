"""What makes a picture readable, as far as a machine can see it; for any matplotlib figure.

* :func:`assert_labels_apart`: no two texts overlap, and none leaves the figure.
* :func:`assert_told_apart`: neighbouring areas have a contrast of 3:1 (WCAG 2.2), or a line between them has it against
  each of them. It is looked for where readers look, in the pixels, so that it holds for translucent fills, for what is
  painted over what, and in space.
* :func:`assert_in_legend`: what is coloured has its colour explained.
* :func:`assert_area`: the drawn areas add up to those of the sets, to rounding.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from functools import cache
from itertools import combinations, pairwise
from typing import Any, NamedTuple

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import Collection
from matplotlib.colors import to_hex, to_rgba
from matplotlib.legend import Legend
from matplotlib.patches import Patch
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import Bbox, BboxBase

LEAST_CONTRAST = 3.0
DOTS_PER_INCH = 200
ROUNDING = 1e-9

_BROAD = 7  # pixels: what is narrower is a line, not an area
_GAP = 21  # pixels between two areas that are neighbours all the same: a line with its rims, crossed aslant
_UNSEEN = 1.05  # a contrast
_FEW = 12  # pixels of a boundary that corners may spoil


# -- labels -------------------------------------------------------------------------------------------------------


class Label(NamedTuple):
    """A text that was drawn, and where, in pixels."""

    text: str
    box: Bbox


def labels(figure: Any) -> list[Label]:
    """All texts that a figure draws: labels, titles, ticks, legends; not those outside the view, nor invisible ones."""
    drawn: list[Label] = []
    draw = Text.draw

    def recorded(self: Text, renderer: Any, *args: Any, **kwargs: Any) -> None:
        if self.get_visible() and self.get_text().strip():
            drawn.append(Label(self.get_text(), Text.get_window_extent(self, renderer)))
        draw(self, renderer, *args, **kwargs)

    with _replaced(Text, "draw", recorded):
        FigureCanvasAgg(figure).draw()
    return drawn


def overlapping_labels(figure: Any, slack: float = 1.0) -> list[tuple[str, str]]:
    """Pairs of texts whose boxes overlap, each box made smaller by ``slack`` points on all sides."""
    inner = [(text, _shrunk(box, slack * figure.dpi / 72)) for text, box in labels(figure)]
    return [(a, b) for (a, box), (b, other) in combinations(inner, 2) if _overlap(box, other)]


def cut_labels(figure: Any, slack: float = 1.0) -> list[str]:
    """Texts that leave the figure by more than ``slack`` points."""
    room = _shrunk(figure.bbox, -slack * figure.dpi / 72)
    return [text for text, box in labels(figure) if not (room.contains(*box.min) and room.contains(*box.max))]


def assert_labels_apart(figure: Any, slack: float = 1.0, inside: bool = True) -> None:
    """No two texts overlap; and none leaves the figure, unless it is saved with ``bbox_inches="tight"``."""
    assert not overlapping_labels(figure, slack)
    assert not (inside and cut_labels(figure, slack))


def _shrunk(box: BboxBase, by: float) -> Bbox:
    (x0, y0), (x1, y1) = box.min, box.max
    dx, dy = min(by, (x1 - x0) / 2), min(by, (y1 - y0) / 2)
    return Bbox([[x0 + dx, y0 + dy], [x1 - dx, y1 - dy]])


def _overlap(a: Bbox, b: Bbox) -> bool:
    return bool((np.maximum(a.min, b.min) < np.minimum(a.max, b.max)).all())


# -- contrast -----------------------------------------------------------------------------------------------------


def luminance(colour: Any) -> float:
    """The relative luminance of an opaque colour, from 0 to 1 (WCAG 2.2)."""
    shades = np.array(to_rgba(colour)[:3])
    linear = np.where(shades <= 0.04045, shades / 12.92, ((shades + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@cache
def contrast(colour: Any, other: Any) -> float:
    """The contrast ratio of two opaque colours, from 1 to 21 (WCAG 2.2)."""
    low, high = sorted([luminance(colour), luminance(other)])
    return (high + 0.05) / (low + 0.05)


class Blurred(NamedTuple):
    """Two neighbouring areas that are not told apart along some pixels of their boundary, one of which is ``place``."""

    fills: tuple[str, str]
    between: tuple[str, ...]
    pixels: int
    place: tuple[int, int]


def blurred(figure: Any, least: float = LEAST_CONTRAST, few: int = _FEW) -> list[Blurred]:
    """The neighbouring areas of a figure that are not told apart, the longest boundaries first.

    Boundaries of at most ``few`` pixels, which corners spoil, do not count. Places are (row, column) of the picture at
    200 dots per inch, see :func:`pixels`.
    """
    spoilt, _ = _boundaries(figure, least)
    return sorted((found for found in spoilt if found.pixels > few), key=lambda found: -found.pixels)


def share_told_apart(figure: Any, least: float = LEAST_CONTRAST) -> float:
    """The share of all boundaries between neighbouring areas along which they are told apart."""
    spoilt, length = _boundaries(figure, least)
    return 1 - sum(found.pixels for found in spoilt) / length if length else 1.0


def assert_told_apart(figure: Any, least: float = LEAST_CONTRAST, share: float = 1.0) -> None:
    """Neighbouring areas are told apart; in space, where some edges are behind faces, along a ``share`` of boundaries.

    Texts do not take part.
    """
    if share < 1:
        assert share_told_apart(figure, least) >= share
    else:
        assert not blurred(figure, least)


def pixels(figure: Any, smooth: bool = False) -> np.ndarray:
    """The figure without its texts, (rows, columns, 3), at 200 dots per inch; as a rule without anti-aliasing."""
    shown = [artist for artist in figure.findobj(Text) if artist.get_visible()]
    found: list[Any] = [] if smooth else figure.findobj(_is_smoothed)
    before = [(artist, artist.get_antialiased()) for artist in found]
    dpi = figure.dpi
    try:
        for text in shown:
            text.set_visible(False)
        for artist, _ in before:
            artist.set_antialiased(False)
        figure.set_dpi(DOTS_PER_INCH)
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        return np.asarray(canvas.buffer_rgba())[..., :3].copy()
    finally:
        figure.set_dpi(dpi)
        for artist, smoothed in before:
            artist.set_antialiased(smoothed)
        for text in shown:
            text.set_visible(True)


def _is_smoothed(artist: Artist) -> bool:
    return hasattr(artist, "set_antialiased") and hasattr(artist, "get_antialiased")


def _boundaries(figure: Any, least: float) -> tuple[list[Blurred], int]:
    """What is not told apart, and the length of all boundaries, both in pixels of scan lines that cross them."""
    shades = _shades(pixels(figure))
    smooth = cache(lambda: _shades(pixels(figure, smooth=True)))
    areas = _areas(shades)
    spoilt: Counter[tuple[int, int, tuple[int, ...]]] = Counter()
    places: dict[tuple[int, int, tuple[int, ...]], tuple[int, int]] = {}
    length = 0
    for turned in (False, True):
        for row, before, after, between in _crossings(shades.T, areas.T) if turned else _crossings(shades, areas):
            length += 1
            line = shades[:, row] if turned else shades[row]
            pair = sorted([int(line[before]), int(line[after])])
            key = pair[0], pair[1], between
            if not _tells_apart(*key, least) and not _is_seam(
                key, (smooth().T if turned else smooth())[row], before, after
            ):
                spoilt[key] += 1
                places.setdefault(key, (after, row) if turned else (row, after))
    by_fills: dict[tuple[int, int], list[tuple[int, int, tuple[int, ...]]]] = {}
    for key in spoilt:
        by_fills.setdefault(key[:2], []).append(key)
    found = []
    for fills, keys in by_fills.items():
        most = max(keys, key=spoilt.__getitem__)
        count = sum(spoilt[key] for key in keys)
        found.append(Blurred((_hex(fills[0]), _hex(fills[1])), tuple(sorted(map(_hex, most[2]))), count, places[most]))
    return found, length


def _shades(picture: np.ndarray) -> np.ndarray:
    return picture.astype(np.int64) @ [1 << 16, 1 << 8, 1]


def _is_seam(key: tuple[int, int, tuple[int, ...]], smooth: np.ndarray, before: int, after: int) -> bool:
    """Whether parts of one translucent face meet: without anti-aliasing, pixels on their common side are painted twice.

    The smooth picture, which people see, has one colour there.
    """
    fill, other, _ = key
    return fill == other and all(
        contrast(_hex(fill), _hex(int(shade))) < _UNSEEN for shade in smooth[before : after + 1]
    )


def _hex(shade: int) -> str:
    return f"#{shade:06x}"


@cache
def _tells_apart(fill: int, other: int, between: tuple[int, ...], least: float) -> bool:
    """Whether two fills contrast, or what is between them, a line and perhaps its rim, contrasts with each of them.

    Parts of one area with nothing but narrow parts of it between them, as among scattered points, are not told apart.
    """
    if contrast(_hex(fill), _hex(other)) >= least or (fill == other and {fill} >= set(between)):
        return True
    return all(any(contrast(_hex(shade), _hex(line)) >= least for line in between) for shade in (fill, other))


def _areas(shades: np.ndarray) -> np.ndarray:
    """For each pixel the number of the area to which it belongs; 0 where what has its colour is narrow."""
    broad = _opened(shades)
    areas = np.zeros(shades.shape, dtype=np.int64)
    parent = [0]

    def root(k: int) -> int:
        while parent[k] != k:
            parent[k] = parent[parent[k]]
            k = parent[k]
        return k

    above: list[tuple[int, int, int, int]] = []
    for row, (line, inside) in enumerate(zip(shades, broad, strict=True)):
        runs, k = [], 0
        for begin, end in _runs(line, inside):
            parent.append(len(parent))
            number, shade = len(parent) - 1, int(line[begin])
            while k < len(above) and above[k][1] <= begin:
                k += 1
            j = k
            while j < len(above) and above[j][0] < end:
                if above[j][3] == shade:
                    parent[root(number)] = root(above[j][2])
                j += 1
            areas[row, begin:end] = number
            runs.append((begin, end, number, shade))
        above = runs
    roots = np.array([root(k) for k in range(len(parent))])
    return roots[areas]


def _runs(line: np.ndarray, inside: np.ndarray) -> Iterator[tuple[int, int]]:
    """The stretches of a scan line that are inside and of one colour."""
    changes = (line[1:] != line[:-1]) | (inside[1:] != inside[:-1])
    ends = [0, *(np.flatnonzero(changes) + 1).tolist(), len(line)]
    yield from ((begin, end) for begin, end in pairwise(ends) if inside[begin])


def _opened(shades: np.ndarray) -> np.ndarray:
    """Where a square of one colour fits around a pixel or beside it."""
    rows, columns = shades.shape
    flat = np.ones((rows - _BROAD + 1, columns - _BROAD + 1), dtype=np.bool_)
    first = shades[: flat.shape[0], : flat.shape[1]]
    along = np.ones((rows, flat.shape[1]), dtype=np.bool_)
    for k in range(1, _BROAD):
        along &= shades[:, k : k + flat.shape[1]] == shades[:, : flat.shape[1]]
    for k in range(_BROAD):
        flat &= along[k : k + flat.shape[0]] & (shades[k : k + flat.shape[0], : flat.shape[1]] == first)
    opened = np.zeros(shades.shape, dtype=np.bool_)
    wide = np.zeros((flat.shape[0], columns), dtype=np.bool_)
    for k in range(_BROAD):
        wide[:, k : k + flat.shape[1]] |= flat
    for k in range(_BROAD):
        opened[k : k + flat.shape[0]] |= wide
    return opened


def _crossings(shades: np.ndarray, areas: np.ndarray) -> Iterator[tuple[int, int, int, tuple[int, ...]]]:
    """Where scan lines pass from one area to another: row, last and first pixel, and the colours between them."""
    for row, (line, own) in enumerate(zip(shades, areas, strict=True)):
        inside = np.flatnonzero(own)
        before, after = inside[:-1], inside[1:]
        crossed = (own[before] != own[after]) & (after - before <= _GAP)
        for i, j in zip(before[crossed].tolist(), after[crossed].tolist(), strict=True):
            yield row, i, j, tuple(sorted(set(line[i + 1 : j].tolist())))


# -- legends ------------------------------------------------------------------------------------------------------


class Entry(NamedTuple):
    """An entry of a legend: its text, and the colours of its sign without their opacity."""

    text: str
    colours: frozenset[str]


def legend_entries(figure: Any) -> list[Entry]:
    """The entries of all legends of a figure."""
    entries = []
    for legend in figure.findobj(Legend):
        for text, handle in zip(legend.get_texts(), legend.legend_handles, strict=True):
            entries.append(Entry(text.get_text(), frozenset(colours_of(handle))))
    return entries


def colours_of(artist: Any) -> set[str]:
    """The colours of an artist's faces, edges or line that are not transparent, without their opacity."""
    names = ("get_facecolor", "get_edgecolor", "get_color", "get_markerfacecolor")
    found: set[str] = set()
    for name in names:
        given = getattr(artist, name, lambda: ())()
        if isinstance(given, str) and given == "none":
            continue
        rows = [given] if isinstance(given, str) else np.atleast_2d(np.asarray(given, dtype=float))
        found |= {to_hex(row) for row in rows if len(row) and to_rgba(row)[3]}
    return found


def assert_in_legend(figure: Any, named: dict[str, str] | Iterable[str]) -> None:
    """Each text is in a legend; with its colour, where ``named`` tells which colour it has."""
    entries = legend_entries(figure)
    colours = {text: to_hex(colour) for text, colour in named.items()} if isinstance(named, dict) else {}
    for text in named:
        own = [entry for entry in entries if entry.text == text]
        assert own, f"{text!r} is in no legend; there are {[entry.text for entry in entries]}"
        wanted = colours.get(text)
        assert wanted is None or any(wanted in entry.colours for entry in own), (text, wanted, own)


def unexplained(figure: Any, but: Iterable[str] = ()) -> set[str]:
    """The colours of filled areas in the axes of a figure that no legend has, except those in ``but``."""
    known = {colour for entry in legend_entries(figure) for colour in entry.colours} | {to_hex(one) for one in but}
    filled = {colour for axes in figure.axes for artist in _filled(axes) for colour in _fills(artist)}
    return filled - known


def _filled(axes: Any) -> list[Artist]:
    return [artist for artist in (*axes.patches, *axes.collections) if artist.get_visible()]


def _fills(artist: Any) -> set[str]:
    return {to_hex(row) for row in np.atleast_2d(artist.get_facecolor()) if len(row) and row[3]}


# -- areas --------------------------------------------------------------------------------------------------------


def paths_of(artist: Any) -> list[Path]:
    """The outlines that an artist fills, in data coordinates."""
    if isinstance(artist, Collection):
        return list(artist.get_paths())
    if isinstance(artist, Patch):
        return [artist.get_patch_transform().transform_path(artist.get_path())]
    return []


def path_area(path: Path) -> Fraction:
    """The area inside a path of straight lines, exact for the floats it has; holes run the other way round."""
    total = Fraction(0)
    for ring in _rings(path):
        corners = [(Fraction(x), Fraction(y)) for x, y in ring]
        for (x, y), (u, v) in zip(corners, [*corners[1:], *corners[:1]], strict=True):
            total += x * v - u * y
    return abs(total) / 2


def _rings(path: Path) -> list[Sequence[tuple[float, float]]]:
    vertices = np.asarray(path.vertices, dtype=float)
    if path.codes is None:
        return [vertices.tolist()]
    codes = np.asarray(path.codes)
    assert set(codes.tolist()) <= {Path.MOVETO, Path.LINETO, Path.CLOSEPOLY}, "areas of curves are not exact"
    starts = [*np.flatnonzero(codes == Path.MOVETO).tolist(), len(codes)]
    rings = []
    for begin, end in pairwise(starts):
        kept = codes[begin:end] != Path.CLOSEPOLY  # whose vertex means nothing
        rings.append(vertices[begin:end][kept].tolist())
    return rings


def drawn_area(artists: Iterable[Any]) -> Fraction:
    """The sum of the areas that artists fill."""
    return sum((path_area(path) for artist in artists for path in paths_of(artist)), Fraction(0))


def assert_area(artists: Iterable[Any], expected: Any) -> None:
    """The drawn area is a number, or meets an enclosure with ``low`` and ``high``, to 1e-9 of its size."""
    drawn = drawn_area(artists)
    low, high = (getattr(expected, name, expected) for name in ("low", "high"))
    size = Fraction(ROUNDING) * max(abs(Fraction(low)), abs(Fraction(high)))
    assert Fraction(low) - size <= drawn <= Fraction(high) + size, (float(drawn), float(low), float(high))


@contextmanager
def _replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)
