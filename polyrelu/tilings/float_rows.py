"""The rows of the facets of many tiles at once, in floats with certified bounds.

The facets of a tile are numbered (:mod:`polyrelu.tilings.columns`): rows of the domain, neurons, rows of the target.
That of a neuron is what enters its ReLU on the tile, which is negative where the neuron is silent.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import FloatArray, nearest_floats
from polyrelu.networks.activation_pattern import unpacked_signs
from polyrelu.tilings.columns import Columns
from polyrelu.tilings.float_maps import FloatMaps, entering, float_form
from polyrelu.tilings.tile_source import Numbers

_ENTRIES = 1 << 17


class FloatFacets(NamedTuple):
    """The facets of some tiles as forms ``a . x + c``, not positive inside, one tile after another.

    Attributes:
        forms, radius: (m, k + 1) coefficients and constants, and how far each may be off. They are about the k inputs
            that the domain does not fix.
        number: (m) the facet's number in the columns.
        owner: (m) the tile, counted from 0.
        starts: tile i has the facets from ``starts[i]`` to ``starts[i + 1]``.
    """

    forms: FloatArray
    radius: FloatArray
    number: NDArray[np.int64]
    owner: NDArray[np.intp]
    starts: NDArray[np.intp]


def float_facets(columns: Columns, numbers: Numbers) -> FloatFacets:
    """The facets of the chosen tiles, of full dimension.

    Cost: for each tile d + 1 vectors through the network, by products of matrices; some at a time, please.
    """
    counts = np.diff(columns.starts)[numbers]
    starts = np.concatenate([np.zeros(1, np.intp), np.cumsum(counts)])
    owner = np.repeat(np.arange(len(numbers)), counts)
    within = np.arange(len(owner)) - starts[:-1][owner]
    number = columns.facets[columns.starts[:-1][numbers][owner] + within].astype(np.int64)
    rows = columns.facet_rows
    forms, radius = np.full((2, len(number), rows.domain.ambient_dim + 1), np.nan)
    for k, row in enumerate(rows.facets):
        forms[number == k], radius[number == k] = float_form(row)
    neuron = number - len(rows.facets)
    signs = unpacked_signs(columns.packed[numbers], columns.restriction.neuron_count)
    start = 0
    *before, outputs = entering(rows.layers, signs)
    for layer, maps in zip(rows.layers, before, strict=True):
        places = np.array(layer.neurons, dtype=np.intp)
        here = np.flatnonzero((neuron >= start) & (neuron < start + len(places)))
        own = maps.chosen(owner[here], places[neuron[here] - start])
        side = np.where(signs[owner[here], neuron[here]], -1.0, 1.0)
        forms[here], radius[here] = own.values * side[:, None], own.radius
        start += len(places)
    for k, target in enumerate(rows.target.halfspaces, start):
        here = np.flatnonzero(neuron == k)
        if len(here):
            through = FloatMaps(outputs.values[owner[here]], outputs.radius[owner[here]])
            own = through.after(nearest_floats(target.normal)[None], nearest_floats([-target.offset]))
            forms[here], radius[here] = own.values[:, :, 0], own.radius[:, :, 0]
    return FloatFacets(forms, radius, number, owner, starts)


def float_outputs(columns: Columns, numbers: Numbers) -> FloatMaps:
    """What the layers that the target sees return on the chosen tiles, as maps of all inputs. Cost: as above."""
    signs = unpacked_signs(columns.packed[numbers], columns.restriction.neuron_count)
    *_, outputs = entering(columns.restriction.layers, signs)
    return outputs


def at_once(columns: Columns) -> int:
    """How many tiles to ask for at a time: as many as leave their maps in the processor's cache."""
    widest = max((layer.output_dim for layer in columns.restriction.layers), default=1)
    return max(1, _ENTRIES // (max(widest, 1) * (columns.restriction.layers[0].input_dim + 1)))
