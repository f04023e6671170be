"""Checking a run on disk: that its tasks make up the whole, and that its parts are whole, and say what is true.

What is checked of the tasks: what each has done and what it has left are the patterns of its root, each once. Of a
part: its bytes are those that the journal has; it is what a part of this run is; its patterns ascend, and lie in what
its task has done; and each tile has a point, in the domain, where the network has the tile's signs and the target
holds, unless floats leave that in doubt. That no tile is missing is what certificates are for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np

from polyrelu.arithmetic.rounding import relu_with_bound
from polyrelu.errors import InputError
from polyrelu.networks.activation_pattern import unpacked_signs
from polyrelu.runs.journal import Done
from polyrelu.runs.opening import PartBatch, part_of, problem_of
from polyrelu.runs.record import Record
from polyrelu.runs.tasks import Place, Question, Root, all_places
from polyrelu.tilings.columns import Columns

_AT_ONCE = 1 << 15  # points


def check_run(run: Record, threads: int = 1) -> Iterator[str]:
    """What is wrong with a run, in words; nothing where all is well. A run need not be complete.

    Args:
        run: the run.
        threads: how many parts are looked at at a time, each of which is in memory then.

    Cost: parts are read, some microseconds a tile.
    """
    ledger = run.ledger()
    done = ledger.done()
    for one in done:
        yield from _wrong_with_task(one, run.question)
    roots = [*(one.root for one in done), *ledger.open()]
    if len(set(roots)) < len(roots):
        yield f"{run.directory.journal}: a root is there twice"
    parts = [one for one in done if one.part is not None]
    with ThreadPoolExecutor(threads) as pool:
        for start in range(0, len(parts), threads):
            for said in pool.map(lambda one: list(_wrong_with_part(run, one)), parts[start : start + threads]):
                yield from said


def _wrong_with_task(done: Done, question: Question) -> Iterator[str]:
    """Whether a task's roots follow one another up to the end of its own."""
    name = done.root.hex() or "the whole"
    try:
        places = [Place.of(root, question) for root in done.open]
        own = _place(done.root, question)
    except ValueError as error:
        yield f"task {name}: {error}"
        return
    if own is None:
        if places != all_places(question):
            yield f"task {name}: what it has left is not everything"
        return
    ends = [place.interval for place in places]
    follow = all(one.last + 1 == other.first for one, other in pairwise(ends))
    inside = not ends or (own.interval.first <= ends[0].first and ends[-1].last == own.interval.last)
    if not (follow and inside and all(place[:2] == own[:2] for place in places)):
        yield f"task {name}: what it has left does not end where it ends"
    if done.tiles != (0 if done.part is None else done.part.tiles):
        yield f"task {name}: has found {done.tiles} tiles, and its part has others"


def _place(root: Root, question: Question) -> Place | None:
    """What a root stands for; None for the first one where that only lists others."""
    if root:
        return Place.of(root, question)
    places = all_places(question)
    return places[0] if len(places) == 1 else None


def _wrong_with_part(run: Record, done: Done) -> Iterator[str]:
    assert done.part is not None
    problem = problem_of(run, part_of(done.root))
    batch = PartBatch(run.directory, run.about(done.root), problem, done.part)
    try:
        tiles = batch.bring()
    except InputError as error:
        yield str(error)
        return
    where = str(run.directory.part(done.root))
    if batch.ends != (tiles.packed[0].tobytes(), tiles.packed[-1].tobytes()):
        yield f"{where}: its first or last pattern is not the one that the journal has"
    if done.open:
        width = tiles.packed.shape[1]
        if tiles.packed[-1].tobytes() >= done.open[0][-2 * width : -width]:
            yield f"{where}: has a tile that its task has left to another one"
    wrong = _wrong_points(tiles)
    if len(wrong):
        yield f"{where}: the point of tile {wrong[0]} has other signs, or misses the domain or the target"


def _wrong_points(tiles: Columns) -> Sequence[int]:
    """The tiles at whose points something else is certain."""
    known = np.flatnonzero(~np.isnan(tiles.points).any(axis=1))
    wrong = np.zeros(len(known), dtype=np.bool_)
    layers = tiles.chart.pulled_back(tiles.restriction.layers)
    neurons = tiles.restriction.neuron_count
    for start in range(0, len(known), _AT_ONCE):
        some = slice(start, start + _AT_ONCE)
        values, signs = tiles.points[known[some]], unpacked_signs(tiles.packed[known[some]], neurons)
        if tiles.chart.is_identity:
            wrong[some] |= ~tiles.domain.closure().contains_floats(values)
        radius, begin = np.zeros(values.shape), 0
        for layer in layers:
            values, radius = layer.with_bound(values, radius)
            mask = np.array(layer.relu, dtype=np.bool_)
            own = signs[:, begin : begin + int(mask.sum())]
            begin += own.shape[1]
            wrong[some] |= (np.where(own, values[:, mask] < -radius[:, mask], values[:, mask] > radius[:, mask])).any(
                axis=1
            )
            values, radius = relu_with_bound(values, radius, mask)
        holds, doubtful = tiles.restriction.target.contains_certified(values, radius)
        wrong[some] |= ~holds & ~doubtful
    numbers: list[int] = known[wrong].tolist()
    return numbers
