"""The bounds of the compiled measurer, term by term.

Its text is run as plain Python: in floats, with or without a term, and over exact numbers, which is what the bounds are
held against.
"""

import re
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyrelu.engines.cells import extent_kernel

SOURCE = Path(extent_kernel.__file__).read_text()
COMPILER = '_compiled = njit(nogil=True, cache=True, error_model="numpy")'


class ExactNumpy(SimpleNamespace):
    """What the measurer needs of numpy, with exact numbers where that has floats."""

    uint64, int64, float64, nan, inf = np.uint64, np.int64, np.float64, np.nan, np.inf
    isfinite = staticmethod(lambda value: True)

    @staticmethod
    def empty(shape, kind=object):
        return np.empty(shape, kind)

    @staticmethod
    def zeros(shape, kind=object):
        return np.zeros(shape, kind)

    @staticmethod
    def full(shape, value):
        return np.full(shape, value, object)


def measurer(changes=(), exact=False):
    """The measurer as plain Python, with pieces of its text replaced, or over exact numbers and without any margin."""
    source = SOURCE.replace(COMPILER, "_compiled = lambda function: function")
    assert source != SOURCE
    for old, new in dict(changes).items():
        assert source.count(old) == 1, old
        source = source.replace(old, new)
    if exact:
        code = source.index("@_compiled")
        source = source[:code] + re.sub(r"\b\d+\.\d+\b", lambda number: f"Fraction('{number[0]}')", source[code:])
    namespace = {"Fraction": Fraction, "__name__": "measurer"}
    exec(compile(source, "extent_kernel.py", "exec"), namespace)
    if exact:
        namespace.update(np=ExactNumpy(), _TINY=Fraction(0), _gamma=lambda k: Fraction(0))

    def run(*arrays):
        with np.errstate(all="ignore"):
            return namespace["cell_extents"](*arrays)

    return run


EXACTLY = measurer(exact=True)
AS_IT_IS = measurer()


def simplex(dim):
    """Which facets each vertex of a simplex lies on: all but the opposite one."""
    return [[j for j in range(dim + 1) if j != i] for i in range(dim + 1)]


def measured(run, generators, radius, facets, exact=False):
    """Extents of one cell: generators are rows (g, t), ``facets`` the numbers of those on which each lies."""
    words = max(map(max, facets)) // 64 + 1
    tight = np.array(
        [[sum(1 << j - 64 * w for j in own if j // 64 == w) for w in range(words)] for own in facets], dtype=np.uint64
    )
    kind = object if exact else np.float64
    vectors = np.array([[Fraction(v) for v in g] for g in generators], dtype=object)
    numbers = vectors if exact else vectors.astype(np.float64)
    radii = np.full(len(generators), Fraction(0), dtype=object) if exact else np.asarray(radius, dtype=kind)
    return run(np.array([0, len(generators)]), numbers, radii, tight)


def encloses(run, case):
    """Whether the extents that are certified in floats enclose those of the true generators; None where none are."""
    generators, true, radius, facets = case
    for g, h, r in zip(generators, true, radius, strict=True):
        assert max(abs(Fraction(a) - Fraction(b)) for a, b in zip(g, h, strict=True)) <= Fraction(r), "no such example"
    found, right = measured(run, generators, radius, facets), measured(EXACTLY, true, None, facets, exact=True)
    volume, corners = right.volume_low[0], (right.box_low[0].tolist(), right.box_high[0].tolist())
    assert volume == right.volume_high[0]
    assert isinstance(volume, Fraction)
    inside = []
    if np.isfinite(found.volume_low[0]):
        inside.append(found.volume_low[0].item() <= volume <= found.volume_high[0].item())
    if not np.isnan(found.box_low[0]).any():
        inside += [a <= b for a, b in zip(found.box_low[0].tolist(), corners[0], strict=True)]
        inside += [a >= b for a, b in zip(found.box_high[0].tolist(), corners[1], strict=True)]
    return all(inside) if inside else None


def known(generators, facets):
    """A cell whose generators are what they seem."""
    return generators, generators, [0.0] * len(generators), facets


def moved(generators, true, radius, facets):
    """A cell whose generators seem to be these, all known within the radius, and really are those."""
    return generators, true, [radius] * len(true), facets


SMALL, MANY = 2.0**-54, 400
CASES = {
    "radius": moved([(0, 1), (0.75, 1)], [(0, 1), (1, 1)], 0.25, simplex(1)),
    "radius, too large": moved([(0, 1), (1, 1)], [(0, 1), (0.75, 1)], 0.25, simplex(1)),
    "radius at zero": moved([(0, 1), (1, 1)], [(-0.25, 1), (1, 1)], 0.25, simplex(1)),
    "radius far away": moved([(0, 1), (1, 0.75 * 2**-10)], [(0, 1), (1, 2.0**-11)], 2.0**-12, simplex(1)),
    "radius beside a small scale": moved([(0, 1), (1, 0.75)], [(0, 1), (1.25, 0.5)], 0.25, simplex(1)),
    "radius below the normal floats": moved(
        [(0, 5 * 2.0**-1074), (2.0**-1073, 5 * 2.0**-1074)],
        [(0, 2.0**-1072), (3 * 2.0**-1074, 2.0**-1072)],
        2.0**-1074,
        simplex(1),
    ),
    "a first vertex known badly": ([(0.25, 1), (1, 1)], [(0, 1), (1, 1)], [0.25, 0.0], simplex(1)),
    "thirds": known([(0, 3), (1, 3)], simplex(1)),
    "a quotient underflows": known([(0, 3), (2.0**-1074, 3)], simplex(1)),
    "lower minors": ([(0, 0, 1), (0.75, 0, 1), (0, 9, 1)], [(0, 0, 1), (1, 0, 1), (0, 9, 1)], [0, 0.25, 0], simplex(2)),
    "the last vertex": (
        [(0, 0, 1), (1, 0, 1), (0, 0.75, 1)],
        [(0, 0, 1), (1, 0, 1), (0, 1, 1)],
        [0, 0, 0.25],
        simplex(2),
    ),
    "a minor underflows": known(
        [(0, 0, 0, 1), (2.0**-540, 0, 0, 1), (0, 2.0**-540, 0, 1), (0, 0, 2.0**500, 1)], simplex(3)
    ),
    # A large triangle, and many after it that it swallows.
    "many simplices": known(
        [(0, 0, 1), *((i * SMALL, i * i * SMALL, 1) for i in range(1, MANY + 1)), (-1, 1, 1)],
        [[1, 2], *([i + 1, i + 2] for i in range(1, MANY)), [MANY + 1, 0], [0, 1]],
    ),
    "overflow of a vertex": known([(0, 1), (1, 2.0**-1074)], simplex(1)),
    "overflow of a volume": known([(0, 0, 1), (2.0**600, 0, 1), (0, 2.0**600, 1)], simplex(2)),
    "overflow of a difference": known([(-(2.0**1023), 1), (2.0**1023, 1)], simplex(1)),
}


@pytest.mark.parametrize("name", CASES)
def test_extents_enclose(name):
    assert encloses(AS_IT_IS, CASES[name]) is not False


def test_overflow_gives_no_certificate():
    for name in ("overflow of a vertex", "overflow of a volume", "overflow of a difference"):
        generators, _, radius, facets = CASES[name]
        found = measured(AS_IT_IS, generators, radius, facets)
        assert np.isnan([found.volume_low[0], found.volume_high[0]]).all()
    for t in (np.inf, np.nan):
        vectors = np.array([[0.0, 1.0], [1.0, t]])
        tight = np.array([[2], [1]], dtype=np.uint64)
        found = AS_IT_IS(np.array([0, 2]), vectors, np.zeros(2), tight)
        assert all(np.isnan(part).all() for part in found)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("radius", "share * (1.0 + abs(x)) + ", ""),
        ("radius at zero", "(1.0 + abs(x))", "abs(x)"),
        ("radius far away", "(1.0 + abs(x))", "1.0"),
        ("radius beside a small scale", "share = r / (t - r)", "share = r / t"),
        ("radius below the normal floats", "share * (1.0 + abs(x))", "r * (1.0 + abs(x)) / (t - r)"),
        ("thirds", " + _gamma(3) * abs(x)", ""),
        ("a quotient underflows", "(1.0 + _gamma(12)) + _TINY", "(1.0 + _gamma(12))"),
        ("a first vertex known badly", "(spread[k] + spread[0])", "spread[k]"),
        ("lower minors", "abs(x) * (off + slip * abs(minor))", "abs(x) * (slip * abs(minor))"),
        ("the last vertex", " + epsilon * (abs(minor) + off)", ""),
        ("a minor underflows", "bound * raised + _TINY", "bound * raised"),
        ("many simplices", "_gamma(simplices + 4) * volume", "_gamma(1) * volume"),
        ("radius, too large", "(volume - error)", "volume"),
        ("the last vertex", "(volume + error)", "volume"),
    ],
)
def test_no_term_is_spared(name, old, new):
    assert encloses(measurer({old: new}), CASES[name]) is False


places = st.one_of(st.integers(-3, 3), st.integers(-(2**53) + 1, 2**53 - 1))
exponents = st.one_of(st.integers(-1074, 960), st.sampled_from([-1074, -1022, -537, -52, 0, 459]))


@settings(max_examples=400)
@given(st.integers(1, 3), st.data())
def test_simplices_of_all_magnitudes(dim, data):
    """Generators near one magnitude or of any; some known within a radius, at one end of which they really are."""
    scales = [data.draw(exponents) for _ in range(dim + 1)]
    near = data.draw(st.booleans())

    def number(j):
        shift = 0 if near else data.draw(st.sampled_from([0, 0, -52, 52, -300, 300]))
        return float(np.ldexp(float(data.draw(places)), min(max(scales[j] + shift, -1074), 960)))

    generators = [tuple(number(j) for j in range(dim + 1)) for _ in range(dim + 1)]
    relative = [data.draw(st.sampled_from([0.0, 2.0**-53, 2.0**-20, 0.25])) for _ in generators]
    radius = [abs(g[-1]) * r for g, r in zip(generators, relative, strict=True)]
    if not all(g[-1] > 2 * r for g, r in zip(generators, radius, strict=True)):
        return
    side = [[data.draw(st.sampled_from([-1, 0, 1])) for _ in g] for g in generators]
    true = [
        tuple(Fraction(v) + s * Fraction(r) for v, s in zip(g, own, strict=True))
        for g, r, own in zip(generators, radius, side, strict=True)
    ]
    assert encloses(AS_IT_IS, (generators, true, radius, simplex(dim))) is not False


@settings(max_examples=100)
@given(st.data())
def test_the_compiled_measurer_says_the_same(data):
    dim = data.draw(st.integers(1, 3))
    rows = [[float(data.draw(places)) for _ in range(dim)] + [1.0] for _ in range(dim + 1)]
    plain, compiled = (
        measured(run, rows, [2.0**-50] * len(rows), simplex(dim)) for run in (AS_IT_IS, extent_kernel.cell_extents)
    )
    for a, b in zip(plain, compiled, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)
