"""Sizes of tilings on disk."""

from __future__ import annotations

import pytest

import polyrelu as pr
from tests.runs.questions import QUESTIONS, SQUARE, stored, whole

BOUNDED = [name for name, (_, _, domain, _) in QUESTIONS.items() if domain is SQUARE]


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "measured"])
def tilings(request, tmp_path_factory):
    place = tmp_path_factory.mktemp("runs")
    return lambda name: stored(name, place, request.param)


@pytest.mark.parametrize("name", BOUNDED)
def test_volumes_and_shares(tilings, name):
    tiling, memory = tilings(name), whole(name)
    exact = memory.volume(exact=True)
    assert tiling.volume(exact=True) == exact
    assert exact in tiling.volume()
    assert tiling.volume().width < 1e-9
    assert tiling.share(exact=True) == memory.share(exact=True)
    assert memory.share(exact=True) in tiling.share()
    corner = pr.Polyhedron.box([-2, -2], ["-3/2", -1])
    assert tiling.share(corner, exact=True) == memory.share(corner, exact=True)


@pytest.mark.parametrize("name", BOUNDED)
def test_boxes(tilings, name):
    tiling, memory = tilings(name), whole(name)
    if not len(memory):
        with pytest.raises(pr.EmptySetError, match="no tiles"):
            tiling.bounding_box()
        return
    assert tiling.bounding_box(exact=True) == memory.bounding_box(exact=True)
    (low, high), (least, most) = tiling.bounding_box(), memory.bounding_box(exact=True)
    assert all(a <= b for a, b in zip(low, least, strict=True))
    assert all(a >= b for a, b in zip(high, most, strict=True))


def test_volumes_of_what_has_no_end(tmp_path):
    tiling = stored("all of the plane", tmp_path)
    with pytest.raises(pr.UnboundedError):
        tiling.volume()
    assert not tiling.is_bounded()
