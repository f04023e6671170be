"""Hypothesis strategies: polyhedra, layers and networks, degenerate as often as not."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron

small = st.integers(-2, 2)
weights = st.one_of(
    small,
    st.sampled_from([Fraction(1, 2), Fraction(-1, 3), Fraction(3, 2)]),
    st.sampled_from([0.1, -0.7, 1.25, -1e-3]),
)
coordinates = st.one_of(st.integers(-3, 3), st.fractions(-3, 3, max_denominator=6))


# Floats of all magnitudes, from subnormal ones to almost the greatest, with few places and with all.
wide_floats = st.one_of(
    st.just(0.0),
    st.builds(
        lambda places, exponent, sign: sign * math.ldexp(places, exponent),
        st.one_of(st.integers(1, 3), st.integers(2**52, 2**53 - 1)),
        st.one_of(st.integers(-1070, 965), st.sampled_from([-1074, -1022, -537, -52, 0, 459, 512])),
        st.sampled_from([1.0, -1.0]),
    ),
)


def points(dim: int):
    return st.tuples(*[coordinates] * dim)


def relations():
    return st.sampled_from(["<=", "<=", "<=", "<", "=="])


@st.composite
def halfspaces(draw, dim: int, relation=None):
    normal = draw(st.tuples(*[small] * dim))
    return Halfspace.of(normal, draw(st.integers(-2, 3)), draw(relations() if relation is None else relation))


@st.composite
def polyhedra(draw, dim: int | None = None, max_rows: int = 6, relation=None):
    d = draw(st.integers(0, 3)) if dim is None else dim
    rows = draw(st.lists(halfspaces(d, relation), max_size=max_rows))
    return Polyhedron.from_halfspaces(rows, d)


@st.composite
def matrices(draw, rows: int, columns: int, entries=weights):
    kind = draw(st.sampled_from(["free", "small", "duplicate", "rank one"]))
    if kind == "rank one":
        left, right = draw(st.tuples(*[small] * rows)), draw(st.tuples(*[small] * columns))
        return [[a * b for b in right] for a in left]
    source = small if kind != "free" else entries
    matrix = [list(draw(st.tuples(*[source] * columns))) for _ in range(rows)]
    if kind == "duplicate" and rows > 1:
        matrix[-1] = list(matrix[0])
    return matrix


@st.composite
def biases(draw, rows: int):
    return [0] * rows if draw(st.booleans()) else list(draw(st.tuples(*[weights] * rows)))


@st.composite
def layers(draw, inputs: int, outputs: int, relu=None):
    mask = [True] * outputs if relu is True else list(draw(st.tuples(*[st.booleans()] * outputs)))
    return pr.Layer(draw(matrices(outputs, inputs)), draw(biases(outputs)), mask if relu is not False else False)


@st.composite
def networks(draw, max_inputs: int = 3, max_width: int = 5, max_depth: int = 3, max_neurons: int = 7):
    depth = draw(st.integers(1, max_depth))
    widths = [draw(st.integers(1, max_inputs)), *(draw(st.integers(1, max_width)) for _ in range(depth))]
    chain, left = [], max_neurons
    for i, (before, after) in enumerate(itertools.pairwise(widths)):
        relu = draw(st.sampled_from([True, True, None, False]))
        layer = draw(layers(before, after, relu))
        if sum(layer.relu) > left or (i == depth - 1 and draw(st.booleans())):
            layer = pr.Layer(layer.weight, layer.bias, False)
        left -= sum(layer.relu)
        chain.append(layer)
    return pr.Network(chain)


@st.composite
def wide_networks(draw, max_inputs: int = 2, max_width: int = 3, max_depth: int = 3):
    """Networks whose numbers have all magnitudes, with neurons that nearly cancel another."""
    depth = draw(st.integers(1, max_depth))
    widths = [draw(st.integers(1, max_inputs)), *(draw(st.integers(1, max_width)) for _ in range(depth))]
    chain = []
    for before, after in itertools.pairwise(widths):
        rows = [draw(st.lists(wide_floats, min_size=before + 1, max_size=before + 1)) for _ in range(after)]
        if after > 1 and draw(st.booleans()):
            rows[-1] = [-v for v in rows[0]]
            rows[-1][0] = math.nextafter(rows[-1][0], draw(st.sampled_from([-math.inf, math.inf])))
        mask = list(draw(st.tuples(*[st.booleans()] * after)))
        chain.append(pr.Layer([row[:-1] for row in rows], [row[-1] for row in rows], mask))
    return pr.Network(chain)


@st.composite
def domains(draw, dim: int):
    """Boxes, simplices, cones, half-spaces, flats, open sets, all of R^d, and what else comes."""
    kind = draw(st.sampled_from(["box", "box", "simplex", "cone", "half-space", "flat", "open", "space", "any"]))
    unit = [[int(i == j) for j in range(dim)] for i in range(dim)]
    if kind == "space":
        return None
    if kind in ("box", "open"):
        box = Polyhedron.box([-2] * dim, [draw(st.integers(-1, 3)) for _ in range(dim)])
        return Polyhedron(box.A, box.b, strict=True) if kind == "open" else box
    if kind == "simplex":
        return Polyhedron([*([-v for v in row] for row in unit), [1] * dim], [1] * dim + [2])
    if kind == "cone":
        return Polyhedron([[-v for v in row] for row in unit], [0] * dim)
    if kind == "half-space":
        return Polyhedron.from_halfspaces([draw(halfspaces(dim, st.sampled_from(["<=", "<"])))], dim)
    if kind == "flat":
        return Polyhedron.box([-2] * dim, [2] * dim) & Polyhedron.from_halfspaces(
            [draw(halfspaces(dim, st.just("==")))], dim
        )
    return draw(polyhedra(dim, max_rows=3))


@st.composite
def questions(draw, /, **sizes: int):
    """A network, a target in its output space, and a domain in its input space."""
    network = draw(networks(**sizes))
    target = draw(polyhedra(network.output_dim, max_rows=2))
    return network, target, draw(domains(network.input_dim))


def witnesses(polyhedron: Polyhedron):
    """Points that matter: vertices, their midpoints, a relative interior point, and steps along rays."""
    if polyhedron.is_empty():
        return []
    vertices, rays, lines = polyhedron.generators
    midpoints = [
        tuple((a + b) / 2 for a, b in zip(v, w, strict=True)) for v, w in itertools.combinations(vertices[:6], 2)
    ]
    steps = [tuple(a + b for a, b in zip(v, r, strict=True)) for v in vertices[:3] for r in (*rays, *lines)]
    return [*vertices, *midpoints, *steps, polyhedron.relative_interior_point()]


@st.composite
def damaged(draw, content, may_end_early=True):
    """The content of a file with some bytes changed, or without its end."""
    spoilt = bytearray(content)
    if may_end_early and draw(st.booleans()):
        del spoilt[draw(st.integers(0, len(spoilt) - 1)) :]
    else:
        for _ in range(draw(st.integers(1, 4))):
            spoilt[draw(st.integers(0, len(spoilt) - 1))] = draw(st.integers(0, 255))
    return bytes(spoilt)


def is_read_or_refused(path):
    """Whether a file is a network, or is refused with a reason."""
    try:
        return bool(pr.load_network(path).widths)
    except pr.PolyreluError as error:
        return bool(str(error))
