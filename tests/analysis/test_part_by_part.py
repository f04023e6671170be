from fractions import Fraction

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.analysis.counterexamples import Candidates
from polyrelu.analysis.part_by_part import PartByPart
from polyrelu.support.limits import Limit, Stop


def network(dim, hidden, seed=0):
    rng = np.random.default_rng(seed)
    return pr.Network([(rng.normal(size=(hidden, dim)), rng.normal(size=hidden)), (rng.normal(size=(1, hidden)), [0])])


def cube(dim, radius=Fraction(1)):
    return pr.Polyhedron.box([-radius] * dim, [radius] * dim)


@pytest.fixture
def without_points(monkeypatch):
    monkeypatch.setattr(Candidates, "among", lambda *_: None)


@pytest.mark.parametrize("seed", range(4))
def test_the_same_verdict_as_cells(seed, without_points):
    net, box = network(3, 8, seed), cube(3)
    values = sorted(net.evaluate([v])[0][0] for v in pr.linear_regions(net, box)[0].polyhedron.vertices)
    for bound in (values[-1], values[-1] * 2 + 1, values[-1] + 8):
        target = pr.Polyhedron([[-1]], [-bound])
        expected = bool(len(pr.preimage(net, target, box)))
        parts = PartByPart(net, box, target)
        assert parts.go_on()
        assert (parts.found is not None) == expected
        assert parts.is_done == (not expected)
        if parts.found is not None:
            assert box.contains(parts.found.point)
            assert net.evaluate([parts.found.point])[0] == parts.found.value
            assert target.contains(parts.found.value)


def test_it_goes_on_where_it_stopped():
    net, box = network(4, 24, 1), cube(4)
    whole = PartByPart(net, box, pr.parse("y0 >= 4", dim=1))
    assert whole.go_on()
    again = PartByPart(net, box, pr.parse("y0 >= 4", dim=1))
    steps = 1
    while not again.go_on(2):
        steps += 1
    assert (again.is_done, again.parts) == (whole.is_done, whole.parts)
    assert steps > 1
    assert again.go_on()


def test_points_of_parts_find_what_is_in_plain_sight():
    parts = PartByPart(network(10, 60, 2), cube(10), pr.parse("y0 > 0", dim=1))
    assert parts.go_on()
    assert parts.found is not None
    assert parts.parts < 10


def test_constant_inputs_are_left_out(without_points):
    net = network(4, 6, 3)
    domain = pr.Polyhedron.box([-1, Fraction(1, 3), -1, 0], [1, Fraction(1, 3), 1, 0])
    for target in (pr.parse("y0 > -100", dim=1), pr.parse("y0 > 100", dim=1)):
        parts = PartByPart(net, domain, target)
        assert parts.go_on()
        assert (parts.found is not None) == bool(len(pr.preimage(net, target, domain)))
        assert parts.found is None or domain.contains(parts.found.point)


def test_it_stops_when_time_is_up(without_points):
    rng = np.random.default_rng(3)
    net = pr.Network([(rng.integers(-3, 4, (60, 20)), rng.integers(-1, 2, 60)), (np.ones((1, 60), dtype=int), [0])])
    parts = PartByPart(net, cube(20), pr.parse("y0 >= 700", dim=1))
    with Limit(timeout=0.1).kept(), pytest.raises(Stop):
        parts.go_on()
    assert not parts.is_done
