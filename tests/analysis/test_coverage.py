from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.analysis.coverage import Coverage
from polyrelu.analysis.measure import Enclosure
from tests.engines.moments import METHODS, in_small_steps, random_network, stopped, volume

BOX = pr.Polyhedron.box([-2, -2], [2, 2])
NET = random_network([2, 5, 5, 1])


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=8, deadline=None)
@given(after=st.integers(0, 30), measure=st.booleans())
def test_the_shares_are_those_of_exact_volumes(method, after, measure):
    with in_small_steps(2):
        partial = stopped(pr.preimage, NET, "y0 > 0", BOX, method, after=after, measure=measure)
    found, exact = partial.coverage(), partial.coverage(exact=True)
    assert exact.inside == volume(tile.polyhedron for tile in partial) / 16
    assert exact.undecided == volume(partial.undecided()) / 16
    assert exact.inside + exact.outside + exact.undecided == 1
    assert exact.decided == 1 - exact.undecided
    for name in ("inside", "outside", "undecided", "decided"):
        assert getattr(exact, name) in getattr(found, name)
        assert getattr(found, name).width < 1e-6
    assert 0 <= exact.outside <= 1


def test_the_whole_answer_is_decided():
    whole = pr.preimage(NET, "y0 > 0", BOX)
    found = whole.coverage(exact=True)
    assert found.undecided == 0
    assert found.inside == whole.share(exact=True)
    assert found.outside == pr.preimage(NET, "y0 <= 0", BOX).share(exact=True)


def test_a_flat_domain_is_measured_in_its_hull():
    flat = pr.Polyhedron.box([-2, "1/3"], [2, "1/3"])
    with in_small_steps(1):
        partial = stopped(pr.preimage, NET, "y0 > 0", flat, "twin", after=6)
    found = partial.coverage(exact=True)
    assert found.inside + found.outside + found.undecided == 1
    assert found.undecided > 0


def test_several_targets_overlap_where_they_wait():
    targets = ["y0 > 1", "y0 < -1", "y0 == 0"]
    whole = pr.preimage(NET, targets, BOX).share(exact=True)
    with in_small_steps(2):
        for after in (0, 3, 9, 15, 25):
            partial = stopped(pr.preimage, NET, targets, BOX, after=after)
            found = partial.coverage()
            assert found.inside.low <= whole
            assert found.undecided.high + found.inside.high >= whole
            if len(partial.parts) < len(targets):
                assert partial.coverage(exact=True).undecided == 1 - partial.share(exact=True)


def test_shares_in_words():
    zero, none, some = Enclosure(0.0, 0.0), Enclosure(0.0, 1e-12), Enclosure(1e-9, 2e-9)
    assert str(Coverage(zero, none, some)) == "0 % in, 0 % out, < 0.0001 % undecided"
    assert str(Coverage(Fraction(1, 3), Fraction(2, 3), Fraction(0))) == "33.33 % in, 66.67 % out, 0 % undecided"


def test_there_has_to_be_an_end_and_something_in_between():
    with pytest.raises(pr.UnboundedError, match="unbounded"):
        pr.preimage(NET, "y0 > 0").coverage()
    with pytest.raises(pr.EmptySetError, match="empty"):
        pr.preimage(NET, "y0 > 0", pr.Polyhedron.empty(2)).coverage()
    with pytest.raises(pr.InputError, match="not known"):
        pr.preimage(NET, "y0 > 0", BOX)[:2].coverage()
