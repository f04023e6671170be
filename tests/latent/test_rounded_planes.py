import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.arithmetic.exact import exact_matrix, exact_vector
from polyrelu.arithmetic.ieee import FORMATS, format_of
from polyrelu.latent.rounded_planes import Plane, RoundedPoints, affine_rank, window_coordinates
from tests.mutants import mutated


def plane_of(weight, bias, basis=None):
    return Plane(
        exact_matrix(weight, "W"), exact_vector(bias, "b"), None if basis is None else exact_matrix(basis, "B")
    )


def exact_row(row):
    return exact_vector(row, "row")


def rounded(plane, name="float64"):
    return RoundedPoints(plane, FORMATS[name])


def test_rank():
    assert affine_rank(exact_matrix([[1, 2, 3]], "p")) == 0
    assert affine_rank(exact_matrix([[0, 0, 0], [1, 1, 1], [2, 2, 2]], "p")) == 1
    assert affine_rank(exact_matrix(np.eye(4), "p")) == 3


@given(st.integers(0, 2**32), st.sampled_from([2, 3, 5]), st.sampled_from([-300, -30, 0, 30]), st.booleans())
@settings(max_examples=12)
def test_what_numpy_computes_is_a_rounded_point(seed, width, exponent, with_basis):
    """The bound holds for every order of summation that numpy picks, for tiny and for uneven numbers."""
    random = np.random.default_rng(seed)
    if not with_basis:
        width = 2
    W = random.normal(size=(6, width)) * 2.0 ** random.integers(-40, 40, (6, 1))
    b = random.normal(size=6) * 2.0 ** random.integers(-40, 40)
    basis = random.normal(size=(width, 2)) if with_basis else None
    u = random.normal(size=(4, 2)) * 2.0**exponent
    points = (u if basis is None else u @ basis.T) @ W.T + b
    plane = rounded(plane_of(W, b, basis))
    for row, start in zip(points, u, strict=True):
        assert plane.coordinates(exact_row(row), exact_row(start)) is not None
        found = plane.coordinates(exact_row(row))
        assert found is not None
        again = np.array([float(x) for x in found])
        again = (again if basis is None else basis @ again) @ W.T + b
        assert np.abs(again - row).max() <= 1e-12 * (np.abs(row).max() + np.abs(b).max())


def test_the_guess_is_taken_when_it_explains_the_point():
    W, b = np.array([[0.1, 0.7], [0.3, -0.9], [1.3, 0.2]]), np.array([0.1, 0.2, 0.3])
    z = np.array([0.37, -0.11])
    point = exact_row(W @ z + b)
    assert plane_of(W, b).coordinates(point) is None
    plane = rounded(plane_of(W, b))
    assert plane.coordinates(point, exact_row(z)) == exact_row(z)
    assert plane.coordinates(point, exact_row(z + 1e-9)) != exact_row(z + 1e-9)


def sequential(W, b, basis, u):
    """The expression W (B u) + b, added from left to right: in floats of floats, and exact of exact numbers."""
    z = u if basis is None else [row[0] * u[0] + row[1] * u[1] for row in basis]
    points = []
    for row, offset in zip(W, b, strict=True):
        total = row[0] * z[0]
        for w, x in zip(row[1:], z[1:], strict=True):
            total = total + w * x
        points.append(total + offset)
    return points


TINY = Fraction(2, 5 * 2**1074)  # rounds to zero
U = 2.0**-53


@pytest.mark.parametrize(
    ("name", "old", "new", "W", "b", "basis", "u"),
    [
        (
            "_steps",
            "len(self.plane.weight[0]) + (2 if self.plane.basis is None else 5)",
            "1",
            [[1.0, *[U] * 63], [0.0] * 63 + [1.0]],
            [0.0, 0.0],
            [[1.0, 0.0], *[[1.0, 0.0]] * 62, [1.0, 1.0]],
            [1.0, 0.0],
        ),
        (
            "bounds",
            "underflow * (len(row) + 1 + 2 * size)",
            "0",
            [[2.0**-600, 0.0], [1.0, 1.0]],
            [0.0, 0.0],
            None,
            [2.0**-500, 0.0],
        ),
        (
            "bounds",
            "underflow * (latent[0] + size)",
            "0",
            [[TINY, 0.0], [0.0, 1.0]],
            [0.0, 0.0],
            None,
            [2.0**900, 1.0],
        ),
    ],
    ids=["rounding", "products that underflow", "weights that underflow"],
)
def test_each_part_of_the_bound_is_needed(name, old, new, W, b, basis, u, monkeypatch):
    """What floats make of a point is within the bound of it, and would not be without the part."""
    exact = plane_of(W, b, basis)
    stored = [[float(v) for v in row] for row in W]
    point, start = exact_row(sequential(stored, b, basis, u)), exact_row(u)
    assert exact.point(start) == tuple(sequential(exact.weight, exact.offset, exact.basis, start)) != point
    assert rounded(exact).explains(start, point)
    monkeypatch.setattr(RoundedPoints, name, property(mutated(vars(RoundedPoints)[name].func, old, new)))
    assert not rounded(plane_of(W, b, basis)).explains(start, point)


class Short:
    """A number of a format that no processor needs to have: each operation rounds its exact result to the format."""

    def __init__(self, value, floats, longer=None):
        self.floats, self.longer = floats, longer
        self.value = nearest(Fraction(value), longer or floats)

    def _of(self, value):
        return Short(value, self.floats, self.longer)

    def __mul__(self, other):
        return self._of(self.value * other.value)

    def __add__(self, other):
        return self._of(self.value + other.value)

    def kept(self):
        """The number as it is stored, where it was computed in a longer format."""
        return Short(self.value, self.floats)


def nearest(value, floats):
    """The nearest number of a format, of those as near the even one; without a largest one."""
    precision = -int(math.log2(floats.unit_roundoff))
    if not value:
        return value
    size = abs(value)
    exponent = size.numerator.bit_length() - size.denominator.bit_length()
    exponent -= size < Fraction(2) ** exponent
    place = max(Fraction(2) ** (exponent - precision + 1), Fraction(floats.smallest))
    return round(value / place) * place


@pytest.mark.parametrize(("name", "kind"), [("float64", float), ("float32", np.float32), ("float16", np.float16)])
@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(1, 7))
def test_formats_are_emulated(name, kind, value, divisor):
    """Here against the processor; what it does not have follows the same rule."""
    with np.errstate(all="ignore"):
        expected = kind(value / divisor)
    assume(np.isfinite(expected))
    assert nearest(Fraction(value / divisor), FORMATS[name]) == Fraction(float(expected))


def test_bfloat16_is_the_upper_half_of_a_float32():
    for bits in (1, 0x80, 0x3F80, 0x3F81, 0x7F7F):
        value = Fraction(float(np.array([bits << 16], dtype=np.uint32).view(np.float32)[0]))
        step = Fraction(float(np.array([bits - 1 << 16], dtype=np.uint32).view(np.float32)[0]))
        for there, back in ((value, value), (step + (value - step) * 2 / 3, value), (step + (value - step) / 3, step)):
            assert nearest(there, FORMATS["bfloat16"]) == back


@pytest.mark.parametrize(
    ("name", "longer"),
    [(name, None) for name in FORMATS] + [("float32", "float64"), ("float16", "float32"), ("bfloat16", "float32")],
)
@given(
    st.integers(0, 2**32),
    st.sampled_from([2, 3, 40]),
    st.sampled_from([-1200, -150, -24, -8, 0, 8, 900]),
    st.booleans(),
)
@settings(max_examples=15)
def test_the_expression_is_off_by_less_than_its_bound(name, longer, seed, width, exponent, with_basis):
    """In every format, in itself or added up in a longer one; over exact numbers, so that nothing overflows."""
    floats, inner = FORMATS[name], longer and FORMATS[longer]
    random = np.random.default_rng(seed)
    width = width if with_basis else 2
    scale = 2.0 ** random.integers(-30, 30, (4, width))
    W, b = random.normal(size=(4, width)) * scale, random.normal(size=4)
    basis = random.normal(size=(width, 2)) if with_basis else None
    u = [nearest(Fraction(v) * Fraction(2) ** exponent, floats) for v in random.normal(size=2)]
    plane = plane_of(W, b, basis)

    def short(rows):
        return [[Short(Short(v, floats).value, floats, inner) for v in row] for row in rows]

    (z,) = short([u])
    if basis is not None:
        (z,) = short([[(row[0] * z[0] + row[1] * z[1]).kept().value for row in short(basis)]])
    sums = [Short(v.kept().value, floats, inner) for v in sequential(short(W), short([[0] * 4])[0], None, z)]
    points = tuple((v + o).kept().value for v, o in zip(sums, *short([b]), strict=True))
    assert RoundedPoints(plane, floats).explains(tuple(u), points)


def test_wide_sums_of_short_floats_are_refused():
    """250 numbers of bfloat16 may add up to anything between none and twice their sum, as far as the bound knows."""
    wide = [[1] * 251, [0] * 250 + [1]], [0, 0], [[1, 0]] * 250 + [[0, 1]]
    with pytest.raises(pr.DimensionError, match="nothing is known of bfloat16 sums over a latent space of 251 dim"):
        rounded(plane_of(*wide), "bfloat16")
    rounded(plane_of(*wide), "float16")


@pytest.mark.parametrize(("kind", "name"), [(np.float64, "float64"), (np.float32, "float32"), (np.float16, "float16")])
def test_each_dtype_has_its_bound(kind, name):
    """What numpy computes in a dtype is accepted as it, and not as a longer one."""
    random = np.random.default_rng(5)
    W, b, u = (random.normal(size=shape).astype(kind) for shape in ((7, 2), 7, (5, 2)))
    points = u @ W.T + b
    assert points.dtype == kind
    plane = plane_of(W, b)
    floats = format_of(points)
    assert floats == FORMATS[name]
    found = window_coordinates(plane, exact_matrix(points, "p"), floats, "p", exact_matrix(u, "u"))
    assert found == exact_matrix(u, "u")
    again = window_coordinates(plane, exact_matrix(points, "p"), floats, "p")
    assert np.abs(np.array(again, dtype=float) - u).max() < 100 * floats.unit_roundoff
    if name != "float64":
        with pytest.raises(pr.DimensionError, match=r"rounding of float64 explains.*in their own dtype"):
            window_coordinates(plane, exact_matrix(points, "p"), format_of(points.astype(np.float64)), "p")
    with pytest.raises(pr.DimensionError, match="pass points that were computed in floats as an array"):
        window_coordinates(plane, exact_matrix(points, "p"), format_of(points.tolist()), "p")


def test_coordinates_beyond_the_range_of_floats():
    """The point is 1e300 off the origin of a plane with tiny axes: u is near 1e330 and has no float."""
    plane = rounded(plane_of([[Fraction(1, 10**30), 0], [0, 1], [Fraction(1, 10**30), 1]], [0, 0, 0]))
    found = plane.coordinates(exact_row([1e300, 0.1, 1e300 + 0.1]))
    assert found is not None
    assert found[0] > 10**320


def test_more_than_rounding_is_refused():
    W, b = np.array([[1.0, 0.0], [0.0, 1.0], [0.3, 0.7]]), np.zeros(3)
    plane = rounded(plane_of(W, b))
    point = W @ np.array([0.1, 0.9])
    gap = 40 * np.spacing(point[2])
    assert plane.coordinates(exact_row(point)) is not None
    assert plane.coordinates(exact_row([*point[:2], point[2] + gap])) is None


def test_errors_say_the_rank():
    plane = plane_of([[1, 0], [0, 1], [1, 1]], [0, 0, 1])
    rank_three = exact_matrix([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], "p")
    with pytest.raises(pr.DimensionError, match="vertices: the points have affine rank 3; "):
        window_coordinates(plane, rank_three, None, "vertices")
    with pytest.raises(pr.DimensionError, match="affine rank 3, more than the rounding of float64 explains"):
        window_coordinates(plane, rank_three, FORMATS["float64"], "vertices")
    with pytest.raises(pr.InputError, match=r"vertices\[0\] is not in the plane"):
        window_coordinates(plane, rank_three[:3], None, "vertices")
    line = [plane.point((Fraction(k), Fraction(k))) for k in range(3)]
    with pytest.raises(pr.DimensionError, match="affine rank 1; "):
        window_coordinates(plane, line, None, "vertices")
    with pytest.raises(pr.DimensionError, match="the weight, along the basis, has rank 1"):
        window_coordinates(plane_of([[1, 1], [2, 2]], [0, 0]), line, None, "vertices")
