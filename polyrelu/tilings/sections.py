"""Flat tiles by the numbers of their facets: sections of cells with what a target demands with equality.

There may be as many as cells, so none is written down as a polyhedron before somebody asks for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import read_only


class Sections(NamedTuple):
    """Some flat tiles.

    Attributes:
        numbers: their numbers among all tiles, ascending.
        dims: their dimensions.
        containing: of the facets of each, so many contain it; they come first.
        starts, facets: number i of these tiles has the facets ``facets[starts[i]:starts[i + 1]]``, numbered as under
            :class:`~polyrelu.tilings.columns.Columns`: all those of its cell that touch it.
    """

    numbers: NDArray[np.intp]
    dims: NDArray[np.int32]
    containing: NDArray[np.int32]
    starts: NDArray[np.int64]
    facets: NDArray[np.int32]

    def sealed(self) -> Sections:
        """The same, read-only."""
        return Sections(
            read_only(self.numbers.view()),
            read_only(self.dims.view()),
            read_only(self.containing.view()),
            read_only(self.starts.view()),
            read_only(self.facets.view()),
        )

    def place(self, number: int) -> int:
        """Which of these a tile is, or -1."""
        place = int(np.searchsorted(self.numbers, number))
        return place if place < len(self.numbers) and self.numbers[place] == number else -1

    def facets_of(self, place: int) -> tuple[list[int], list[int]]:
        """The facets that contain a tile, and the others that touch it."""
        own = self.facets[self.starts[place] : self.starts[place + 1]].tolist()
        return own[: self.containing[place]], own[self.containing[place] :]

    def chosen(self, places: NDArray[np.intp], numbers: NDArray[np.intp]) -> Sections:
        """The tiles in these places, with other numbers."""
        begin, counts = self.starts[:-1][places], np.diff(self.starts)[places]
        ends = np.cumsum(counts)
        gather = np.arange(counts.sum()) + np.repeat(begin - (ends - counts), counts)
        starts = np.concatenate([np.zeros(1, np.int64), ends])
        return Sections(numbers, self.dims[places], self.containing[places], starts, self.facets[gather])


def no_sections() -> Sections:
    """None at all."""
    none = np.empty(0, dtype=np.int32)
    return Sections(np.empty(0, dtype=np.intp), none, none, np.zeros(1, dtype=np.int64), none)


def joined(parts: Sequence[Sections]) -> Sections:
    """One after the other, numbered from 0."""
    parts = [no_sections(), *parts]
    counts = np.concatenate([np.diff(part.starts) for part in parts])
    dims = np.concatenate([part.dims for part in parts])
    return Sections(
        np.arange(len(dims)),
        dims,
        np.concatenate([part.containing for part in parts]),
        np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)]),
        np.concatenate([part.facets for part in parts]),
    )
