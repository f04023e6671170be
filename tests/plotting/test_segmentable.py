import os
import re
import subprocess
import sys
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
from polyrelu.polyhedra.convex_polygon import convex_polygon

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
    with pytest.raises(pr.DimensionError, match="more than the rounding of float64 explains"):
        SegmentablePlane(shifted, W_ENC.T, BIAS)


def test_plane_errors():
    with pytest.raises(pr.DimensionError, match="plane_points have affine rank 3"):
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


def autoencoder(seed, tied):
    """Weights of relu(W_dec W_enc x + b), trained in float32 on sparse features for a moment."""
    random = np.random.default_rng(seed)
    dim = int(random.integers(3, 9))
    encoder = random.normal(size=(2, dim)).astype(np.float32) / np.float32(2)
    decoder = encoder.T if tied else random.normal(size=(dim, 2)).astype(np.float32) / np.float32(2)
    bias, rate = np.zeros(dim, np.float32), np.float32(0.3)
    for _ in range(150):
        x = (random.random((64, dim)) * (random.random((64, dim)) < 0.3)).astype(np.float32)
        before = x @ encoder.T @ decoder.T + bias
        slope = (np.maximum(before, 0) - x) * (before > 0) / np.float32(32)
        of_decoder, of_encoder = slope.T @ (x @ encoder.T), (slope @ decoder).T @ x
        encoder = encoder - rate * (of_encoder + of_decoder.T if tied else of_encoder)
        decoder = encoder.T if tied else decoder - rate * of_decoder
        bias = bias - rate * slope.sum(axis=0)
    assert {encoder.dtype, decoder.dtype, bias.dtype} == {np.dtype(np.float32)}
    return encoder, decoder, bias


@pytest.mark.parametrize("tied", [True, False])
def test_trained_autoencoders_in_float32_are_accepted(tied):
    """All that were trained; an outline that meets itself is refused with its features, and then there is its hull."""
    traced = 0
    for seed in range(35):
        encoder, decoder, bias = autoencoder(seed, tied)
        points = np.eye(len(bias), dtype=np.float32) @ encoder.T @ decoder.T + bias
        features = exact_matrix(encoder.T, "W_enc")
        hull = latent_plane(points, encoder, decoder, bias, window="hull")
        assert hull.window == convex_polygon(features)
        try:
            plane = latent_plane(points, encoder, decoder, bias)
        except pr.InputError as error:
            assert re.search(r"edge \d \(feature \d to feature \d\) and .*window='hull'", str(error))
        else:
            traced += 1
            assert set(plane.window) == set(features)
            assert plane.outline.area() <= hull.outline.area()
    assert traced >= 25


def test_cube():
    cube = SegmentableCube([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 1]], [[0, 0, 1, 1]], half_width=1)
    active, silent = cube.break_into_segments(0)
    assert active.volume() == silent.volume() == 4
    assert active.contains([0, 0, Fraction(1, 9)])
    with pytest.raises(pr.DimensionError, match="needs 3 basis vectors, got 2"):
        SegmentableCube([[1, 0, 0], [0, 1, 0]], [[0, 0, 1]])


WEIGHTS = """
num_feats = 6
W_enc = get_unit_2d_vectors_regularly_spaced(num_vecs=num_feats)
W_dec = W_enc.T
b = get_rigged_bias(num_dims=num_feats)
plane_vertices = np.eye(num_feats) @ W_enc.T @ W_dec.T + b
"""
HELPERS = """
def get_unit_2d_vectors_regularly_spaced(num_vecs):
    phases = np.linspace(0, 2 * np.pi, num_vecs + 1)[:-1]
    return np.vstack([np.cos(phases), np.sin(phases)]).T

def get_rigged_bias(num_dims):
    return np.ones(shape=(num_dims,)) * (-np.cos(2 * np.pi / num_dims))
"""
CALL = """
segment_and_plot(
    plane_vertices,
    W_enc,
    W_dec,
    bias=b,
    Z=3,
    plot_title='Example plot'
)
"""
IMPORTS = """
from MODULE import segment_and_plot
from MODULE import SegmentablePlane
"""
LOOK = """
from matplotlib import pyplot
(axes,) = pyplot.gcf().axes
print(axes.get_title(), axes.get_xlim(), sum(patch.get_alpha() is not None for patch in axes.patches))
"""


@pytest.mark.parametrize(
    "before",
    [
        "import numpy as np\nfrom MODULE import get_rigged_bias, get_unit_2d_vectors_regularly_spaced\n" + WEIGHTS,
        "import numpy as np\n" + HELPERS + WEIGHTS.replace("W_enc.T @ W_dec.T", "W_enc @ W_dec"),
    ],
    ids=["as in its manual", "as in its example, with its own helpers, transposed"],
)
def test_the_published_example_runs_with_other_imports(before, tmp_path):
    script = tmp_path / "example.py"
    script.write_text((before + IMPORTS + CALL + LOOK).replace("MODULE", "polyrelu"))
    environment = {**os.environ, "MPLBACKEND": "Agg", "PYTHONWARNINGS": "error"}
    shown = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, check=True, cwd=tmp_path, env=environment
    )
    assert shown.stdout.splitlines()[-1] == "Example plot (np.float64(-3.0), np.float64(3.0)) 6"
