import math
from collections.abc import Mapping
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.analysis.adjacency import contacts
from polyrelu.errors import FloatModeWarning
from polyrelu.tilings.columns import Columns
from polyrelu.tilings.table import format_point
from tests.float_modes import float_mode
from tests.strategies import wide_floats, wide_networks

BOX = pr.Polyhedron.box([-2], [2])
HAT = pr.Network([([[1], [1], [1]], [1, 0, -1]), ([[1, -2, 1]], [0])])  # 1 at 0, falling to 0 at -1 and 1


@pytest.fixture(scope="module")
def tiling():
    return pr.preimage(HAT, pr.parse("y0 >= 1/2", dim=1), BOX)


def test_a_tiling_is_a_sequence(tiling):
    assert len(tiling) == 2
    assert [tile.pattern for tile in tiling] == ["100", "110"] == list(tiling.patterns)
    assert tiling[-1].polyhedron == pr.Polyhedron.box([0], ["1/2"])
    assert tiling[0] in tiling
    assert repr(tiling) == "Tiling(2 tiles in R^1, method 'cells')"
    assert repr(tiling[0]) == "Tile('100', dim 1, 2 rows)"
    assert tiling.stats["tiles"] == 2
    assert tiling.stats["cells"] == 2
    with pytest.raises(TypeError):
        tiling.stats["tiles"] = 3


def test_slices_are_tilings_and_say_that_they_are_not_complete(tiling):
    part = tiling[1:]
    assert isinstance(part, pr.Tiling)
    assert (len(part), part.complete, tiling[:].complete) == (1, False, True)
    assert repr(part).endswith("incomplete)")
    assert part[0] is part[0]
    assert part[0].polyhedron == tiling[1].polyhedron
    assert part[:1][0].pattern == tiling[-1].pattern


def test_a_tiling_is_divided(tiling):
    first, second = tiling.divide([[1], np.array([0])])
    assert (first.patterns, second.patterns) == (("110",), ("100",))
    assert (first.divided, second.divided, tiling.divided) == (2, 2, 0)
    assert first[:].divided == 0
    assert list(tiling.divide([])) == []
    with pytest.raises(pr.InputError, match="twice"):
        next(tiling.divide([[0, 0]]))


def test_tiles(tiling):
    tile = tiling[0]
    assert tile.dim == 1
    assert tile.inequalities() == ("2*x0 >= -1", "x0 <= 0")
    assert tile.inequalities(names=["t"], digits=3) == ("t >= -0.5", "t <= 0")
    assert tile.contains(tile.point())
    assert tile.contains(["-1/2"])
    assert tile.affine_map() == ((0,), ((1,),), (1,))


def test_float_vertices_are_within_their_radius():
    third = pr.preimage(HAT, pr.parse("y0 >= 1/3", dim=1), BOX)
    for tile in third:
        vertices, radii = tile.float_vertices()
        for exact, rounded, radius in zip(tile.polyhedron.vertices, vertices.tolist(), radii.tolist(), strict=True):
            assert abs(exact[0] - Fraction(rounded[0])) <= Fraction(radius)
    assert any(Fraction(v[0]) != x[0] for v, x in zip(vertices.tolist(), tile.polyhedron.vertices, strict=True))


def test_inner_points_are_inside(tiling):
    assert all(tile.contains(tile.inner_point()) for tile in tiling)


def test_location(tiling):
    assert [tiling.locate([x]) for x in (-1, "-1/2", 0, "1/2", 1)] == [-1, 0, 0, 1, -1]
    xs = np.array([[-1.0], [-0.5], [0.0], [0.5], [0.5 + 2**-53], [1.0]])
    assert tiling.locate(xs).tolist() == [-1, 0, 0, 1, -1, -1]
    assert tiling.contains(xs).tolist() == [False, True, True, True, False, False]
    assert tiling.contains(["1/2"]) is True
    assert tiling.contains([2]) is False
    assert tiling.locate(np.zeros((0, 1))).tolist() == []
    with pytest.raises(pr.DimensionError, match="expected 1 numbers, got 2"):
        tiling.locate([1, 2])
    with pytest.raises(pr.DimensionError, match=r"\(n, 1\)"):
        tiling.locate(np.zeros((3, 2)))


def test_location_after_overflow():
    """(relu(x) - 1, 1e600 relu(x)): the second output is beyond the floats and in the target."""
    network = pr.Network(
        [
            ([[1.0]], [0]),
            ([[1e300], [1]], [0, 0]),
            ([[1e300, 0], [0, 1]], [0, 0]),
            ([[0.0, 1], [1.0, 0]], [-1, 0]),
        ],
        relu=[True, False, False, False],
    )
    xs = np.array([[-1.0], [0.0], [0.5], [1.0], [2.0]])
    for method in ("cells", "twin", "unrelu"):
        tiling = pr.preimage(network, pr.parse("y0 < 0 and y1 >= -1", dim=2), pr.Polyhedron.box([-2], [2]), method)
        expected = [tiling.locate([Fraction(x)]) for (x,) in xs.tolist()]
        assert expected == [0, 0, 1, -1, -1]
        assert tiling.locate(xs).tolist() == expected
        assert tiling.contains(xs).tolist() == [i >= 0 for i in expected]


@settings(max_examples=100)
@given(wide_networks(max_depth=2), st.data())
def test_location_at_every_magnitude(network, data):
    """At points on neurons' hyperplanes, next to them, and anywhere."""
    dim = network.input_dim
    tiling = pr.linear_regions(network, pr.Polyhedron.box([-(2**1023)] * dim, [2**1023] * dim), "twin")
    xs = np.array([data.draw(st.lists(wide_floats, min_size=dim, max_size=dim)) for _ in range(3)])
    first = network.layers[0].float_weight[0], network.layers[0].float_bias[0]
    if first[0][0]:
        with np.errstate(all="ignore"):
            crossing = -(first[1] + (xs[0, 1:] * first[0][1:]).sum()) / first[0][0]
        if np.isfinite(crossing):
            xs[1], xs[2] = xs[0], xs[0]
            xs[1, 0], xs[2, 0] = crossing, math.nextafter(crossing, math.inf)
    expected = [tiling.locate([Fraction(v) for v in x]) for x in xs.tolist()]
    assert tiling.locate(xs).tolist() == expected
    assert tiling.contains(xs).tolist() == [i >= 0 for i in expected]


def test_what_a_tiling_keeps_cannot_be_written_to():
    """Writing used to change later answers."""
    whole = pr.preimage(HAT, pr.parse("y0 >= 1/2", dim=1), BOX)
    columns = whole.parts[0][1]
    names = ("packed", "starts", "facets", "points")
    restored = object.__new__(Columns)  # as pickle does it, with arrays that are writable
    restored.__setstate__(columns.__dict__ | {name: getattr(columns, name).copy() for name in names})
    for source in (columns, restored):
        for name in names:
            with pytest.raises(ValueError, match="read-only"):
                getattr(source, name)[:] = 7
    chosen = np.array([1])
    part = whole.select(chosen)
    chosen[:] = 0
    assert part.patterns == ("110",)
    with pytest.raises(ValueError, match="read-only"):
        part.chosen[:] = 0
    found = contacts(whole)
    for array in (found.pairs, found.labels):
        with pytest.raises(ValueError, match="read-only"):
            array[:] = 7


def writable_arrays(*roots):
    """Where the arrays are that can be reached from some objects by their attributes and items, and be written to."""
    seen, found, left = {}, [], [(root, type(root).__name__) for root in roots]
    while left:
        thing, path = left.pop()
        if id(thing) in seen or isinstance(thing, type):
            continue
        seen[id(thing)] = thing
        if isinstance(thing, np.ndarray) and thing.flags.writeable:
            found.append(path)
        elif isinstance(thing, Mapping):
            left += [(value, f"{path}[{key!r}]") for key, value in thing.items()]
        elif isinstance(thing, (list, tuple, set)):
            left += [(value, f"{path}[{i}]") for i, value in enumerate(thing)]
        if type(thing).__module__.startswith("polyrelu"):
            left += [(value, f"{path}.{name}") for name, value in getattr(thing, "__dict__", {}).items()]
    return found


@pytest.mark.parametrize("method", ["cells", "twin", "unrelu"])
def test_no_array_that_is_kept_can_be_written_to(method, tmp_path):
    """After all kinds of questions, in whatever they left behind."""
    network = pr.Network([([[1, 0], [0, 1], [1, 1]], [0, 0.5, -0.1]), ([[1, 1, -1], [1, -1, 0]], [0, 0])])
    targets = [pr.parse("y0 >= 1/2", dim=2), pr.parse("y0 <= 0 and y1 <= 1/3", dim=2)]
    tiling = pr.preimage(network, targets, pr.Polyhedron.box([-1, -1], [1, 1]), method)
    xs = np.array([[0.1, 0.2], [-0.5, 0.9]])
    tiling.volume(), tiling.share(), tiling.bounding_box(), tiling.boundary(), tiling.merged(), tiling.betti_numbers()
    tiling.locate(xs), network(xs), network.evaluate_with_bound(xs), pr.maps_into(network, targets, xs)
    tiling.zones(contact=0), tiling.adjacency(), tiling.nearest([0, 0]), tiling.sample_points(3, seed=0)
    tiling.save(tmp_path / "tiling.npz")
    loaded = pr.load_tiling(tmp_path / "tiling.npz", network)
    loaded.locate(xs)
    assert (
        writable_arrays(tiling, tiling[1:], list(tiling), network, targets, loaded, list(loaded), contacts(tiling))
        == []
    )


def test_the_radius_of_a_vertex_below_the_floats():
    third = Fraction(1, 3 * 2**1074)
    tiling = pr.linear_regions(pr.Network([([[1]], [0])], relu=[True]), pr.Polyhedron.box([-third], [third]))
    (rounded, radii), exact = tiling[1].float_vertices(), tiling[1].polyhedron.vertices
    off = [abs(Fraction(v) - x) for (v,), (x,) in zip(rounded.tolist(), exact, strict=True)]
    assert max(off) == third
    assert all(a <= Fraction(b) for a, b in zip(off, radii.tolist(), strict=True))


def test_vertices_beyond_the_floats():
    tiling = pr.linear_regions(pr.Network([([[1]], [0])], relu=[True]), pr.Polyhedron.box([-1], [10**400]))
    vertices, radii = tiling[1].float_vertices()
    assert sorted(vertices.ravel().tolist()) == [0.0, math.inf]
    assert sorted(radii.tolist()) == [2.0**-1074, math.inf]
    with float_mode("upward"), pytest.warns(FloatModeWarning):
        assert np.isposinf(tiling[0].float_vertices()[1]).all()
    assert tiling.table(digits=3).splitlines()[2].split(maxsplit=3)[-1].endswith("x0 >= 0, x0 <= 1e+400")


def test_table(tiling):
    lines = tiling.table().splitlines()
    assert lines[0].split() == ["tile", "pattern", "dim", "point", "inequalities"]
    assert lines[1].split(maxsplit=4) == ["0", "100", "1", "(-0.2)", "2*x0 >= -1, x0 <= 0"]
    assert len(lines) == 3
    assert tiling.table(limit=1).splitlines()[-1] == "... and 1 more"
    assert pr.preimage(HAT, pr.Polyhedron.empty(1)).table().count("\n") == 0


def test_points_are_printed_exactly():
    assert (
        format_point((Fraction(1, 4), Fraction(1, 3), Fraction(-2), Fraction(2**60 + 1)))
        == f"(0.25, 1/3, -2, {2**60 + 1})"
    )
    wide = (Fraction(10**400), Fraction(2 * 10**400, 3), Fraction(1, 3 * 10**400))
    assert format_point(wide, digits=3) == "(1e+400, 6.67e+399, 3.33e-401)"
    assert format_point(wide[1:2]) == f"({2 * 10**400}/3)"


def test_free_outputs_are_left_out_of_the_affine_map():
    net = pr.Network([pr.Layer([[1], [2]], [0, 0], relu=True)])
    tiling = pr.preimage(net, pr.parse("y0 <= 1 and y1 > 0", dim=2))
    assert tiling.patterns == ("*1",)
    assert tiling[0].affine_map() == ((1,), ((2,),), (0,))
    silent = pr.preimage(net, pr.parse("y0 <= 0", dim=2))
    assert silent[0].affine_map() == ((0,), ((0,),), (0,))
