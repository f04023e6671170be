r"""What a network is made of, and the worst that can happen: ``Network.summary()``.

**Linear regions.** A layer of n hyperplanes cuts a space of dimension r into at most :math:`\sum_{j \le r} \binom n j`
pieces (Zaslavsky 1975), and at most :math:`\binom n j` of them need have only n - j active neurons, which map the piece
to no more than that many dimensions. Over the layers, with :math:`i_l` identity coordinates,

.. math:: \sum_{j_1} \binom{n_1}{j_1} \sum_{j_2} \binom{n_2}{j_2} \cdots , \qquad
   j_l \le \min(r_{l-1}, n_l), \quad r_l = \min(r_{l-1}, n_l - j_l + i_l), \quad r_0 = d ,

which is Theorem 1 of T. Serra, C. Tjandraatmadja and S. Ramalingam, Bounding and Counting Linear Regions of Deep Neural
Networks, ICML 2018, with identity coordinates counted as always active.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import comb

from flint import fmpq_mat, nmod_mat

from polyrelu.arithmetic.exact import ExactVector, flint_matrix, matrix_rows
from polyrelu.networks.affine_outputs import identity_map, matrix_and_offset, outputs_after, signs_at
from polyrelu.networks.network import Network

_PRIME = 2**61 - 1
_TRIALS = 8
_SEED = 0
_FEW_INPUTS = 8


@dataclass(frozen=True)
class Summary:
    """The size of a network; ``str`` of it is a table.

    Attributes:
        widths: the input dimension, then how many coordinates each layer returns.
        neurons: for each layer how many coordinates pass through a ReLU.
        weights: for each layer how many of its weights and biases are not zero.
        numbers: for each layer how many weights and biases it has.
        floats: for each layer whether all its numbers are floats.
        region_bound: no more linear regions than this are possible.
        image_dim: the largest dimension of the image of a region, as a proven lower and upper bound.
        method: the engine that ``method="auto"`` chooses for a full-dimensional domain.
        advice: what else to know about that, or the empty string.
    """

    widths: tuple[int, ...]
    neurons: tuple[int, ...]
    weights: tuple[int, ...]
    numbers: tuple[int, ...]
    floats: tuple[bool, ...]
    region_bound: int
    image_dim: tuple[int, int]
    method: str
    advice: str

    def __str__(self) -> str:
        head = ("layer", "inputs", "outputs", "ReLU", "weights and biases", "not zero", "numbers")
        rows = [
            (str(i), *map(str, (self.widths[i], self.widths[i + 1], neurons, self.numbers[i], self.weights[i])), kind)
            for i, neurons in enumerate(self.neurons)
            for kind in ["floats" if self.floats[i] else "rationals"]
        ]
        sizes = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
        lines = ["  ".join(v.ljust(n) for v, n in zip(row, sizes, strict=True)).rstrip() for row in (head, *rows)]
        low, high = self.image_dim
        image = f"{low}" if low == high else f"between {low} and {high}"
        lines += [
            "",
            f"R^{self.widths[0]} -> R^{self.widths[-1]}, {sum(self.neurons)} ReLU neurons, {sum(self.numbers)} weights "
            f"and biases, {sum(self.weights)} of them not zero",
            f"dimension of the image: {image}",
            f"linear regions: at most {_count(self.region_bound)}",
            f"engine: {self.method}{self.advice and '; ' + self.advice}",
        ]
        return "\n".join(lines)


def summary(network: Network) -> Summary:
    """The size of a network, the worst case for its linear regions, and the engine for it. Exact.

    >>> print(Network([([[1, 0], [0, 1], [1, 1]], [0, 0, -1]), ([[1, 1, -2]], [0])]).summary())
    layer  inputs  outputs  ReLU  weights and biases  not zero  numbers
    0      2       3        3     9                   5         floats
    1      3       1        0     4                   3         floats
    <BLANKLINE>
    R^2 -> R^1, 3 ReLU neurons, 13 weights and biases, 8 of them not zero
    dimension of the image: 1
    linear regions: at most 7
    engine: cells

    Cost: a few exact evaluations of the network with its derivative, and of each layer's rank.
    """
    layers = network.layers
    advice = ""
    if network.input_dim > _FEW_INPUTS:
        advice = (
            f"{network.input_dim} inputs are many, so make all but {_FEW_INPUTS} of them constant in the domain, or "
            'ask what few neurons decide there, which "halfspaces" answers'
        )
    return Summary(
        widths=network.widths,
        neurons=tuple(layer.neuron_count for layer in layers),
        weights=tuple(layer.weight_count + sum(1 for v in layer.offsets if v) for layer in layers),
        numbers=tuple(layer.output_dim * (layer.input_dim + 1) for layer in layers),
        floats=tuple(layer.is_float for layer in layers),
        region_bound=region_bound(network),
        image_dim=image_dim(network),
        method="cells",
        advice=advice,
    )


def region_bound(network: Network) -> int:
    """An upper bound on the number of linear regions, as above. Cost: the sum of min(d, n) times d over the layers."""
    shapes = [(layer.neuron_count, layer.output_dim - layer.neuron_count) for layer in network.layers]
    bounds = dict.fromkeys(range(network.input_dim + 1), 1)
    for neurons, identity in reversed(shapes):
        after, binomial = bounds, cache(lambda j, n=neurons: comb(n, j))
        bounds = {
            room: sum(binomial(j) * after[min(room, neurons - j + identity)] for j in range(min(room, neurons) + 1))
            for room in range(network.input_dim + 1)
        }
    return bounds[network.input_dim]


def image_dim(network: Network) -> tuple[int, int]:
    """Bounds on the largest dimension of the image of a linear region, both proven.

    Below: the rank of the derivative at some exact points at which no neuron switches. Above: the least rank of a
    layer's weight. The two mostly agree.
    """
    upper = min(
        _rank(flint_matrix(layer.rows, layer.input_dim)) if layer.output_dim and layer.input_dim else 0
        for layer in network.layers
    )
    draw = random.Random(_SEED)
    lower = 0
    for trial in range(_TRIALS):
        if lower == upper:
            break
        point = tuple(Fraction(draw.randint(-1000, 1000), 1000) * 10 ** (trial // 2) for _ in range(network.input_dim))
        lower = max(lower, _rank_near(network, point))
    return lower, upper


def _rank_near(network: Network, point: ExactVector) -> int:
    """The rank of the network's derivative at a point; 0 where it may have none, because a neuron switches there."""
    signs = signs_at(network.layers, point)
    values = identity_map(network.input_dim)
    for layer, own, on in zip(network.layers, signs, signs.active, strict=True):
        forms = layer.after(values)
        rows = matrix_rows(forms)
        if any(not sign and any(rows[i]) for i, sign in zip(layer.neurons, own, strict=True)):
            return 0
        values = outputs_after(layer, on, forms)
    return _rank(flint_matrix(matrix_and_offset(values)[0], network.input_dim))


def _rank(matrix: fmpq_mat) -> int:
    """The rank; modulo a prime where that is full, which proves it, since reducing integers can only lower a rank."""
    integers, _ = matrix.numer_denom()
    modulo = int(nmod_mat(integers, _PRIME).rank())
    return modulo if modulo == min(matrix.nrows(), matrix.ncols()) else int(matrix.rank())


def _count(number: int) -> str:
    """An integer in full while it is short; of a long one, which need not fit into a float, the power of ten."""
    return str(number) if number < 10**15 else f"about 10^{math.floor(math.log10(number))}"
