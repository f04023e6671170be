import itertools

import pytest
from flint import nmod_mat
from hypothesis import given
from hypothesis import strategies as st

from polyrelu.arithmetic import order_complex as posets


@st.composite
def orders(draw, size=9):
    """Random orders: the transitive closure of random pairs."""
    below: list[set[int]] = []
    for x in range(draw(st.integers(0, size))):
        chosen = draw(st.sets(st.integers(0, max(x - 1, 0)), max_size=3)) if x else set()
        below.append(chosen.union(*(below[y] for y in chosen)))
    return below


def all_chains(below):
    """The chains by size, from all sets of elements."""
    for size in range(1, len(below) + 1):
        sets = itertools.combinations(range(len(below)), size)
        found = [s for s in sets if all(a in below[b] for a, b in itertools.pairwise(s))]
        if not found:
            return
        yield found


def rank(longer, shorter):
    entries = [int(set(s) < set(c)) for c in longer for s in shorter]
    return nmod_mat(len(longer), len(shorter), entries, 2).rank()


def expected_betti_numbers(below):
    levels = list(all_chains(below))
    ranks = [0, *(rank(b, a) for a, b in itertools.pairwise(levels)), 0]
    return tuple(len(level) - ranks[k] - ranks[k + 1] for k, level in enumerate(levels))


def faces(simplices):
    """The face poset of a simplicial complex."""
    found = {frozenset(f) for s in simplices for k in range(1, len(s) + 1) for f in itertools.combinations(s, k)}
    order = sorted(found, key=len)
    return [{i for i, f in enumerate(order) if f < face} for face in order]


@given(orders())
def test_against_dense_elimination(below):
    expected = expected_betti_numbers(below)
    assert posets.betti_numbers(below) == expected
    assert posets._chain_betti_numbers(below) == expected
    assert posets.euler_characteristic(below) == sum((-1) ** k * n for k, n in enumerate(expected))


@given(orders())
def test_the_opposite_order_has_the_same_homology(below):
    last = len(below) - 1
    opposite = [{last - y for y in range(len(below)) if last - x in below[y]} for x in range(len(below))]
    assert posets.betti_numbers(opposite) == posets.betti_numbers(below)
    assert posets.euler_characteristic(opposite) == posets.euler_characteristic(below)


@given(orders())
def test_what_is_called_contractible_has_the_homology_of_a_point(below):
    lesser = dict(enumerate(below))
    if posets._is_contractible(list(lesser), lesser):
        numbers = expected_betti_numbers(below)
        assert numbers[0] == 1
        assert not any(numbers[1:])


PROJECTIVE_PLANE = ["123", "124", "135", "146", "156", "236", "245", "256", "345", "346"]
TORUS = [(i, (i + a) % 7, (i + 3) % 7) for i in range(7) for a in (1, 2)]


@pytest.mark.parametrize(
    ("simplices", "betti"),
    [
        ([], ()),
        (["1"], (1,)),
        (["1", "2"], (2,)),
        (["12", "23", "13"], (1, 1)),
        (["123", "124", "134", "234"], (1, 0, 1)),
        (PROJECTIVE_PLANE, (1, 1, 1)),
        (TORUS, (1, 2, 1)),
    ],
)
def test_known_complexes(simplices, betti):
    assert posets.betti_numbers(faces(simplices)) == betti


def test_a_long_path_is_collapsed_before_its_chains_are_listed():
    path = faces([(i, i + 1) for i in range(500)])
    assert len(posets._without_weak_points(path)) == 1
    assert posets.betti_numbers(path) == (1, 0)
