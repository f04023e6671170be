"""The page of tilings in space: bodies made of tiles, which one can turn, cut open and look through.

Bodies are zones, or tilings one above the other, or the features of a latent cube. What is drawn comes from one exact
complex (:mod:`polyrelu.pages.complexes`), whose corners are rounded to the nearest floats for drawing only; what a card
says of a tile is exact, see :mod:`polyrelu.pages.tiles`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from polyrelu.analysis.measure import Enclosure
from polyrelu.analysis.zones import zone_numbers
from polyrelu.arithmetic.exact import FloatArray, rounded_text, to_floats
from polyrelu.engines.preimage import linear_regions
from polyrelu.errors import DimensionError, InputError
from polyrelu.latent.windows import LatentCube
from polyrelu.networks.network import Network
from polyrelu.pages.complexes import Complex, complex_of, window_around
from polyrelu.pages.page import Document, document, packed, packed_counts
from polyrelu.pages.planar import is_regions
from polyrelu.pages.tiles import Facets, counted, tile_facets, tiles_document
from polyrelu.pages.words import counted as number_of
from polyrelu.pages.words import facts, title
from polyrelu.polyhedra.facet_rings import point_of
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.palette import colour
from polyrelu.tilings.tiling import Tiling

DIGITS = 6
"""Of volumes, which are correctly rounded."""

UNBOUNDED = "unbounded"
_SHADES = tuple(dict.fromkeys(map(colour, range(8))))  # of regions; as many as there are
_MOST_ROOM = 3  # a domain that is so many times as wide as what is in it is not framed


class Body(NamedTuple):
    """A set of tiles with one look, and a line of the legend.

    Attributes:
        name: of a zone or a feature.
        tiles: their numbers, counted through the tilings of the page.
        note: what stands beside the name.
        colour: hexadecimal.
    """

    name: str
    tiles: Sequence[int]
    note: str
    colour: str


def solid_page(tiling: Tiling, groups: Sequence[Iterable[int]] | None = None, window: Polyhedron | None = None) -> str:
    """A tiling of R^3 as a page.

    Args:
        tiling: any, also unbounded, flat or empty.
        groups: the tiles of each zone, in the order of the legend; by default those of ``tiling.zones()``.
        window: a box to show; by default all, or the surroundings of all vertices where a tile is unbounded.

    Raises:
        DimensionError: it lives in another space.
        InputError: a corner is beyond the range of floats.

    Cost: half a millisecond a tile, and the zones.
    """
    _require_space(tiling)
    zones = [list(map(int, group)) for group in (zone_numbers(tiling) if groups is None else groups)]
    parts = list(tiling.divide(zones))
    bodies = [
        Body(f"zone {i}", zone, f"{number_of(len(zone), 'tile')} · {_volume(part)}", colour(i))
        for i, (zone, part) in enumerate(zip(zones, parts, strict=True))
    ]
    whole = _volume(tiling)
    head = {"title": title(tiling), **facts(tiling, len(zones), None if whole == UNBOUNDED else whole)}
    kind = "zones"
    if is_regions(tiling) and groups is None:
        bodies = [Body("linear regions", range(len(tiling)), f"{len(tiling):,}", colour(0))]
        kind = "regions"
    return document("solid", _document(kind, [tiling], bodies, head, window=window), title(tiling))


def solids_page(tilings: Mapping[str, Tiling], window: Polyhedron | None = None, heading: str | None = None) -> str:
    """Several tilings of R^3 in one page, translucent, each in a colour of its own: where they overlap, they superpose.

    Args:
        tilings: by name, for instance the zones of several features.
        window: as for :func:`solid_page`.
        heading: the title; by default how many there are.

    Raises:
        DimensionError: one lives in another space.
        InputError: there are none, or a corner is beyond the range of floats.
    """
    if not tilings:
        raise InputError("page: there are no tilings to show; pass one at least, by its name")
    bodies, first = [], 0
    for i, (name, tiling) in enumerate(tilings.items()):
        _require_space(tiling)
        note = f"{number_of(len(tiling), 'tile')} · {_volume(tiling)}"
        bodies.append(Body(name, range(first, first + len(tiling)), note, colour(i)))
        first += len(tiling)
    missing = [name for name, tiling in tilings.items() if not tiling.complete]
    said = heading or f"{number_of(len(tilings), 'tiling')} in one space"
    head = {
        "title": said,
        "facts": [f"{number_of(first, 'tile')}, exact"],
        "warning": f"Not complete: {', '.join(missing)}." if missing else "",
    }
    return document("solid", _document("tilings", list(tilings.values()), bodies, head, window=window), said)


def cube_page(cube: LatentCube, names: Sequence[str] | None = None) -> str:
    """A latent cube as a page: for each feature the part of the cube where it is active.

    Args:
        cube: any.
        names: of the features; by default feature 0, feature 1, ...

    Raises:
        DimensionError: there are not as many names as features.
    """
    count = cube.feature_count
    if names is not None and len(names) != count:
        raise DimensionError(f"cube_page: {len(names)} names for {count} features; pass one for each")
    tiling = linear_regions(Network([cube.layer]), cube.cube)
    patterns = tiling.patterns
    bodies = [
        Body(
            names[i] if names is not None else f"feature {i}",
            [k for k, pattern in enumerate(patterns) if pattern[i] == "1"],
            rounded_text(cube.active(i).volume(), DIGITS),
            colour(i),
        )
        for i in range(count)
    ]
    said = f"Latent cube, {number_of(count, 'feature')}"
    half = rounded_text(cube.half_width, DIGITS)
    volume = rounded_text(cube.cube.volume(), DIGITS)
    lines = [
        f"{number_of(len(tiling), 'cell')}, volume {volume}, exact",
        f"-{half} <= u0, u1, u2 <= {half}, in the coordinates of the basis",
    ]
    head = {"title": said, "facts": lines, "warning": ""}
    return document("solid", _document("features", [tiling], bodies, head, names=("u0", "u1", "u2")), said)


def _document(
    kind: str,
    tilings: Sequence[Tiling],
    bodies: Sequence[Body],
    head: Mapping[str, Any],
    *,
    names: Sequence[str] | None = None,
    window: Polyhedron | None = None,
) -> Document:
    """What ``front/solid.ts`` reads.

    Args:
        kind: what bodies are: ``"zones"``, ``"regions"`` (of which each tile has a colour of its own), or what may lie
            in one another, ``"features"`` and ``"tilings"``.
        tilings: what there is to see.
        bodies: of their tiles, counted through.
        head: title, facts and warning.
        names: of the coordinates; by default those of the network's inputs.
        window: a box to cut everything off at.
    """
    if window is None and not all(tiling.is_bounded() for tiling in tilings):
        window = window_around(tilings)
    found = [tile_facets(tiling) for tiling in tilings]
    made = complex_of(tilings, window, [_polyhedra(*own) for own in zip(tilings, found, strict=True)])
    corners = _floats(made)
    called = tilings[0].network.input_names if names is None else names
    low, high = _box(tilings, corners, window)
    return {
        "head": dict(head),
        "box": {"low": low.tolist(), "high": high.tolist(), "names": list(called)},
        "complex": {
            "corners": packed(corners),
            "sizes": packed_counts(np.array([len(face.ring) for face in made.faces], dtype=np.int64)),
            "rings": packed_counts(np.array([*chain.from_iterable(f.ring for f in made.faces)], dtype=np.int64)),
            "planes": packed_counts(np.array([face.plane for face in made.faces], dtype=np.int64)),
            "before": packed_counts(np.array([face.before for face in made.faces], dtype=np.int64)),
            "beyond": packed_counts(np.array([face.beyond + 1 for face in made.faces], dtype=np.int64)),
            "lacking": packed_counts(np.array([face.lacking for face in made.faces], dtype=np.int64)),
            "segments": packed_counts(np.array([*chain.from_iterable(made.segments)], dtype=np.int64)),
            "points": packed_counts(np.array([*chain.from_iterable(made.points)], dtype=np.int64)),
            "tiles": made.tiles,
        },
        "tilings": [tiles_document(*own, called) for own in zip(tilings, found, strict=True)],
        "bodies": [{"name": body.name, "note": body.note, "colour": body.colour} for body in bodies],
        "members": counted([list(body.tiles) for body in bodies]),
        "shades": packed_counts(_shades(made)) if kind == "regions" else None,
        "palette": list(_SHADES),
        "kind": kind,
    }


def _polyhedra(tiling: Tiling, found: Sequence[Facets]) -> list[Polyhedron]:
    """The tiles' polyhedra, whose rows were written down once already."""
    return [
        Polyhedron.from_canonical((), sorted(facets.rows), 3) if facets.stated else tile.polyhedron
        for tile, facets in zip(tiling, found, strict=True)
    ]


def _require_space(tiling: Tiling) -> None:
    if tiling.domain.ambient_dim != 3:
        raise DimensionError(f"page: the tiling lives in R^{tiling.domain.ambient_dim}; the page in space is of R^3")


def _volume(tiling: Tiling) -> str:
    """The volume as text, correctly rounded."""
    if not tiling.is_bounded():
        return UNBOUNDED
    found = tiling.volume()
    assert isinstance(found, Enclosure)
    low, high = (rounded_text(end, DIGITS) for end in (found.low, found.high))
    return low if low == high else rounded_text(Fraction(tiling.volume(exact=True)), DIGITS)


def _floats(made: Complex) -> FloatArray:
    """The corners, (n, 3), rounded to nearest."""
    try:
        floats = to_floats(x for corner in made.corners for x in point_of(corner))
    except OverflowError as error:
        raise InputError(f"page: a corner is beyond the range of floats ({error}); choose a smaller domain") from error
    return floats.reshape(-1, 3)


def _box(tilings: Sequence[Tiling], corners: FloatArray, window: Polyhedron | None) -> tuple[FloatArray, FloatArray]:
    """The box that frames the picture: the window, or the domains, or what is there where that is much smaller."""
    frames = [window] if window is not None else [t.domain for t in tilings if not t.domain.is_empty()]
    points = np.array([to_floats(v) for frame in frames for v in frame.vertices if frame.is_bounded()]).reshape(-1, 3)
    if not len(points):
        points = corners if len(corners) else np.array([[-1.0] * 3, [1.0] * 3])
    low, high = points.min(axis=0), points.max(axis=0)
    if len(corners) and window is None:
        least, most = corners.min(axis=0), corners.max(axis=0)
        if (high - low).max() > _MOST_ROOM * (most - least).max() > 0:
            return least, most
    return low, high


def _shades(made: Complex) -> np.ndarray[Any, np.dtype[np.int64]]:
    """A colour for each tile, by number, other than those of its neighbours where they leave one.

    Tiles with many neighbours choose first; of what is left the colour that was chosen least.
    """
    around: list[list[int]] = [[] for _ in range(made.tiles)]
    for face in made.faces:
        if face.beyond >= 0:
            around[face.before].append(face.beyond)
            around[face.beyond].append(face.before)
    shades = np.full(made.tiles, -1, dtype=np.int64)
    chosen = [0] * len(_SHADES)
    for tile in sorted(range(made.tiles), key=lambda tile: -len(around[tile])):
        taken = Counter(shades[around[tile]].tolist())
        shade = min(range(len(_SHADES)), key=lambda shade: (taken[shade], chosen[shade]))
        shades[tile] = shade
        chosen[shade] += 1
    return shades
