from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from polyrelu.engines.branch.affine import AffineOn
from polyrelu.engines.branch.space import Space
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron
from tests.mutants import mutated

ROWS = st.builds(Halfspace.of, st.tuples(*[st.integers(-3, 3)] * 2), st.integers(-2, 3)).filter(lambda r: any(r.normal))


@given(rows=st.lists(ROWS, max_size=4), points=st.lists(st.tuples(*[st.integers(-12, 12)] * 2), max_size=8))
def test_what_is_inside_is_strictly_inside(rows, points):
    space = Space.between(-np.ones(2), np.ones(2), 4, 1)
    strictly = [row._replace(relation="<") for row in (*rows, *Polyhedron.box([-1, -1], [1, 1]).halfspaces)]
    inside = space.inside(space.forms.of_rows(rows), np.array(points, dtype=np.float64).reshape(-1, 2) / 8)
    for x in inside.tolist():
        assert all(row.holds(tuple(map(Fraction, x))) for row in strictly)
    middles = [x for x in points if all(row.slack(tuple(Fraction(v, 8) for v in x)) > 2**-20 for row in strictly)]
    assert len(inside) >= len(middles)


def test_sizes_have_their_share(monkeypatch):
    """Without them a product that rounds would be taken for exact."""
    space = AffineOn(-np.ones(2), np.ones(2), 2, 1)
    rows = [Halfspace.of([10, 3], 7)]
    forms, points = space.of_rows(rows), np.array([[0.1, 0.3]])
    off = abs(Fraction(0.1) + Fraction(3, 10) * Fraction(0.3) - Fraction(7, 10) - Fraction(forms.at(points).item()))
    assert 0 < off <= Fraction(forms.doubts.item())
    monkeypatch.setattr(AffineOn, "_doubts", mutated(AffineOn._doubts, "self.factor * size", "0.0 * size"))
    assert off > Fraction(space.of_rows(rows).doubts.item())
