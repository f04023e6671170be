"""What each idea does, counted by hand, and the proofs in its docstring as laws."""

from fractions import Fraction
from typing import Any

import pytest
from bounds import Bounded
from cell_splitting import Reference, reference
from heuristics.cores import Cores, CoresFirst
from heuristics.interval import Interval
from heuristics.lp_bounds import LinearBounds
from heuristics.orbits import Orbits, symmetries
from heuristics.orders import MostConstrained, RandomOrder, SmallestNorm, Widest
from heuristics.parallel import Parallel
from heuristics.warm_start import WarmStart
from heuristics.witnesses import Witnessed
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import Witnesses, sample_points

import polyrelu as pr
from polyrelu.engines.search import Answer, Core, FaceProblem, FaceSearch, Feasibility, Heuristic, Node, Together, bits
from tests.engines.search.test_tree import questions
from tests.pruning.shelf import LIMIT, THREE, search

BOX = pr.Polyhedron.box([-1, -1], [1, 1])


def test_cores_counted_by_hand():
    """(silent, silent, active) is empty, of eight leaves the sixth one asked; the core has nothing left to prune."""
    cores = Cores()
    record = search(THREE, Together(cores, Feasibility())).run()
    assert (record.nodes, record.lps, record.pieces, record.wasted, record.implied) == (15, 15, 7, 1, 0)
    assert cores.cores == [Core(active=0b100, silent=0b011)]


def test_a_core_prunes_the_next_ones():
    """A fourth neuron that nothing else depends on, decided first, makes two copies of the tree above.

    1 + 2 * 15 nodes; in the second copy the core implies the last sign: one node less, and no program asks it.
    """
    layer = pr.Layer([[0, 0, 1], [1, 0, 0], [0, 1, 0], [1, 1, 0]], [0, 0, 0, -1], True)
    cores = Cores()
    record = search(layer, Together(cores, Feasibility())).run()
    assert (record.pieces, record.implied, record.wasted) == (14, 1, 1)
    assert (record.nodes, record.lps) == (1 + 15 + 13, 29 + 1)  # asked again after the implied sign
    assert cores.cores == [Core(active=0b1000, silent=0b0110)]
    assert search(layer, CoresFirst()).run().lps == 29  # once for each node


class Recorder(Heuristic):
    """Keeps every answer."""

    def __init__(self):
        self.answers = []

    def learn(self, node, answer):
        self.answers.append((node.active, node.silent, answer))


@pytest.mark.parametrize("make", [Heuristic, WarmStart], ids=["fresh programs", "warm start"])
@given(question=questions())
@settings(max_examples=80)
def test_a_learnt_core_is_infeasible(make, question):
    """No piece, of all those of the exhaustive search, has the signs of a core; and every core is part of its node."""
    recorder = Recorder()
    problem = FaceProblem(*question)
    FaceSearch(problem, Together(recorder, make(), Feasibility()), LIMIT, False).run()
    everything = FaceSearch(problem, Heuristic(), LIMIT, False)
    everything.run()
    pieces = [Node(problem.mask & ~silent, silent) for silent in everything._found]
    for active, silent, answer in recorder.answers:
        if answer.is_feasible:
            assert answer.point is not None
            continue
        assert answer.core is not None
        assert answer.core.is_part_of(Node(active, silent))
        assert not any(answer.core.is_part_of(piece) for piece in pieces)


@given(question=questions())
@settings(max_examples=80)
def test_a_core_is_empty_as_a_polyhedron(question):
    """The same by polyhedra, which know nothing of linear programs here: every completion of the core is empty."""
    recorder = Recorder()
    problem = FaceProblem(*question)
    FaceSearch(problem, Together(recorder, Feasibility()), LIMIT, False).run()
    for core in {answer.core for _, _, answer in recorder.answers if not answer.is_feasible}:
        waiting = [Node(core.active, core.silent)]
        while waiting:
            node = waiting.pop()
            if problem.undecided(node):
                i = next(bits(problem.undecided(node)))
                waiting += [node.with_sign(i, False), node.with_sign(i, True)]
            else:
                assert problem.piece(node).is_empty()


class Naive(Heuristic):
    """What cores mean, without an index: every core is looked at everywhere."""

    def begin(self, search):
        super().begin(search)
        self.cores = []

    def learn(self, node, answer):
        if answer.core is not None and answer.core not in self.cores:
            self.cores.append(answer.core)

    def discard(self, node):
        return any(core.is_part_of(node) for core in self.cores) or any(len(s) > 1 for s in self.units(node).values())

    def imply(self, node):
        return {i: next(iter(signs)) for i, signs in self.units(node).items()}

    def units(self, node):
        signs: dict[Any, Any] = {}
        for core in self.cores:
            lacking = (core.active & ~node.active) | (core.silent & ~node.silent)
            if lacking.bit_count() == 1 and not lacking & node.decided:
                signs.setdefault(lacking.bit_length() - 1, set()).add(bool(core.silent & lacking))
        return signs


@st.composite
def wide_questions(draw):
    """Many neurons on a line or plane: many cores."""
    d = draw(st.integers(1, 2))
    n = draw(st.integers(5, 8))
    number = st.integers(-5, 5)
    rows = [list(draw(st.tuples(*[number] * d))) for _ in range(n)]
    layer = pr.Layer(rows, list(draw(st.tuples(*[number] * n))), True)
    wanted = pr.Polyhedron([list(draw(st.tuples(*[st.integers(-2, 2)] * n)))], [draw(st.integers(-3, 3))])
    return layer, wanted, None


@given(question=wide_questions(), seed=st.integers(0, 5))
@settings(max_examples=60)
def test_watching_two_signs_misses_nothing(question, seed):
    """Watched or not, the same nodes are looked at, in whatever order the neurons come."""
    counts = []
    for cores in (Naive(), Cores()):
        record = FaceSearch(
            FaceProblem(*question), Together(cores, Feasibility(), RandomOrder(seed)), LIMIT, False
        ).run()
        counts.append((record.nodes, record.implied, record.lps, record.discarded, record.pieces))
    assert counts[0] == counts[1]


@given(question=wide_questions(), limit=st.integers(1, 4))
@settings(max_examples=40)
def test_forgetting_cores_keeps_the_bound_and_the_pieces(question, limit):
    cores, problem = Cores(limit), FaceProblem(*question)
    record = FaceSearch(problem, Together(cores, Feasibility()), LIMIT, False).run()
    assert len(cores.cores) <= limit
    assert record.pieces == FaceSearch(problem, Feasibility(), LIMIT, False).run().pieces


def test_the_longer_and_older_cores_are_forgotten():
    cores = Cores(limit=4)
    search(THREE, cores).run()
    cores._store([])
    long, old, new, short = Core(0b111, 0), Core(0b11, 0), Core(0b101, 0), Core(0b100, 0)
    for core in (short, long, old, new, Core(0, 0b1)):
        cores.learn(Node(), Answer(False, core=core))
    assert cores.cores == [short, new, Core(0, 0b1)]


def test_witnesses_counted_by_hand():
    """Corners show all seven cells and all 13 nodes above or at them; the program proves the one that is empty."""
    record = search(THREE, Together(Witnessed(), Feasibility())).run()
    assert (record.nodes, record.decisions, record.lps, record.pieces) == (15, 15, 1, 7)


def test_one_solution_is_a_witness_for_its_whole_path():
    """Without samples: the root's solution leads down one path for free, and every program finds what was unknown."""
    record = search(THREE, Together(Witnessed(samples=0), Feasibility())).run()
    plain = search(THREE, Feasibility()).run()
    assert record.decisions == plain.decisions == plain.lps == 15
    assert record.lps <= 8  # at most one for each of the eight leaves


@given(question=questions())
@settings(max_examples=80)
def test_a_witness_is_right(question):
    """What a point shows, an exact program confirms; corners and spread points lie in the domain."""
    problem = FaceProblem(*question)
    witnesses = Witnesses(problem)
    for point in sample_points(problem, 30):
        assert problem.domain.contains(point)
        witnesses.add(point)
    waiting = [Node()]
    while waiting:
        node = waiting.pop()
        if witnesses.in_a_piece(node):
            assert witnesses.in_the_relaxation(node)
        if witnesses.in_the_relaxation(node):
            assert problem.solve(node)[0].is_feasible
        if problem.undecided(node):
            i = next(bits(problem.undecided(node)))
            waiting += [node.with_sign(i, False), node.with_sign(i, True)]


def test_samples_are_the_same_every_time():
    problem = FaceProblem(THREE, pr.Polyhedron.whole_space(3))
    again = FaceProblem(THREE, problem.wanted)
    assert sample_points(problem, 50) == sample_points(again, 50)
    assert sample_points(problem, 50) != sample_points(again, 50, seed=1)
    assert not sample_points(FaceProblem(THREE, problem.wanted, pr.Polyhedron.empty(2)), 50)


def test_warm_start_counted_by_hand():
    """The same nodes and as many programs as with fresh ones, in fewer pivots."""
    warm, cold = (search(THREE, Together(*parts)).run() for parts in ([WarmStart(), Feasibility()], [Feasibility()]))
    assert (warm.nodes, warm.lps, warm.pieces, warm.wasted) == (15, 15, 7, 1)
    assert (cold.nodes, cold.lps) == (15, 15)
    assert warm.pivots < cold.pivots


def test_warm_start_by_itself_asks_only_at_leaves():
    record = search(THREE, WarmStart()).run()
    assert (record.nodes, record.lps, record.pieces) == (15, 8, 7)


@given(question=questions())
@settings(max_examples=80)
def test_a_warm_start_gives_the_answers_of_a_fresh_program(question):
    problem = FaceProblem(*question)
    recorder = Recorder()
    FaceSearch(problem, Together(recorder, WarmStart(), Feasibility()), LIMIT, False).run()
    for active, silent, answer in recorder.answers:
        assert answer.is_feasible == problem.solve(Node(active, silent))[0].is_feasible


def test_bounds_over_a_box_by_hand():
    """On [-1, 1]^2 z = x0 + x1 - 1 lies in [-3, 1], on x0, x1 <= 1/4 it is negative."""
    for make in (Interval, LinearBounds):
        heuristic = make()
        record = search(THREE, heuristic, domain=BOX).run()
        assert heuristic.bounds == [(-1, 1), (-1, 1), (-3, 1)]
        assert (record.nodes, record.pieces, record.implied) == (15, 7, 0)
        small = search(THREE, make(), domain=pr.Polyhedron.box([-1, -1], ["1/4", "1/4"])).run()
        assert (small.nodes, small.pieces, small.implied, small.wasted) == (7, 4, 1, 0)


def test_bounds_stop_rows_that_cannot_hold():
    """a0 + a1 > 3/2 needs both: on the box each is at most 1."""
    wanted = pr.parse("y0 + y1 > 3/2", dim=3)
    record = search(THREE, Interval(), wanted, BOX).run()
    assert (record.nodes, record.pieces, record.implied, record.wasted) == (3, 1, 2, 1)
    none = search(THREE, Interval(), pr.parse("y0 + y1 > 2", dim=3), BOX).run()
    assert (none.nodes, none.discarded, none.lps) == (1, 1, 0)


def test_linear_programs_see_the_domain_as_it_is():
    """On the diagonal strip |x0 + x1| <= 1/2 neuron 2 is silent; the box around the strip does not show it."""
    strip = pr.Polyhedron([[1, 1], [-1, -1], [1, -1], [-1, 1]], ["1/2", "1/2", 4, 4])
    boxed, exact = Interval(), LinearBounds()
    search(THREE, boxed, domain=strip).run()
    record = search(THREE, exact, domain=strip).run()
    assert boxed.bounds[2][1] > 0 > exact.bounds[2][1] == -Fraction(1, 2)
    assert record.implied == 1
    assert record.lps == 2 * 3 + record.leaves


def test_without_a_domain_there_is_nothing_to_bound():
    heuristic = Interval()
    record = search(THREE, heuristic).run()
    assert heuristic.bounds is None
    assert record.nodes == 15
    for make in (Interval, LinearBounds):
        record = search(THREE, make(), domain=pr.Polyhedron.empty(2)).run()
        assert (record.nodes, record.discarded, record.pieces) == (1, 1, 0)


@given(question=questions())
@settings(max_examples=60)
def test_bounds_hold_on_all_pieces(question):
    problem = FaceProblem(*question)
    for make in (Interval, LinearBounds):
        heuristic = make()
        FaceSearch(problem, heuristic, LIMIT, False).run()
        assert isinstance(heuristic, Bounded)
        for zeroed, piece in FaceSearch(problem, Heuristic(), LIMIT, False):
            assert heuristic.bounds is None or heuristic.bounds, zeroed
            z = [
                sum((w * x for w, x in zip(row, piece.sample_point(), strict=True)), offset)
                for row, offset in zip(problem.layer.rows, problem.layer.offsets, strict=True)
            ]
            for value, (low, high) in zip(z, heuristic.bounds or (), strict=heuristic.bounds is not None):
                assert low <= value <= high


def test_parallel_hyperplanes_on_a_line():
    """x > 0, x > 1, -x > 1: four of eight assignments have a piece, and no node is looked at in vain."""
    layer = pr.Layer([[1], [1], [-2]], [0, -1, -2], True)
    record = search(layer, Parallel()).run()
    assert (record.pieces, record.nodes, record.wasted) == (4, 7, 0)


def test_touching_hyperplanes_imply_nothing():
    """x > 0 and -x > 0: both silent and both active meet in x = 0, and each has its piece."""
    layer = pr.Layer([[1], [-1], [2]], [0, 0, 0], True)
    record = search(layer, Parallel()).run()
    assert (record.pieces, record.implied, record.nodes) == (8, 0, 15)


def test_constant_neurons_have_one_sign():
    record = search(pr.Layer([[0], [0], [0]], [1, -1, 0], True), Parallel()).run()
    assert (record.pieces, record.implied) == (2, 2)


def test_orders():
    layer = pr.Layer([[3, 0], [0, 1], [2, 2]], [0, 0, 0], True)
    order = SmallestNorm()
    search(layer, order).run()
    assert order.order == [1, 2, 0]
    shuffles = []
    for seed in (0, 0, 1, 2, 3):
        shuffled = RandomOrder(seed)
        search(pr.Layer([[1]] * 5, range(5), True), shuffled).run()
        shuffles.append(tuple(shuffled.order))
    assert shuffles[0] == shuffles[1]
    assert len(set(shuffles)) > 1


def test_widest_and_most_constrained():
    """In [0, 1] the hyperplane x = 1/2 divides evenly, x = 9/10 does not, and x = 2 not at all."""
    layer = pr.Layer([[1], [1], [1]], [-2, "-9/10", "-1/2"], True)
    domain = pr.Polyhedron.box([0], [1])
    for make, first in ((Widest, 2), (MostConstrained, 0)):
        heuristic = make()
        searched = search(layer, heuristic, domain=domain)
        searched.run()
        assert heuristic.choose(Node()) == first


SQUARE = pr.Layer([[1, 0], [0, 1], [-1, 0], [0, -1]], [0] * 4, True)


def test_the_symmetries_of_a_square():
    """Eight with the identity; P and the domain leave those that keep them."""
    everything = pr.Polyhedron.whole_space(4)
    assert len(symmetries(FaceProblem(SQUARE, everything))) == 7
    assert len(symmetries(FaceProblem(SQUARE, pr.parse("y0 > 0", dim=4)))) == 1  # the mirror image of x1
    assert len(symmetries(FaceProblem(SQUARE, everything, pr.Polyhedron.box([-1, -2], [1, 2])))) == 3
    assert len(symmetries(FaceProblem(SQUARE, everything, pr.Polyhedron.box([-1, -2], [1, 1])))) == 1
    assert not symmetries(FaceProblem(THREE, pr.parse("y0 > 0", dim=3)))
    assert not symmetries(FaceProblem(pr.Layer([[1, 0], [-1, 0]], [0, 0], True), pr.Polyhedron.whole_space(2)))


def test_a_rounded_hexagon_keeps_its_symmetry_and_a_rounded_pentagon_has_none():
    """Every map between triples of neurons is tried, exactly; rotations of order five are never rational."""
    hexagon = pr.Layer([[2, 0], [1, 1.7], [-1, 1.7], [-2, 0], [-1, -1.7], [1, -1.7]], [1] * 6, True)
    assert len(symmetries(FaceProblem(hexagon, pr.Polyhedron.whole_space(6)))) == 11
    cosines = [(1.0, 0.0), (0.309, 0.951), (-0.809, 0.588), (-0.809, -0.588), (0.309, -0.951)]
    pentagon = pr.Layer(cosines, [1] * 5, True)
    assert len(symmetries(FaceProblem(pentagon, pr.Polyhedron.whole_space(5)))) == 1  # the mirror image


def test_orbits_search_one_of_each():
    """All four hyperplanes pass the origin, so each of the 16 assignments has a piece; 6 up to turns and mirrors."""
    found = search(SQUARE, Orbits())
    record = found.run()
    assert record.pieces == len(set(found.zeroed)) == 16
    assert (record.leaves, record.lps) == (6, 6)  # the images come with their points
    assert record.wasted == record.discarded  # every other node leads to a piece


@given(question=questions())
@settings(max_examples=60)
def test_a_symmetry_permutes_the_values(question):
    layer = question[0]
    rows = [list(row) for row in layer.rows] + [[-v for v in row] for row in layer.rows]
    mirrored = pr.Layer(rows, [*layer.offsets, *layer.offsets], True)
    problem = FaceProblem(mirrored, pr.Polyhedron([[1] * len(rows)], [3]))
    linear = pr.Network([pr.Layer(rows, mirrored.offsets, False)])
    for symmetry in symmetries(problem):
        for point in sample_points(problem, 4):
            before, after = linear(point), linear(symmetry.moved(point))
            assert all(after[j] == before[i] for i, j in enumerate(symmetry.permutation))


def test_the_reference_wastes_nothing():
    problem = FaceProblem(THREE, pr.parse("y0 > 0", dim=3))
    found = reference(problem)
    assert isinstance(found, Reference)
    assert (found.cells, found.cuts, found.tiles) == (7, 6, 1)  # x0 > 0 is one tile, whatever the others do
