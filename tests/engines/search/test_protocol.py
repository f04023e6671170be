"""What the search asks of a heuristic, and what it says when a heuristic answers wrongly."""

from fractions import Fraction

import pytest

import polyrelu as pr
from polyrelu.engines.search import (
    Answer,
    Arrangement,
    Core,
    FaceProblem,
    FaceSearch,
    Feasibility,
    Heuristic,
    Node,
    Record,
    Together,
    face_search,
)
from polyrelu.errors import BudgetExceeded, DimensionError, InputError
from tests.engines.search.test_tree import THREE, search

SPACE = pr.Polyhedron.whole_space(3)


class Asked(Heuristic):
    """Does what its arguments say."""

    def __init__(self, **says):
        self.says = says

    def imply(self, node):
        return self.says.get("imply", {})

    def choose(self, node):
        return self.says.get("choose")

    def answer(self, node):
        return self.says.get("answer")

    def images(self, node):
        return self.says.get("images", ())


@pytest.mark.parametrize(
    ("says", "message"),
    [
        (
            {"imply": {3: True}},
            r"Asked implies a sign of neuron 3, which is not undecided; undecided here are \[0, 1, 2\]",
        ),
        ({"imply": {0: True}}, r"implies a sign of neuron 0, .* undecided here are \[1, 2\]"),
        ({"imply": {-1: True}}, "implies a sign of neuron -1"),
        ({"choose": 5}, r"Asked chose neuron 5, which is not undecided; choose one of \[0, 1, 2\]"),
        ({"choose": -1}, "chose neuron -1"),
        ({"choose": 0}, r"chose neuron 0, which is not undecided; choose one of \[1, 2\]"),
        (
            {"answer": Answer(True, (Fraction(5), Fraction(-5)))},
            r"gave a point that is not in the piece of zeroed=\(\)",
        ),
        ({"images": [Node(0b100, 0b011)]}, r"says that zeroed=\(0, 1\) has a piece because \(\) has; it is empty"),
        ({"images": [Node(0b000, 0b011)]}, "it is empty, or not all neurons have a sign"),
    ],
)
def test_wrong_answers_are_refused(says, message):
    with pytest.raises(InputError, match=message):
        search(THREE, SPACE, None, Asked(**says)).run()


def test_images_must_carry_a_point_of_their_piece_or_none():
    wrong = Node(0b000, 0b111, answer=Answer(True, (Fraction(9), Fraction(9))))
    with pytest.raises(InputError, match=r"gave a point that is not in the piece of zeroed=\(0, 1, 2\)"):
        search(THREE, SPACE, None, Asked(images=[wrong])).run()


def test_an_image_is_a_piece_once():
    """Named after the first piece found, seen again by the tree, and named again after every other one."""

    class Named(Heuristic):
        def images(self, node):
            return [Node(0b000, 0b111, answer=Answer(True, (Fraction(-1), Fraction(-1))))]

        def discard(self, node):
            return node.silent == 0b111

    found = search(THREE, SPACE, None, Named())
    record = found.run()
    assert record.pieces == len(found.zeroed) == 7
    assert found.zeroed[1] == (0, 1, 2)
    assert (record.nodes, record.wasted, record.discarded) == (
        15,
        3,
        1,
    )  # the discarded node, the empty leaf beside it, and the node above
    together = search(THREE, SPACE, None, Together(Named(), Feasibility()))
    assert together.run().pieces == 7


def test_a_problem_checks_its_dimensions():
    with pytest.raises(DimensionError, match=r"W has 3 rows but the polyhedron lives in R\^2"):
        FaceProblem(THREE, pr.Polyhedron.whole_space(2))
    with pytest.raises(DimensionError, match=r"W has 2 columns but the domain lives in R\^3"):
        FaceProblem(THREE, SPACE, SPACE)
    with pytest.raises(DimensionError, match="face_search"):
        face_search(pr.Polyhedron.whole_space(2), THREE.weight, THREE.bias)


def test_a_budget_keeps_what_was_found():
    """Depth first, active first: (active, active, active) is the fourth node, (active, active, silent) the fifth."""
    found, pieces = search(THREE, SPACE, None, Heuristic(), limit=4), []
    message = "Heuristic looked at 4 nodes, the limit, and 3 wait; 1 pieces were found. Raise limit="
    with pytest.raises(BudgetExceeded, match=message):
        pieces.extend(found)
    assert pieces == [((), pr.parse("x0 >= 0 and x1 >= 0 and x0 + x1 >= 1", dim=2, names=("x",)))]
    assert found.zeroed == [()]
    record = found.record
    assert (record.nodes, record.leaves, record.pieces, record.wasted) == (4, 1, 1, 0)
    assert record.seconds > 0
    again = search(THREE, SPACE, None, Heuristic(), limit=4)
    with pytest.raises(BudgetExceeded):
        again.run()
    assert (again.zeroed, again.record.nodes) == ([()], 4)
    assert again.record.seconds > 0


def test_a_core_by_hand():
    """x0 <= 0 and x1 <= 0 leave no room for x0 + x1 >= 1: all three signs, and no others, are the reason."""
    layer = pr.Layer([[1, 0], [0, 1], [1, 1], [1, 0]], [0, 0, -1, 5], True)
    answer, pivots = FaceProblem(layer, pr.Polyhedron.whole_space(4)).solve(Node(active=0b1100, silent=0b0011))
    assert answer == (False, None, Core(active=0b0100, silent=0b0011))
    assert pivots > 0


def test_a_core_names_who_makes_a_row_of_p_fail():
    """a0 - a1 <= -1 with neuron 1 silent: its a1 = 0 fails the row, though no sign condition is used."""
    problem = FaceProblem(pr.Layer([[1], [2]], [0, 0], True), pr.Polyhedron([[1, -1]], [-1]))
    answer, _ = problem.solve(Node(silent=0b10))
    assert answer.core == Core(active=0, silent=0b10)
    both, _ = problem.solve(Node(active=0b01, silent=0b10))
    assert both.core.is_part_of(Node(0b01, 0b10))
    assert not problem.solve(Node(active=0b01))[0].core


def test_a_core_may_be_empty():
    """P has no point after a ReLU, whatever the signs."""
    problem = FaceProblem(THREE, pr.parse("y0 + y1 < 0", dim=3), None)
    assert problem.solve(Node())[0] == (False, None, Core(0, 0))
    assert problem.solve(Node(silent=0b100))[0].core == Core(0, 0)
    record = search(THREE, problem.wanted, problem.domain, Feasibility()).run()
    assert (record.nodes, record.pieces, record.lps) == (1, 0, 1)


class LosesNeuron(Heuristic):
    sound = False

    def __init__(self, mask):
        self.mask = mask

    def discard(self, node):
        return bool(node.silent & self.mask)


def test_losses_are_counted_once_and_add_up():
    """On [-1, 1]^2 neuron 0 is silent on area 2, in three pieces; in the plane this is infinite, whatever is added."""
    box = pr.Polyhedron.box([-1, -1], [1, 1])
    problem, record = FaceProblem(THREE, SPACE, box), Record()
    found = FaceSearch(problem, LosesNeuron(1), record=record)
    assert len(list(found)) == 4
    assert next(found, None) is None
    assert (record.lost_pieces, record.lost_volume) == (3, 2)
    FaceSearch(problem, LosesNeuron(0), record=record).run()
    assert (record.lost_pieces, record.lost_volume) == (3, 2)
    FaceSearch(FaceProblem(THREE, SPACE), LosesNeuron(1), record=record).run()
    assert (record.lost_pieces, record.lost_volume) == (6, None)
    FaceSearch(problem, LosesNeuron(1), record=record).run()
    assert (record.lost_pieces, record.lost_volume) == (9, None)


def test_together_asks_in_turn():
    parts = [Asked(choose=2), Asked(choose=1), LosesNeuron(0)]
    together = Together(*parts)
    assert together.name == "Asked + Asked + LosesNeuron"
    assert not together.sound
    assert Together(Feasibility(), Arrangement(), name="both").name == "both"
    assert together.choose(Node()) == 2
    assert together.answer(Node()) is None
    assert Together(Asked(), Asked(imply={0: True}), Asked(imply={1: True})).imply(Node()) == {0: True}


def test_the_points_of_answers_solve_their_relaxation():
    """Feasibility answers at the root too: a1 may be large there, so any x serves."""
    problem = FaceProblem(pr.Layer([[1], [1]], [0, 0], True), pr.parse("y1 - y0 >= 5", dim=2))
    assert problem.solve(Node())[0].is_feasible
    assert not problem.solve(Node(active=0b10))[0].is_feasible
    assert problem.solve(Node(silent=0b01))[0].is_feasible
    assert search(problem.layer, problem.wanted, None, Feasibility()).run().pieces == 0
