"""Fixed inputs: the same answer as with the constants folded into the biases by hand."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.engines.registry import METHODS
from polyrelu.networks.fixed_inputs import Folding
from polyrelu.polyhedra import cddlib
from tests.strategies import networks

ABOVE = pr.parse("y0 > 0", dim=1)
UNIT = pr.Polyhedron.box([0, 0], [1, 1])


def problem(dim):
    """A network with dim inputs, and the same with all but the first two folded in; and the constants."""
    weight = [[(3 * i + 7 * j) % 5 - 2 for i in range(dim)] for j in range(4)]
    values = [Fraction((37 * i) % 255, 255) for i in range(2, dim)]
    shifts = [sum(w * v for w, v in zip(row[2:], values, strict=True)) for row in weight]
    bias = [Fraction(1, 2) - Fraction(j + 1, 3) for j in range(4)]
    full = pr.Network([(weight, [b - s for b, s in zip(bias, shifts, strict=True)]), ([[1, -1, 1, 1]], [0])])
    small = pr.Network([([row[:2] for row in weight], bias), ([[1, -1, 1, 1]], [0])])
    return full, small, values


def fixed_domains(values):
    """The unit square with the other inputs fixed, said in several ways."""
    dim = len(values) + 2
    yield pr.Polyhedron.box([0, 0, *values], [1, 1, *values])
    square = pr.Polyhedron.box([0, 0, *[-9] * len(values)], [1, 1, *[9] * len(values)])
    rows = [[int(i == j) for i in range(dim)] for j in range(2, dim)]
    yield square & pr.Polyhedron(rows, values, equalities=range(len(values)))
    opposite = [[-v for v in row] for row in rows]
    yield square & pr.Polyhedron([*rows, *opposite], [*values, *(-v for v in values)])


@pytest.mark.parametrize("method", METHODS)
def test_every_engine_folds_fixed_inputs(method):
    full, small, values = problem(6)
    expected = pr.preimage(small, ABOVE, UNIT, method)
    for domain in fixed_domains(values):
        found = pr.preimage(full, ABOVE, domain, method)
        assert found.patterns == expected.patterns
        for tile, folded in zip(found, expected, strict=True):
            lifted = [(*vertex, *values) for vertex in folded.polyhedron.vertices]
            assert tile.polyhedron.closure() == pr.Polyhedron.from_generators(lifted)
            assert tile.polyhedron.strict.sum() == folded.polyhedron.strict.sum()
            assert tile.dim == folded.dim == 2
            assert tile.contains(tile.point())
            outputs, matrix, offset = tile.affine_map()
            assert (outputs, len(matrix[0])) == ((0,), 6)
            assert sum(m * x for m, x in zip(matrix[0], tile.point(), strict=True)) + offset[0] == full(tile.point())[0]


@pytest.mark.long
def test_hundreds_of_fixed_inputs_cost_nothing(monkeypatch, tmp_path):
    """All that is asked of tiles, without a double description in more than two dimensions."""
    dim = 300
    full, small, values = problem(dim)
    run = cddlib._double_description

    def only_small(inequalities, equalities, width):
        assert width <= 2
        return run(inequalities, equalities, width)

    monkeypatch.setattr(cddlib, "_double_description", only_small)
    expected = pr.preimage(small, ABOVE, UNIT)
    for domain in fixed_domains(values):
        found = pr.preimage(full, ABOVE, domain)
        assert found.patterns == expected.patterns
        assert [len(tile.polyhedron.vertices) for tile in found] == [len(t.polyhedron.vertices) for t in expected]
        assert [tile.point()[:2] for tile in found] == [tile.point() for tile in expected]
        assert [len(tile.inequalities()) for tile in found] == [len(t.inequalities()) + dim - 2 for t in expected]
        assert found.share(exact=True) == expected.share(exact=True)
        assert found.share().low <= found.share(exact=True) <= found.share().high
        assert (found.volume().low, found.volume().high) == (0.0, 0.0)
        assert [len(zone) for zone in found.zones()] == [len(zone) for zone in expected.zones()]
        assert sorted(found.adjacency().edges) == sorted(expected.adjacency().edges)
        points = np.random.default_rng(0).random((20, 2))
        lifted = np.column_stack([points, np.tile([float(v) for v in values], (20, 1))])
        on = np.array([all(Fraction(float(v)) == v for v in values)] * 20)
        assert (found.locate(lifted) == np.where(on, expected.locate(points), -1)).all()
        exactly = [(*map(Fraction, point), *values) for point in points[:3].tolist()]
        assert [found.locate(x) for x in exactly] == expected.locate(points[:3]).tolist()
        found.save(tmp_path / "found.npz")
        again = pr.load_tiling(tmp_path / "found.npz", full)
        assert [tile.polyhedron for tile in again] == [tile.polyhedron for tile in found]


@given(network=networks(max_inputs=3, max_neurons=5), data=st.data())
def test_a_slice_by_equalities_is_the_slice_of_the_preimage(network, data):
    dim = network.input_dim
    fixed = data.draw(st.dictionaries(st.integers(0, dim - 1), st.fractions(-2, 2, max_denominator=3)))
    low = [fixed.get(j, Fraction(-2)) for j in range(dim)]
    high = [fixed.get(j, Fraction(2)) for j in range(dim)]
    domain = pr.Polyhedron.box(low, high)
    target = pr.Polyhedron([[1] * network.output_dim], [1])
    found = pr.preimage(network, target, domain)
    reference = pr.preimage(network, target, domain, "substitution")
    assert [(t.pattern, t.polyhedron) for t in found] == [(t.pattern, t.polyhedron) for t in reference]
    folding = Folding.of(domain)
    assert (folding is None) == (not fixed)
    if folding is not None:
        layer = folding.layer(network.layers[0])
        inner = [Fraction(1, 3)] * layer.input_dim
        before = pr.Network([layer])(inner)
        assert before.tolist() == pr.Network([network.layers[0]])(folding.sides.lift(inner)).tolist()
