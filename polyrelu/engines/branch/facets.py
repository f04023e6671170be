"""Canonical rows of a set of full dimension between sides, by floats that prove what they say, or else exactly."""

from __future__ import annotations

import numpy as np

from polyrelu.arithmetic.exact import FloatArray
from polyrelu.arithmetic.ieee import floats_are_sound
from polyrelu.bounds.linear import LARGEST
from polyrelu.bounds.reach import float_ends
from polyrelu.engines.branch.library import IsFacet, facets
from polyrelu.engines.branch.space import Space
from polyrelu.polyhedra.polyhedron import Polyhedron


def canonical(tile: Polyhedron, point: FloatArray) -> Polyhedron:
    """A closed or half-open set by its canonical rows.

    Args:
        tile: the set, with a side at each end of each coordinate.
        point: strictly inside; NaN where none is known, and then the set need not be of full dimension.

    Rows that floats prove to be facets, or to say nothing, are taken or left; with the others exact arithmetic decides.

    Cost: a linear program in floats for each row.
    """
    ends = tile.sides
    rows = [row for row in dict.fromkeys(tile.halfspaces) if not row.is_trivial]
    if np.isnan(point).any() or any(row.relation == "==" for row in rows) or not floats_are_sound():
        return tile.canonical()
    low, high = float_ends(ends)
    beyond = 0.5 * (high - low) + np.finfo(np.float64).tiny
    if not (np.abs([low - beyond, high + beyond]) < LARGEST).all():
        return tile.canonical()
    around = Space.between(low - beyond, high + beyond, max(len(rows), len(point)), 1)
    space = Space.between(low, high, 1, 1)._replace(forms=around.forms)
    places = {tile.halfspaces[side.source]: j + 1 for j, side in ends.high.items()}
    places |= {tile.halfspaces[side.source]: -(j + 1) for j, side in ends.low.items()}
    sides = np.array([places.get(row, 0) for row in rows], dtype=np.int32)
    found = facets(space, around.forms.of_rows(rows), sides, point, beyond)
    says_nothing = [
        own is IsFacet.NEVER or (own is IsFacet.NO and row.relation == "<=")
        for own, row in zip(found, rows, strict=True)
    ]
    kept = [row for row, nothing in zip(rows, says_nothing, strict=True) if not nothing]
    if len(kept) == found.count(IsFacet.YES):
        return Polyhedron.from_canonical((), sorted(kept), tile.ambient_dim, known_point=tile.known_point)
    return Polyhedron.from_halfspaces(kept, tile.ambient_dim, tile.known_point).canonical()
