from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.colors import to_rgba

import polyrelu as pr
from polyrelu.figures.blocks import three_block_network, two_block_network
from polyrelu.plotting.chain import feature_legend, latent_networks, name_plane, plot_chain, plot_folds
from polyrelu.plotting.style import feature_colour
from tests.pictures import assert_area, legend_entries

SQUARE = pr.Polyhedron.box([-2, -2], [2, 2])


def test_latent_spaces_are_what_layers_with_relu_read():
    network = three_block_network()
    assert [blocks.layers for blocks in latent_networks(network)] == [network.layers[k:] for k in (0, 2, 4)]
    deep = pr.Network([([[1, 0], [1, 1]], [0, 0])] * 2, relu=[True, True])
    assert len(latent_networks(deep)) == 1  # what the second layer reads is no latent space, but features
    with pytest.raises(pr.DimensionError, match="the first layer has no ReLU"):
        latent_networks(pr.Network([([[1, 0]], [0]), ([[1]], [0])], relu=[False, True]))


@pytest.mark.parametrize("features", [None, [3, 1]])
def test_each_panel_has_the_exact_zones_of_its_space_in_the_features_colours(features):
    network = two_block_network()
    panels = pyplot.subplots(1, 2)[1]
    found = plot_chain(network, panels, [SQUARE, SQUARE], features=features)
    assert [list(zones) for zones in found] == [features or list(range(5))] * 2
    for axes, zones, blocks in zip(panels, found, latent_networks(network), strict=True):
        for i, tiling in zones.items():
            assert tiling.network == blocks
            drawn = [patch for patch in axes.patches if patch.get_facecolor() == to_rgba(feature_colour(i), 0.25)]
            assert drawn
            assert_area(drawn, tiling.volume(exact=True))
    assert [axes.get_xlabel() for axes in panels] == [r"$\alpha_0$", r"$\beta_0$"]
    counts = [sum(len(tiling.zones()) for tiling in zones.values()) for zones in found]
    assert [int(axes.get_title().split()[1]) for axes in panels] == counts


def test_folds_are_where_features_switch():
    axes = pyplot.subplots()[1]
    network = two_block_network()
    plot_folds(network, axes, SQUARE)
    (lines,) = axes.collections
    first = network.layers[0]
    weight, bias = np.array(first.rows, dtype=float), np.array(first.offsets, dtype=float)
    for segment in lines.get_segments():  # type: ignore[attr-defined]
        on_fold = (np.abs(segment @ weight.T + bias) < 1e-9).all(axis=0).any()
        on_rim = (np.abs(np.abs(segment) - 2) < 1e-9).all(axis=0).any()
        assert on_fold or on_rim
    plot_folds(pr.Network([first]), axes, SQUARE)
    assert len(axes.collections) == 1  # nothing switches before the last layer


def test_a_rim_is_followed_exactly():
    network = two_block_network()
    rim = pr.Polyhedron.box(["-3/2", "-1"], [1, "7/4"])
    panels = pyplot.subplots(1, 2)[1]
    plot_chain(network, panels, [SQUARE, SQUARE], rim=rim)
    first, second = (np.asarray(axes.lines[0].get_xydata(), dtype=float) for axes in panels)
    assert {tuple(corner) for corner in first.tolist()} == {tuple(map(float, v)) for v in rim.vertices}
    head = pr.Network(network.layers[:2])
    around = np.concatenate([np.linspace(a, b, 50) for a, b in pairwise(first)])
    for image in np.asarray(head(around)):  # on one of the segments that are drawn
        assert min(distance(image, a, b) for a, b in pairwise(second)) < 1e-9


def distance(point, a, b):
    along = b - a
    t = np.clip((point - a) @ along / (along @ along), 0, 1) if along.any() else 0
    return float(np.hypot(*(point - a - t * along)))


def test_what_does_not_fit_is_refused():
    network = two_block_network()
    panels = pyplot.subplots(1, 2)[1]
    with pytest.raises(pr.DimensionError, match="of 2, 2 dimensions, 1 panels and 2 windows"):
        plot_chain(network, panels[:1], [SQUARE, SQUARE])
    deeper = pr.Network([*network.layers[:2], *three_block_network().layers], relu=None)
    with pytest.raises(pr.DimensionError, match="at most 3 planes"):
        plot_chain(deeper, [*panels, *panels], [SQUARE] * 4)
    solid = pr.Network([([[1, 0, 0]], [0])], relu=[True])
    with pytest.raises(pr.DimensionError, match="of 3 dimensions"):
        plot_chain(solid, panels[:1], [SQUARE])


def test_a_legend_says_which_colour_is_which_feature_and_a_plane_its_name():
    figure, axes = pyplot.subplots(layout="constrained")
    feature_legend(axes, [0, 4], "y")
    assert [entry.text for entry in legend_entries(figure)] == ["$y_{0} > 0$", "$y_{4} > 0$"]
    name_plane(axes, r"\gamma")
    assert (axes.get_title(), axes.get_ylabel()) == (r"$\gamma$-space", r"$\gamma_1$")
    assert all(Fraction(tick).denominator == 1 for tick in axes.get_xticks().tolist())
