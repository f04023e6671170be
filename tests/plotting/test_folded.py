from itertools import combinations

import pytest
from matplotlib import pyplot

import polyrelu as pr
from polyrelu.figures.blocks import five_features, inside_rim, two_block_network
from polyrelu.latent.feature_zones import feature_zones
from polyrelu.networks.layer import Layer
from polyrelu.plotting.folded import plot_folded
from polyrelu.plotting.scene import scene_of
from polyrelu.plotting.style import INK, WINDOW, feature_colour, themed

SLOPE = "1/2"
LAYER = five_features().layers[0]
SHEET = inside_rim()


def space():
    return pyplot.figure().add_subplot(projection="3d")


def drawn(zones):
    return scene_of(plot_folded(LAYER, SHEET, zones, space(), slope=SLOPE)).items


def shown(point):
    """Where the layer and the projection send a point, exactly."""
    (features,) = five_features().evaluate([point])
    flat = [sum(a * row[j] for a, row in zip(features, LAYER.rows, strict=True)) for j in range(2)]
    return (*flat, -sum(features) / 2)


def test_the_faces_are_the_images_of_the_regions_where_two_features_are_active():
    regions = pr.linear_regions(five_features(), SHEET)
    broad = [tile for tile in regions if tile.pattern.count("1") > 1]
    faces = [item.parts[0] for item in drawn({}) if item.colour == themed(WINDOW)]
    assert [set(face) for face in faces] == [{shown(v) for v in tile.polyhedron.vertices} for tile in broad]
    rays = [item for item in drawn({}) if item.width > 2]
    assert len(rays) == 5 == sum(tile.pattern.count("1") == 1 for tile in regions)
    for ray in rays:
        assert (0, 0, 0) in ray.parts[0]  # where nothing is active


def test_seen_from_above_no_two_faces_overlap():
    faces = [item.parts[0] for item in drawn({}) if item.colour == themed(WINDOW)]
    shadows = [pr.Polyhedron.from_generators([(x, y) for x, y, _ in face], dim=2) for face in faces]
    for one, other in combinations(shadows, 2):
        assert (one & other).dim < 2


def test_zones_lie_on_the_sheet_with_ink_around():
    zones = feature_zones(two_block_network(), [0, 2], SHEET)
    items = drawn(zones)
    faces = {frozenset(item.parts[0]) for item in items if item.colour == themed(WINDOW)}
    for i, tiling in zones.items():
        own = [item.parts[0] for item in items if item.colour == feature_colour(i)]
        images = [{shown(v) for v in tile.polyhedron.vertices} for tile in tiling]
        assert [set(part) for part in own] == [image for image in images if len(image) > 2]
    assert len(faces) == 10
    lines = [item for item in items if item.colour == themed(INK) and len(item.parts[0]) == 2 and item.width == 0.5]
    assert len(lines) > 10


def test_axes_go_the_way_of_the_features_and_down():
    axes = plot_folded(LAYER, SHEET, {}, space(), letter="g")
    assert [text.get_text() for text in axes.texts] == [f"$g_{{{i}}}$" for i in range(5)]
    tips = [item.outline[0] for item in scene_of(axes).items if item.outline]
    for tip, row in zip(tips, LAYER.rows, strict=True):
        assert tip[0] * float(row[1]) == pytest.approx(tip[1] * float(row[0]))
        assert tip[0] * row[0] + tip[1] * row[1] > 0 > tip[2]


def test_only_planes_are_folded():
    solid = Layer([[1, 0, 0]], [0], True)
    with pytest.raises(pr.DimensionError, match="reads R\\^3; only planes"):
        plot_folded(solid, pr.Polyhedron.box([0] * 3, [1] * 3), {}, space())
