from fractions import Fraction

import numpy as np
import pytest
from matplotlib.colors import to_rgb

import polyrelu as pr
from polyrelu.figures.library import slice_cube, tetrahedral_cube
from polyrelu.latent.windows import LatentCube
from polyrelu.plotting.scene import scene_of
from polyrelu.plotting.solid import boundary_polygons
from polyrelu.plotting.style import DARK, PAPER, feature_colour, style
from polyrelu.plotting.superposed import laid_over, plot_superposed_cube, pulled


@pytest.mark.parametrize("apart", [0, "1/2"])
@pytest.mark.parametrize("cube", [tetrahedral_cube(), slice_cube()], ids=["tetrahedral", "slice"])
def test_every_face_of_every_cell_is_drawn_in_the_colours_of_its_features(cube, apart):
    axes = plot_superposed_cube(cube, apart=apart)
    faces = [item for item in scene_of(axes).items if len(item.parts[0]) > 2]
    expected = [
        (laid_over(subset), frozenset(face))
        for subset, cell in cube.cells().items()
        for face in boundary_polygons(pulled(cell, Fraction(apart)))
    ]
    assert [(item.colour, frozenset(item.parts[0])) for item in faces] == expected
    assert {item.alpha for item in faces} == {1}
    assert axes.get_title() == ("superposed" if apart == 0 else f"{len(cube.cells())} cells, pulled apart")
    for item in faces:
        reach = axes.get_xlim()[1]
        assert all(abs(float(x)) <= reach for corner in item.parts[0] for x in corner)


def test_pulling_moves_a_cell_away_and_changes_nothing_else():
    cube = tetrahedral_cube()
    cells = [pulled(cell, Fraction(1, 2)) for cell in cube.cells().values()]
    assert sum(cell.volume() for cell in cells) == cube.cube.volume() == 8
    corner = cube.cells()[1, 2, 3]
    assert pulled(corner, Fraction(0)) == corner
    middle = np.mean(np.array(corner.vertices, dtype=float), axis=0)
    moved = np.mean(np.array(pulled(corner, Fraction(1)).vertices, dtype=float), axis=0)
    assert moved == pytest.approx(2 * middle)


def test_colours_are_laid_over_paper_and_one_another():
    assert laid_over([]) == "#ffffff"
    one = np.array(to_rgb(laid_over([2], 0.5)))
    assert one == pytest.approx((np.ones(3) + to_rgb(feature_colour(2))) / 2, abs=1 / 255)
    both = np.array(to_rgb(laid_over([2, 0], 0.5)))
    assert both == pytest.approx((one + to_rgb(feature_colour(0))) / 2, abs=1 / 255)
    with style(dark=True):
        assert laid_over([]) == DARK[PAPER].lower()


def test_a_distance_has_to_be_a_number():
    with pytest.raises(pr.InexactError, match="apart"):
        plot_superposed_cube(LatentCube(None, [[1, 0, 0]], [0]), apart=float("nan"))
