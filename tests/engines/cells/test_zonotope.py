"""The kernel's zonotopes: each step held against exact numbers at every magnitude, and with each term left out.

A step is taken by the kernel in floats, and once more from the floats that it began with in exact arithmetic. By how
much they differ, over all parameters, the error of the step has to make up for.
"""

import itertools
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pytest

import polyrelu as pr
from tests.engines.cells.harness.harness import AS_IT_IS, built, shared_folder
from tests.extreme_networks import DEGENERATE, degenerate, of_any_magnitude, plain_network

MOST = 64  # columns
HARDLY_POSITIVE, A_POINT = -1, -2


@pytest.fixture(scope="module")
def zonotopes(tmp_path_factory):
    return built("zonotope", shared_folder(tmp_path_factory))


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory):
    every = {**SPOILT, **ON_CELLS}
    return built("zonotope", shared_folder(tmp_path_factory), {name: changes for name, (changes, *_) in every.items()})


class Steps(NamedTuple):
    """What the kernel made of a network, a box and rows: of each step entries (columns, width), errors and sums.

    Of the rows: factors of the combination that came nearest, bounds, spread, how many neurons may switch, and, where
    they are not seen to be missed, the input to halve and the corner that is tried.
    """

    entries: list[Any]
    errors: list[Any]
    sums: list[Any]
    low: list[Any]
    high: list[Any]
    slopes: list[Any]
    offsets: list[Any]
    is_whole: bool
    misses: bool
    factors: Any
    row_low: Any
    row_high: Any
    spread: float
    crossing: int
    along: int
    corner: Any


def steps(compiled, net, low, high, rows, offsets, equality, variant=AS_IT_IS):
    return _steps(compiled, "steps", net, (rows, offsets, equality), variant, low, high)


def cell_steps(compiled, net, generators, rows, offsets, equality, variant=AS_IT_IS):
    """The steps on a cell, and between what the zonotope by itself has the rows."""
    ends = np.zeros(len(rows)), np.zeros(len(rows))
    given = len(generators), np.ascontiguousarray(generators), *ends
    return _steps(compiled, "cell_steps", net, (rows, offsets, equality), variant, *given), ends


def _steps(compiled, function, net, asked, variant, *given):
    rows, offsets, equality = asked
    widths = [layer.output_dim for layer in net.layers]
    step_widths = [*itertools.chain.from_iterable((n, n) for n in widths), len(rows)]
    if function == "steps":
        step_widths.insert(0, net.input_dim)
    starts = np.cumsum([0, *widths])
    sizes = np.cumsum([0, *(layer.input_dim * layer.output_dim for layer in net.layers)])
    widest, count = max(net.input_dim, *step_widths), len(step_widths)
    with np.errstate(all="ignore"):
        weights = np.concatenate([layer.float_weight.T.ravel() for layer in net.layers])
        biases = np.concatenate([layer.float_bias for layer in net.layers])
        row_weights = np.array(rows, dtype=np.float64).reshape(len(rows), widths[-1])
    relu = np.array([on for layer in net.layers for on in layer.relu], dtype=np.uint8)
    entries, errors = np.zeros((count, MOST, widest)), np.zeros((count, 2, widest))
    own = [np.zeros(starts[-1]) for _ in range(4)]
    done, misses = np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.uint8)
    found = np.zeros(3 * len(rows) + 3 + net.input_dim)
    compiled.call(
        function, net.input_dim, len(widths), starts, sizes, weights, biases, relu, MOST, widest,
        entries, errors, *own, done, len(rows), np.ascontiguousarray(row_weights.T),
        np.array(offsets, dtype=np.float64), np.array(equality, dtype=np.uint8),
        entries[-1], errors[-1], found, misses, *given, variant=variant,
    )  # fmt: skip
    made = int(done[0])
    least, most, slopes, bends = ([column[a:b] for a, b in itertools.pairwise(starts)] for column in own)
    factors, row_low, row_high, rest = np.split(found, np.arange(1, 4) * len(rows))
    return Steps(
        [entries[k, :, :n] for k, n in zip(range(made), step_widths, strict=False)],
        [errors[k, 0, :n] for k, n in zip(range(made), step_widths, strict=False)],
        [errors[k, 1, :n] for k, n in zip(range(made), step_widths, strict=False)],
        least,
        most,
        slopes,
        bends,
        made == count,
        bool(misses[0]),
        factors,
        row_low,
        row_high,
        float(rest[0]),
        int(rest[1]),
        int(rest[2]),
        rest[3:],
    )


def exact(array):
    return [[Fraction(v) for v in row] for row in np.asarray(array).tolist()]


def by_map(rows, offsets, entries, errors):
    """Columns and errors of affine functions of what columns and errors are of, exactly."""
    active = [j for j in range(len(errors)) if errors[j] or any(column[j] for column in entries)]
    columns = []
    for k, column in enumerate(entries):
        used = [j for j in active if column[j]]
        columns.append(
            [sum((w[j] * column[j] for j in used), Fraction(0) if k else b) for w, b in zip(rows, offsets, strict=True)]
        )
    return columns, [sum((abs(w[j]) * errors[j] for j in active), Fraction(0)) for w in rows]


def broken(compiled, question, variant=AS_IT_IS):
    """Which step of a question is not within its error; None where all are."""
    net, low, high, rows, offsets, equality = question
    made = steps(compiled, net, low, high, rows, offsets, equality, variant)
    entries, errors = [exact(own) for own in made.entries], [[Fraction(e) for e in own] for own in made.errors]
    for j, (first, last) in enumerate(zip(low.tolist(), high.tolist(), strict=True)):
        room = sum(abs(column[j]) for column in entries[0][1:]) + errors[0][j]
        if max(abs(Fraction(end) - entries[0][0][j]) for end in (first, last)) > room:
            return "inputs"
    for number, layer in enumerate(net.layers):
        place = 2 * number + 1
        if place >= len(entries):
            return None  # numbers are too large, and nothing is said
        if not _is_within(layer.rows, layer.offsets, entries[place - 1 : place + 1], errors[place - 1 : place + 1]):
            return "affine"
        wrong = _bent_wrong(made, number, layer, entries[place : place + 2], errors[place : place + 2])
        if wrong:
            return wrong
    if not made.is_whole:
        return None
    numbers = [[Fraction(v) for v in row] for row in rows]
    if not _is_within(numbers, list(map(Fraction, offsets)), entries[-2:], errors[-2:]):
        return "rows"
    factors = [Fraction(t) for t in made.factors.tolist()]
    if made.misses and not _misses(entries[-1], errors[-1], factors, equality):
        low, high = (_left(net.layers[-1], own[-1].tolist()) for own in (made.low, made.high))
        if not _misses_by_intervals(numbers, list(map(Fraction, offsets)), low, high, equality):
            return "combination"
    return None


def broken_on_cell(compiled, question, variant=AS_IT_IS):
    """Which step of a question about a cell is not within its error; None where all are."""
    net, generators, rows, offsets, equality = question
    made, ends = cell_steps(compiled, net, generators, rows, offsets, equality, variant)
    entries, errors = [exact(own) for own in made.entries], [[Fraction(e) for e in own] for own in made.errors]
    if not entries:
        return None  # a vertex is too far away, or nearly
    points = points_of(generators)
    sizes = [1, *[max(max(map(abs, (1, *x))) for x in points)] * net.input_dim, *[1] * MOST]
    if not all(_is_value(net.layers[0], x, entries[0], errors[0]) for x in points):
        return "forms"
    for number, layer in enumerate(net.layers):
        place = 2 * number
        if place >= len(entries):
            return None  # numbers are too large, and nothing is said
        before = entries[place - 1 : place + 1], errors[place - 1 : place + 1]
        if number > 0 and not _is_within(layer.rows, layer.offsets, *before, sizes):
            return "affine"
        wrong = _bent_wrong(made, number, layer, entries[place : place + 2], errors[place : place + 2], sizes)
        if wrong:
            return wrong
    numbers = [[Fraction(v) for v in row] for row in rows], list(map(Fraction, offsets))
    return _rows_wrong(made, net.layers[-1], points, sizes, numbers, ends, equality) if made.is_whole else None


def _is_value(layer, point, entries, errors):
    """Whether what enters a first layer at a point is within its error."""
    values = (
        offset + sum(w * v for w, v in zip(row, point, strict=True))
        for row, offset in zip(layer.rows, layer.offsets, strict=True)
    )
    return all(abs(value - _at(point, entries, i)) <= errors[i] for i, value in enumerate(values))


def _rows_wrong(made, last, points, sizes, rows, ends, equality):
    """What is wrong with the rows on a cell, between whose ends the zonotope has them."""
    entries = [exact(own) for own in made.entries[-2:]]
    errors = [[Fraction(e) for e in own] for own in made.errors[-2:]]
    numbers, offsets = rows
    if not _is_within(numbers, offsets, entries, errors, sizes):
        return "rows"
    for i, (least, most) in enumerate(zip(*ends, strict=True)):
        at = [_at(x, entries[-1], i) for x in points]
        reach = sum(abs(column[i]) for column in entries[-1][1 + len(points[0]) :]) + errors[-1][i]
        if not (Fraction(least) <= min(at) - reach and max(at) + reach <= Fraction(most)):
            return "bounds"
    if made.misses and not _misses_on_cell(made, points, entries[-1], errors[-1], equality):
        low, high = (_left(last, own[-1].tolist()) for own in (made.low, made.high))
        if not _misses_by_intervals(numbers, offsets, low, high, equality):
            return "combination"
    return None


def points_of(generators):
    """Of each generator some vertices that it may stand for: each of its entries as given, or off by the radius."""
    points = []
    for *vector, radius in ([Fraction(v) for v in own] for own in generators.tolist()):
        for turn in range(2 * len(vector)):
            off = [radius * (0, 1, -1)[(turn + j * (1 + turn // len(vector))) % 3] for j in range(len(vector))]
            *x, t = (a + b for a, b in zip(vector, off, strict=True))
            points.append(tuple(v / t for v in x))
    return points


def _at(point, entries, i):
    """The value at a point of what its coordinates do to coordinate i."""
    return entries[0][i] + sum((x * column[i] for x, column in zip(point, entries[1:], strict=False)), Fraction(0))


def _misses_on_cell(made, points, entries, errors, equality):
    """Whether some row of an enclosure is positive at all points, or a combination of rows is."""
    factors = [Fraction(t) for t in made.factors.tolist()]
    tries = [[Fraction(k == r) for k in range(len(errors))] for r in range(len(errors))]
    tries += [[-t for t in own] for own, equal in zip(tries, equality, strict=True) if equal]
    if all(t >= 0 or equal for t, equal in zip(factors, equality, strict=True)):
        tries.append(factors)
    for own in tries:
        combined = [[sum(t * v for t, v in zip(own, column, strict=True))] for column in entries]
        loss = sum(abs(t) * e for t, e in zip(own, errors, strict=True))
        reach = sum(abs(column[0]) for column in combined[1 + len(points[0]) :])
        if min(_at(x, combined, 0) for x in points) - reach - loss > 0:
            return True
    return False


def _is_within(rows, offsets, entries, errors, sizes=(1,) * MOST):
    """Whether a map's columns are, with parameters up to the sizes."""
    columns, given = by_map(rows, offsets, entries[0], errors[0])
    lost = [
        sum(size * abs(a[i] - b[i]) for size, a, b in zip(sizes, columns, entries[1], strict=False))
        for i in range(len(rows))
    ]
    return all(own + before <= room for own, before, room in zip(lost, given, errors[1], strict=True))


def _bent_wrong(made, number, layer, entries, errors, sizes=None):
    """What is wrong with bounds of what enters a layer, or with what leaves it; on a box all parameters have size 1."""
    is_box, sizes = sizes is None, sizes or (1,) * (MOST + 1)
    for i, masked in enumerate(layer.relu):
        low, high, slope, offset = (
            Fraction(own[number][i]) for own in (made.low, made.high, made.slopes, made.offsets)
        )
        centre, reach = entries[0][0][i], sum(abs(column[i]) for column in entries[0][1:]) + errors[0][i]
        if number == 0 and is_box and not (low <= centre - reach and centre + reach <= high):
            return "bounds"
        if not (masked and low < 0):
            continue
        if high <= 0:
            if any(column[i] for column in entries[1]) or errors[1][i]:
                return "silent"
            continue
        if not (0 <= slope <= 1 and 2 * offset >= max(-slope * low, (1 - slope) * high)):
            return "lines"
        (first, *before), (centre, *after) = ([column[i] for column in own] for own in entries)
        lost = abs(slope * first + offset - centre)
        used = zip(sizes[1:], before, after, strict=False)
        lost += sum(size * abs(slope * a - b) for size, a, b in used if a)  # the new parameter has its own
        if lost + slope * errors[0][i] > errors[1][i]:
            return "bent"
    return None


def _left(layer, ends):
    """What bounds of what enters a layer are of what leaves it."""
    return [max(Fraction(v), Fraction(0)) if on else Fraction(v) for v, on in zip(ends, layer.relu, strict=True)]


def _misses_by_intervals(rows, offsets, low, high, equality):
    """Whether some row is positive by the bounds of each output, or negative where it has to vanish."""
    for row, offset, equal in zip(rows, offsets, equality, strict=True):
        terms = [sorted((w * a, w * b)) for w, a, b in zip(row, low, high, strict=True)]
        least, most = (offset + sum(term[k] for term in terms) for k in (0, 1))
        if least > 0 or (equal and most < 0):
            return True
    return False


def _misses(entries, errors, factors, equality):
    """Whether some row of an enclosure is positive, or a combination of rows is."""
    for i in range(len(errors)):
        reach = sum(abs(column[i]) for column in entries[1:]) + errors[i]
        if entries[0][i] - reach > 0 or (equality[i] and entries[0][i] + reach < 0):
            return True
    if any(t < 0 and not equal for t, equal in zip(factors, equality, strict=True)):
        return False
    combined = [sum(t * v for t, v in zip(factors, column, strict=True)) for column in entries]
    loss = sum(abs(t) * e for t, e in zip(factors, errors, strict=True))
    return combined[0] - sum(map(abs, combined[1:])) - loss > 0


def question(seed):
    """A network of some kind, a box, and rows, some of them nearly opposite."""
    if seed == HARDLY_POSITIVE:
        net = pr.Network([pr.Layer([[1], [1 + 2.0**-52]], [0, 0], False)])
        return net, -np.ones(1), np.ones(1), [[-1, 1], [1, -1]], [0.6 * 2.0**-52] * 2, [False, False]
    rng = np.random.default_rng(seed)
    kind = seed % 5
    if kind == 0:
        net = of_any_magnitude(rng, (-340, 60))
    elif kind == 1:
        net = degenerate(rng, str(rng.choice(DEGENERATE)))
    elif kind == 2:
        net = plain_network(rng)
    else:
        widths = [int(n) for n in rng.integers(2, 6, 4)]
        net = pr.Network(
            [
                (rng.normal(size=(m, n)) * 2.0 ** rng.integers(-3, 3), rng.normal(size=m))
                for n, m in itertools.pairwise(widths)
            ]
        )
    d, m = net.input_dim, net.output_dim
    middle, radius = rng.normal(size=d), 2.0 ** rng.integers(-60, 4, d)
    if kind == 4:  # weights that floats lose, and inputs that are large
        tiny = [[Fraction(int(v), 2**1078) for v in rng.integers(-3, 4, d)] for _ in range(3)]
        net = pr.Network([pr.Layer(tiny, [0, 0, 0], True), pr.Layer(rng.normal(size=(m, 3)), np.zeros(m), False)])
        middle, radius = middle * 2.0**60, radius * 2.0**60
    row = rng.normal(size=m)
    rows = [row, -row * (1 + 2.0**-52), *rng.normal(size=(int(rng.integers(0, 3)), m))]
    offsets = [0.1, -0.1 * (1 + 2.0**-52), *rng.normal(size=len(rows) - 2)]
    equality = [bool(v) for v in rng.random(len(rows)) < 0.3]
    return net, middle - radius, middle + radius, [own.tolist() for own in rows], offsets, equality


def cell_question(seed):
    """A network, generators of a cell, and rows: of those that are asked of boxes."""
    if seed == A_POINT:
        net = pr.Network([pr.Layer([[1]], [0], False)])
        return net, np.array([[1.0, 1.0, 2.0**-30]]), [[1]], [0.0], [False]
    net, *_, rows, offsets, equality = question(seed)
    if seed == HARDLY_POSITIVE:
        return net, np.array([[0.5, 1.0, 0.0], [-0.5, 1.0, 0.0]]), rows, offsets, equality
    rng = np.random.default_rng(seed + 10**6)
    d, m = net.input_dim, net.input_dim + int(rng.integers(1, 4))
    vectors = rng.normal(size=(m, d + 1)) * 2.0 ** rng.integers(-8, 1)
    vectors[:, -1] = 2.0 ** rng.integers(-12, 2) * rng.uniform(0.5, 1, m)
    vectors /= np.abs(vectors).max(axis=1)[:, None]
    radius = vectors[:, -1] * rng.choice([0, 2.0**-52, 2.0**-30, 0.01, 0.4], m)
    return net, np.column_stack([vectors, radius]), rows, offsets, equality


SPOILT: dict[str, Any] = {
    "inputs are rounded": (
        [("larger(high[j] - c, c - low[j]) * raised<T>(3) + least", "larger(high[j] - c, c - low[j])")],
        "inputs",
        9,
    ),
    "biases are rounded": ([("e[i] = slip * modulus(b[i]), r[i] = zero", "e[i] = zero, r[i] = zero")], "affine", 0),
    "sums are rounded": ([("error_[k] * raised<T>(1) + slip * sum_[k]", "error_[k] * raised<T>(1)")], "affine", 0),
    "errors go on": ([("error_[k] * raised<T>(1) + slip * sum_[k]", "slip * sum_[k]")], "affine", 0),
    "what underflows": ([("e[i] = e[i] * up + least", "e[i] = e[i] * up")], "affine", 4),
    "slopes round": ([("gamma_<T>(3) * (slope[i] * sum_[at] + offset[i])", "zero")], "bent", 16),
    "errors are bent": ([("(slope[i] * error_[at] + gamma_<T>(3)", "(gamma_<T>(3)")], "bent", 11),
    "lines are rounded": ([("(one - slope[i]) * u) * raised<T>(6) + least", "(one - slope[i]) * u)")], "lines", 16),
    "radii are rounded": (
        [
            ("r[i] = r[i] * more", "r[i] = r[i]"),
            ("(a - slip * modulus(a)) - least", "a"),
            ("(b + slip * modulus(b)) + least", "b"),
        ],
        "bounds",
        0,
    ),
    "errors of bounds": (
        [("(radius_[at] + error_[at] + spread_ * sum_[at]) * raised<T>(4)", "radius_[at]")],
        "bounds",
        0,
    ),
    "errors of combinations": (
        [("return loss * raised<T>(rows_ + 8) + exactly<T>(FLOOR)", "return exactly<T>(0.0)")],
        "combination",
        HARDLY_POSITIVE,
    ),
    "combinations have signs": (
        [("if (equality[r] && best < zero - rise)", "if (best < zero - rise)")],
        "combination",
        68,
    ),
}


# Not among them: t - r in rho, and gamma_{d+1}, since X is counted where 1 would do, and a layer's errors are larger.
ON_CELLS: dict[str, Any] = {
    "forms have errors": (
        [("F.error(i64(first + i)) * largest_ * raised<T>(2)", "F.error(i64(first + i))")],
        "forms",
        71,
    ),
    "sums of forms": ([("F.sum(i64(first + i)) * largest_ * raised<T>(2)", "F.sum(i64(first + i))")], "affine", 26),
    "sums of layers": ([("modulus(from[i]) * largest_", "modulus(from[i])")], "affine", 95),
    "points are far away": ([("(size + rho) * raised<T>(2)", "one")], "forms", 71),
    "generators have radii": ([("(one + own) * r / (t - r) + gamma_<T>(1) * own", "gamma_<T>(1) * own")], "bounds", 0),
    "so has what divides": ([("(one + own) * r / (t - r)", "r / (t - r)")], "bounds", A_POINT),
    "vertices are not exact": ([("error_[at] + spread_ * sum_[at]", "error_[at]")], "bounds", 0),
    "errors beside vertices": (
        [("(radius_[at] + error_[at] + spread_", "(radius_[at] + spread_")],
        "bounds",
        HARDLY_POSITIVE,
    ),
    "new parameters": ([("(radius_[at] + error_[at] + spread_", "(error_[at] + spread_")], "bounds", 1),
    "the largest vertex": ([(", high[i] = larger(high[i], v[i]);", ";")], "bounds", HARDLY_POSITIVE),
    "the least vertex": ([("if (v < least) least = v", "if (least < v) least = v")], "combination", 37),
    "vertices of combinations": (
        [("gamma_<T>(rows_ + Z.columns() + 4) + Z.spread()", "gamma_<T>(rows_ + Z.columns() + 4)")],
        "combination",
        116,
    ),
}


@pytest.mark.parametrize("seeds", [range(a, a + 10) for a in range(0, 120, 10)])
def test_every_step_is_within_its_error(zonotopes, seeds):
    assert not {seed: wrong for seed in seeds if (wrong := broken(zonotopes, question(seed)))}


@pytest.mark.parametrize("seeds", [range(a, a + 10) for a in range(0, 120, 10)])
def test_every_step_on_a_cell_is_within_its_error(zonotopes, seeds):
    assert not {seed: wrong for seed in seeds if (wrong := broken_on_cell(zonotopes, cell_question(seed)))}


@pytest.mark.parametrize("name", SPOILT)
def test_no_term_is_spared(zonotopes, spoilt, name):
    """Without it a question breaks the step that it is about, which it does not with it."""
    _, step, seed = SPOILT[name]
    assert broken(spoilt, question(seed), name) == step
    assert broken(zonotopes, question(seed)) is None


@pytest.mark.parametrize("name", ON_CELLS)
def test_no_term_is_spared_on_cells(zonotopes, spoilt, name):
    _, step, seed = ON_CELLS[name]
    assert broken_on_cell(spoilt, cell_question(seed), name) == step
    assert broken_on_cell(zonotopes, cell_question(seed)) is None
