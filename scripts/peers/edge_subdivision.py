"""Edge subdivision in PyTorch float64, a peer for scripts/benchmark.py: the vertices and edges of all linear regions.

    python scripts/peers/edge_subdivision.py 2-64-64 4-16-16      # in any environment with torch

Implementations of our own, from the published description: A. Berzins, "Polyhedral Complex Extraction from ReLU
Networks using Edge Subdivision", ICML 2023. The complex of the box [-6, 6]^D is kept as vertices, edges (pairs of
vertices) and a sign vector for each vertex: a sign for each row of the box, then one for each neuron. Neuron by neuron,

1. the neuron is evaluated at all vertices;
2. an edge with ends of opposite signs is cut in two at a new vertex, by linear interpolation;
3. a 2-face with cut edges has exactly two, and their new vertices are joined by a new edge. The 2-faces around an edge
   are its sign vector with one of its D - 1 zeros perturbed to + or -.

There are two of them, which find the same:

* ``published`` stores and compares what the publication does: whole sign vectors, sorted as rows, a new vertex is put
  through the whole network, and all arrays are written anew for each neuron;
* ``hashed`` does nothing twice. A sign vector is compared by the hash sum_i r_i sign_i modulo 2^64, random r_i, which
  each edge carries along with the places of its zeros, so perturbing is one addition and matching sorts integers. A
  layer's values are computed once, and interpolated at newer vertices. Buffers grow by doubling.

Both take the network to be generic and decide by plain floats. Where that visibly fails, a vertex at which a neuron is
zero or a 2-face with other than two new vertices, it is an error.

Reads networks as arguments, or line by line from the standard input; answers each with one line of JSON.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import torch

RADIUS = 6.0


class Complex(NamedTuple):
    """The 1-skeleton of the linear regions.

    Attributes:
        vertices: (V, D) coordinates.
        signs: (V, 2 D + neurons) signs at the rows of the box and at the neurons.
        edges: (E, 2) numbers of vertices.
    """

    vertices: torch.Tensor
    signs: torch.Tensor
    edges: torch.Tensor


class Buffer:
    """Rows that can be added to; ``rows`` is a view of those there are."""

    def __init__(self, rows: torch.Tensor) -> None:
        self._data, self.rows = rows, rows

    def grow(self, count: int) -> torch.Tensor:
        """A view of ``count`` new rows, to be filled in."""
        old = len(self.rows)
        if old + count > len(self._data):
            self._data = self.rows.new_empty((2 * (old + count), *self.rows.shape[1:]))
            self._data[:old] = self.rows
        self.rows = self._data[: old + count]
        return self.rows[old:]


def hashed(layers: list[tuple[torch.Tensor, torch.Tensor]], radius: float = RADIUS) -> Complex:
    """Cut the box [-radius, radius]^D by all neurons of a network of hidden layers, doing nothing twice.

    Args:
        layers: a weight (outputs, inputs) and a bias for each, in float64; D >= 2 inputs.
        radius: half the side of the box.

    Raises:
        ArithmeticError: the network is not generic.
    """
    import torch

    dim, neurons = layers[0][0].shape[1], sum(len(bias) for _, bias in layers)
    keys = random_keys(2 * dim + neurons)
    corners, box_signs, edges = box_skeleton(dim, radius)
    tail, head = Buffer(edges[:, 0].contiguous()), Buffer(edges[:, 1].contiguous())
    on_edges = torch.maximum(box_signs[tail.rows], box_signs[head.rows]).to(torch.int64)
    hashes = Buffer((on_edges * keys[: 2 * dim]).sum(1))
    zeros = Buffer((on_edges == 0).nonzero()[:, 1].reshape(-1, dim - 1))
    signs = Buffer(torch.zeros((len(corners), 2 * dim + neurons), dtype=torch.int8))
    signs.rows[:, : 2 * dim] = box_signs
    known = Buffer(corners)  # coordinates, then values at the layer's neurons

    done = 2 * dim
    for depth, (weight, bias) in enumerate(layers):
        inputs = known.rows[:, dim:].clamp(min=0) if depth else known.rows
        known = Buffer(torch.cat([known.rows[:, :dim], torch.addmm(bias, inputs, weight.T)], dim=1))
        begun, columns = len(known.rows), known.rows.T.contiguous()
        for j in range(len(bias)):
            neuron = done + j
            value = torch.cat([columns[dim + j], known.rows[begun:, dim + j]])
            if not value.all():
                raise ArithmeticError(f"edge subdivision: neuron {neuron - 2 * dim} is zero at a vertex")
            key = int(keys[neuron])
            signed = torch.where(value < 0, -key, key)
            at_tail, at_head = signed[tail.rows], signed[head.rows]
            cut = (at_tail != at_head).nonzero().ravel()
            uncut_hashes = hashes.rows[cut]
            hashes.rows.add_(at_tail)
            if not len(cut):
                continue

            a, b = tail.rows[cut], head.rows[cut]
            first, count = len(value), len(cut)
            share = value[a] / (value[a] - value[b])
            fresh, fresh_signs = known.grow(count), signs.grow(count)
            torch.lerp(known.rows[a], known.rows[b], share[:, None], out=fresh)
            fresh[:, dim + j] = 0
            torch.add(signs.rows[a, :done], signs.rows[b, :done], out=fresh_signs[:, :done])
            fresh_signs[:, :done].clamp_(-1, 1)
            new = torch.arange(first, first + count)
            head.rows[cut] = new  # the half (a, new) replaces the edge; (new, b) is added below

            cut_zeros = zeros.rows[cut]
            faces, (one, other) = shared_faces(uncut_hashes, keys[cut_zeros], cut_zeros >= 2 * dim)
            one_cut, other_cut = one // (dim - 1), other // (dim - 1)
            new_zeros = cut_zeros[one_cut]
            new_zeros[torch.arange(len(one)), one % (dim - 1)] = neuron
            added = count + len(one)
            torch.cat([new, first + one_cut], out=tail.grow(added))
            torch.cat([b, first + other_cut], out=head.grow(added))
            torch.cat([uncut_hashes + at_head[cut], faces], out=hashes.grow(added))
            torch.cat([cut_zeros, new_zeros], out=zeros.grow(added))
        signs.rows[:, done : done + len(bias)] = int8_signs(known.rows[:, dim:])
        done += len(bias)
    return Complex(known.rows[:, :dim], signs.rows, torch.stack([tail.rows, head.rows], dim=1))


def shared_faces(
    hashes: torch.Tensor, keys: torch.Tensor, both_ways: torch.Tensor
) -> tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
    """The 2-faces around edges, as pairs of the edges that they have in common.

    Args:
        hashes: (S,) of the edges' sign vectors.
        keys: (S, D - 1) of the edges' zeros.
        both_ways: (S, D - 1) which zeros may be perturbed to -, too; rows of the box only to +, the inside.

    Returns:
        The faces' hashes, and for each face two places in ``keys`` (flat) from which it is reached.

    Raises:
        ArithmeticError: a face is reached from other than two edges.
    """
    import torch

    minus = both_ways.ravel().nonzero().ravel()
    faces = torch.cat([(hashes[:, None] + keys).ravel(), (hashes[:, None] - keys).ravel()[minus]])
    places = torch.cat([torch.arange(keys.numel()), minus])
    faces, order = faces.sort()
    if len(faces) % 2 or (faces[::2] != faces[1::2]).any() or (faces[2::2] == faces[1:-1:2]).any():
        raise ArithmeticError("edge subdivision: not every 2-face has none or two of its edges cut")
    return faces[::2], (places[order[::2]], places[order[1::2]])


def int8_signs(values: torch.Tensor) -> torch.Tensor:
    """-1, 0 or 1 for each number; faster than sign(), which takes its time in float64."""
    import torch

    return (values > 0).to(torch.int8) - (values < 0).to(torch.int8)


def random_keys(count: int, seed: int = 0) -> torch.Tensor:
    """What a sign of 1 adds to the hash of a sign vector, for each place."""
    import torch

    whole = torch.iinfo(torch.int64)
    return torch.randint(whole.min, whole.max, (count,), generator=torch.Generator().manual_seed(seed))


def published(layers: list[tuple[torch.Tensor, torch.Tensor]], radius: float = RADIUS) -> Complex:
    """The same as :func:`hashed`, with the whole sign vectors and values of the publication."""
    import torch

    dim = layers[0][0].shape[1]
    points, signs, edges = box_skeleton(dim, radius)
    values = every_neuron(layers, points)
    for neuron in range(values.shape[1]):
        values = torch.cat([values, every_neuron(layers, points[len(values) :])])
        value = values[:, neuron]
        if not value.all():
            raise ArithmeticError(f"edge subdivision: neuron {neuron} is zero at a vertex")
        at_ends = value[edges]
        is_cut = at_ends.sign().prod(1) < 0
        cut, ends = edges[is_cut], at_ends[is_cut]
        share = (ends[:, 0] / (ends[:, 0] - ends[:, 1]))[:, None]
        new_points = torch.lerp(points[cut[:, 0]], points[cut[:, 1]], share)
        cut_signs = (signs[cut[:, 0]] + signs[cut[:, 1]]).sign()
        new = torch.arange(len(cut)) + len(points)

        rows, columns = (cut_signs == 0).nonzero().T.repeat(1, 2)
        faces = cut_signs[rows]
        faces[torch.arange(len(rows)), columns] = torch.tensor([1, -1], dtype=torch.int8).repeat_interleave(
            len(rows) // 2
        )
        order = torch.from_numpy(np.lexsort(faces.numpy().T))
        faces = faces[order]
        equal = (faces[1:] == faces[:-1]).all(1).nonzero().ravel()
        joined = new[rows[torch.stack([order[equal], order[equal + 1]], dim=1)]]

        points = torch.cat([points, new_points])
        old_signs = torch.cat([signs, int8_signs(value)[:, None]], dim=1)
        signs = torch.cat([old_signs, torch.cat([cut_signs, cut_signs.new_zeros((len(cut), 1))], dim=1)])
        halves = torch.stack([cut.T.ravel(), new.repeat(2)], dim=1)
        edges = torch.cat([edges[~is_cut], halves, joined])
    return Complex(points, signs, edges)


def every_neuron(layers: list[tuple[torch.Tensor, torch.Tensor]], points: torch.Tensor) -> torch.Tensor:
    """The values of all neurons at points, before their ReLU, layer after layer."""
    import torch

    values = [torch.addmm(layers[0][1], points, layers[0][0].T)]
    for weight, bias in layers[1:]:
        values.append(torch.addmm(bias, values[-1].clamp(min=0), weight.T))
    return torch.cat(values, dim=1)


def box_skeleton(dim: int, radius: float) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The corners of [-radius, radius]^dim, their signs at its rows (lower ones first), and its edges."""
    import torch

    bits = torch.tensor(list(itertools.product([0, 1], repeat=dim)))
    starts = [(bits[:, i] == 0).nonzero().ravel() for i in range(dim)]
    edges = [torch.stack([start, start + (1 << (dim - 1 - i))], dim=1) for i, start in enumerate(starts)]
    signs = torch.cat([bits, 1 - bits], dim=1).to(torch.int8)
    return radius * (2 * bits - 1).to(torch.float64), signs, torch.cat(edges)


def count_regions(found: Complex) -> int:
    """How many sign vectors without zeros there are around the vertices, inside the box: the regions.

    Each region has a vertex, at which exactly D signs are zero, and every way of choosing them is a region there.
    """
    import torch

    dim = found.vertices.shape[1]
    keys = random_keys(found.signs.shape[1], seed=1)
    zeros = (found.signs == 0).nonzero()[:, 1].reshape(-1, dim)
    hashes = torch.cat([chunk.to(torch.int64) @ keys for chunk in found.signs.split(1 << 14)])
    regions = []
    for choice in itertools.product([1, -1], repeat=dim):
        inside = ((torch.tensor(choice) == 1) | (zeros >= 2 * dim)).all(1)
        regions.append((hashes + (keys[zeros] * torch.tensor(choice)).sum(1))[inside])
    return len(torch.cat(regions).unique())


def random_layers(widths: list[int]) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """The benchmark's network with these widths, input first."""
    import torch

    rng = np.random.default_rng(0)
    arrays = [(rng.normal(0, np.sqrt(2 / a), (b, a)), rng.normal(0, 0.5, b)) for a, b in itertools.pairwise(widths)]
    return [(torch.tensor(weight), torch.tensor(bias)) for weight, bias in arrays]


METHODS = {"hashed": hashed, "published": published}


def answer(name: str, methods: list[str], count: bool) -> str:
    """One line of JSON: the seconds that each method took, on one thread, and what was found."""
    import torch

    torch.set_num_threads(1)
    layers = random_layers([int(width) for width in name.split("-")])
    line: dict[str, object] = {"network": name}
    for method in methods:
        began = time.perf_counter()
        found = METHODS[method](layers)
        line[method] = {"seconds": time.perf_counter() - began, "vertices": len(found.vertices)}
        line[method] |= {"edges": len(found.edges)}
        if count:
            line[method] |= {"regions": count_regions(found)}
    return json.dumps(line)


def main() -> None:
    """Answer every network."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="*", help="widths such as 2-64-64, inputs first; without any, lines are read")
    parser.add_argument("--method", choices=METHODS, action="append", help="may be repeated; both unless given")
    parser.add_argument("--count", action="store_true", help="also count the regions, outside the time that is taken")
    options = parser.parse_args()
    try:
        import torch  # noqa: F401
    except ImportError:
        sys.exit("edge_subdivision: this Python has no torch; pip install torch")
    for name in options.networks or map(str.strip, sys.stdin):
        print(answer(name, options.method or list(METHODS), options.count), flush=True)


if __name__ == "__main__":
    main()
