from fractions import Fraction

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.analysis.box_by_box import BoxByBox
from polyrelu.networks.properties import Disjunct

ABS = pr.Network([([[1], [-1]], [0, 0]), ([[1, 1]], [0])])  # |x|


def network(dim, hidden, seed=0):
    rng = np.random.default_rng(seed)
    return pr.Network([(rng.normal(size=(hidden, dim)), rng.normal(size=hidden)), (rng.normal(size=(1, hidden)), [0])])


def cube(dim, radius=Fraction(1)):
    return pr.Polyhedron.box([-radius] * dim, [radius] * dim)


def about(net, domain, *targets):
    return BoxByBox(net, [Disjunct(domain, tuple(pr.parse(one, dim=net.output_dim) for one in targets))])


def test_one_box_each_decides_what_is_far_away():
    cases = about(ABS, cube(1), "y0 >= 3", "y0 > 1", "y0 <= -1", "y0 > 1000000", "y0 >= 1/2")
    assert cases.at_once([(0, 0), (0, 1), (0, 2), (0, 3)]) == [(0, 1)]
    assert cases.found is None
    assert cases.at_once([(0, 0), (0, 4)]) == [(0, 0), (0, 4)]
    assert cases.found[0] == (0, 4)
    assert abs(cases.found[1].point[0]) >= Fraction(1, 2)


def test_points_lie_in_the_domain_and_the_fixed_inputs_are_exact():
    """Its ends are no floats, and boxes reach beyond them; so do strict ones."""
    third = Fraction(1, 3)
    for domain in (cube(1, third), pr.Polyhedron([[1], [-1]], [third, third], strict=True)):
        cases = about(ABS, domain, "y0 >= 1/4")
        cases.at_once([(0, 0)])
        assert domain.contains(cases.found[1].point)
    net = pr.Network([([[1, 1], [-1, 3]], [0, 0]), ([[1, 1]], [0])])
    cases = about(net, pr.Polyhedron.box([0, third], [1, third]), "y0 >= 1")
    cases.at_once([(0, 0)])
    assert cases.found[1].point[1] == third
    assert net.evaluate([cases.found[1].point])[0] == cases.found[1].value


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("workers", [1, 2])
def test_the_same_verdict_as_cells(seed, workers):
    net, box = network(3, 12, seed), cube(3)
    most = max(net.evaluate([v])[0][0] for tile in pr.linear_regions(net, box) for v in tile.polyhedron.vertices)
    for bound in (most - Fraction(1, 8), most, most + Fraction(1, 100), most + 1):
        target = pr.Polyhedron([[-1]], [-bound])
        cases = BoxByBox(net, [Disjunct(box, (target,))])
        left = cases.left((0, 0), 1000, 64, workers)
        expected = pr.preimage(net, target, box)
        if cases.found is not None:
            assert len(expected)
            assert target.contains(cases.found[1].value)
        elif left is not None:
            assert all(any(part.contains(tile.point()) for part in left) for tile in expected)
            assert bool(len(expected)) == any(len(pr.preimage(net, target, part)) for part in left)
        assert cases.boxes > 0


def test_parts_keep_all_rows_of_the_domain():
    domain = cube(2) & pr.Polyhedron([[1, 1]], [1])
    net = network(2, 10, 1)
    cases = BoxByBox(net, [Disjunct(domain, (pr.Polyhedron([[-1]], [-1000000]), pr.Polyhedron.whole_space(1)))])
    assert cases.left((0, 0), 100, 8, 1) == []
    assert cases.left((0, 1), 100, 8, 1) is None  # there is a point
    assert domain.contains(cases.found[1].point)


def test_which_cases_are_hard():
    cases = about(network(3, 30), cube(3, Fraction(4)), "y0 >= 0.1")
    assert cases.is_hard((0, 0), 3)
    assert not cases.is_hard((0, 0), 30)


def test_what_has_no_box_is_not_taken():
    assert not about(ABS, pr.Polyhedron([[-1]], [0]), "y0 >= 1").takes((0, 0))
    assert about(ABS, cube(1), "y0 >= 1").takes((0, 0))


def test_what_is_too_large_to_bound_is_not_decided():
    """The first layer's numbers are beyond all floats: no box is excluded, and none is lost."""
    net = pr.Network([([[10**400]], [0]), ([[Fraction(1, 10**400)]], [0])])
    cases = about(net, cube(1), "y0 >= 2")
    assert cases.at_once([(0, 0)]) == [(0, 0)]
    assert cases.is_hard((0, 0), 3)
    assert cases.left((0, 0), 10, 10, 1) is None


def test_points_that_are_none_after_all():
    """The value is 1 at most; floats see 1 + 2^-60 as 1 and hand out points, none of which is a counterexample."""
    target = pr.Polyhedron([[-1]], [-1 - Fraction(1, 2**60)])
    cases = BoxByBox(ABS, [Disjunct(cube(1), (target,))])
    left = cases.left((0, 0), 3000, 64, 1)
    assert cases.found is None
    assert left is None or all(len(pr.preimage(ABS, target, part)) == 0 for part in left)
