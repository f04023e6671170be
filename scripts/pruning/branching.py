"""What bounds save on the faces, and which rule branches best, for the engine that branches on the same layers.

    ./scripts/run python scripts/pruning/branching.py

The laboratory's networks in a box; P says that the outputs sum to so much, which all neurons have to do with. That
engine looks at cells of the inputs in floats that prove what they say (:mod:`polyrelu.engines.branch`), so here nodes
are neurons that were asked for on a cell, and programs are in floats.

A rule of your own is a function of a :class:`polyrelu.engines.branch.rules.View`; ``--add FILE`` takes all functions
that are defined in a file and whose names have no leading underscore.
"""

from __future__ import annotations

import argparse
import runpy
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

from branching_in_parts import BranchInParts
from networks import Shape, network
from report import markdown

import polyrelu as pr
from polyrelu.engines.branch.engine import BranchEngine, BranchStats
from polyrelu.engines.branch.rules import RULES, Rule
from polyrelu.networks.relevant_part import restrict

MOST_NODES = 2_000_000


class Layers(NamedTuple):
    """A network of the laboratory."""

    kind: str
    shape: Shape

    def __str__(self) -> str:
        return f"{self.kind} {self.shape}"


class Asked(NamedTuple):
    """Where the outputs sum to at least so much, in a cube."""

    total: int = 1
    radius: Fraction = Fraction(4)


NETWORKS = (
    *(Layers("random", Shape(dim, width, 1)) for dim, width in ((2, 64), (4, 16), (8, 12))),
    *(Layers("random", Shape(dim, 8, 3)) for dim in (2, 4)),
    Layers("trained", Shape(2, 8, 3)),
)
HALVINGS = (0, 1, 2, 4, 6)
PARTS = (0, 1, 2, 3, 4)
OFTEN, RARELY, NEARBY = Asked(), Asked(total=30), Asked(radius=Fraction(1, 4))


def stats(
    layers: Layers,
    asked: Asked = OFTEN,
    rule: Rule | None = None,
    bounds: bool = True,
    box: pr.Polyhedron | None = None,
) -> BranchStats | None:
    """What a run did, in a box if not in all of the cube; None where it asks for more than two million neurons."""
    net = network(layers.kind, layers.shape, 0)
    cube = pr.Polyhedron.box(*_cube(layers, asked)) if box is None else box
    target = pr.Polyhedron([[-1] * net.output_dim], [-asked.total])
    engine = BranchEngine(restrict(net, target), cube, MOST_NODES, rule=rule, progress=False, bounds=bounds)
    try:
        engine.run()
    except pr.BudgetExceeded:
        return None
    return engine.stats


def saved() -> str:
    """What bounds save, network by network: where P is met often, where rarely, and in a small cube."""
    head = ["network", "faces", "sum", "cube", "tiles", "nodes, no bounds", "nodes", "programs, no bounds", "programs"]
    lines = []
    for layers in NETWORKS:
        for asked in (OFTEN, RARELY, NEARBY):
            without, ours = stats(layers, asked, bounds=False), stats(layers, asked)
            assert ours is not None
            assert without is None or without.cells == ours.cells
            what = [str(layers), f"2^{layers.shape.width * layers.shape.blocks}", f"{asked.total}", f"± {asked.radius}"]
            counts = [f"{ours.cells:,}", _shown(without, "nodes"), f"{ours.nodes:,}", _shown(without, "programs")]
            lines.append([*what, *counts, f"{ours.programs:,}"])
    return markdown(head, lines)


def halved() -> str:
    """Nodes, and tiles with those that were found in several boxes, where inputs are halved first, one by one."""
    head = ["network", "sum", "cube", *(f"{2**times:,} boxes" if times else "1 box" for times in HALVINGS)]
    lines = []
    for layers in NETWORKS:
        for asked in (OFTEN, RARELY, NEARBY):
            counts = []
            for times in HALVINGS:
                found = [stats(layers, asked, box=box) for box in _boxes(layers, asked, times)]
                nodes, cells = (sum(getattr(own, name) for own in found if own) for name in ("nodes", "cells"))
                counts.append(f"{nodes:,}, {cells:,}")
            lines.append([str(layers), f"{asked.total}", f"± {asked.radius}", *counts])
    return markdown(head, lines)


def in_parts() -> str:
    """Nodes, and how many parts of cells' boxes were bounded, where inputs are halved for bounds alone."""
    head = ["network", "sum", "cube", *(f"{2**times} parts" if times else "whole" for times in PARTS)]
    lines = []
    for layers in NETWORKS:
        if layers.shape.blocks == 1:
            continue  # the bounds of one layer are asked before there are cells
        for asked in (OFTEN, RARELY, NEARBY):
            counts, tiles = [], set[int]()
            for times in PARTS:
                net = network(layers.kind, layers.shape, 0)
                target = pr.Polyhedron([[-1] * net.output_dim], [-asked.total])
                cube = pr.Polyhedron.box(*_cube(layers, asked))
                engine = BranchInParts(restrict(net, target), cube, MOST_NODES, progress=False, times=times)
                engine.run()
                counts.append(f"{engine.stats.nodes:,}, {engine.parts:,}")
                tiles.add(engine.stats.cells)
            assert len(tiles) == 1
            lines.append([str(layers), f"{asked.total}", f"± {asked.radius}", *counts])
    return markdown(head, lines)


def _cube(layers: Layers, asked: Asked) -> tuple[list[Fraction], list[Fraction]]:
    return [-asked.radius] * layers.shape.dim, [asked.radius] * layers.shape.dim


def _boxes(layers: Layers, asked: Asked, times: int) -> list[pr.Polyhedron]:
    """The cube, halved so many times along one input after the other."""
    boxes = [_cube(layers, asked)]
    for j in (k % layers.shape.dim for k in range(times)):
        halves = []
        for low, high in boxes:
            middle = (low[j] + high[j]) / 2
            halves += [(low, [*high[:j], middle, *high[j + 1 :]]), ([*low[:j], middle, *low[j + 1 :]], high)]
        boxes = halves
    return [pr.Polyhedron.box(*ends) for ends in boxes]


def by_rule(rules: Mapping[str, Rule]) -> str:
    """Nodes and programs of each rule, network by network."""
    lines = []
    for name, rule in rules.items():
        found = [stats(layers, rule=rule) for layers in NETWORKS]
        lines.append([name, *(f"{_shown(own, 'nodes')}, {_shown(own, 'programs')}" for own in found)])
    return markdown(["nodes, programs", *map(str, NETWORKS)], lines)


def _shown(own: BranchStats | None, name: str) -> str:
    return f"> {MOST_NODES:,}" if own is None else f"{getattr(own, name):,}"


def tables(rules: Mapping[str, Rule] = RULES) -> dict[str, str]:
    """The tables of the page's section on bounds."""
    return {"bounds": saved(), "rules": by_rule(rules), "halved": halved(), "parts": in_parts()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--add", type=Path, metavar="FILE", help="a file with rules")
    options = parser.parse_args()
    added = runpy.run_path(str(options.add)) if options.add else {}
    own = {name: rule for name, rule in added.items() if callable(rule) and not name.startswith("_")}
    own = {name: rule for name, rule in own.items() if getattr(rule, "__module__", "") == "<run_path>"}
    print("\n\n".join(tables({**RULES, **own}).values()))


if __name__ == "__main__":
    main()
