"""What a stopped run has not decided: cells on which only some neurons have signs, and the sequence of them.

An open cell is what the signs that it has say on the domain, closed; nothing is known of the points inside of it. Where
cells are split forwards its facets are known like a tile's, so that it is written down without a search.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import FloatArray
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.carried import Carried
from polyrelu.tilings.columns import Columns
from polyrelu.tilings.tile_source import Extents, Numbers, TileSource


class Vertices(NamedTuple):
    """Float generators of some cells, by which they are measured; see ``engines/cells/problem.py``, Cells.

    Attributes:
        dim, words: the length of a generator, and of a mask in words.
        sizes: ends of volumes and boxes, as they are measured by these, where that is done.
    """

    dim: int
    words: int
    start: NDArray[np.int64]
    size: NDArray[np.int64]
    vectors: FloatArray
    radius: FloatArray
    tight: NDArray[np.uint64]
    sizes: tuple[FloatArray, ...] | None = None


@dataclass(frozen=True, eq=False)
class OpenCells(Columns):
    """Cells whose signs are known in part; in ``packed`` the others are zero.

    Attributes:
        vertices: of the last of these cells, in their order; of the first ones none may be known.
    """

    vertices: tuple[Vertices, ...] = ()

    def polyhedron(self, index: int) -> Polyhedron:
        """A cell as an exact canonical polyhedron. Cost: as for a tile."""
        numbers = self.facets[self.starts[index] : self.starts[index + 1]].tolist()
        cell = self._rows.open_cell(self.bits(index), numbers)
        return cell if self._folding is None else self._folding.lift(cell)

    def extents(self, numbers: Numbers, along: int, by_cells: Any) -> Extents | None:
        """What ``by_cells`` certifies by the vertices, where some are known."""
        return self.once(by_cells) if self.vertices else None


@dataclass(frozen=True, eq=False)
class Undecided(Carried, Sequence[Polyhedron]):
    """Polyhedra of which a stopped run has not found out what the network makes of them; each is made when looked at.

    Their interiors are disjoint, from each other and from the tiles, where there is one target. Of several targets each
    is asked about for itself, and a part of the domain is there for each that waits for it.

    Attributes:
        parts: (target index, source) pairs.
    """

    parts: tuple[tuple[int, TileSource], ...]

    def __len__(self) -> int:
        return sum(len(source) for _, source in self.parts)

    def __iter__(self) -> Iterator[Polyhedron]:
        return map(self.__getitem__, range(len(self)))

    @overload
    def __getitem__(self, index: int) -> Polyhedron: ...
    @overload
    def __getitem__(self, index: slice) -> list[Polyhedron]: ...
    def __getitem__(self, index: int | slice) -> Polyhedron | list[Polyhedron]:
        numbers = range(len(self))[index]
        if isinstance(numbers, range):
            return [self[i] for i in numbers]
        _, source, number = self._place(numbers)
        return source.polyhedron(number)

    def target_index(self, index: int) -> int:
        """For which of the targets it is undecided."""
        return self._place(range(len(self))[index])[0]

    def _place(self, number: int) -> tuple[int, TileSource, int]:
        ends = accumulate(len(source) for _, source in self.parts)
        part, end = next((part, end) for part, end in enumerate(ends) if number < end)
        target_index, source = self.parts[part]
        return target_index, source, number - (end - len(source))

    def contains(self, point: Any) -> bool:
        """Whether a point lies in one of them; exact. Cost: they are written down one by one."""
        return any(polyhedron.contains(point) for polyhedron in self)

    def __repr__(self) -> str:
        return f"Undecided({len(self)} cells)"
