"""The zoo: named specimens of what networks, polyhedra and tilings can be, the degenerate ones among them.

tests/test_zoo.py asks every public verb about every specimen that it applies to. A new kind of trouble is a new line
here, and all verbs meet it.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cache
from typing import Any, NamedTuple

import numpy as np

import polyrelu as pr

HUGE, TINY, LEAST = Fraction(1e300), Fraction(1e-300), Fraction(1, 2**1074)
BEYOND = Fraction(10**400)
"""A number beyond the greatest float; its reciprocal is below the least one."""

box = pr.Polyhedron.box


def square(radius: Fraction | int | str = 1, dim: int = 2) -> pr.Polyhedron:
    """The points whose coordinates are at most ``radius`` in size."""
    return box([-Fraction(radius)] * dim, [Fraction(radius)] * dim)


def rows(text: str, dim: int) -> pr.Polyhedron:
    """A polyhedron by its constraints, of inputs x or outputs y."""
    return pr.parse(text, dim, names=["x", "y"])


POLYHEDRA: dict[str, pr.Polyhedron] = {
    "empty": pr.Polyhedron.empty(2),
    "empty by strict rows": rows("x0 > 0 and x0 + x1 < 0 and x1 > 0", 2),
    "empty by equalities": pr.Polyhedron([[1, 1], [2, 2]], [1, 3], equalities=[0, 1]),
    "empty in no dimension": pr.Polyhedron.empty(0),
    "point in no dimension": pr.Polyhedron.whole_space(0),
    "point": box([1, "1/3"], [1, "1/3"]),
    "point between rows": pr.Polyhedron([[1, 1], [-1, 0], [0, -1]], [0, 0, 0]),
    "point from a generator": pr.Polyhedron.from_generators([["1/7", 2, -3]]),
    "line": pr.Polyhedron.whole_space(1),
    "plane": pr.Polyhedron.whole_space(2),
    "line in space": pr.Polyhedron.from_generators([[0, 1, 2]], lines=[[1, 1, 1]]),
    "ray": pr.Polyhedron.from_generators([[1, 2]], rays=[[3, -1]]),
    "open ray": rows("x0 > 2", 1),
    "segment": box([0], ["2/3"]),
    "segment in the plane": rows("3*x0 + 2*x1 == 1 and x0 >= 0 and x0 <= 2", 2),
    "open segment in the plane": rows("3*x0 + 2*x1 == 1 and x0 > 0 and x0 < 2", 2),
    "square in space": box([0, 0, 5], [1, 1, 5]),
    "triangle in space": pr.Polyhedron.from_generators([[1, 0, 0], [0, 1, 0], [0, 0, 1]]),
    "half-plane": rows("x0 - 2*x1 <= 3", 2),
    "open half-plane": rows("x0 - 2*x1 < 3", 2),
    "strip": rows("x0 >= -1 and x0 <= 1", 2),
    "wedge": rows("x0 >= 0 and x1 >= x0", 2),
    "orthant": rows("x0 >= 0 and x1 >= 0 and x2 >= 0", 3),
    "cylinder": pr.Polyhedron.from_generators([[0, 0, 0], [1, 0, 0], [0, 1, 0]], lines=[[0, 0, 1]]),
    "square": square(),
    "open square": pr.Polyhedron(square().A, square().b, strict=True),
    "half-open square": rows("x0 >= 0 and x0 < 1 and x1 > 0 and x1 <= 1", 2),
    "triangle": pr.Polyhedron.from_generators([[0, 0], [1, 0], [0, 1]]),
    "square without a vertex": square() & rows("x0 + x1 < 2", 2),
    "redundant rows": pr.Polyhedron([[1, 0], [1, 0], [-1, 0], [0, 1], [0, -1], [1, 1]], [1, 2, 1, 1, 1, 2]),
    "zero rows": pr.Polyhedron([[0, 0], [1, 0], [0, 0], [-1, 0], [0, 1], [0, -1]], [0, 1, 5, 1, 1, 1]),
    "octahedron": pr.Polyhedron.from_generators([[s * (i == j) for j in range(3)] for i in range(3) for s in (1, -1)]),
    "pyramid": pr.Polyhedron.from_generators([[1, 1, 0], [1, -1, 0], [-1, 1, 0], [-1, -1, 0], [0, 0, 1]]),
    "simplex in four dimensions": rows("x0 >= 0 and x1 >= 0 and x2 >= 0 and x3 >= 0 and x0 + x1 + x2 + x3 <= 1", 4),
    "many dimensions": box([0] * 10, [1] * 3 + [0] * 7),
    "huge": square(HUGE),
    "tiny": square(TINY),
    "subnormal": square(LEAST),
    "beyond the floats": square(BEYOND) & rows("x0 + x1 <= 1", 2),
    "below the floats": square(1 / BEYOND),
    "needle": box([0, 0], [HUGE, TINY]),
    "far away": box([HUGE, HUGE], [HUGE + 1, HUGE + 1]),
    "nearly empty": pr.Polyhedron([[1, 1], [-1, -1 - TINY]], [1, -1]) & square(),
}


def chain(*layers: tuple[list[list[object]], list[object]], relu: list[bool] | None = None) -> pr.Network:
    """A network of (weight, bias) pairs."""
    return pr.Network(layers, relu=relu)


def _masked(*layers: tuple[list[list[object]], list[object], list[bool]]) -> pr.Network:
    return pr.Network([pr.Layer(*layer) for layer in layers])


def scaled(first: Fraction, second: Fraction) -> pr.Network:
    """Three neurons whose numbers have one size, and a sum of them whose numbers have another."""
    return chain(
        ([[first, first], [first, -2 * first], [-first, 0]], [0, first, first / 3]),
        ([[second, -second, second]], [second / 5]),
    )


NETWORKS: dict[str, pr.Network] = {
    "one neuron": chain(([[1]], [0]), relu=[True]),
    "no ReLU": chain(([[1, 2], [3, -1]], [0, "1/2"])),
    "no inputs": pr.Network([(np.zeros((2, 0)), [1, -1]), ([[1, 1]], [0])]),
    "absolute value": chain(([[1], [-1]], [0, 0]), ([[1, 1]], [0])),
    "two layers on a line": chain(([[1], [2], [-1]], [0, -1, 1]), ([[1, -1, 1], [1, 1, 0]], [0, -1]), ([[1, -2]], [0])),
    "zero for all large inputs": chain(([[1], [-1], [1], [1]], [0, 0, -1, -2]), ([[1, 1, -2, 1]], [0])),
    "zero weights": chain(([[0, 0], [0, 0]], [0, 1]), ([[0, 0]], [0])),
    "dead layer": chain(([[1, 0], [0, 1]], [0, 0]), ([[-1, -1], [-2, -1]], [-1, -1]), ([[1, 1]], [1])),
    "duplicate neurons": chain(([[1, 1], [1, 1], [-1, -1], [2, 2]], [0, 0, 0, 0]), ([[1, 1, -1, 1]], [0])),
    "fan": chain(([[1, 0], [0, 1], [1, 1], [1, -1]], [0] * 4), ([[1, -1, 1, 1]], [0])),
    "skip connection": _masked(
        ([[1, 0], [0, 1], [1, 1]], [0, 0, -1], [False, False, True]),
        ([[1, 0, -1], [0, 1, 2]], [0, 0], [False, True]),
    ),
    "sum of absolute values": chain(([[1, 0], [-1, 0], [0, 1], [0, -1]], [0] * 4), ([[1, 1, 1, 1]], [0])),
    "absolute values of first input": chain(([[1, 0], [-1, 0]], [0, 0]), ([[1, 1]], [0])),
    "two outputs": chain(([[1, 0], [0, 1], [1, 1]], [0, "1/2", "-1/10"]), ([[1, 1, -1], [1, -1, 0]], [0, 0])),
    "space": chain(([[1, 1, 0], [0, 1, -1], [1, -1, 1]], [0, "1/3", "-1/2"]), ([[1, -1, 1]], [0])),
    "four inputs": chain(([[1, 1, 0, 0], [0, 0, 1, -1]], [0, "1/2"]), ([[1, -1]], [0])),
    "twelve inputs": chain(([[1] * 12, [1, -1] * 6], [-1, 0]), ([[1, 1]], [0])),
    "nearly parallel": chain(
        ([[9, 6], [-4.5, float(np.nextafter(-3, 0))], [1.5, 1]], [1, "-1/2", 0]), ([[1, 1, 1]], [0])
    ),
    "huge": scaled(HUGE, TINY),
    "tiny": scaled(TINY, HUGE),
    "subnormal": scaled(LEAST, Fraction(1)),
    "values overflow": scaled(HUGE, HUGE),
    "values underflow": scaled(TINY, TINY),
    "beyond the floats": scaled(BEYOND, 1 / BEYOND),
}


class Question(NamedTuple):
    """What is asked: a network, targets (None for the linear regions), a domain, and a method."""

    network: pr.Network
    targets: pr.Polyhedron | list[pr.Polyhedron] | None
    domain: pr.Polyhedron | None = None
    method: str = "auto"

    def answer(self) -> pr.Tiling:
        """The tiling."""
        if self.targets is None:
            return pr.linear_regions(self.network, self.domain, self.method)
        return pr.preimage(self.network, self.targets, self.domain, self.method)


_ABSOLUTE, _DIAMOND = NETWORKS["absolute value"], NETWORKS["sum of absolute values"]
_RING = rows("y0 >= 1 and y0 <= 2", 1)
_PLANE = NETWORKS["two outputs"]
_OVERLAP = [rows("y0 >= 1/4", 2), rows("y0 >= 0 and y1 >= 0", 2), rows("y1 <= -1/2", 2)]

QUESTIONS: dict[str, Question] = {
    "no targets": Question(_ABSOLUTE, []),
    "empty target": Question(_DIAMOND, pr.Polyhedron.empty(1), square()),
    "empty domain": Question(_DIAMOND, rows("y0 >= 0", 1), pr.Polyhedron.empty(2)),
    "nothing found": Question(_DIAMOND, rows("y0 < 0", 1), square()),
    "whole line": Question(_ABSOLUTE, pr.Polyhedron.whole_space(1)),
    "whole plane": Question(NETWORKS["no ReLU"], None),
    "no inputs": Question(NETWORKS["no inputs"], rows("y0 >= 1", 1)),
    "point": Question(_ABSOLUTE, rows("y0 <= 0", 1)),
    "point in the plane": Question(_DIAMOND, rows("y0 == 0", 1), square()),
    "two points": Question(_ABSOLUTE, rows("y0 == 1", 1)),
    "point beside a ray": Question(NETWORKS["zero for all large inputs"], rows("y0 <= 0", 1)),
    "point beside a segment": Question(NETWORKS["zero for all large inputs"], rows("y0 <= 0", 1), box([-3], [5])),
    "level set": Question(_DIAMOND, rows("y0 == 1/3", 1), square()),
    "level lines": Question(NETWORKS["absolute values of first input"], rows("y0 == 1", 1)),
    "flat domain": Question(_DIAMOND, rows("y0 <= 1", 1), square() & rows("x0 == x1", 2)),
    "flat box": Question(NETWORKS["space"], None, box([-1, -1, "1/3"], [1, 1, "1/3"])),
    "point as domain": Question(_DIAMOND, rows("y0 <= 1", 1), box(["1/3", 0], ["1/3", 0])),
    "open domain": Question(_DIAMOND, rows("y0 <= 1", 1), POLYHEDRA["open square"]),
    "strict target": Question(_DIAMOND, rows("y0 > 1/2 and y0 < 1", 1), square()),
    "two rays": Question(_ABSOLUTE, rows("y0 >= 1", 1)),
    "fan": Question(NETWORKS["fan"], None),
    "strips": Question(NETWORKS["absolute values of first input"], rows("y0 <= 1", 1)),
    "unbounded plane with a hole": Question(_DIAMOND, rows("y0 > 1", 1)),
    "domain with a corner": Question(_DIAMOND, rows("y0 >= 1", 1), rows("x0 >= 0 and x1 >= -1", 2)),
    "ring": Question(_DIAMOND, _RING, square(3)),
    "ring by the twin": Question(_DIAMOND, _RING, square(3), "twin"),
    "ring by un-ReLU": Question(_DIAMOND, _RING, square(3), "unrelu"),
    "ring by search": Question(_DIAMOND, _RING, square(3), "search"),
    "ring by half-spaces": Question(_DIAMOND, _RING, square(3), "halfspaces"),
    "overlapping targets": Question(_PLANE, _OVERLAP, square()),
    "equal targets": Question(_PLANE, [_OVERLAP[0], _OVERLAP[0]], square()),
    "two layers on a line": Question(NETWORKS["two layers on a line"], None, box([-2], [2])),
    "dead layer": Question(NETWORKS["dead layer"], rows("y0 >= 1", 1), square()),
    "duplicate neurons": Question(NETWORKS["duplicate neurons"], None, square()),
    "skip connection": Question(NETWORKS["skip connection"], rows("y0 >= y1", 2), square(2)),
    "space": Question(NETWORKS["space"], rows("y0 >= 1/4", 1), square(1, 3)),
    "four inputs": Question(NETWORKS["four inputs"], rows("y0 >= 0", 1), square(1, 4)),
    "nine of twelve inputs constant": Question(
        NETWORKS["twelve inputs"], rows("y0 >= 1", 1), box([0] * 12, [1] * 3 + [0] * 9)
    ),
    "nearly parallel": Question(NETWORKS["nearly parallel"], None, square()),
    "huge": Question(NETWORKS["huge"], None, square()),
    "tiny": Question(NETWORKS["tiny"], None, square()),
    "subnormal": Question(NETWORKS["subnormal"], None, square()),
    "values overflow": Question(NETWORKS["values overflow"], rows("y0 >= 1", 1), square()),
    "values underflow": Question(NETWORKS["values underflow"], rows("y0 >= 0", 1), square()),
    "beyond the floats": Question(NETWORKS["beyond the floats"], None, square()),
    "huge domain": Question(_DIAMOND, rows("y0 >= 1", 1), square(HUGE)),
    "tiny domain": Question(_DIAMOND, None, square(TINY)),
    "subnormal domain": Question(_DIAMOND, None, square(LEAST)),
    "domain beyond the floats": Question(_DIAMOND, rows("y0 >= 1", 1), square(BEYOND)),
    "domain below the floats": Question(_DIAMOND, None, square(1 / BEYOND)),
}


def _window(features: Any, bias: Any, decoder: Any = None) -> dict[str, Any]:
    """The arguments of a latent plane whose corners are its features."""
    encoder = np.array(features).T
    back = encoder.T if decoder is None else np.array(decoder)
    return {"plane_points": encoder.T @ back.T + np.array(bias), "W_enc": encoder, "W_dec": back, "bias": bias}


_HEXAGON = [(math.cos(math.pi * k / 3), math.sin(math.pi * k / 3)) for k in range(6)]

WINDOWS: dict[str, dict[str, Any]] = {
    "hexagon": _window(_HEXAGON, [-0.5] * 6),
    "hexagon in float32": _window(np.array(_HEXAGON, dtype=np.float32), np.full(6, -0.5, dtype=np.float32)),
    "hexagon in float16": _window(np.array(_HEXAGON, dtype=np.float16), np.full(6, -0.5, dtype=np.float16)),
    "antipodal pairs": _window([(1, 0), (-1, 0), (0, 1), (0, -1)], [0, 0, 0, 0]),
    "exact thirds": _window(
        [(Fraction(1, 3), 0), (0, Fraction(1, 3)), (Fraction(-2, 3), Fraction(-1, 3))], [Fraction(-1, 7)] * 3
    ),
    "a dead feature": _window([(1, 0), (0, 1), (0, 0), (-1, -1)], [0, 0, 1, 0]),
    "equal features": _window([(1, 0), (1, 0), (0, 1), (-1, -1)], [0, -1, 0, 0]),
    "all on one side": _window([(1, 0.25), (1, -0.25), (0.5, 0)], [0, 0, 0.5]),
    "untied": _window([(1, 0), (0, 1), (-1, -1)], [-0.25] * 3, [(1, 1), (-1, 2), (0, -3)]),
    "huge": _window([(2.0**300, 0), (0, 2.0**300), (-(2.0**300), -(2.0**300))], [1, 2, 3]),
    "tiny": _window([(2.0**-300, 0), (0, 2.0**-300), (-(2.0**-300), -(2.0**-300))], [0, 0, 0]),
    "subnormal": _window([(2.0**-537, 0), (0, 2.0**-537), (-(2.0**-537), -(2.0**-536))], [0, 0, 0]),
}


def _stopped() -> pr.Tiling:
    """What a run found that was stopped after a tile or two."""
    try:
        pr.preimage(_DIAMOND, _RING, square(3), "unrelu", until=lambda found: found > 0)
    except pr.Interrupted as stopped:
        return stopped.partial
    raise AssertionError("the run came to its end")


_CHANGED = {
    "stopped run": _stopped,
    "some tiles of a ring": lambda: QUESTIONS["ring"].answer()[1:3],
    "none of the tiles": lambda: QUESTIONS["ring"].answer()[:0],
    "tiles in another order": lambda: QUESTIONS["overlapping targets"].answer()[::-1],
}
TILINGS = (*QUESTIONS, *_CHANGED)
"""The names of the tilings: the answers to the questions, and what becomes of answers."""


@cache
def tiling(name: str) -> pr.Tiling:
    """A tiling by its name."""
    return QUESTIONS[name].answer() if name in QUESTIONS else _CHANGED[name]()
