import numpy as np
import pytest

import polyrelu as pr
from polyrelu.latent.superposition import Superposition
from polyrelu.plotting.style import feature_colour
from tests.latent.test_superposition import BOX, HATS, chain

pytest.importorskip("matplotlib.pyplot")
from matplotlib.colors import to_hex

from polyrelu.plotting.superposition import plot_superposition


def drawn_area(patch):
    """The area of a compound path of convex polygons."""
    polygons = patch.get_path().to_polygons()
    return sum(map(shoelace, polygons))


def shoelace(points):
    x, y = points.T
    return abs(float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]))) / 2


@pytest.mark.parametrize("network", [HATS, chain(1)], ids=["hats", "chain"])
def test_drawn_areas_are_those_of_zones(network):
    found = Superposition(network, BOX)
    ax = plot_superposition(found)
    areas = {to_hex(patch.get_facecolor()): drawn_area(patch) for patch in ax.patches}
    for feature in found.features:
        exact = float(found.exact_area(feature))
        assert areas.get(feature_colour(feature).lower(), 0.0) == pytest.approx(exact, rel=1e-9)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [f"$y_{{{i}}}$" for i in found.features]
    assert (ax.get_xlim(), ax.get_ylim()) == ((-3, 3), (-3, 3))


def test_rims_are_where_features_switch():
    found = Superposition(HATS, BOX, [2])
    ax = plot_superposition(found, legend=False)
    (rim,) = ax.collections
    segments = [path.vertices for path in rim.get_paths()]
    assert all((segment[:, 1] == 0.5).all() for segment in segments)
    assert sum(np.abs(np.diff(segment[:, 0])).sum() for segment in segments) == pytest.approx(6)
    assert ax.get_legend() is None


def test_nothing_to_draw():
    never = pr.Network([([[0, 0]], [-1])], relu=[True])
    ax = plot_superposition(Superposition(never, BOX))
    assert not ax.patches
