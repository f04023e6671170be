"""Ten small networks from seeds: generic in two to six inputs, and two that are not generic."""

from __future__ import annotations

from typing import Any

import numpy as np

import polyrelu as pr

INTEGERS, NO_BIASES = "integers", "no biases"
NETWORKS: dict[str, tuple[tuple[int, ...], str]] = {
    "2-10-2-10": ((2, 10, 2, 10), ""),
    "2-32-32": ((2, 32, 32), ""),
    "2-64-64": ((2, 64, 64), ""),
    "2-32-32 integers": ((2, 32, 32), INTEGERS),
    "3-12-12": ((3, 12, 12), ""),
    "3-16-16": ((3, 16, 16), ""),
    "3-16-16 no biases": ((3, 16, 16), NO_BIASES),
    "4-10-10": ((4, 10, 10), ""),
    "5-8-8": ((5, 8, 8), ""),
    "6-6-6": ((6, 6, 6), ""),
}


def network(name: str) -> Any:
    """The network of that name, with three outputs."""
    widths, kind = NETWORKS[name]
    random = np.random.default_rng(0)
    layers = []
    for inputs, outputs in zip(widths, (*widths[1:], 3), strict=True):
        weight, bias = random.normal(size=(outputs, inputs)), random.normal(size=outputs)
        if kind == INTEGERS:
            weight, bias = weight.round(), bias.round()
        layers.append((weight, np.zeros(outputs) if kind == NO_BIASES else bias))
    return pr.Network(layers, relu=[True] * (len(layers) - 1) + [False])


def box(name: str) -> Any:
    """The domain of all questions: [-1, 1]^d."""
    dim = NETWORKS[name][0][0]
    return pr.Polyhedron.box([-1] * dim, [1] * dim)
