import math
import warnings
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.errors import FloatModeWarning
from tests.float_modes import MODES, everywhere, float_mode
from tests.strategies import questions

ABSOLUTE = pr.Network([([[1], [-1]], [0, 0]), ([[1, 1]], [0])])  # |x0|
CROSS = pr.Network([([[1, 0], [-1, 0], [0, 1], [0, -1]], [0] * 4), ([[1, 1, -1, -1]], [0])])  # |x0| - |x1|
SQUARE = pr.Polyhedron.box([-1, -1], [1, 1])
engines = pytest.mark.parametrize("engine", ["cells", "unrelu"])


def cube(dim, half=2):
    return pr.Polyhedron.box([-half] * dim, [half] * dim)


@engines
@settings(max_examples=25)
@given(question=questions(max_inputs=2, max_neurons=5), share=st.sampled_from([0, 1]))
def test_samples_lie_in_the_tiling(engine, question, share):
    """From the box and from the tiles."""
    network, target, domain = question
    box = cube(network.input_dim)
    tiling = pr.preimage(network, target, box if domain is None else domain & box, engine)
    if not tiling.volume(exact=True):
        return
    with pytest.MonkeyPatch.context() as patch:
        if share:
            patch.setattr(
                "polyrelu.analysis.sampling._from_box", lambda tiling, n, random: np.empty((0, network.input_dim))
            )
        found = tiling.sample_points(20, seed=1)
        assert found.tolist() == tiling.sample_points(20, seed=1).tolist()
    assert found.shape == (20, network.input_dim)
    assert tiling.contains(found).all()
    assert pr.maps_into(network, target, found).all()


@engines
@pytest.mark.parametrize("size", [1, Fraction(1, 100)])
def test_samples_are_uniform(engine, size):
    """|x0| <= size / 2 beside size <= |x0| <= 3/2 size: one third and two thirds of the points... by the law.

    A share of 1/100 of the box is drawn from the box, one of 1/10,000 from the tiles. The counts are within five
    standard deviations of their means.
    """
    domain = pr.Polyhedron.box([-2 if size == 1 else -200], [2 if size == 1 else 200])
    inner, outer = pr.parse(f"y0 <= {size / 2}", dim=1), pr.parse(f"y0 >= {size} and y0 <= {3 * size / 2}", dim=1)
    tiling = pr.preimage(ABSOLUTE, [inner, outer], domain, engine)
    found = tiling.sample_points(4000, seed=0)[:, 0] / float(size)
    for low, high in ((-1.5, -1), (-0.5, 0), (0, 0.25), (0.25, 0.5), (1, 1.5)):
        mean = 4000 * (high - low) / 2
        assert abs(((found >= low) & (found <= high)).sum() - mean) < 5 * math.sqrt(mean)


def test_samples_of_a_zone_lie_in_that_zone():
    tiling = pr.preimage(ABSOLUTE, pr.parse("y0 >= 1", dim=1), pr.Polyhedron.box([-2], [2]))
    left, right = sorted(tiling.zones(), key=lambda zone: zone.bounding_box()[0][0])
    assert (left.sample_points(50, seed=0) <= -1).all()
    assert (right.sample_points(50, seed=0) >= 1).all()


def test_samples_of_an_axis_parallel_flat_domain():
    tiling = pr.preimage(CROSS, pr.parse("y0 >= 0", dim=1), pr.Polyhedron.box([-1, 0.5], [1, 0.5]))
    found = tiling.sample_points(100, seed=0)
    assert (found[:, 1] == 0.5).all()
    assert (np.abs(found[:, 0]) >= 0.5).all()


def test_samples_without_floats():
    third = Fraction(1, 3)
    tiling = pr.preimage(ABSOLUTE, pr.parse("y0 >= 0", dim=1), pr.Polyhedron.box([third], [third + Fraction(1, 2**80)]))
    with pytest.raises(pr.InexactError, match="too thin"):
        tiling.sample_points(2, seed=0)
    assert tiling.sample_points(0, seed=0).shape == (0, 1)
    with pytest.raises(pr.InputError, match="-1"):
        tiling.sample_points(-1)


QUADRANTS = pr.Network([([[1, 0], [0, 1]], [0, 0])], relu=[True])


@pytest.mark.parametrize("side", [Fraction(10**160), Fraction(1, 10**160), Fraction(2**1023), Fraction(1, 2**1060)])
@pytest.mark.parametrize("by_tiles", [False, True])
def test_boxes_at_both_ends_of_the_floats(side, by_tiles, monkeypatch):
    """A volume that over- or underflows is no obstacle: a quarter of the points lies in each quarter."""
    tiling = pr.linear_regions(QUADRANTS, pr.Polyhedron.box([-side] * 2, [side] * 2))
    if by_tiles:
        monkeypatch.setattr("polyrelu.analysis.sampling._from_box", lambda tiling, n, random: np.empty((0, 2)))
    found = tiling.sample_points(400, seed=3)
    places = tiling.locate(found)
    assert (places >= 0).all()
    assert all(60 < count < 140 for count in np.bincount(places, minlength=4))


def test_tiles_beyond_the_floats_are_refused():
    tiling = pr.linear_regions(QUADRANTS, pr.Polyhedron.box([-1, -1], [1, 10**400]))
    with pytest.raises(pr.InexactError, match="beyond the greatest float"):
        tiling.sample_points(5, seed=0)


@pytest.mark.long
@everywhere
@pytest.mark.parametrize("mode", MODES)
def test_samples_where_floats_are_not_sound(mode, run):
    tiling = pr.preimage(CROSS, pr.parse("y0 >= 1/3", dim=1), SQUARE)
    tiny = pr.linear_regions(QUADRANTS, pr.Polyhedron.box([-5e-323] * 2, [5e-323] * 2))

    def work():
        with float_mode(mode), warnings.catch_warnings():
            warnings.simplefilter("ignore", FloatModeWarning)
            return tiling.sample_points(5, seed=0), tiny.sample_points(5, seed=0)

    for found, of in zip(run(work), (tiling, tiny), strict=True):
        assert of.contains(found).all()
