"""Single steps of the compiled walk, on boxes whose roundings are said to be what shows best: none, or large."""

from fractions import Fraction

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.engines.branch.affine import Affine, AffineOn
from polyrelu.engines.branch.engine import BranchEngine
from polyrelu.engines.branch.library import Asked, Found, Pause, walk_through
from polyrelu.engines.branch.rules import RULES
from polyrelu.engines.branch.space import Space
from polyrelu.networks.layer import Layer
from polyrelu.networks.relevant_part import keep_all
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron
from tests.engines.branch.test_engine import cube, network
from tests.engines.branch.test_walk import FIXED, PROGRAMS, steps


def nothing(outputs):
    """No target."""
    return Layer(np.zeros((0, outputs)), [], [], outputs)


def walk_on(low, high, layers, *, target=None, factor=0.0, points=(), reach=None, rows=(), **options):
    """A walk on a box of one input and moduli 1, within rows ``a x + c <= 0``."""
    ends = np.array([low], dtype=np.float64), np.array([high], dtype=np.float64)
    forms = AffineOn(*ends, 1, 1)
    forms.moduli, forms.factor = np.ones(1), factor
    space = Space.between(*ends, 1, 1)._replace(forms=forms)
    root = Affine(np.array([[a] for a, _ in rows]).reshape(-1, 1), np.array([c for _, c in rows]), np.zeros(len(rows)))
    neurons = sum(layer.neuron_count for layer in layers)
    known = np.array(points, dtype=np.float64).reshape(-1, 1)
    signs = np.zeros(neurons, np.int8) if reach is None else np.array(reach, np.int8)
    return walk_through(space, layers, target or nothing(layers[-1].output_dim), root, known, signs, **options)


def layer(*neurons):
    """Neurons ``a x + c`` of one input, by pairs."""
    return Layer([[a] for a, _ in neurons], [c for _, c in neurons], [True] * len(neurons))


LINEAR = Layer([[1.0]], [0.0], [False])


def doubts_of(walk):
    return np.frombuffer(walk.forms()[5])


@pytest.mark.parametrize(
    ("c", "own"), [(1.0, 1), (-1.0, -1), (1 - 2.0**-40, 0), (2.0**-40 - 1, 0), (1.5, 1), (-1.5, -1)]
)
def test_a_neuron_that_only_touches_zero_on_a_box_is_fixed(c, own):
    """Without rounding; x + c on [-1, 1]."""
    walk = walk_on(-1, 1, [layer((1.0, c), (1.0, 0.0))], asks_rule=True)
    assert Pause(walk.advance(9)) is Pause.RULE
    assert Asked.by(walk, 1).own.tolist() == [own, 0]
    assert walk.counters()[FIXED] == (own != 0)
    walk = walk_on(-1, 1, [layer((1.0, c), (1.0, 0.0))], asks_rule=True, fixes=False)
    assert Pause(walk.advance(9)) is Pause.RULE
    assert Asked.by(walk, 1).own.tolist() == [0, 0]
    assert walk.counters()[FIXED] == 0


def test_all_neurons_that_bounds_fix_are_counted():
    neurons = [(1.0, 3.0), (2.0, -5.0), (-1.0, 2.0), (1.0, -4.0)]
    walk = walk_on(-1, 1, [layer(*neurons)], reach=[0, 0, 1, 0])
    assert Pause(walk.advance(9)) is Pause.DONE
    assert walk.counters() == (0, 0, 3, 0, 0, 0)
    assert Found.by(walk, 4, 1).signs.tolist() == [[True, False, True, False]]


@pytest.mark.parametrize(("share", "programs"), [(2, 1), (1, 2), (0.5, 2), (-0.5, 2), (-1, 2), (-2, 1)])
def test_values_within_their_doubts_say_nothing(share, programs):
    """A side of the neuron x at which no point is certain to be takes a program; certain ones are kept in its part."""
    doubt = doubts_of(walk_on(-1, 1, [layer((1.0, 0.0))], factor=2.0**-6, asks_rule=True))[0]
    walk = walk_on(-1, 1, [layer((1.0, 0.0), (1.0, 0.5))], factor=2.0**-6, points=[share * doubt], asks_rule=True)
    assert Pause(walk.advance(9)) is Pause.RULE
    walk.choose(0)
    assert Pause(walk.advance(9)) is Pause.RULE
    assert walk.counters()[PROGRAMS] == programs
    cell = Asked.by(walk, 1)
    assert cell.own.tolist()[0] == -1
    assert (cell.points < -doubt).all()
    assert len(cell.points) >= 1
    assert (share * doubt in cell.points) == (share < -1)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_less_than_a_doubt_is_left_to_exact_arithmetic(sign):
    """The neuron x - c, or c - x, is below zero by three quarters of its doubt at the most, and so is a target."""
    doubt = doubts_of(walk_on(0, 1, [layer((1.0, 0.0))], factor=2.0**-6, asks_rule=True))[0]
    low, high = (-0.75 * doubt, 1) if sign > 0 else (-1, 0.75 * doubt)
    walk = walk_on(low, high, [layer((sign, 0.0))], factor=2.0**-6)
    assert Pause(walk.advance(9)) is Pause.EXACTLY
    assert Asked.by(walk, 1).side == 0
    walk = walk_on(low, high, [layer((-sign, 0.0))], factor=2.0**-6)
    assert Pause(walk.advance(9)) is Pause.EXACTLY
    assert Asked.by(walk, 1).side == 1
    low, high = 1.5 * low, 1.5 * high  # a target is a layer further on
    walk = walk_on(low, high, [LINEAR], target=Layer([[sign]], [0.0], [False]), factor=2.0**-6)
    assert Pause(walk.advance(9)) is Pause.DONE
    assert Found.by(walk, 0, 1).in_doubt.tolist() == [True]


@pytest.mark.parametrize(
    ("rows", "found", "programs"),
    [
        ([(1.0, 2.0)], None, 0),
        ([(1.0, 1.5)], None, 0),
        ([(1.0, 1.0 + 2.0**-40)], None, 0),
        ([(1.0, 1.0)], True, 0),
        ([(1.0, 1.0 - 2.0**-20)], False, 1),
        ([(1.0, 0.0)], False, 0),
        ([(1.0, 0.0), (-1.0, 0.125)], None, 1),
        ([(1.0, 0.0), (-1.0, 0.0)], True, 1),
        ([(1.0, 1.0), (1.0, 0.5)], True, 0),
        ([(1.0, 0.5), (1.0, 1.0)], True, 0),
        ([(1.0, 0.5), (1.0, 1.5)], None, 0),
    ],
)
def test_targets(rows, found, programs):
    """Rows ``a y + c < 0`` for y in [-1, 1], without rounding, where -1/2 is known.

    A cell is discarded, in doubt, or certain, and then it has a point. A program is not needed if one is known, nor
    where the box says enough.
    """
    target = Layer([[a] for a, _ in rows], [c for _, c in rows], [False] * len(rows))
    walk = walk_on(-1, 1, [LINEAR], target=target, points=[-0.5])
    assert Pause(walk.advance(9)) is Pause.DONE
    tiles = Found.by(walk, 0, 1)
    assert walk.counters() == (0, 0, 0, 0, int(found is None), programs)
    assert tiles.in_doubt.tolist() == ([] if found is None else [found])
    for (x,) in tiles.points.tolist():
        assert np.isnan(x) if found else all(a * x + c < 0 for a, c in rows)


def test_equations_are_for_exact_arithmetic():
    walk = walk_on(-1, 1, [LINEAR], target=Layer([[1.0]], [0.0], [False]), points=[-0.5], is_exact=True)
    assert Pause(walk.advance(9)) is Pause.DONE
    tiles = Found.by(walk, 0, 1)
    assert (tiles.in_doubt.tolist(), np.isnan(tiles.points).all()) == ([True], True)


# -- cells on the way -----------------------------------------------------------------------------------------------


def cells_of(net, rule, *, rows=(), points=True):
    """The cells that ask a rule, with their rows; the walk knows some points in the beginning, or none.

    The domain is a cube, or what is left of it by rows.
    """
    domain = cube(net.input_dim) & Polyhedron.from_halfspaces(rows, net.input_dim)
    engine = BranchEngine(keep_all(net), domain, 10**6, rule=RULES[rule])
    if not points:
        root, inside = engine._root
        engine.__dict__["_root"] = root, inside[:0]
    for pause in steps(engine, engine._walk, 10**6):
        assert pause is not Pause.EXACTLY
        if pause is Pause.RULE:
            yield engine, Asked.by(engine._walk, net.input_dim), [np.frombuffer(own) for own in engine._walk.forms()]


def some_rows(dim, count):
    """Which most of the cube satisfies, or little of it."""
    draw = np.random.default_rng([dim, count])
    numbers = draw.integers(-9, 10, (count, dim)).tolist(), draw.integers(1, 9, count).tolist()
    return [Halfspace.of(normal, Fraction(offset)) for normal, offset in zip(*numbers, strict=True)]


@pytest.mark.parametrize("rule", ["in order", "most even"])
@pytest.mark.parametrize("points", [False, True])
@pytest.mark.parametrize(
    ("widths", "domain_rows"), [((2, 8, 3, 1), 0), ((3, 6, 1), 0), ((1, 7, 4, 1), 0), ((2, 8, 1), 3), ((3, 9, 1), 4)]
)
def test_what_a_cell_knows_is_true(widths, domain_rows, rule, points):
    """Points are strictly inside the box and all rows, and at most sixteen; rows are those of neurons."""
    counts = []
    for engine, cell, (rows, constants, doubts, *entered, low, high) in cells_of(
        network(*widths), rule, rows=some_rows(widths[0], domain_rows), points=points
    ):
        dim, space = widths[0], engine.space
        matrix = rows.reshape(len(constants), dim)
        assert (cell.points @ matrix.T + constants < -doubts).all()
        assert ((cell.points >= space.inner_low) & (cell.points <= space.inner_high)).all()
        assert ((cell.points >= low) & (cell.points <= high)).all()
        assert len(cell.points) <= 16
        counts.append(len(cell.points))
        own = cell.splits.sum() + 0
        if cell.depth == 0 and not domain_rows:
            forms = {
                (*row, c) for row, c in zip(entered[0].reshape(-1, dim).tolist(), entered[1].tolist(), strict=True)
            }
            forms |= {tuple(-v for v in form) for form in forms}
            assert {(*row, c) for row, c in zip(matrix.tolist(), constants.tolist(), strict=True)} <= forms
            assert len(matrix) == own
            assert set(doubts.tolist()) <= set(entered[2].tolist())
    assert max(counts) == 16 or not points or domain_rows


@pytest.mark.parametrize("known", [14, 15, 16])
def test_a_cell_knows_sixteen_points_at_the_most(known):
    """The program of its own rows says one more, if there is room for it."""
    net = pr.Network([([[1, 0], [0, 1]], [2, Fraction(1, 2)])], relu=[True])
    domain = cube(2) & pr.Polyhedron([[1, 1]], [Fraction(3, 2)])
    engine = BranchEngine(keep_all(net), domain, 99, rule=RULES["in order"], bounds=False)
    root, _ = engine._root
    engine.__dict__["_root"] = root, np.random.default_rng(0).uniform(-0.4, 0.4, (known, 2))
    assert Pause(engine._walk.advance(9)) is Pause.RULE
    assert len(Asked.by(engine._walk, 2).points) == known
    engine._walk.choose(0)
    assert Pause(engine._walk.advance(9)) is Pause.RULE
    cell = Asked.by(engine._walk, 2)
    assert cell.own.tolist() == [1, 0]
    assert len(cell.points) == min(known + 1, 16)


def test_a_point_that_a_program_found_is_kept_where_it_is():
    """Of [0, 1/2] the program says 0; with the neuron x + 1/10, which is on there, 1/5; then 1/10 - x divides."""
    neurons = layer((1.0, 0.1), (-1.0, 0.1), (1.0, -0.05), (1.0, -0.3))
    walk = walk_on(0, 1, [neurons], rows=[(1.0, -0.5)], asks_rule=True, fixes=False)
    known = []
    for neuron in (0, 1, 2):
        assert Pause(walk.advance(9)) is Pause.RULE
        known.append(np.round(np.sort(Asked.by(walk, 1).points[:, 0]), 9).tolist())
        walk.choose(neuron)
    assert known == [[], [0.0, 0.2], [0.0]]
