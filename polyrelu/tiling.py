"""The result: a finite list of convex tiles, each an exact polyhedron with its activation pattern.

A :class:`Tiling` promises: its tiles lie in the domain and map into the target; together they contain every such point
when ``complete``; their relative interiors are disjoint where they have the dimension of the domain; and no tile
contains
another. For a closed target and domain the tiles are closed and share boundaries; strict conditions stay strict rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from polyrelu.exact import ExactMatrix, ExactVector, FloatArray, exact_vector, is_float_array
from polyrelu.floats import float_points
from polyrelu.network import Bits, Network
from polyrelu.polyhedron import Polyhedron
from polyrelu.restriction import Restriction

if TYPE_CHECKING:
    import networkx as nx
    from matplotlib.axes import Axes

_NOWHERE = -1


@dataclass(frozen=True, eq=False)
class Tile:
    """One convex piece of a preimage.

    Attributes:
        polyhedron: the tile as an exact set, in canonical form: irredundant, the same whichever engine found it.
        pattern: a character for each ReLU neuron, layers separated by ``|``: ``1`` active, ``0`` silent, ``*`` free
            (the target does not depend on it, or it may switch inside the tile without mattering).
        target_index: the first of the targets that its points map into; 0 when there is one.
    """

    polyhedron: Polyhedron
    pattern: str
    target_index: int
    bits: Bits
    restriction: Restriction

    @property
    def dim(self) -> int:
        """The dimension of the tile; below that of the domain it is a flat tile."""
        return self.polyhedron.dim

    def point(self) -> ExactVector:
        """A point of the relative interior with few decimals, exact."""
        return self.polyhedron.simple_point()

    def inequalities(self, names: Sequence[str] | None = None, digits: int | None = None) -> tuple[str, ...]:
        """The tile as text, see :meth:`polyrelu.polyhedron.Polyhedron.inequalities`."""
        return self.polyhedron.inequalities(names, digits)

    def contains(self, points: Any) -> bool | NDArray[np.bool_]:
        """Whether a point, or each of many float points, lies in the tile; always exact."""
        return self.polyhedron.contains(points)

    def affine_map(self) -> tuple[tuple[int, ...], ExactMatrix, ExactVector]:
        """``(outputs, M, c)``: on the tile, the network's outputs with these numbers are ``M x + c``.

        These are the outputs that the target sees, without those whose last ReLU may switch inside the tile.
        """
        return self.restriction.affine_map(self.bits)

    def __repr__(self) -> str:
        return f"Tile({self.pattern!r}, dim {self.dim}, {len(self.polyhedron.halfspaces)} rows)"


@dataclass(frozen=True, eq=False, repr=False)
class Tiling(Sequence[Tile]):
    """The tiles of a preimage, a sequence in the order of their patterns.

    Attributes:
        tiles: the :class:`Tile` objects.
        network, targets, domain: what was asked; the preimage is of the union of the targets.
        method: the engine that answered.
        complete: whether nothing is missing; False only in the partial result of an interrupted run.
        stats: what the engine did, by name.
    """

    tiles: tuple[Tile, ...]
    network: Network
    targets: tuple[Polyhedron, ...]
    domain: Polyhedron
    method: str
    complete: bool
    stats: Mapping[str, int | float | str]

    def __post_init__(self) -> None:
        object.__setattr__(self, "stats", MappingProxyType(dict(self.stats)))

    def __len__(self) -> int:
        return len(self.tiles)

    def __iter__(self) -> Iterator[Tile]:
        return iter(self.tiles)

    @overload
    def __getitem__(self, index: int) -> Tile: ...
    @overload
    def __getitem__(self, index: slice) -> Tiling: ...
    def __getitem__(self, index: int | slice) -> Tile | Tiling:
        if not isinstance(index, slice):
            return self.tiles[index]
        return self.select(range(len(self.tiles))[index])

    def select(self, indices: Iterable[int]) -> Tiling:
        """The tiling of the chosen tiles, by number; incomplete if it leaves any out."""
        chosen = tuple(self.tiles[i] for i in indices)
        complete = self.complete and len(chosen) == len(self.tiles)
        return Tiling(chosen, self.network, self.targets, self.domain, self.method, complete, self.stats)

    @property
    def patterns(self) -> tuple[str, ...]:
        """The activation pattern of each tile."""
        return tuple(tile.pattern for tile in self.tiles)

    def locate(self, points: Any) -> int | NDArray[np.intp]:
        """The number of the first tile that contains a point, or each of many float points; -1 where none does.

        Always exact: a float point is the dyadic rational it stores. Args and errors as in
        :meth:`polyrelu.polyhedron.Polyhedron.contains`. Cost: points times rows, in floats with exact checks of the
        few doubtful ones.
        """
        if is_float_array(points) and points.ndim == 2:
            return self._locate_floats(float_points(points, self.domain.ambient_dim, "locate"))
        point = exact_vector(points, "locate: point", self.domain.ambient_dim)
        return next((i for i, tile in enumerate(self.tiles) if tile.contains(point)), _NOWHERE)

    def _locate_floats(self, points: FloatArray) -> NDArray[np.intp]:
        found = np.full(len(points), _NOWHERE, dtype=np.intp)
        remaining = np.arange(len(points))
        for i, tile in enumerate(self.tiles):
            inside = tile.polyhedron.contains_floats(points[remaining])
            found[remaining[inside]] = i
            remaining = remaining[~inside]
        return found

    def contains(self, points: Any) -> bool | NDArray[np.bool_]:
        """Whether a point, or each of many float points, lies in some tile; exact, see :meth:`locate`."""
        found = self.locate(points)
        return found != _NOWHERE if isinstance(found, int) else np.asarray(found != _NOWHERE, dtype=np.bool_)

    def table(self, limit: int = 20, digits: int | None = None) -> str:
        """The tiles as a text table: number, pattern, dimension, a point, and the inequalities, one row each.

        At most ``limit`` tiles are shown, and the last line says how many are not. ``digits`` as in
        :meth:`polyrelu.polyhedron.Polyhedron.inequalities`.
        """
        header = ("tile", "pattern", "dim", "point", "inequalities")
        rows = [
            (
                str(i),
                tile.pattern or "-",
                str(tile.dim),
                format_point(tile.point()),
                ", ".join(tile.inequalities(digits=digits)),
            )
            for i, tile in enumerate(self.tiles[:limit])
        ]
        widths = [max(len(row[k]) for row in [header, *rows]) for k in range(len(header) - 1)]
        lines = [
            "  ".join([*(row[k].ljust(widths[k]) for k in range(len(widths))), row[-1]]) for row in [header, *rows]
        ]
        if len(self.tiles) > limit:
            lines.append(f"... and {len(self.tiles) - limit} more")
        return "\n".join(lines)

    def adjacency(self) -> nx.Graph:
        """The graph of touching tiles, see :func:`polyrelu.adjacency.adjacency`."""
        from polyrelu.adjacency import adjacency  # upstairs: a method for convenience

        return adjacency(self)

    def zones(self) -> list[Tiling]:
        """The connected activation zones, see :func:`polyrelu.adjacency.zones`."""
        from polyrelu.adjacency import zones

        return zones(self)

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw a two-dimensional tiling, see :func:`polyrelu.plotting.plot_tiling`."""
        from polyrelu.plotting import plot_tiling

        return plot_tiling(self, ax, **options)

    def __repr__(self) -> str:
        state = "" if self.complete else ", incomplete"
        return f"Tiling({len(self)} tiles in R^{self.domain.ambient_dim}, method {self.method!r}{state})"


def format_point(point: ExactVector) -> str:
    """A point as text: decimals where they are exact and short, fractions otherwise."""

    def number(value: Any) -> str:
        decimal = f"{float(value):.12g}"
        return decimal if exact_vector([decimal], "point")[0] == value else str(value)

    return "(" + ", ".join(map(number, point)) + ")"
