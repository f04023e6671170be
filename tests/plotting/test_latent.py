from typing import Any

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.colors import to_rgb

import polyrelu as pr
from polyrelu.latent.feature_zones import feature_zones
from polyrelu.latent.windows import LatentPlane
from polyrelu.plotting.latent import boundary_segments, label_places, plot_feature_zones, plot_latent_plane
from polyrelu.plotting.style import FEATURES, area_colour, feature_colour, feature_hatch, style
from tests import drawn
from tests.latent.test_windows import BEAN, CAT_EARS, TOUCHING
from tests.pictures import assert_area, assert_in_legend, assert_labels_apart, assert_told_apart, blurred

SQUARE = LatentPlane.from_coordinates([(0, 0), (4, 0), (4, 4), (0, 4)], [[1, 0], [0, 1], [0, 0]], [-1, -2, 0])


def place(text: Any) -> Any:
    return text.xy


def corners(patch):
    return {tuple(point) for polygon in patch.get_path().to_polygons() for point in polygon}


def test_pieces_are_drawn_in_their_colours():
    axes = plot_latent_plane(SQUARE, radius=5)
    assert [corners(patch) for patch in axes.patches] == [
        {(0, 0), (4, 0), (4, 4), (0, 4)},
        {(1, 0), (4, 0), (4, 4), (1, 4)},
        {(0, 2), (4, 2), (4, 4), (0, 4)},
    ]
    first, second = axes.patches[1:]
    assert to_rgb(first.get_facecolor()) == to_rgb(feature_colour(0))
    assert to_rgb(second.get_facecolor()) == to_rgb(feature_colour(1))
    assert first.get_alpha() < 0.5
    assert (axes.get_xlim(), axes.get_ylim(), axes.get_aspect()) == ((-5, 5), (-5, 5), 1)


def test_a_piece_for_each_component_and_marks_for_crossings():
    axes = plot_latent_plane(BEAN)
    assert len(axes.patches) == 3
    marks = axes.collections[-1]
    assert set(drawn.corners(marks)) == {(-3, 0), (-1, 0), (1, 0), (3, 0)}
    assert len(plot_latent_plane(BEAN, crossings=False).collections) == len(axes.collections) - 1 == 2, "lines and rims"


def test_boundaries_part_active_from_silent():
    assert boundary_segments(BEAN, 0) == [((-3, 0), (-1, 0)), ((1, 0), (3, 0))]
    assert boundary_segments(CAT_EARS, 0) == [((-3, 0), (-1, 0)), ((1, 0), (3, 0))]
    assert boundary_segments(TOUCHING, 0) == [((-2, 0), (0, 0)), ((0, 0), (2, 0))]
    assert boundary_segments(SQUARE, 0) == [((1, 0), (1, 4))]
    assert boundary_segments(SQUARE, 2) == []
    axes = plot_latent_plane(SQUARE, arrows=False)
    lines: Any = axes.collections[:2]
    assert [line.get_segments()[0].tolist() for line in lines] == [[[1, 0], [1, 4]], [[0, 2], [4, 2]]]


def test_features_keep_their_colours():
    axes = plot_latent_plane(SQUARE, features=[1])
    assert [to_rgb(patch.get_facecolor()) for patch in axes.patches[1:]] == [to_rgb(feature_colour(1))]
    assert len(set(FEATURES)) == len(FEATURES) == 24
    assert feature_colour(24) == feature_colour(0)


def test_arrows_are_the_rows_and_zero_rows_have_none():
    axes = plot_latent_plane(SQUARE, names=["a", "b", "c"])
    labels = {text.get_text(): place(text) for text in axes.texts if text.get_text()}
    assert labels == {"a": (1, 0), "b": (0, 1)}
    longer = plot_latent_plane(SQUARE, arrow_scale=2.5)
    assert set(map(place, longer.texts)) == {(2.5, 0), (0, 2.5)}
    wide = LatentPlane.from_coordinates([(0, 0), (40, 0), (0, 40)], [[1, 0], [0, 1]], [-1, -1])
    assert set(map(place, plot_latent_plane(wide).texts)) == {(10, 0), (0, 10)}
    assert not plot_latent_plane(SQUARE, arrows=False).texts


@pytest.mark.parametrize("seed", range(5))
def test_labels_do_not_collide(seed):
    random = np.random.default_rng(seed)
    tips = random.normal(size=(10, 2)) * 40
    tips[3] = tips[4]
    tips[5] = 1.01 * tips[6]
    places = label_places(tips)
    distances = np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1)) + 1000 * np.eye(10)
    assert distances.min() >= 11.9
    assert label_places(np.array([[30.0, 0.0]])).tolist() == [[39, 0]]


def test_drawn_labels_do_not_overlap():
    from polyrelu.figures.library import TEST_PICTURES

    figure, grid = pyplot.subplots(3, 3, figsize=(7.2, 7.6))
    for axes, make in zip(grid.flat, TEST_PICTURES.values(), strict=True):
        plot_latent_plane(make(), axes)
    figure.canvas.draw()
    for axes in grid.flat:
        boxes = [text.get_window_extent().shrunk(0.6, 0.6) for text in axes.texts if text.get_text()]
        assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_axes_are_taken_and_returned():
    axes = pyplot.subplots()[1]
    assert plot_latent_plane(SQUARE, axes) is axes
    with pytest.raises(pr.InputError, match="there is no feature 3"):
        plot_latent_plane(SQUARE, features=[3])


CROSS = pr.Network([([[1, 0], [-1, 0], [0, 1], [0, -1]], [0] * 4), ([[1, 1, -1, -1], [1, 1, 1, 1]], [0, -1])])


def test_zones_of_features():
    zones = feature_zones(CROSS)  # |x0| > |x1|, and |x0| + |x1| > 1
    axes = plot_feature_zones(zones, window=([-2, -2], [2, 2]))
    wedges, ring = axes.patches[:2], axes.patches[2:]
    assert {frozenset(corners(patch)) for patch in wedges} == {
        frozenset({(0, 0), (2, -2), (2, 2)}),
        frozenset({(0, 0), (-2, -2), (-2, 2)}),
    }
    assert corners(ring[0]) == {(-2, -2), (2, -2), (2, 2), (-2, 2), (-1, 0), (0, -1), (1, 0), (0, 1)}
    assert [to_rgb(patch.get_facecolor()) for patch in axes.patches] == [to_rgb(feature_colour(i)) for i in (0, 0, 1)]
    collections: list[Any] = list(axes.collections[:2])
    thick = [edge for collection in collections for edge in collection.get_segments()]
    assert len(thick) == 8
    assert not any((abs(ends) == 2).all(axis=0).any() and (ends[0] == ends[1]).any() for ends in thick)


def test_default_windows_of_zones():
    box = pr.Polyhedron.box([-1, -2], [3, 2])
    axes = plot_feature_zones(list(feature_zones(CROSS, domain=box).values()))
    assert (axes.get_xlim(), axes.get_ylim()) == ((-1, 3), (-2, 2))
    assert plot_feature_zones({}, axes) is axes
    line = pr.Network([([[1]], [0])])
    with pytest.raises(pr.DimensionError, match=r"feature 0 is in R\^1"):
        plot_feature_zones(feature_zones(line))


def titles(axes):
    panels: list[Any] = axes.child_axes
    return [panel.get_title() for panel in panels]


@pytest.fixture(scope="module")
def many():
    """The zones of twelve features."""
    angles = 2 * np.pi * np.arange(12) / 12
    net = pr.Network([(np.round(np.stack([np.cos(angles), np.sin(angles)], axis=1), 3), [-1] * 12)], [True])
    return feature_zones(net, domain=pr.Polyhedron.box([-2, -2], [2, 2]))


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("layout", ["superposed", "outlines", "multiples"])
def test_features_are_named_and_told_apart(many, layout, dark):
    with style(dark=dark):
        axes = plot_feature_zones(many, features=range(6), layout=layout)
        assert_told_apart(axes.figure)
        assert_labels_apart(axes.figure)
        named = {f"$y_{{{i}}}$": area_colour(feature_colour(i)) for i in range(6)}
        if layout == "outlines":
            assert_in_legend(axes.figure, named)
        if layout == "superposed":
            assert_in_legend(axes.figure, {name: feature_colour(i) for i, name in enumerate(named)})
        if layout == "multiples":
            assert titles(axes) == [*named]


@pytest.mark.parametrize("dark", [False, True])
def test_hatched_overlaps_are_told_apart(many, dark):
    """But for the cells between the strokes of one hatch."""
    with style(dark=dark):
        found = blurred(plot_feature_zones(many, features=range(8), hatches=True).figure)
    assert all(spot.fills[0] == spot.fills[1] for spot in found)


def test_lines_show_on_dark_fills_by_their_rims(many):
    with style():
        assert_told_apart(plot_feature_zones(many, features=range(8), alpha=0.5).figure)


def test_few_features_are_superposed_and_many_are_outlines(many):
    assert len(plot_feature_zones(many, features=range(8)).patches) == 8
    axes = plot_feature_zones(many, names=[f"feature {i}" for i in range(12)])
    assert not axes.patches
    assert_in_legend(axes.figure, {f"feature {i}": area_colour(feature_colour(i)) for i in range(12)})
    assert not plot_feature_zones(many, pyplot.subplots()[1]).get_legend()


def test_drawn_areas_are_those_of_the_zones(many):
    for i in (0, 5):
        (zone,) = many[i].zones()
        assert_area(plot_feature_zones(many, features=[i]).patches, zone.volume())
    axes = plot_feature_zones(many, layout="multiples")
    for i, panel in enumerate(axes.child_axes):
        assert_area(panel.collections[:1], many[i].volume())


def test_hatched_features_keep_their_colours(many):
    axes = plot_feature_zones(many, features=[1, 2], hatches=True)
    assert [patch.get_hatch() for patch in axes.patches] == [feature_hatch(1), feature_hatch(2)]
    assert [to_rgb(patch.get_facecolor()) for patch in axes.patches] == [to_rgb(feature_colour(i)) for i in (1, 2)]


@pytest.mark.parametrize("layout", ["superposed", "outlines", "multiples"])
def test_latent_planes_in_every_layout(layout):
    with style():
        axes = plot_latent_plane(SQUARE, layout=layout, names=["left", "low", "never"])
        assert_told_apart(axes.figure)
        assert_labels_apart(axes.figure)
    if layout == "multiples":
        assert titles(axes) == ["left", "low", "never"]
    else:
        assert_in_legend(axes.figure, ["left", "low", "never"])


def test_what_there_is_not_is_refused(many):
    with pytest.raises(pr.InputError, match="no feature 12; choose among 0, 1, 2"):
        plot_feature_zones(many, features=[12])
    with pytest.raises(pr.InputError, match="choose one of superposed, outlines, multiples"):
        plot_feature_zones(many, layout="heap")
    with pytest.raises(pr.DimensionError, match="1 names for 12 features"):
        plot_feature_zones(many, names=["a"])
    with pytest.raises(pr.DimensionError, match="1 names for 3 features"):
        plot_latent_plane(SQUARE, names=["a"])
