"""Does the network map a point into a target? Exact for any number of points.

Floats are evaluated with their error bound (:mod:`polyrelu.arithmetic.rounding`); the points it leaves in doubt are
evaluated in rationals. Among them are all where something on the way to the outputs overflows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.batches import is_batch, rows_as_floats
from polyrelu.arithmetic.exact import exact_matrix, exact_vector, is_float_array
from polyrelu.arithmetic.rounding import float_points
from polyrelu.networks.network import Network
from polyrelu.networks.questions import Target, given_targets

_CHUNK = 65536


def maps_into(network: Network, target: Target, points: Any) -> NDArray[np.bool_]:
    """For each of n points, whether the network's exact value there lies in the target (or in any of them).

    Args:
        network: from R^d.
        target: a polyhedron in the output space, a text such as ``"y0 > 0"``, or several, meaning their union.
        points: a float array of shape (n, d), or a list of n points of d exact numbers.

    Raises:
        DimensionError: the points or a target live in the wrong space.
        InexactError: a coordinate is NaN or infinite, or has no exact value.
    """
    targets = given_targets(target, network, "maps_into")
    if not is_float_array(points) and is_batch(points):
        rows = exact_matrix(points, "maps_into: points", network.input_dim)
        floats = rows_as_floats(rows, network.input_dim)
        if floats is None:
            return np.array([any(one.contains(value) for one in targets) for value in network.evaluate(rows)])
        points = floats
    array = float_points(points, network.input_dim, "maps_into")
    inside = np.zeros(len(array), dtype=np.bool_)
    for start in range(0, len(array), _CHUNK):
        chunk = array[start : start + _CHUNK]
        values, radius = network.evaluate_with_bound(chunk)
        for one in targets:
            holds, doubtful = one.contains_certified(values, radius)
            for i in np.flatnonzero(doubtful):
                holds[i] = one.contains(network.evaluate([exact_vector(chunk[i], "maps_into: point")])[0])
            inside[start : start + _CHUNK] |= holds
    return inside
