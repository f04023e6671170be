"""Figures 5 to 10 and 12 to 16: what is drawn is what the operator computes."""

import itertools
import subprocess
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.animation import FuncAnimation
from matplotlib.colors import to_hex

import polyrelu as pr
from polyrelu.engines.faces.unrelu import face_piece, face_steps, layer_range, substituted_piece
from polyrelu.figures import cubes, example, first_layer, sweep, unrelu_steps
from polyrelu.figures.animate import write_animation, writes_mp4
from polyrelu.plotting.scene import scene_of
from polyrelu.plotting.solid import boundary_polygons
from polyrelu.plotting.style import face_colour, themed
from tests.drawn import corners

SUBSETS = [z for k in range(4) for z in itertools.combinations(range(3), k)]
STORIES = [module.story(size, "") for module in (unrelu_steps, first_layer) for size in (1, 2)]
LAYERS = [(example.last_layer(), example.target()), (example.first_layer(), example.pulled_back_target())]


def drawn(figure):
    return scene_of(figure.axes[0]).items


@pytest.mark.parametrize(("layer", "target"), LAYERS)
@pytest.mark.parametrize("zeroed", SUBSETS)
def test_the_steps_lead_from_the_face_to_its_piece(layer, target, zeroed):
    steps = face_steps(target, layer, zeroed)
    unit = [[int(i == j) for j in range(3)] for i in range(3)]
    orthant = pr.Polyhedron([[-v for v in row] for row in unit], [0] * 3, equalities=list(zeroed))
    assert steps.cut == target & orthant
    assert steps.swept == steps.cut.plus_cone([[-v for v in unit[i]] for i in zeroed])
    assert steps.in_range == steps.swept & layer_range(layer)
    assert steps.piece == face_piece(target, layer, zeroed) == substituted_piece(target, layer, zeroed)
    assert steps.piece == steps.swept.affine_preimage(layer.rows, layer.offsets)


def test_three_faces_give_pieces_and_five_give_tiles():
    assert cubes.contributing(*LAYERS[0][::-1]) == ((1,), (2,), (1, 2))
    faces = cubes.contributing(*LAYERS[1][::-1])
    assert faces == ((0,), (1,), (2,), (0, 2), (1, 2))
    tiling = pr.preimage(example.network(), example.target())
    pieces = {
        "".join("01"[i not in zeroed] for i in range(3)): face_piece(*LAYERS[1][::-1], zeroed) for zeroed in faces
    }
    assert {tile.pattern.split("|")[0]: tile.polyhedron for tile in tiling} == pieces


@pytest.mark.parametrize("story", STORIES)
def test_a_whole_sweep_is_the_operator_s(story):
    for zeroed in story.phase:
        steps = face_steps(story.target, story.layer, zeroed)
        cut = steps.cut & story.cube
        whole = sweep.swept_by(cut, zeroed, story.radius) & story.cube
        assert whole == steps.swept.closure() & story.cube
        half = sweep.swept_by(cut, zeroed, Fraction(story.radius) / 2)
        assert half.is_subset(whole)
        assert sweep.slid_by(cut, zeroed, Fraction(story.radius) / 2).is_subset(half)
        assert sweep.swept_by(cut, zeroed, 0) == cut.closure()


@pytest.mark.parametrize("story", STORIES)
def test_frames_show_the_exact_pieces(story):
    frames = sweep.timeline(story)
    assert {k for k, _ in frames} == set(range(len(story.phase) + 1))
    figure = pyplot.figure()
    left, right = figure.add_subplot(1, 2, 1, projection="3d"), figure.add_subplot(1, 2, 2)
    sweep.draw_moment(story, *frames[-1], left, right)
    figure.canvas.draw()
    found = story.before + story.phase
    in_space = {item.parts[0] for item in scene_of(left).items}
    on_plane = {(to_hex(patch.get_facecolor()).upper(), frozenset(corners(patch)[:-1])) for patch in right.patches}
    window = pr.Polyhedron.box(*story.plane)
    for zeroed in found:
        steps = face_steps(story.target, story.layer, zeroed)
        assert set(boundary_polygons(steps.in_range & story.cube)) <= in_space
        whole = (steps.piece.closure() & window).vertices
        assert (story.colours[zeroed], frozenset(tuple(map(float, v)) for v in whole)) in on_plane
    assert len(right.patches) == 1 + 2 * len(found)
    sweep.draw_moment(story, 0, Fraction(1, 2), *axes_pair())


def face_shades(shade):
    return themed(shade), face_colour(shade)


def axes_pair():
    figure = pyplot.figure()
    return figure.add_subplot(1, 2, 1, projection="3d"), figure.add_subplot(1, 2, 2)


@pytest.mark.parametrize(
    ("module", "cube_cut", "faces", "with_range", "target", "layer"),
    [
        (unrelu_steps, "cut_cube", "positive_orthant", "range_plane", LAYERS[0][1], LAYERS[0][0]),
        (first_layer, "pulled_back_cube", "all_constraints", "axial_faces", LAYERS[1][1], LAYERS[1][0]),
    ],
)
def test_solids_are_exact(module, cube_cut, faces, with_range, target, layer):
    cube = pr.Polyhedron.box(*module.WINDOW)
    points = {item.parts[0] for item in drawn(getattr(module, cube_cut)())}
    assert set(boundary_polygons(target & cube)) <= points
    items = drawn(getattr(module, faces)())
    for zeroed in ((), *cubes.contributing(target, layer)):
        (shapes := boundary_polygons(face_steps(target, layer, zeroed).cut & cube)).sort()
        coloured = {item.parts[0] for item in items if item.colour in face_shades(module.FACE_COLOURS[zeroed])}
        assert set(shapes) <= coloured
    reached = {item.parts[0] for item in drawn(getattr(module, with_range)())} - {item.parts[0] for item in items}
    assert set(boundary_polygons(layer_range(layer) & cube)) <= reached


def test_constraints_are_the_faces_of_the_orthant():
    items = drawn(first_layer.relu_constraints())
    for i in range(3):
        (square,) = [item for item in items if item.colour == first_layer.FACE_COLOURS[i,]]
        assert {point[i] for point in square.parts[0]} == {0}
        assert {point[i - 1] for point in square.parts[0]} == {0, first_layer.RADIUS}


def test_beta_space_shows_the_rows_and_their_half_planes():
    figure = unrelu_steps.beta_space()
    (axes,) = figure.axes
    arrows: list[Any] = [text for text in axes.texts if getattr(text, "arrow_patch", None)]
    assert [tuple(arrow.xy) for arrow in arrows] == list(example.U)
    assert [text.get_text() for text in axes.texts if text.get_text()] == ["$U_{0}$", "$U_{1}$", "$U_{2}$"]
    for row, patch in zip(example.U, axes.patches, strict=True):
        assert (np.array(corners(patch)) @ np.array(row) >= 0.3 - 1e-12).all()
    assert (axes.get_xlabel(), axes.get_title()) == (r"$\beta_0$", r"$\beta$-space: 3 zones")


@pytest.mark.long
def test_animations_are_small_and_deterministic(tmp_path):
    animation = unrelu_steps.two_coordinates()
    assert isinstance(animation, FuncAnimation)
    path = write_animation(animation, tmp_path / "two.gif")
    assert 10_000 < path.stat().st_size < 400_000
    first, second = (write_animation(moving_dot(), tmp_path / name).read_bytes() for name in ("a.gif", "b.gif"))
    assert first == second
    assert first.startswith(b"GIF89a")


def moving_dot(size=(1.0, 1.0)):
    figure, axes = pyplot.subplots(figsize=size)
    axes.set(xlim=(-1, 3), ylim=(-1, 3))
    (line,) = axes.plot([0], [0], "o")
    return FuncAnimation(figure, lambda k: line.set_data([k], [k]) or [line], frames=3, init_func=list)


@pytest.mark.skipif(not writes_mp4(), reason="ffmpeg is not installed")
def test_films_have_every_frame_and_show_what_was_drawn(tmp_path):
    """Decoded again frame by frame; sides with an odd number of pixels, which the codec does not take, are changed."""
    dot = moving_dot((1.03, 0.97))
    first, second = (write_animation(dot, tmp_path / name) for name in ("a.mp4", "b.mp4"))
    assert first.read_bytes() == second.read_bytes()
    frames = decoded(first, dot._fig)
    assert len(frames) == 3
    for number, frame in enumerate(frames):
        dot._func(number)
        dot._fig.set_dpi(100)
        dot._fig.canvas.draw()
        expected = np.asarray(dot._fig.canvas.buffer_rgba())[..., :3].astype(int)
        assert frame.shape == expected.shape
        others = [np.abs(other.astype(int) - expected).mean() for other in frames]
        assert others[number] == min(others) < 6


def decoded(path, figure):
    """The frames of a film, (rows, columns, 3) each."""
    columns, rows = (round(100 * inches) for inches in figure.get_size_inches())
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    data = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
    return list(np.frombuffer(data, np.uint8).reshape(-1, rows, columns, 3))


def test_formats_are_checked(tmp_path):
    dot = moving_dot()
    with pytest.raises(pr.InputError, match=r"suffix '\.avi'; use one of \.gif, \.mp4"):
        write_animation(dot, tmp_path / "dot.avi")
    if writes_mp4():
        assert write_animation(dot, tmp_path / "dot.mp4").stat().st_size
    else:
        with pytest.raises(pr.InputError, match="needs ffmpeg"):
            write_animation(dot, tmp_path / "dot.mp4")
        write_animation(dot, tmp_path / "dot.gif")


def test_the_weights_are_those_of_the_worked_example():
    assert example.W == example.U
    assert [sum(v * v for v in row) for row in example.W] == pytest.approx([1] * 3)
    assert example.pulled_back_target() == pr.Polyhedron(
        [
            [
                -sum(u * d for u, d in zip(map(Fraction, example.U[0]), map(Fraction, column), strict=True))
                for column in zip(*example.D, strict=True)
            ]
        ],
        [-0.3],
        strict=True,
    )
