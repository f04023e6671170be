"""Does the network map a point into a target? Exact for any number of float points.

Floats are evaluated with their error bound (:mod:`polyrelu.arithmetic.rounding`); the points it leaves in doubt are
evaluated in rationals. Among them are all where something on the way to the outputs overflows.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import FloatArray, exact_vector
from polyrelu.arithmetic.rounding import float_points
from polyrelu.errors import DimensionError
from polyrelu.networks.network import Network
from polyrelu.polyhedra.polyhedron import Polyhedron, polyhedra
from polyrelu.support.arguments import instance

_CHUNK = 65536


def maps_into(network: Network, target: Polyhedron | Sequence[Polyhedron], points: FloatArray) -> NDArray[np.bool_]:
    """For each of n float points, whether the network's exact value there lies in the target (or in any of them).

    Args:
        network: from R^d.
        target: a polyhedron in the output space, or several, meaning their union.
        points: a float array of shape (n, d).

    Raises:
        DimensionError: the points or a target live in the wrong space.
        InexactError: a coordinate is NaN or infinite, or not a float64.
    """
    instance(network, Network, "maps_into: network", "pass a Network; load_network reads files")
    array = float_points(points, network.input_dim, "maps_into")
    targets = polyhedra(target, "maps_into: target")
    for one in targets:
        if one.ambient_dim != network.output_dim:
            raise DimensionError(
                f"maps_into: a target lives in R^{one.ambient_dim} but the network's outputs in R^{network.output_dim}"
            )
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
