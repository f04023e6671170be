import numpy as np

import polyrelu as pr
from polyrelu.figures import example
from polyrelu.figures.demonstration import demonstration
from polyrelu.figures.worked_example import (
    SAMPLES,
    fact_check,
    gamma_regions,
    gamma_space,
    last_layer_pieces,
    regions,
    three_pieces,
)
from tests.pictures import assert_area


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
    assert r"$\beta_0 > 0.3$" in {text.get_text() for text in right.texts}


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
    assert right.get_title() == r"$\alpha$-space: 5 tiles"


def test_gamma_space_shows_where_the_first_block_sends_its_tiles():
    earlier, later = gamma_regions(), regions()
    assert len(earlier) == len(pr.preimage(example.three_blocks(), example.target())) == 7  # the window shows them all
    block = pr.Network(example.three_blocks().layers[:2])
    whole = pr.preimage(example.network(), example.target())
    sent = [whole[whole.locate(block.evaluate([tile.inner_point()])[0])].pattern for tile in earlier]
    left, right = gamma_space().axes
    shade_of = {tile.pattern: patch.get_facecolor() for tile, patch in zip(later, right.patches, strict=True)}
    assert [patch.get_facecolor() for patch in left.patches] == [shade_of[pattern] for pattern in sent]
    assert len(set(shade_of.values())) == 5 == len(set(sent))
    texts = {text.get_text() for text in left.texts}
    assert texts == {tile.pattern.rpartition("|")[0].replace("|", "\n") for tile in earlier}
    assert [axes.get_title() for axes in (left, right)] == [r"$\gamma$-space: 7 tiles", r"$\alpha$-space: 5 tiles"]
    for axes, tiling in ((left, earlier), (right, later)):
        assert_area(axes.patches, tiling.volume(exact=True))


def test_the_demonstration():
    left, right = demonstration().axes
    assert left.get_title() == "1,000 samples"
    assert len(right.collections[0].get_paths()) == 18
