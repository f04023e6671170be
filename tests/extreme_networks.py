"""Networks for which floats are at their worst: any magnitude, neurons that nearly cancel, lines that are just missed.

All take a numpy random generator, so that a seed is all that has to be remembered of one that failed.
"""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np

import polyrelu as pr

LEAST, MOST = -1070, 1020
KINDS = ("plain", "active", "near another", "mixed", "no bias", "integers")


def power(exponent) -> Fraction:
    """Two to an integer of either sign."""
    return Fraction(2) ** int(exponent)


def nearest(value: Fraction) -> Fraction:
    """The nearest float, or the number itself where that is beyond their range."""
    try:
        return Fraction(value.numerator / value.denominator)
    except OverflowError:
        return value


def box(dim, radius=1):
    return pr.Polyhedron.box([-radius] * dim, [radius] * dim)


def of_any_magnitude(rng: np.random.Generator, exponents=(LEAST, MOST)) -> pr.Network:
    """Two or three small layers, each neuron in a power of two of its own; rows within a layer of many kinds."""
    widths = [int(rng.integers(1, 4)), *(int(n) for n in rng.integers(2, 5, int(rng.integers(2, 4))))]
    units, layers = [Fraction(1)] * widths[0], []
    for inputs, outputs in itertools.pairwise(widths):
        own = [power(rng.choice([0, rng.integers(*exponents)])) for _ in range(outputs)]
        if rng.random() < 0.5:
            own = [own[0]] * outputs
        rows: list[list[Fraction]] = []
        offsets: list[Fraction] = []
        for _ in range(outputs):
            row, offset = _row(rng, rng.choice(KINDS), inputs, list(zip(rows, offsets, strict=True)))
            rows.append(row)
            offsets.append(offset)
        rounded = nearest if rng.random() < 0.7 else Fraction
        weights = [[rounded(v * own[i] / u) for v, u in zip(row, units, strict=True)] for i, row in enumerate(rows)]
        biases = [rounded(offset * own[i]) for i, offset in enumerate(offsets)]
        layers.append(pr.Layer(weights, biases, [bool(on) for on in rng.random(outputs) < 0.8]))
        units = own
    return pr.Network(layers)


def _row(rng, kind, inputs, others):
    if kind == "near another" and others:
        row, offset = others[int(rng.integers(len(others)))]
        factor = Fraction(float(rng.choice([1, -1, 3, -0.5])))
        slip = 1 + Fraction(int(rng.integers(-2, 3)), 2 ** int(rng.integers(45, 60)))
        return [v * factor for v in row], offset * factor * slip
    row, offset = [Fraction(v) for v in rng.normal(size=inputs)], Fraction(rng.normal())
    if kind == "integers":
        row, offset = [Fraction(int(v)) for v in rng.integers(-2, 3, inputs)], Fraction(int(rng.integers(-2, 3)))
    if kind == "active":
        offset = 4 * sum(map(abs, row))
    if kind == "no bias":
        offset = Fraction(0)
    if kind == "mixed":
        scales = [power(rng.choice([0, 0, -500, -537, 40, rng.integers(-900, 1)])) for _ in range(inputs)]
        row, offset = [v * s for v, s in zip(row, scales, strict=True)], offset * min(scales)
    return row, offset


def just_missed(rng: np.random.Generator, first: int, second: int, beside: int | None = None) -> pr.Network:
    """A neuron that nearly cancels, and a line through the point where it crosses an edge of [-1, 1]^2, or just beside.

    The network is 2-5-3-1. Four neurons are active, with values near 2^first, one is silent. A neuron of the next layer
    is 2^second times a combination of the four that cancels up to about 2^-40; ``beside`` is the binary logarithm of
    the silent one's weight in it, None for zero. Two more coordinates, of size 1, bring the inputs to the last layer.
    """
    one, two = power(first), power(second)
    normals = rng.normal(size=(4, 2))
    offsets = 4 * np.abs(normals).sum(axis=1)
    active = [[Fraction(v) for v in (*row, offset)] for row, offset in zip(normals, offsets, strict=True)]

    def combined(weights):
        return [sum(w * row[j] for w, row in zip(weights, active, strict=True)) for j in range(3)]

    cancelling = [Fraction(v) for v in rng.normal(size=2) @ np.linalg.svd(normals.T)[2][2:]]
    while True:
        weights = [nearest(v + Fraction(s) * power(-40)) for v, s in zip(cancelling, rng.normal(size=4), strict=True)]
        across, along, constant = combined(weights)
        bias = nearest(-across * Fraction(rng.uniform(-0.9, 0.9)) - along - constant)
        crossing = (-(along + constant + bias) / across, Fraction(1))
        if abs(crossing[0]) < 1:
            break
    brought = [[Fraction(v) for v in rng.normal(size=4)] for _ in range(2)]
    there = [sum(v * x for v, x in zip(combined(row), (*crossing, 1), strict=True)) for row in brought]
    line = [Fraction(v) for v in rng.normal(size=2)]
    missed = power(-rng.integers(8, 50)) * int(rng.integers(-1, 2))
    silent = Fraction(0) if beside is None else two * power(beside)
    return pr.Network(
        [
            pr.Layer(
                [*([v * one for v in row[:2]] for row in active), [one, one]],
                [*(row[2] * one for row in active), -8 * one],
                True,
            ),
            pr.Layer(
                [[*(v * two for v in weights), silent], *([*(v / one for v in row), 0] for row in brought)],
                [bias * one * two, 0, 0],
                [True, False, False],
            ),
            pr.Layer([[0, *line]], [nearest(missed - sum(a * x for a, x in zip(line, there, strict=True)))], True),
        ]
    )


def plain_network(rng: np.random.Generator) -> pr.Network:
    """Two or three layers of ordinary floats, wide enough for sums to round."""
    widths = [int(rng.integers(1, 4)), *(int(n) for n in rng.integers(2, 9, int(rng.integers(2, 4))))]
    layers = [(rng.normal(size=(b, a)), rng.normal(size=b)) for a, b in itertools.pairwise(widths)]
    return pr.Network(layers, relu=[True] * len(layers))


def nearly_parallel(rng: np.random.Generator) -> pr.Network:
    """Lines or planes that are multiples of three, up to a last digit here and there, and one more layer."""
    dim = int(rng.integers(2, 4))
    base = rng.normal(size=(3, dim + 1)) if rng.random() < 0.7 else rng.integers(-4, 5, (3, dim + 1)).astype(float)
    rows = base[rng.integers(0, 3, int(rng.integers(4, 8)))]
    rows *= rng.choice([1, -1, 1.5, 3, -0.7], len(rows))[:, None]
    for row in rows:
        k = int(rng.integers(dim + 1))
        row[k] = np.nextafter(row[k], np.inf * rng.choice([-1, 1])) if rng.random() < 0.6 else row[k]
    layers = [(rows[:, :dim], rows[:, dim]), (rng.normal(size=(3, len(rows))), rng.normal(size=3))]
    return pr.Network(layers, relu=[True, True])


DEGENERATE = ("generic", "integers", "signs", "no biases", "opposite pairs", "multiples", "dyadic", "rational")


def degenerate(rng: np.random.Generator, kind: str) -> pr.Network:
    """One to three small layers of a kind; the last one may lack its ReLU."""
    widths = [int(n) for n in (rng.integers(1, 4), *rng.integers(2, 6, int(rng.integers(1, 4))))]
    rows = [_rows(rng, kind, a, b) for a, b in itertools.pairwise(widths)]
    relu = [True] * (len(rows) - 1) + [bool(rng.random() < 0.5)]
    return pr.Network([pr.Layer(weight, bias, on) for (weight, bias), on in zip(rows, relu, strict=True)])


def _rows(rng, kind, inputs, outputs):
    weight, bias = rng.normal(size=(outputs, inputs)), rng.normal(size=outputs)
    if kind in ("integers", "signs", "multiples"):
        most = 1 if kind == "signs" else 2
        weight = rng.integers(-most, most + 1, (outputs, inputs)).astype(float)
        bias = rng.integers(-most, most + 1, outputs).astype(float)
    if kind == "multiples":
        weight[-1], bias[-1] = weight[0] * 3, bias[0] * 3
    if kind == "no biases":
        bias = np.zeros(outputs)
    if kind == "opposite pairs":
        half = outputs // 2
        weight[half : 2 * half], bias[half : 2 * half] = -weight[:half], -bias[:half]
    if kind == "dyadic":
        weight, bias = np.round(64 * weight) / 64, np.round(64 * bias) / 64
    if kind == "rational":
        thirds = [[Fraction(int(v), 3) for v in row] for row in rng.integers(-4, 5, (outputs, inputs + 1))]
        return [row[:-1] for row in thirds], [row[-1] for row in thirds]
    return weight, bias
