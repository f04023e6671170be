"""Runs put together: of domains that share facets, or of disjoint targets, as one tiling on disk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from os import PathLike

import numpy as np

from polyrelu.errors import InputError
from polyrelu.networks.statement_text import write_statement
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.runs.opening import open_tiling
from polyrelu.support.arguments import items
from polyrelu.tilings.stored import StoredTiles
from polyrelu.tilings.stored_tiling import StoredTiling, chosen_batches
from polyrelu.tilings.tile_source import Numbers


def join(runs: Iterable[str | PathLike[str] | StoredTiling]) -> StoredTiling:
    """Several runs as one tiling; their tiles stay where they are.

    Args:
        runs: directories, or what :func:`polyrelu.open_tiling` makes of them, all of one network: of one domain with
            targets that are disjoint, or of the same targets with domains whose interiors are disjoint and whose union
            is one polyhedron.

    Returns:
        The tiles of all, one run after the other. Where a linear region lies in two domains, it is two tiles; flat
        tiles that tiles of another run contain are left out.

    Raises:
        InputError: they do not fit together; the message says which do not.

    Cost: the questions and journals are read, and the union of domains is tested exactly; flat tiles near other domains
    cost some linear programs.
    """
    listed = items(runs, "join", "pass a list of directories")
    tilings = [run if isinstance(run, StoredTiling) else open_tiling(run) for run in listed]
    if not tilings:
        raise InputError("join: pass at least one run")
    first = tilings[0]
    for number, other in enumerate(tilings[1:], 1):
        if write_statement(other.network.layers, None, ()) != write_statement(first.network.layers, None, ()):
            raise InputError(f"join: run {number} is of another network than run 0")
    if len({tiling.domain.canonical() for tiling in tilings}) == 1:
        return _of_targets(tilings)
    if len({tuple(target.canonical() for target in tiling.targets) for tiling in tilings}) == 1:
        return _of_domains(tilings)
    raise InputError("join: the runs differ in domains and in targets; join those of one domain first, or compute anew")


def _of_targets(tilings: Sequence[StoredTiling]) -> StoredTiling:
    for (i, one), (j, other) in combinations(enumerate(tilings), 2):
        if any(not (a & b).is_empty() for a in one.targets for b in other.targets):
            raise InputError(f"join: the runs {i} and {j} have one domain, and targets that are not disjoint")
    parts, shift = list[tuple[int, StoredTiles]](), 0
    for tiling in tilings:
        parts += [(shift + index, source) for _, index, source in tiling.sources()]
        shift += len(tiling.targets)
    targets = tuple(target for tiling in tilings for target in tiling.targets)
    return _together(tilings, parts, targets, tilings[0].domain)


def _of_domains(tilings: Sequence[StoredTiling]) -> StoredTiling:
    domains = [tiling.domain for tiling in tilings]
    for (i, one), (j, other) in combinations(enumerate(domains), 2):
        if (one & other).dim == max(one.dim, other.dim):
            raise InputError(f"join: the domains of the runs {i} and {j} overlap")
    domain = _union(domains)
    if domain is None:
        raise InputError("join: the union of the domains is not one polyhedron; join those whose union is")
    parts = list[tuple[int, StoredTiles]]()
    for number, tiling in enumerate(tilings):
        others = [other for k, other in enumerate(tilings) if k != number]
        for _, index, source in tiling.sources():
            covered = set(_covered(source, others, tilings[:number]))
            kept = np.array([i for i in range(len(source)) if i not in covered]) if covered else None
            batches = source.batches if kept is None else chosen_batches(source, kept)
            parts.append((index, replace(source, batches=batches)))
    return _together(tilings, parts, tilings[0].targets, domain)


def _together(
    tilings: Sequence[StoredTiling],
    parts: Sequence[tuple[int, StoredTiles]],
    targets: tuple[Polyhedron, ...],
    domain: Polyhedron,
) -> StoredTiling:
    volumes = [tiling.known_volume for tiling in tilings]
    known = [volume for volume in volumes if volume is not None]
    from polyrelu.runs.status import outward

    return replace(
        tilings[0],
        targets=targets,
        domain=domain,
        complete=all(tiling.complete for tiling in tilings),
        stats={"tiles": sum(len(source) for _, source in parts)},
        parts=tuple(parts),
        known_volume=outward(*zip(*known, strict=True)) if len(known) == len(volumes) else None,
    )


def _union(domains: Sequence[Polyhedron]) -> Polyhedron | None:
    """The union of some polyhedra, if it is one: then it is what the rows that hold on all of them say."""
    dim = domains[0].ambient_dim
    rows = [
        row
        for domain in domains
        for row in domain.canonical().halfspaces
        if all(other.is_subset(Polyhedron.from_halfspaces([row], dim)) for other in domains)
    ]
    around = Polyhedron.from_halfspaces(rows, dim).canonical()
    rest = [around]
    for domain in domains:
        rest = [piece for part in rest for piece in part.difference(domain)]
    return None if any(not piece.is_empty() for piece in rest) else around


def _covered(source: StoredTiles, others: Sequence[StoredTiling], before: Sequence[StoredTiling]) -> Iterator[int]:
    """The flat tiles of a source that a tile of another run contains; of equal ones the first run's stays."""
    for number in _flat(source):
        tile = source.polyhedron(number)
        point = tile.relative_interior_point()
        for other in others:
            if not other.domain.contains(point):
                continue
            around = [other[i].polyhedron for i in other.around(point, point).tolist()]
            if any(tile.is_subset(own) and (tile != own or other in before) for own in around):
                yield number
                break


def _flat(source: StoredTiles) -> Iterator[int]:
    for first, columns in source.each():
        numbers: Numbers = np.flatnonzero(columns.dims(np.arange(len(columns))) < source.domain.dim)
        yield from (first + numbers).tolist()
