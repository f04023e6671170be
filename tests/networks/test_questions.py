"""One question in all the ways to pass it."""

from itertools import product
from typing import Any

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.engines.search import face_search
from polyrelu.networks.properties import Disjunct
from polyrelu.networks.questions import given_domain, given_outputs, given_region, given_targets
from polyrelu.plotting import plot_samples

NET = pr.Network([([[1, 2], [-1, 1], [0, -1]], [0, 1, 0]), ([[1, 1, -1], [0, 1, 1]], [0, -1])])
ABOVE, BOX = pr.parse("y0 > 0", dim=2), pr.Polyhedron.box([-3, -2], [3, 2])
TARGETS = (ABOVE, "y0 > 0", [ABOVE], ["y0 > 0"], ("y0>0",), [pr.active(0, 2)])
DOMAINS = (BOX, ([-3, -2], [3, 2]), "-3 <= x0 <= 3 and -2 <= x1 <= 2", np.array([[-3.0, -2.0], [3.0, 2.0]]))
PROPERTY = pr.Property(2, 2, (Disjunct(BOX, (ABOVE,)),))
TILING = pr.preimage(NET, ABOVE, BOX)
WAYS = [*product(TARGETS, DOMAINS[:1]), *product(TARGETS[:1], DOMAINS)]


@pytest.mark.parametrize(("target", "domain"), WAYS, ids=str)
def test_targets_and_domains(target, domain):
    assert given_targets(target, NET, "here") == (ABOVE,)
    assert given_domain(domain, NET, "here") == given_region(domain, 2, "here: domain") == BOX


def test_no_domain_is_all_of_the_space():
    assert given_domain(None, NET, "here") == pr.Polyhedron.whole_space(2)


def same(tiling, other):
    return {(t.pattern, t.polyhedron) for t in tiling} == {(t.pattern, t.polyhedron) for t in other}


@pytest.mark.parametrize(("target", "domain"), [(TARGETS[1], DOMAINS[1]), (TARGETS[3], DOMAINS[2])])
def test_every_verb_takes_them(target, domain, tmp_path):
    """As it takes polyhedra."""
    tiling = pr.preimage(NET, ABOVE, BOX)
    assert same(pr.preimage(NET, target, domain), tiling)
    assert same(pr.preimage(NET, target, domain=domain), tiling)
    assert same(pr.linear_regions(NET, domain), pr.linear_regions(NET, BOX))
    assert same(pr.decision_boundary(NET, domain=domain), pr.decision_boundary(NET, domain=BOX))
    assert pr.Statement.of(NET, target, BOX) == pr.Statement.of(NET, ABOVE, BOX)
    assert given_domain(domain, NET, "here") == pr.Statement.of(NET, target, domain).domain
    assert pr.check_tiling(tiling, NET, target, domain)
    points = np.array([[0.5, 0.25], [-1, -1], [3, 2]])
    assert pr.maps_into(NET, target, points).tolist() == pr.maps_into(NET, ABOVE, points).tolist()
    assert pr.verify(NET, target, domain=domain).status == "violated"
    assert pr.verify(NET, "y0 > 100", domain=domain).status == "holds"
    assert tiling.share(domain, exact=True) == tiling.share(exact=True)
    part = ([-1, -2], [3, 2])
    assert tiling.share(part).low <= tiling.share(pr.Polyhedron.box(*part), exact=True) <= tiling.share(part).high
    assert [zone.area() for zone in tiling.outline(domain)] == [zone.area() for zone in tiling.outline()]
    assert same(pr.feature_zones(NET, ["y0"], domain)[0], tiling)
    axes = plot_samples(NET, target, domain, 50)
    assert axes.get_xlim() == (-3, 3)


def test_texts_for_single_layers():
    """After the ReLU, in the space of W's rows."""
    W, b = [[1, 2], [-1, 1], [0, -1]], [0, 1, 0]
    P = pr.parse("y0 > 0 and y1 <= 1/2", dim=3)
    assert list(pr.unrelu("y0 > 0 and y1 <= 1/2", W, b)) == list(pr.unrelu(P, W, b))
    assert list(pr.unrelu_by_substitution("y0 > 0, y1 <= 1/2", W, b)) == list(pr.unrelu_by_substitution(P, W, b))
    found = [face_search(p, W, b, domain=d) for p, d in ((P, BOX), ("y0 > 0, y1 <= 1/2", ([-3, -2], [3, 2])))]
    assert list(found[0]) == list(found[1])
    assert given_outputs(P, 7, "here") is P


THREE: Any = 3
PAIRS: Any = [(-1, 1), (-1, 1)]


@pytest.mark.parametrize(
    ("ask", "error", "message"),
    [
        (lambda: pr.preimage(NET, "y2 > 0"), pr.ParseError, "index 2 is out of range: the space has dimension 2"),
        (lambda: pr.preimage(NET, "y0 > 0 or y1 > 0"), pr.ParseError, "pass a list of targets"),
        (
            lambda: pr.preimage(NET, ["y0 > 0", THREE]),
            pr.InputError,
            "preimage: target 1: expected a Polyhedron, got int",
        ),
        (lambda: pr.preimage(NET, THREE), pr.InputError, "preimage: target: expected a list, got int"),
        (lambda: pr.preimage(NET, "y0 > 0", "y0 > 0"), pr.ParseError, "unknown name 'y0'; variables are written x0"),
        (lambda: pr.preimage(NET, "y0 > 0", PAIRS), pr.InputError, r"preimage: domain: these are pairs"),
        (lambda: pr.linear_regions(NET, PAIRS), pr.InputError, r"linear_regions: domain: these are pairs"),
        (lambda: pr.decision_boundary(NET, domain=THREE), pr.InputError, "decision_boundary: domain: expected a Poly"),
        (lambda: pr.preimage(NET, ABOVE, pr.Polyhedron.box([0], [1])), pr.DimensionError, r"domain lives in R\^1 but"),
        (lambda: pr.verify(NET, PROPERTY, domain=BOX), pr.InputError, "verify: a property says which inputs"),
        (lambda: pr.verify(NET, THREE), pr.InputError, "verify: target: expected a list, got int 3"),
        (lambda: TILING.share(PAIRS), pr.InputError, "share: within: these are pairs"),
        (lambda: TILING.outline(PAIRS), pr.InputError, "outline: within: these are pairs"),
    ],
)
def test_refusals(ask, error, message):
    with pytest.raises(error, match=message):
        ask()
