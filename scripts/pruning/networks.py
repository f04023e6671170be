"""The networks of the pruning laboratory: blocks d -> n -> d -> n ..., made from a seed, the same ones everywhere.

A block takes a latent point of R^d to n features through a ReLU; between two blocks a linear layer leads back to R^d.
All numbers are multiples of 1/1024 (integers for ``degenerate``), so that exact arithmetic stays short.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import polyrelu as pr

Array = NDArray[np.float64]
GRID = 1024
STEPS = 1200


class Shape(NamedTuple):
    """A network of ``blocks`` blocks of n = ``width`` features in R^``dim``."""

    dim: int
    width: int
    blocks: int

    @property
    def widths(self) -> tuple[int, ...]:
        """The dimensions in turn: d, n, d, n, ..."""
        return (self.dim, self.width) * self.blocks

    def __str__(self) -> str:
        return "-".join(map(str, self.widths))


def random(shape: Shape, seed: int) -> list[Array]:
    """Weights N(0, 2 / inputs) up and N(0, 1 / inputs) down, biases N(0, 1/4)."""
    rng = np.random.default_rng([seed, *shape])
    layers = []
    for i, (a, b) in enumerate(itertools.pairwise(shape.widths)):
        layers += [rng.normal(0, np.sqrt((1 if i % 2 else 2) / a), (b, a)), rng.normal(0, 1 / 2, b)]
    return [np.round(p * GRID) / GRID for p in layers]


def trained(shape: Shape, seed: int) -> list[Array]:
    """Adam on n bumps around n centres in [-4, 4]^d, the task of scripts/train_demo.py."""
    rng = np.random.default_rng([seed, *shape])
    centres = rng.uniform(-3.4, 3.4, (shape.width, shape.dim))
    pairs = list(itertools.pairwise(shape.widths))
    layers = [p for a, b in pairs for p in (rng.normal(0, np.sqrt(2 / a), (b, a)), rng.normal(0, 2, b))]
    radius = 1.6 * np.sqrt(shape.dim / 2)

    def gradients(parameters: list[Array]) -> list[Array]:
        x = rng.uniform(-4, 4, (128, shape.dim))
        bumps = np.maximum(0.0, 1.0 - ((x[:, None, :] - centres) ** 2).sum(axis=2) / radius**2)
        inputs, kept = [x], []
        for i in range(len(pairs)):
            z = inputs[-1] @ parameters[2 * i].T + parameters[2 * i + 1]
            is_linear, is_last = i % 2 == 1, i == len(pairs) - 1
            kept.append(np.where((z > 0) | is_linear, 1.0, 0.05 if is_last else 0.0))  # leaky at the end: none dies
            inputs.append(z * kept[-1])
        delta, found = (inputs.pop() - bumps) / len(x), []
        for i in reversed(range(len(pairs))):
            delta = delta * kept[i]
            found += [delta.sum(axis=0), delta.T @ inputs[i]]
            delta = delta @ parameters[2 * i]
        return found[::-1]

    return [np.round(p * GRID) / GRID for p in adam(layers, gradients)]


def toy(shape: Shape, seed: int) -> list[Array]:
    """A toy model of superposition x' = relu(W^T W x), passed ``blocks`` times (Elhage et al. 2022, without a bias)."""
    return superposition(shape, seed, has_bias=False)


def toy_bias(shape: Shape, seed: int) -> list[Array]:
    """A toy model of superposition x' = relu(W^T W x + b), passed ``blocks`` times (Elhage et al. 2022)."""
    return superposition(shape, seed, has_bias=True)


def superposition(shape: Shape, seed: int, has_bias: bool) -> list[Array]:
    """Sparse features, each in [0, 1] and there with probability 2/n (1/2 at most), n of them kept in R^d; Adam.

    N. Elhage et al., Toy models of superposition, Transformer Circuits Thread, 2022.
    """
    rng = np.random.default_rng([seed, *shape, has_bias])
    n = shape.width
    start = [rng.normal(0, np.sqrt(1 / shape.dim), (n, shape.dim)), np.zeros(n)]

    def gradients(parameters: list[Array]) -> list[Array]:
        U, b = parameters
        x = rng.uniform(0, 1, (256, n)) * (rng.uniform(0, 1, (256, n)) < min(0.5, 2 / n))
        h = x @ U
        z = h @ U.T + b
        delta = (np.maximum(z, 0) - x) * (z > 0) / 16
        return [delta.T @ h + x.T @ (delta @ U), delta.sum(axis=0) * has_bias]

    U, b = (np.round(p * GRID) / GRID for p in adam(start, gradients))
    up, down = [U, b], [U.T.copy(), np.zeros(shape.dim)]
    return (up + down) * (shape.blocks - 1) + up


def degenerate(shape: Shape, seed: int) -> list[Array]:
    """Integers from -5 to 5, and among them a dead neuron, a duplicate, an opposite, and up to four zero biases.

    Where m hyperplanes meet in one point of the wanted set, 2^m faces have a piece there, so n such neurons could not
    be enumerated by anyone; a few are what is met in practice.
    """
    rng = np.random.default_rng([seed, *shape])
    layers = []
    for i, (a, b) in enumerate(itertools.pairwise(shape.widths)):
        weight, bias = rng.integers(-5, 6, (b, a)).astype(float), rng.integers(-5, 6, b).astype(float)
        weight[~weight.any(axis=1), 0] = 1
        if i % 2 == 0 and b >= 4:
            bias[: min(4, b // 4)] = 0
            weight[-1], bias[-1] = 0, -1  # dead
            weight[-2], bias[-2] = weight[1], bias[1]
            weight[-3], bias[-3] = (-weight[0], -bias[0]) if b < 8 else (-weight[4], -bias[4])
        layers += [weight, bias]
    return layers


def adam(
    parameters: list[Array], gradients: Callable[[list[Array]], list[Array]], steps: int = STEPS, rate: float = 1e-2
) -> list[Array]:
    """Parameters after ``steps`` steps of Adam (D. Kingma and J. Ba, 2015)."""
    parameters = [p.copy() for p in parameters]
    means, squares = [np.zeros_like(p) for p in parameters], [np.zeros_like(p) for p in parameters]
    for step in range(1, steps + 1):
        for p, g, m, v in zip(parameters, gradients(parameters), means, squares, strict=True):
            m += 0.1 * (g - m)
            v += 0.001 * (g * g - v)
            p -= rate * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
    return parameters


KINDS: dict[str, Callable[[Shape, int], list[Array]]] = {
    "random": random,
    "trained": trained,
    "toy": toy,
    "toy-bias": toy_bias,
    "degenerate": degenerate,
}


@lru_cache(maxsize=64)
def network(kind: str, shape: Shape, seed: int) -> pr.Network:
    """The network of this kind, with a ReLU after each layer up and none after those down."""
    parameters = KINDS[kind](shape, seed)
    pairs = list(zip(parameters[::2], parameters[1::2], strict=True))
    return pr.Network(pairs, relu=[i % 2 == 0 for i in range(len(pairs))])
