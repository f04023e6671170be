"""Runs of the kernel one by one, and the right answers to compare them with."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

import numpy as np

import polyrelu as pr
from polyrelu.engines.cells.engine import CellEngine
from polyrelu.engines.cells.problem import Cells, Problem, stack
from polyrelu.engines.cells.run import NO_LIMIT, Found, Pause, Run
from polyrelu.engines.cells.runner import Runner
from polyrelu.networks.pattern_cells import Placed
from polyrelu.networks.relevant_part import keep_all, restrict
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.tilings.columns import Columns

Tiles: TypeAlias = list[tuple[str, Polyhedron]]
LONG = 1e6
"""Seconds that no run takes."""


@dataclass
class Asked:
    """A question as runs get it: the kernel's problem and the cells that it begins with, as exact ones."""

    engine: CellEngine
    problem: Problem
    placed: list[Placed]

    @classmethod
    def of(cls, network: pr.Network, domain: Polyhedron | None = None, target: Polyhedron | None = None) -> Asked:
        engine = _engine(network, domain, target, Runner())
        problem = engine._kernel_problem()
        assert problem is not None
        engine._split_exactly(for_kernel=True)
        return cls(engine, problem, engine._pointed)

    def cells(self, words: int = 1) -> Cells | None:
        """The cells that a run begins with; None if their facets do not fit."""
        sites = len(self.problem.coord_of)
        return stack(self.placed, sites, words, self.problem.dim) if self.placed else None

    def roots(self, words: int = 1) -> Cells:
        """The same, where they do fit."""
        cells = self.cells(words)
        assert cells is not None
        return cells

    def run(self, words: int = 1, keep: bool = False) -> Run:
        """A run with nothing to do yet."""
        return Run(self.problem, words, self.engine._exact_forms(), keep)

    def begun(self, words: int = 1, keep: bool = False) -> Run:
        """A run with everything to do."""
        run, cells = self.run(words, keep), self.cells(words)
        if cells is not None:
            put(run, cells)
        return run

    def tiles(self, found: Iterable[Found]) -> Tiles:
        """The tiles that come of what some runs have found, together with what needs no run."""
        engine = copy(self.engine)
        for name, value in vars(self.engine).items():
            if isinstance(value, list | deque):
                setattr(engine, name, copy(value))
        for own in found:
            engine._keep(own)
        engine._settle(_never)
        return tiles_of(engine.tiles())


def _never() -> None:
    """Do not stop."""


def twin(network: pr.Network, domain: Polyhedron | None = None, target: Polyhedron | None = None) -> Tiles:
    """The same in exact arithmetic throughout."""
    engine = _engine(network, domain, target, None)
    engine.run()
    return tiles_of(engine.tiles())


def _engine(
    network: pr.Network, domain: Polyhedron | None, target: Polyhedron | None, runner: Runner | None
) -> CellEngine:
    restriction = keep_all(network) if target is None else restrict(network, target)
    return CellEngine(restriction, domain or Polyhedron.whole_space(network.input_dim), runner)


def tiles_of(columns: Columns) -> Tiles:
    """Patterns and polyhedra."""
    patterns = columns.patterns(np.arange(len(columns)))
    return [(pattern, columns.polyhedron(i)) for i, pattern in enumerate(patterns)]


def put(run: Run, cells: Cells) -> None:
    """All of some cells."""
    run.put(cells, np.arange(len(cells.depth)))


def finished(run: Run) -> Found:
    """What a run finds that is left alone."""
    assert run.advance(NO_LIMIT, LONG) is Pause.DONE
    return run.found()


def concurrent(rng: np.random.Generator, lines: int = 9, wide: int = 4) -> pr.Network:
    """Neurons whose lines meet in three points, with rational weights: zeros that no float can tell from others.

    A second layer vanishes in one of these points.
    """
    points = [[Fraction(int(v), 7) for v in rng.integers(-9, 10, 2)] for _ in range(3)]
    normals = [[int(v) or 1 for v in rng.integers(-9, 10, 2)] for _ in range(lines)]
    rows = [[Fraction(v, 3) for v in normal] for normal in normals]
    offsets = [-sum(a * x for a, x in zip(row, points[k % 3], strict=True)) for k, row in enumerate(rows)]
    there = [
        max(sum(a * x for a, x in zip(row, points[0], strict=True)) + offset, Fraction(0))
        for row, offset in zip(rows, offsets, strict=True)
    ]
    second = [[Fraction(int(v), 11) for v in row] for row in rng.integers(-9, 10, (wide, lines))]
    ends = [-sum(a * v for a, v in zip(row, there, strict=True)) for row in second]
    return pr.Network([pr.Layer(rows, offsets, True), pr.Layer(second, ends, True)])
