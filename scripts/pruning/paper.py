"""All tables and figures of papers/pruning: which runs they need, and where they go on its page.

A table goes to ``tables.md``, and between ``<!-- table: NAME -->`` and ``<!-- end -->`` wherever they are on the page.
"""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import branching
from campaign import REFERENCE, Campaign, Row
from networks import Shape, network
from report import across, all_finished, arrangement_bound, by_case, faces, figure, markdown, names_of
from trial import Limits, Question

import polyrelu as pr
from polyrelu.engines.search import FaceProblem
from polyrelu.errors import InputError
from polyrelu.figures.registry import save_figure
from polyrelu.support.files import write_whole

FOLDER = Path(__file__).parent.parent.parent / "papers" / "pruning"
TARGET = "y0 > 0"
TARGETS = (TARGET, "y0 > y1", "y0 + y1 >= 1", "y0 + y1 <= 1", "y0 >= 1 and y1 >= 1")
NODES_A_PIECE = 3
NODES = 2**14
DRAWN = (
    "Exhaustive",
    "Feasibility",
    "feasibility, witnesses",
    "feasibility, cores",
    "learning",
    "all together",
)
_MARKED = re.compile(r"(<!-- table: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def questions(
    networks: Iterable[str] = ("random",),
    widths: Iterable[int] = (16,),
    dims: Iterable[int] = (2,),
    blocks: Iterable[int] = (1,),
    seeds: Iterable[int] = (0, 1, 2),
    targets: Iterable[str] = (TARGET,),
    box: int = 0,
) -> list[Question]:
    """All combinations."""
    combined = itertools.product(targets, networks, dims, blocks, widths, seeds)
    return [Question(kind, n, d, k, seed, target, box) for target, kind, d, k, n, seed in combined]


def write(campaign: Campaign, out: Path) -> list[str]:
    """Run everything, write results.csv, tables.md, the figures and the page's tables; return what does not hold."""
    growth = campaign.run(questions(widths=(4, 8, 16, 32, 64)), Limits(NODES, 8.0))
    kinds = campaign.run(
        questions(("random", "trained", "toy", "toy-bias", "degenerate"), seeds=(0,)), Limits(NODES, 6.0)
    )
    dims = campaign.run(questions(widths=(8,), dims=(2, 3, 4, 6), seeds=(0,)), Limits(NODES, 6.0))
    deep = campaign.run(questions(("random", "trained"), widths=(6,), blocks=(1, 2, 3), seeds=(0,)), Limits(NODES, 6.0))
    mixed = campaign.run(questions(widths=(12,), seeds=(0,), targets=TARGETS), Limits(NODES, 6.0))
    boxed = campaign.run(questions(("random", "trained"), seeds=(0,), box=4), Limits(NODES, 6.0))
    unsound = replace(campaign, heuristics=[entry for entry in campaign.heuristics if not entry.is_sound])
    risky = unsound.run(
        questions(("random", "trained", "degenerate"), widths=(8, 16, 32), seeds=range(5), box=4), Limits(NODES, 6.0)
    )
    alone = Campaign(campaign.store, [], workers=1)  # one at a time, so that seconds are seconds
    wide = alone.run(questions(widths=(64, 256)), Limits(2**18, 300.0))
    campaign.store.keep([*growth, *kinds, *dims, *deep, *mixed, *boxed, *risky, *wide])
    tables = {
        "growth-nodes": across(growth, "nodes", above=_counts()),
        "growth-wasted": across(growth, "wasted"),
        "growth-lps": across(growth, "lps"),
        "growth-seconds": across(growth, "seconds"),
        "record": by_case([row for row in growth if row["width"] == "16"], _RECORD),
        "networks": across(kinds, "nodes", lambda case: case.network, _counts()),
        "dims": across(dims, "nodes", lambda case: f"d = {case.dim}", _counts()),
        "blocks": across(
            deep, "nodes", lambda case: f"{case.network}, {_plural(case.blocks)}", _counts(is_layer=False)
        ),
        "targets": across(mixed, "nodes", lambda case: f"`{case.target}`"),
        "box": across(boxed, "nodes", lambda case: f"{case.network}, in a box"),
        "cells": cells(wide),
        "unsound": by_case(risky, ("pieces", "nodes", "lps", "seconds", "lost", "volume")),
        **branching.tables(),
        "wide": by_case(wide, ("pieces", "nodes", "nodes/piece", "wasted", "lps", "seconds")),
    }
    text = "\n\n".join(f"## {name}\n\n{table}" for name, table in tables.items()) + "\n"
    write_whole(out / "tables.md", lambda path: path.write_text(text))
    print("\n\n".join(tables.values()))
    page = out / "README.md"
    if page.exists():
        filled = fill(page.read_text(), tables, page)
        write_whole(page, lambda path: path.write_text(filled))
    drawn = [REFERENCE, *(name for name in DRAWN if name in names_of(growth))]
    for quantity in ("nodes", "wasted", "lps", "seconds"):
        save_figure(figure(growth, quantity, drawn), out, quantity, ["png"])
    return check_headline(wide, NODES_A_PIECE)


_RECORD = ("pieces", "nodes", "nodes/piece", "wasted", "discarded", "implied", "lps", "pivots", "seconds")


def _plural(blocks: int) -> str:
    return f"{blocks} block{'s' * (blocks > 1)}"


def _counts(is_layer: bool = True) -> list[tuple[str, object]]:
    """Rows above the heuristics: the faces, and what the arrangement bound allows."""
    counts = [("faces, 2^n", lambda case: f"{faces(case):,}" if faces(case) < 10**9 else f"{float(faces(case)):.1e}")]
    if is_layer:
        counts.append(("cells, at most", lambda case: f"{arrangement_bound(case.width, case.dim):,}"))
    return counts


def cells(rows: Iterable[Row]) -> str:
    """The pieces of ``y0 > 0`` beside the cells of z_0 >= 0 by another engine, which shares no code with the search.

    Neuron 0 is positive inside this half-plane, so the engine splits by the others.
    """
    small = pr.Network([([[1, 0], [0, 1]], [0, 0])])
    pr.linear_regions(small, pr.Polyhedron.box([-1, -1], [1, 1]), method="cells", progress=False)  # loads the engine
    lines = []
    for row in rows:
        assert row["target"] == TARGET
        net = network(row["network"], Shape(int(row["dim"]), int(row["width"]), 1), int(row["seed"]))
        problem = FaceProblem(net.layers[0], pr.parse(TARGET, dim=net.output_dim))
        half = pr.Polyhedron.from_halfspaces([problem.active_row[0]], net.input_dim)
        layer = net.layers[0]
        others = pr.Network([layer.restricted(range(1, layer.output_dim), range(layer.input_dim), layer.relu[1:])])
        began = time.perf_counter()
        found = len(pr.linear_regions(others, half, method="cells", progress=False))
        seconds = time.perf_counter() - began
        shown = (row["pieces"], str(found), f"{float(row['seconds']):.1f}", f"{seconds:.2f}")
        lines.append([f"{row['network']} {row['dim']}-{row['width']}, seed {row['seed']}", *shown])
    return markdown(
        ["network", "pieces of the search", "cells by the engine", "seconds", "seconds of the engine"], lines
    )


def fill(page: str, tables: Mapping[str, str], where: Path) -> str:
    """The page with its tables put in place.

    Raises:
        InputError: it asks for a table that there is not.
    """

    def filled(match: re.Match[str]) -> str:
        name = match[2]
        if name not in tables:
            raise InputError(f"{where}: there is no table {name!r}; there are: {', '.join(tables)}")
        return f"{match[1]}\n{tables[name]}\n\n{match[3]}"

    return _MARKED.sub(filled, page)


def check_headline(rows: Iterable[Row], most: float) -> list[str]:
    """One line on the console for each run, and a message unless it finished with so many nodes for each piece."""
    problems = []
    for row in rows:
        nodes, pieces = int(row["nodes"]), int(row["pieces"])
        said = (
            f"{row['network']} {row['dim']}-{row['width']}, seed {row['seed']}, {row['target']}: {nodes:,} nodes for "
            f"{pieces:,} pieces in {float(row['seconds']):.1f} s"
        )
        holds = all_finished([row]) and nodes <= most * pieces
        print(f"headline, at most {most} nodes a piece: {said}: {'holds' if holds else 'FAILS'}")
        if not holds:
            problems.append(f"headline: {said}, which is more than {most} nodes a piece, or not finished")
    return problems
