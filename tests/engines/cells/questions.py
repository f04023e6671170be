"""Questions of any kind that is hard for floats, drawn by hypothesis."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from hypothesis import strategies as st

import polyrelu as pr
from tests.engines.cells.runs import concurrent
from tests.extreme_networks import DEGENERATE, box, degenerate, just_missed, nearly_parallel, of_any_magnitude

KINDS = (*DEGENERATE, "concurrent", "nearly parallel", "any magnitude", "just missed")
DOMAINS = ("whole space", "box", "box", "unbounded", "flat")
TARGETS = (
    None,
    "y0 > 0",
    "y0 <= 0",
    "y0 < 1",
    "y0 == 0",
    "y0 == 1/2",
    "y0 == {last}",
    "y0 >= {last}, y0 <= 0",
    "y0 <= {last}, y0 < 1, 2*y0 + {last} <= 3",
    "y0 == 0, {last} >= 0",
    "y0 == 0, {last} == 0",
)

seeds = st.integers(0, 2**32)
kinds = st.sampled_from(KINDS)


def network_of(kind: str, rng: np.random.Generator) -> pr.Network:
    if kind == "concurrent":
        return concurrent(rng, int(rng.integers(4, 9)), 3)
    if kind == "nearly parallel":
        return nearly_parallel(rng)
    if kind == "any magnitude":
        return of_any_magnitude(rng)
    if kind == "just missed":
        first, second, beside = (int(v) for v in rng.integers((-500, -500, 0), (490, 490, 1000)))
        return just_missed(rng, first, second, None if rng.random() < 0.5 else beside)
    return degenerate(rng, kind)


def domain_of(kind: str, dim: int, rng: np.random.Generator) -> pr.Polyhedron | None:
    if kind == "whole space":
        return None
    if kind == "unbounded":
        return pr.Polyhedron([[-1] * dim, [int(v) for v in rng.integers(-2, 3, dim)]], [1, 2])
    square = box(dim, Fraction(int(rng.integers(1, 10)), int(rng.integers(1, 4))))
    if kind == "flat" and dim > 1:
        return square & pr.Polyhedron([[int(v) for v in rng.integers(-1, 2, dim)]], [0], equalities=[0])
    return square


@st.composite
def questions(draw, kinds=kinds, targets: Sequence[str | None] = TARGETS):
    """A network, a domain and a target, or None for regions."""
    rng = np.random.default_rng(draw(seeds))
    network = network_of(draw(kinds), rng)
    domain = domain_of(draw(st.sampled_from(DOMAINS)), network.input_dim, rng)
    target, dim = draw(st.sampled_from(targets)), network.output_dim
    return network, domain, target and pr.parse(target.format(last=f"y{dim - 1}"), dim=dim)
