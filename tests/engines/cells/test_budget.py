"""Too many dimensions are refused before anything that grows with them, and what is easy is not refused."""

import itertools
import math
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.arithmetic import lp
from polyrelu.engines.cells import budget
from polyrelu.networks.relevant_part import keep_all, restrict
from polyrelu.polyhedra import cddlib, halfspace

WHOLE = pr.Polyhedron.whole_space


def network(*widths, relu=None, seed=0):
    draw = np.random.default_rng(seed)
    layers = [(draw.normal(size=(b, a)), draw.normal(size=b)) for a, b in itertools.pairwise(widths)]
    return pr.Network(layers, relu=relu)


def cube(dim, side=1):
    return pr.Polyhedron.box([-side] * dim, [side] * dim)


@pytest.fixture
def without_search(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("a search before the refusal")

    monkeypatch.setattr(cddlib, "_double_description", refuse)
    monkeypatch.setattr(lp.Program, "solve", refuse)


REFUSED = """
import sys
import polyrelu as pr
network = pr.Network([([[int(i == j) for j in range(30)] for i in range(30)], [0] * 30), ([[1] * 30], [0])])
try:
    pr.linear_regions(network, pr.Polyhedron.box([-1] * 30, [1] * 30), {method!r})
except pr.BudgetExceeded:
    print([name for name in sys.modules if "._kernel" in name])
"""


@pytest.mark.parametrize("method", ["cells", "twin"])
def test_a_refusal_does_not_load_the_kernel(method):
    code = REFUSED.format(method=method)
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


@pytest.mark.parametrize("dim", [30, 300, 784])
@pytest.mark.parametrize("method", ["auto", "cells", "twin"])
def test_many_inputs_are_refused_without_a_search(dim, method, without_search):
    wide, target = network(dim, 64, 3), pr.parse("y0 > 1/2", dim=3)
    unsaid = [h for h in cube(dim).halfspaces if h.normal[0] <= 0]
    slab = pr.Polyhedron.from_halfspaces([*cube(dim).halfspaces, halfspace.Halfspace((1,) * dim, 1, "<=")], dim)
    for domain in (cube(dim), slab, None, pr.Polyhedron.from_halfspaces(unsaid, dim)):
        with pytest.raises(pr.BudgetExceeded, match=r"cells: the domain has (at least )?\d+ dimensions"):
            pr.preimage(wide, target, domain, method)
        with pytest.raises(pr.BudgetExceeded, match=r"pass max_dim="):
            pr.linear_regions(wide, domain, method)


def test_the_estimate_does_not_overflow(without_search):
    wide = pr.Network([(np.eye(2048, 256), np.ones(2048)), (np.ones((4, 2048)), np.zeros(4))])
    for domain in (None, cube(256)):
        with pytest.raises(pr.BudgetExceeded, match=r"10\^\d+ bytes; there may be up to 10\^\d{3} cells"):
            pr.preimage(wide, pr.parse("y3 > 1/2", dim=4), domain, "cells")


def test_the_guard_judges_the_work():
    assert len(pr.linear_regions(network(8, 10, 10), cube(8, Fraction(1, 8)), "cells")) > 1
    small = pr.preimage(network(8, 64, 64, 4), pr.parse("y0 > y1", dim=4), cube(8, Fraction(1, 1000)), "cells")
    assert len(small) >= 0
    with pytest.raises(pr.BudgetExceeded, match=r"12 dimensions .* GiB"):
        pr.linear_regions(network(12, 12, 12), cube(12), "cells")
    with pytest.raises(pr.BudgetExceeded, match="more than max_dim=2"):
        pr.linear_regions(network(3, 4, 1), cube(3), "cells", max_dim=2)
    assert len(pr.linear_regions(network(9, 1, 2), cube(9), "cells")) == 2  # one cut is cheap in nine dimensions


def test_dimensions_in_which_nothing_varies_do_not_count():
    tied = pr.Polyhedron([[1, -1, *[0] * 28]], [0], equalities=[0])
    narrow = network(30, 4, 3)
    for domain, dim in ((WHOLE(30), 4), (cube(30), 30), (tied & cube(30), 29), (tied, 4)):
        assert budget.varying_dim(keep_all(narrow), domain) == (dim, True)
    simplex = pr.Polyhedron([[-int(i == j) for i in range(20)] for j in range(20)] + [[1] * 20], [0] * 21)  # the origin
    assert budget.varying_dim(keep_all(network(20, 4)), simplex) == (0, True)
    linear_first = network(512, 64, 512, relu=[False, True])
    assert budget.varying_dim(restrict(linear_first, pr.parse("y3 > 1", dim=512)), WHOLE(512)) == (1, True)


def test_estimates():
    assert budget.largest_cell(8, 0) == 256
    assert budget.largest_cell(3, 0) == 8
    assert budget.largest_cell(3, 1) == 10  # a polyhedron in space with 7 facets has at most 2 * 7 - 4 vertices
    assert budget.largest_cell(8, 1000) == 12 * 256
    assert budget.shown(123) == "123"
    assert budget.shown(3**5000) == f"10^{math.floor(5000 * math.log10(3))}"
