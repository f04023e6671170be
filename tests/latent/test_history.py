from fractions import Fraction

import pytest

import polyrelu as pr
from polyrelu.analysis.measure import Enclosure
from polyrelu.latent.history import Event, History, Overlap, _matched, beside
from tests.latent.test_superposition import chain


def hat(bias, centre=0):
    """|x0 - centre| + bias."""
    return pr.Network([([[1, 0], [-1, 0]], [-centre, centre]), ([[1, 1]], [bias])])


def bump(*centres):
    """Positive within 1 of each of some numbers, which are farther apart than that."""
    rows = [[sign, 0] for _ in centres for sign in (1, 1, 1)]
    offsets = [shift - centre for centre in centres for shift in (1, 0, -1)]
    return pr.Network([(rows, offsets), ([[1, -2, 1] * len(centres)], [0])])


def said(history):
    return [str(event) for event in history.events]


def test_islands_merge_die_are_born_and_split():
    past = History([hat(0), hat(1), hat(-4), hat(-2)])
    assert past.tracks == (((0, 1),), ((0,),), ((),), ((2, 3),))
    assert said(past) == [
        "checkpoint 1: islands 0 and 1 of y0 merge into 0",
        "checkpoint 2: island 0 of y0 dies",
        "checkpoint 3: island 2 of y0 is born",
        "checkpoint 3: island 3 of y0 is born",
    ]
    assert History([hat(1), hat(0)]).events == (Event("split", 1, 0, (0,), (0, 1)),)


def middle(zone):
    return sum(corner[0] for corner in zone.bounding_box(exact=True)) / 2


def tracks_by_place(history):
    """For each checkpoint the tracks of islands by their middles."""
    return [
        dict(zip(map(middle, frame.zones(0)), own, strict=True))
        for frame, (own,) in zip(history.frames, history.tracks, strict=True)
    ]


def test_an_island_goes_on_as_that_with_which_it_shares_most():
    """Of two bumps one moves by a half, and leaves something to each side of what moves by one, or is new."""
    past = History([bump(-2, 1), bump(Fraction(-5, 2), Fraction(-1, 5), 2)], window=4)
    before, after = tracks_by_place(past)
    assert sorted(before.values()) == [0, 1]
    assert after == {Fraction(-5, 2): before[-2], 2: before[1], Fraction(-1, 5): 2}
    kinds = {(event.kind, frozenset(event.before), frozenset(event.after)) for event in past.events}
    left, right = before[-2], before[1]
    assert kinds == {
        ("split", frozenset({left}), frozenset({left, 2})),
        ("split", frozenset({right}), frozenset({right, 2})),
        ("merge", frozenset({left, right}), frozenset({2})),
    }


def test_what_only_touches_does_not_go_on():
    past = History([bump(0), bump(2)], window=4)
    assert past.tracks == (((0,),), ((1,),))
    assert [event.kind for event in past.events] == ["death", "birth"]


def test_a_jump_is_a_death_and_a_birth():
    past = History([bump(-2), bump(2), bump(2)], window=4)
    assert past.tracks == (((0,),), ((1,),), ((1,),))


@pytest.mark.parametrize("seed", range(2))
def test_overlaps_are_what_zones_share(seed):
    networks = [chain(seed, (2, 3, 2)), chain(seed + 10, (2, 3, 2))]
    past = History(networks, window=2)
    (overlaps,) = past.overlaps
    for place in past.features:
        before, after = (frame.zones(place) for frame in past.frames)
        for i, one in enumerate(before):
            for j, other in enumerate(after):
                shared = sum(((P.polyhedron & Q.polyhedron).volume() for P in one for Q in other), Fraction(0))
                known = overlaps[place].get((i, j))
                assert (known.exact if known else 0) == shared
                assert known is None or shared in known.area


def test_checkpoints_may_have_different_depths():
    deep = pr.Network([*hat(-1).layers, pr.Layer([[1]], [0], False), pr.Layer([[2]], [0], True)])
    past = History([hat(0), deep, hat(0)])
    assert [sorted(own) for (own,) in past.tracks] == [[0, 1]] * 3
    assert not past.events
    assert sorted(overlap.exact for overlap in past.overlaps[0][0].values()) == [12, 12]


def test_networks_beside_each_other():
    first, second = chain(0), chain(1, (2, 3, 5), last=False)
    points = [["1/3", -2], [0, 0], [1, "0.7"]]
    both = beside(first, second)(points)
    assert (both[:, :4] == first(points)).all()
    assert (both[:, 4:] == second(points)).all()


class Stub(Overlap):
    """An overlap of a known size, whose bounds may say less."""

    def __init__(self, exact, blur=0.0):
        self.__dict__.update(exact=Fraction(exact), area=Enclosure(exact - blur, exact + blur))


def test_areas_are_compared_exactly_where_bounds_overlap():
    assert _matched({(0, 0): Stub(2), (0, 1): Stub(3), (1, 1): Stub(4)}) == [(1, 1), (0, 0)]
    assert _matched({(0, 0): Stub(2, 1.0), (0, 1): Stub(2.5, 1.0)}) == [(0, 1)]
    assert _matched({(0, 1): Stub(2, 1.0), (0, 0): Stub(2, 1.0)}) == [(0, 0)]


def test_what_is_refused():
    with pytest.raises(pr.InputError, match="there are no checkpoints"):
        History([])
    with pytest.raises(pr.DimensionError, match=r"\[1, 4\] outputs; features are the same in all"):
        History([hat(0), chain(0)])
