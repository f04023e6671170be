"""Tiles in a document: their patterns, and all that a page needs to write their rows down exactly.

A page of ten thousand tiles has no room for their rows, which may have hundreds of digits each. It gets what the engine
keeps (see :mod:`polyrelu.tilings.columns`): the network's numbers, the signs of each tile, and the numbers of its
facets; and composes the affine maps itself, in integers, when somebody asks about a tile (``front/tiles.ts``). Tiles of
which that is not all, such as flat ones, have their rows in the document.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from polyrelu.networks.layer import Layer, neuron_starts
from polyrelu.networks.relevant_part import Restriction
from polyrelu.pages.page import Document, packed, packed_counts
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.support.numerals import fraction_digits, integer_digits
from polyrelu.tilings.chart import chart
from polyrelu.tilings.neuron_facets import FacetReader
from polyrelu.tilings.tile_source import TileSource
from polyrelu.tilings.tiling import Tiling

MOST_NUMBERS = 50_000
"""Of a network in a page: half a megabyte."""

_MOST_DIGITS = 300_000  # of rows in a page that has no network
_MOST_READ = 4_000  # tiles whose facets are looked up one by one
NO_FACET = -1


class Facets(NamedTuple):
    """The rows of a tile.

    Attributes:
        rows: all of them, exact.
        numbers: for each what it is: rows of the domain, neurons, rows of the target are counted through, in this
            order, for each part of a tiling; or :data:`NO_FACET`.
        stated: whether the numbers say everything about the rows.
    """

    rows: tuple[Halfspace, ...]
    numbers: tuple[int, ...]
    stated: bool


def tile_facets(tiling: Tiling) -> list[Facets]:
    """The rows of each tile. Cost: a product of matrices for each layer and tile, twice where no numbers are kept."""
    found: list[Facets | None] = [None] * len(tiling)
    read = 0
    for source, local, own in tiling.by_source():
        reader = _Reader(source, tiling)
        for number, i in zip(local.tolist(), own.tolist(), strict=True):
            stated = source.stated_facets(number)
            if stated is not None:
                found[i] = Facets(tuple(row for _, row in stated), tuple(k for k, _ in stated), True)
            else:
                read += 1
                found[i] = reader.facets(number, tiling[i].polyhedron.halfspaces, read <= _MOST_READ)
    return [facets for facets in found if facets is not None]


class _Reader:
    """Numbers for the facets of tiles that have none."""

    def __init__(self, source: TileSource, tiling: Tiling) -> None:
        self._source, self._dim = source, tiling.domain.dim
        self._reader = FacetReader(source, tiling.domain)
        domain = chart(tiling.domain, source.restriction.moving).facets
        self._domain = {row.normal: number for number, row in enumerate(domain)}

    def facets(self, number: int, rows: tuple[Halfspace, ...], known: bool) -> Facets:
        names = dict.fromkeys(rows, NO_FACET)
        if known and self._source.dims(np.array([number]))[0] == self._dim:
            names |= {facet.row: self._number(facet) for facet in self._reader.facets(number)}
        return Facets(rows, tuple(names[row] for row in rows), False)

    def _number(self, facet: Any) -> int:
        if facet.kind == "domain":
            return self._domain.get(facet.row.normal, NO_FACET)
        first = len(self._domain)
        return first + (facet.neurons[0] if facet.kind == "neuron" else self._source.restriction.neuron_count)


def tiles_document(tiling: Tiling, found: Sequence[Facets], names: Sequence[str] | None = None) -> Document:
    """What ``front/tiles.ts`` reads.

    Args:
        tiling: any tiling.
        found: from :func:`tile_facets`.
        names: of the inputs; by default those of the network.
    """
    pool = _Layers()
    parts = [_part(tiling, source, local, pool) for source, local, _ in tiling.by_source()]
    part_of, _ = tiling.places()
    fits = pool.size <= MOST_NUMBERS
    rows, budget = {}, _MOST_DIGITS
    for i, facets in enumerate(found):
        if not (fits and facets.stated):
            rows[str(i)] = _written(tiling, i, facets)
            budget -= sum(map(len, itertools.chain.from_iterable(rows[str(i)]["rows"])))
            if budget < 0:
                break
    stated = [facets.numbers if fits and facets.stated else () for facets in found]
    return {
        "names": list(names or tiling.network.input_names),
        "count": len(tiling),
        "parts": parts,
        "partOf": packed_counts(part_of) if len(parts) > 1 else None,
        "layers": [layer_document(layer) for layer in pool.layers] if fits else None,
        "facets": counted(stated),
        "written": rows,
    }


def counted(lists: Iterable[Sequence[int]]) -> Document:
    """Lists of natural numbers one after the other, and how long each is."""
    every = list(lists)
    numbers = np.fromiter(itertools.chain.from_iterable(every), dtype=np.int64)
    return {"counts": packed_counts(np.array(list(map(len, every)), dtype=np.int64)), "numbers": packed_counts(numbers)}


def rows_document(rows: Iterable[Halfspace]) -> list[list[str]]:
    """Rows as texts: the normal, the offset, the relation."""
    return [[*map(integer_digits, row.normal), integer_digits(row.offset), row.relation] for row in rows]


class _Layers:
    """The layers of all parts, each once."""

    def __init__(self) -> None:
        self.layers: list[Layer] = []
        self.size = 0
        self._numbers: dict[Layer, int] = {}

    def number(self, layer: Layer) -> int:
        if layer not in self._numbers:
            self._numbers[layer] = len(self.layers)
            self.layers.append(layer)
            self.size += layer.output_dim * (layer.input_dim + 1)
        return self._numbers[layer]


def _part(tiling: Tiling, source: TileSource, local: Any, pool: _Layers) -> Document:
    restriction = source.restriction
    return {
        "layers": list(map(pool.number, restriction.layers)),
        "coordinates": [list(own) for own in restriction.coordinates],
        "template": list(restriction.template),
        "domain": rows_document(chart(tiling.domain, restriction.moving).facets),
        "target": rows_document(restriction.target.halfspaces),
        "bits": packed(source.data(local).bits) if len(local) else packed(np.empty(0, dtype=np.uint8)),
        "neurons": _neurons(restriction),
    }


def _neurons(restriction: Restriction) -> list[int]:
    return neuron_starts(restriction.layers)


def layer_document(layer: Layer) -> Document:
    """A layer's rows with their biases; floats are exact as they are, other rationals are text."""
    shape = (layer.output_dim, layer.input_dim + 1)
    relu = "".join(map(str, map(int, layer.relu)))
    if layer.is_float:
        numbers: Any = packed(np.column_stack([layer.float_weight.reshape(shape[0], shape[1] - 1), layer.float_bias]))
    else:
        numbers = [[fraction_digits(v) for v in (*row, b)] for row, b in zip(layer.rows, layer.offsets, strict=True)]
    return {"shape": shape, "relu": relu, "numbers": numbers}


def _written(tiling: Tiling, i: int, facets: Facets) -> dict[str, Any]:
    """The rows of a tile; its volume, where that is finite and not zero; and a point of a flat one."""
    tile = tiling[i]
    pairs = list(zip(facets.rows, facets.numbers, strict=True))
    if facets.stated:
        pairs.sort()  # as the tile's polyhedron has them
    volume: Fraction | None = None
    if tile.dim == tiling.domain.ambient_dim and tile.polyhedron.is_bounded():
        volume = tile.polyhedron.volume()
    return {
        "rows": rows_document(row for row, _ in pairs),
        "of": [number for _, number in pairs],
        "dim": tile.dim,
        "size": None if volume is None else fraction_digits(volume),
        "point": None if tile.dim == tiling.domain.ambient_dim else list(map(fraction_digits, tile.point())),
    }
