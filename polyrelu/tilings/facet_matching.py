"""Which facets of the columns' tiles are shared, by looking up the pattern on the other side.

Across a facet on which one neuron alone vanishes, the pattern is the same but for that neuron's bit. Conversely, if a
tile with that pattern is there, the two share the whole facet: where the preactivations of further neurons vanish on
the facet too, their signs on either side are determined by the bits before them, layer by layer, so the tile with that
pattern is the one across. Patterns are compared by 64-bit hashes (the XOR of a random number for each active neuron,
so that flipping a bit is one XOR) and then byte by byte.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from polyrelu.tilings.columns import Columns

_CHUNK = 1 << 18
_SEED = 0


class Matches(NamedTuple):
    """Facets of full-dimensional tiles that are neurons' hyperplanes.

    Attributes:
        pairs: (m, 2) positions in ``numbers`` of two tiles that share a facet, the neuron silent on the first.
        neurons: (m) the neuron, counted through the restricted layers.
        alone: positions of tiles with a neuron's facet beyond which no tile was found this way, and perhaps others.
        doubtful: (m) where strict rows of the target, which may be tight on the facet, can leave it to neither tile.
    """

    pairs: NDArray[np.int64]
    neurons: NDArray[np.int64]
    alone: NDArray[np.int64]
    doubtful: NDArray[np.bool_]


def match_facets(columns: Columns, numbers: NDArray[np.intp], of_target: bool) -> Matches:
    """Match the facets of the chosen tiles; with ``of_target`` those with a facet of the target's are alone, too.

    Cost: some hundred nanoseconds a facet.
    """
    domain_facets = len(columns.chart.facets)
    neurons = columns.restriction.neuron_count
    packed = columns.packed[numbers]
    counts = np.diff(columns.starts)[numbers]
    owner = np.repeat(np.arange(len(numbers)), counts)
    within = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    site = columns.facets[columns.starts[:-1][numbers][owner] + within].astype(np.int64) - domain_facets
    at_target = owner[site >= neurons] if of_target else owner[:0]
    keep = (site >= 0) & (site < neurons)
    owner, site = owner[keep], site[keep]
    silent = (packed[owner, site // 8] >> (7 - site % 8).astype(np.uint8)) & 1 == 0
    first, neuron = owner[silent], site[silent]
    second = _look_up(packed, first, neuron, neurons)
    found = second >= 0
    pairs, shared = np.stack([first[found], second[found]], axis=1), neuron[found]
    above, its_neuron = owner[~silent], site[~silent]
    lonely = ~np.isin(above * neurons + its_neuron, pairs[:, 1] * neurons + shared)
    alone = np.unique(np.concatenate([first[~found], above[lonely], at_target]))
    strict = any(h.relation == "<" for h in columns.restriction.target.halfspaces)
    unsure = np.asarray(np.isnan(columns.points[numbers]).any(axis=1) & strict, dtype=np.bool_)
    return Matches(pairs, shared, alone, unsure[pairs[:, 0]] | unsure[pairs[:, 1]])


def _look_up(
    packed: NDArray[np.uint8], owner: NDArray[np.int64], site: NDArray[np.int64], neurons: int
) -> NDArray[np.int64]:
    """For each silent neuron of a tile the tile whose pattern differs in its bit alone, or -1."""
    rng = np.random.default_rng(_SEED)
    while True:
        keys = rng.integers(0, 1 << 64, neurons, dtype=np.uint64)
        hashes = _hashes(packed, keys)
        order = np.argsort(hashes)
        ordered = hashes[order]
        if (ordered[1:] != ordered[:-1]).all():
            break  # else two patterns have the same hash: other keys
    across = np.full(len(owner), -1, dtype=np.int64)
    for start in range(0, len(owner), _CHUNK):
        here = slice(start, start + _CHUNK)
        wanted = hashes[owner[here]] ^ keys[site[here]]
        place = np.minimum(np.searchsorted(ordered, wanted), len(ordered) - 1)
        candidate = order[place]
        difference = packed[owner[here]] ^ packed[candidate]
        rows = np.arange(len(wanted))
        difference[rows, site[here] // 8] ^= (128 >> site[here] % 8).astype(np.uint8)
        across[here] = np.where(~difference.any(axis=1), candidate, -1)
    return across


def _hashes(packed: NDArray[np.uint8], keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The XOR of the keys of each row's active neurons, a table of 256 values for each byte."""
    hashes = np.zeros(len(packed), dtype=np.uint64)
    bits = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).astype(np.bool_)
    for column in range(packed.shape[1]):
        own = np.zeros(8, dtype=np.uint64)
        own[: len(keys[8 * column : 8 * column + 8])] = keys[8 * column : 8 * column + 8]
        hashes ^= np.bitwise_xor.reduce(np.where(bits, own, np.uint64(0)), axis=1)[packed[:, column]]
    return hashes
