from fractions import Fraction

import numpy as np
import pytest
from matplotlib.colors import to_rgb

import polyrelu as pr
from polyrelu.arithmetic.exact import exact_matrix
from polyrelu.plotting.segmentable import (
    SegmentableCube,
    SegmentablePlane,
    clockwise_order,
    latent_plane,
    regular_unit_vectors,
    rigged_bias,
    segment_and_plot,
)
from polyrelu.plotting.style import feature_colour

W_ENC = regular_unit_vectors(6)
BIAS = rigged_bias(6)
VERTICES = np.eye(6) @ W_ENC.T @ W_ENC + BIAS


def test_rigged_weights():
    assert W_ENC.shape == (2, 6)
    assert W_ENC[:, 0].tolist() == [1, 0]
    assert np.hypot(*W_ENC) == pytest.approx(1)
    assert rigged_bias(6) == pytest.approx(-0.5)
    assert rigged_bias(7).shape == (7,)


def test_clockwise_from_the_first():
    rows = exact_matrix([[0, 1], [-1, 0], [1, 0], [0, 0], [0, -1], [1, 1], [0, 2]], "rows")
    assert clockwise_order(rows) == [0, 6, 5, 2, 4, 1, 3]
    assert clockwise_order(rows[1:]) == [0, 5, 4, 1, 3, 2]
    assert clockwise_order(exact_matrix([[0, 0], [0, 0]], "rows")) == [0, 1]


def test_the_example():
    plane = latent_plane(VERTICES, W_ENC, W_ENC.T, BIAS)
    assert plane.window == tuple(exact_matrix(W_ENC.T[[0, 5, 4, 3, 2, 1]], "W"))
    assert latent_plane(VERTICES, W_ENC.T, W_ENC, BIAS) == plane
    axes = segment_and_plot(VERTICES, W_ENC, W_ENC.T, bias=BIAS, Z=3, plot_title="Example plot")
    assert (axes.get_xlim(), axes.get_ylim(), axes.get_title()) == ((-3, 3), (-3, 3), "Example plot")
    pieces = axes.patches[1:]
    assert [to_rgb(p.get_facecolor()) for p in pieces] == [to_rgb(feature_colour(i)) for i in range(6)]
    for i, piece in enumerate(pieces):
        corners = piece.get_path().to_polygons()[0]
        assert (corners @ W_ENC[:, i] >= 0.5 - 1e-12).all()
    assert segment_and_plot(VERTICES, W_ENC, W_ENC.T, BIAS, ax=axes) is axes


def test_segments_of_a_plane_in_five_dimensions():
    ears = [
        [-3, 0, 0, 0, 0],
        [-2, 0, 1, 0, 0],
        [-1, 0, 0, 0, 0],
        [1, 0, 0, 0, 0],
        [2, 0, 1, 0, 0],
        [3, 0, 0, 0, 0],
        [0, 0, -2, 0, 0],
    ]
    plane = SegmentablePlane(ears, W=ears)
    top, bottom = plane.break_into_segments(2)
    assert sorted(map(sorted, top)) == [sorted(map(tuple, ears[0:3])), sorted(map(tuple, ears[3:6]))]
    assert [sorted(piece) for piece in bottom] == [sorted(map(tuple, [ears[0], ears[5], ears[6]]))]
    (flat,) = plane.convert_to_2d(bottom, [0] * 5, [[1, 0, 0, 0, 0], [0, 0, 2, 0, 0]])
    assert set(flat) == {(-3, 0), (3, 0), (0, -1)}
    assert plane.break_into_segments(3)[0] == []
    with pytest.raises(pr.DimensionError, match=r"two independent vectors in R\^5"):
        plane.convert_to_2d(bottom, [0] * 5, [[1, 0, 0, 0, 0], [2, 0, 0, 0, 0]])


def test_a_plane_of_floats():
    plane = SegmentablePlane(VERTICES, W_ENC.T, BIAS, reorient=True)
    assert plane.reorient_ordering == (0, 5, 4, 3, 2, 1)
    assert plane.plane.window == tuple(exact_matrix(W_ENC.T[[0, 5, 4, 3, 2, 1]], "W"))
    assert plane.plane.outline == SegmentablePlane(VERTICES, W_ENC, BIAS).plane.outline
    shifted = np.array(VERTICES)
    shifted[2, 3] += 1e-12
    with pytest.raises(pr.DimensionError, match="more than the rounding of floats explains"):
        SegmentablePlane(shifted, W_ENC.T, BIAS)


def test_plane_errors():
    with pytest.raises(pr.DimensionError, match="plane_vertices have affine rank 3"):
        SegmentablePlane(np.eye(5)[:4], np.eye(5)[:4])
    with pytest.raises(pr.DimensionError, match="affine rank -1"):
        SegmentablePlane([], [])
    with pytest.raises(pr.DimensionError, match="reorient needs one feature"):
        SegmentablePlane(np.eye(3), np.eye(3), reorient=True)
    with pytest.raises(pr.DimensionError, match=r"W_enc must be \(2, 6\) and W_dec \(6, 2\)"):
        latent_plane(VERTICES, W_ENC[:1], W_ENC.T, BIAS)
    crossed = VERTICES[[0, 3, 1, 2]]
    with pytest.raises(pr.InputError, match=r"edge 1 .* and edge 3 .* cross"):
        segment_and_plot(crossed, W_ENC, W_ENC.T, BIAS)


def test_cube():
    cube = SegmentableCube([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 1]], [[0, 0, 1, 1]], half_width=1)
    active, silent = cube.break_into_segments(0)
    assert active.volume() == silent.volume() == 4
    assert active.contains([0, 0, Fraction(1, 9)])
    with pytest.raises(pr.DimensionError, match="needs 3 basis vectors, got 2"):
        SegmentableCube([[1, 0, 0], [0, 1, 0]], [[0, 0, 1]])
