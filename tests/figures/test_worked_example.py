import numpy as np

import polyrelu as pr
from polyrelu.figures import example
from polyrelu.figures.demonstration import demonstration
from polyrelu.figures.worked_example import (
    SAMPLES,
    fact_check,
    last_layer_pieces,
    regions,
    three_pieces,
)


def corners(patch):
    return {tuple(v) for v in patch.get_path().vertices.round(9).tolist()}


def test_three_pieces_are_one_half_plane():
    pieces = last_layer_pieces()
    assert list(pieces.by_face) == [(1,), (2,), (1, 2)]
    assert pieces.whole == (pr.Polyhedron([[-1, 0]], [-0.3], strict=True),)


def test_the_picture_of_the_pieces():
    left, right = three_pieces().axes
    assert len(left.patches) == 3
    assert len({patch.get_facecolor() for patch in left.patches}) == 3
    (half_plane,) = right.patches
    assert corners(half_plane) == {(0.3, -1.4), (1.4, -1.4), (1.4, 1.4), (0.3, 1.4)}
    for patch in left.patches:
        assert min(x for x, _ in corners(patch)) == 0.3
    assert left.get_title() == "un-ReLU: 3 pieces"
    assert right.get_title() == "merged: 1 half-plane"
    assert {"$h_1 = 0$", "$h_2 = 0$", "$h_1 = h_2 = 0$"} < {text.get_text() for text in left.texts}
    assert "$y_0 > 0.3$" in {text.get_text() for text in right.texts}


def test_five_regions_agree_with_the_samples():
    tiling = regions()
    assert tiling.method == "unrelu"
    assert tiling.patterns == ("010|1**", "011|1**", "100|1**", "101|1**", "110|1**")
    assert {t.polyhedron for t in tiling} == {
        t.polyhedron for t in pr.preimage(example.network(), example.target(), tiling.domain)
    }
    points = np.random.default_rng(1).uniform(-5, 5, (SAMPLES, 2))
    assert (pr.maps_into(example.network(), example.target(), points) == tiling.contains(points)).all()


def test_the_fact_check_shows_samples_and_the_regions_they_fall_in():
    left, right = fact_check().axes
    outside, inside = (np.asarray(collection.get_offsets()) for collection in left.collections)
    assert len(outside) + len(inside) == SAMPLES
    assert regions().contains(inside).all()
    assert not regions().contains(outside).any()
    assert len(right.patches) == 5
    assert len({patch.get_facecolor() for patch in right.patches}) == 5
    assert [text.get_text() for text in right.texts] == ["010", "011", "100", "101", "110"]
    for text, tile in zip(right.texts, regions(), strict=True):
        assert tile.contains(list(text.get_position()))
    assert right.get_title() == "un-ReLU: 5 regions"


def test_the_demonstration():
    left, right = demonstration().axes
    assert left.get_title() == "1,000 samples"
    assert len(right.patches) == 18
