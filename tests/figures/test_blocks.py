from fractions import Fraction

import numpy as np
import pytest
from matplotlib.colors import to_rgba

import polyrelu as pr
from polyrelu.analysis.outline import outline
from polyrelu.figures.blocks import (
    ALPHA_WINDOW,
    BETA_WINDOW,
    FEATURES,
    GAMMA_WINDOW,
    RIM,
    W,
    five_features,
    inside_rim,
    network_diagram,
    one_layer,
    three_block_network,
    three_blocks,
    two_block_network,
    two_blocks,
)
from polyrelu.latent.feature_zones import feature_zones
from polyrelu.plotting.scene import scene_of
from polyrelu.support.palette import PALETTE
from tests.pictures import assert_in_legend


def area(path):
    return sum((np.dot(x[:-1], y[1:]) - np.dot(x[1:], y[:-1])) / 2 for x, y in (ring.T for ring in path.to_polygons()))


def test_each_feature_of_the_first_block_is_a_half_plane_that_its_direction_enters():
    network = five_features()
    for i, tiling in feature_zones(network).items():
        (tile,) = tiling
        assert len(tile.polyhedron.halfspaces) == 1
        assert tile.contains(W[i].tolist())
    assert np.asarray(network(W)).diagonal() == pytest.approx(1 - W[1, 0])
    assert np.count_nonzero(np.asarray(network(W)) > 1e-9) == FEATURES  # no direction activates another feature


def test_each_later_feature_has_two_zones_in_the_earlier_space():
    network = two_block_network()
    tilings = feature_zones(network, domain=ALPHA_WINDOW)
    assert [len(tiling.zones()) for tiling in tilings.values()] == [2] * FEATURES
    points = np.random.default_rng(0).uniform(-3, 3, (2000, 2))
    for i, tiling in tilings.items():
        assert (tiling.contains(points) == (np.asarray(network(points))[:, i] > 0)).all()


def test_each_block_back_doubles_the_zones():
    network = three_block_network()
    tilings = feature_zones(network, domain=GAMMA_WINDOW)
    assert [len(tiling.zones()) for tiling in tilings.values()] == [4] * FEATURES
    points = np.random.default_rng(1).uniform(-4, 4, (2000, 2))
    for i, tiling in tilings.items():
        assert (tiling.contains(points) == (np.asarray(network(points))[:, i] > 0)).all()
    titles = [axes.get_title() for axes in three_blocks().axes]
    assert titles == [r"$\gamma$-space: 20 zones", r"$\alpha$-space: 10 zones", r"$\beta$-space: 5 zones"]


def test_the_two_block_picture_draws_the_exact_zones():
    figure = two_blocks()
    alpha, folded, beta = figure.axes
    tilings = feature_zones(two_block_network(), domain=ALPHA_WINDOW)
    for i, tiling in tilings.items():
        exact = [polygon.area() for zone in outline(tiling) for polygon in zone.polygons]
        drawn = [p for p in alpha.patches if p.get_facecolor() == to_rgba(PALETTE[i], 0.25)]
        assert [area(p.get_path()) for p in drawn] == pytest.approx(list(map(float, exact)))
        (half,) = (p for p in beta.patches if p.get_facecolor() == to_rgba(PALETTE[i], 0.25))
        assert 0 < area(half.get_path()) < BETA_WINDOW.volume() / 2
        assert sum(item.colour == PALETTE[i] for item in scene_of(folded).items) > 4
    assert beta.get_xlim() == (-2.5, 2.5)
    assert [axes.get_title() for axes in figure.axes] == [
        r"$\alpha$-space: 10 zones", r"$a$-space: $\mathbf{R}^{5}$, folded", r"$\beta$-space: 5 zones",
    ]  # fmt: skip
    assert_in_legend(figure, {f"$h_{{{i}}} > 0$": PALETTE[i] for i in range(FEATURES)})


def test_the_rim_is_where_the_features_sum_to_three_and_goes_twice_around_in_beta_space():
    network, sheet = two_block_network(), inside_rim()
    points = np.random.default_rng(2).uniform(-3, 3, (2000, 2))
    sums = np.asarray(five_features()(points)).sum(axis=1)
    assert (sheet.contains_floats(points) == (sums <= RIM)).all()
    alpha, _, beta = two_blocks().axes
    for axes, turns in ((alpha, 1), (beta, 2)):
        (rim,) = (line for line in axes.lines if line.is_dashed())
        closed = np.asarray(rim.get_xydata(), dtype=float)
        angles = np.unwrap(np.arctan2(closed[:, 1], closed[:, 0]))
        assert (angles[-1] - angles[0]) / (2 * np.pi) == pytest.approx(turns)
    closed = np.asarray(next(line for line in alpha.lines if line.is_dashed()).get_xydata(), dtype=float)
    there = np.asarray(pr.Network(network.layers[:2])(closed))
    drawn = np.asarray(next(line for line in beta.lines if line.is_dashed()).get_xydata(), dtype=float)
    assert {tuple(p) for p in there.round(9).tolist()} <= {tuple(p) for p in (drawn + 0.0).round(9).tolist()}


def test_one_layer_shows_the_half_planes_and_counts_them():
    left, right = one_layer().axes
    assert {p.get_facecolor() for p in left.patches} == {to_rgba(PALETTE[i], 0.25) for i in range(FEATURES)}
    assert sorted(text.get_text() for text in right.texts) == ["0"] + ["1"] * 5 + ["2"] * 5 + ["3"] * 5
    drawn = sum(abs(area(p.get_path())) for p in right.patches)
    assert drawn == pytest.approx(float(Fraction(18, 5) ** 2))
    shades = {p.get_facecolor() for p in right.patches}
    assert len(shades) == 4
    assert (1, 1, 1, 1) in shades


def test_the_diagram_has_both_forms():
    full, short = network_diagram().axes
    assert len(full.lines) == 10
    assert len(short.lines) == 2
