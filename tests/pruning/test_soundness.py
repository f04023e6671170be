"""Who calls itself sound finds exactly the pieces; who does not is measured, and who lies is caught."""

from fractions import Fraction

import checks
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.engines.search import Answer, FaceProblem, Feasibility, Heuristic, Node, Together
from tests.engines.search.test_tree import questions
from tests.pruning.shelf import FOLDER, THREE, makers, search

MAKERS = makers()
SOUND = [name for name, make in MAKERS.items() if make().sound]
UNSOUND = [name for name in MAKERS if name not in SOUND]


def test_every_file_is_on_the_shelf_and_says_whether_it_is_sound():
    assert len(SOUND) >= 15
    assert UNSOUND == ["SamplesOnly", "FloatPrograms"]
    for path in FOLDER.glob("*.py"):
        docstring = path.read_text().split('"""')[1]
        assert "ound" in docstring, path
        assert "Cost" in docstring, path


@st.composite
def symmetric_questions(draw):
    """Layers with symmetries, or parallel hyperplanes: integer grids, signed copies, repeated rows."""
    d = draw(st.integers(1, 2))
    base = draw(st.lists(st.tuples(*[st.integers(-1, 1)] * d), min_size=1, max_size=3))
    signs = draw(st.sampled_from([(1,), (1, -1), (1, 2), (1, 1)]))
    rows = [[s * v for v in row] for row in base for s in signs][:5]
    shift = draw(st.sampled_from([0, 0, 1, -1]))
    layer = pr.Layer(rows, [shift] * len(rows), True)
    total = draw(st.sampled_from([-1, 0, 1]))
    relation = draw(st.sampled_from(["<=", "<", "=="]))
    row = pr.Halfspace.of([total] * len(rows), draw(st.integers(-1, 2)), relation)
    box = pr.Polyhedron.box([-2] * d, [2] * d)
    wanted = pr.Polyhedron.from_halfspaces([row], len(rows))
    return layer, wanted, draw(st.sampled_from([None, box, pr.Polyhedron(box.A, box.b, strict=True)]))


@pytest.mark.long
@pytest.mark.parametrize("strategy", [questions, symmetric_questions])
@given(data=st.data())
@settings(max_examples=100)
def test_a_sound_heuristic_finds_exactly_the_pieces(strategy, data):
    problem = FaceProblem(*data.draw(strategy()))
    pieces = checks.expected(problem)
    for name in SOUND:
        assert checks.disagreement(MAKERS[name](), problem, pieces) is None


HEXAGON = pr.Layer([[2, 0], [1, 1], [-1, 1], [-2, 0], [-1, -1], [1, -1]], [-1] * 6, True)


@pytest.mark.parametrize("name", SOUND)
@pytest.mark.parametrize(
    ("layer", "wanted", "domain"),
    [
        (THREE, "y0 > 0 and y1 + y2 <= 3 and y1 - y2 == 0", pr.Polyhedron.box([-3, -3], [3, 3])),
        (THREE, "y0 > 0 and y0 < 0", None),
        (THREE, "y0 <= 0 and y1 <= 0", pr.Polyhedron.empty(2)),
        (HEXAGON, "y0 + y1 + y2 + y3 + y4 + y5 <= 3", None),
        (pr.Layer([[1], [-1], [2], [1]], [0, 0, -2, -1], True), "y0 - y1 <= 2 and y2 < 1", None),
        (pr.Layer([[0, 0], [0, 0], [1, 2]], [1, -1, 0], [True, True, False]), "y2 >= y0", None),
        (pr.Layer([[1, 1]], [0], False), "y0 > 0", None),
    ],
)
def test_particular_questions(name, layer, wanted, domain):
    problem = FaceProblem(layer, pr.parse(wanted, dim=layer.output_dim), domain)
    assert checks.disagreement(MAKERS[name](), problem) is None


def test_the_checker_uses_the_arrangement_view_on_many_neurons():
    layer = pr.Layer([[i] for i in range(1, 11)], range(10), True)  # 2^10 faces, points of a line
    problem = FaceProblem(layer, pr.Polyhedron.whole_space(10))
    assert 2 ** len(problem.neurons) > checks.EXHAUSTIVE
    assert checks.disagreement(Together(*(MAKERS[name]() for name in ("Cores", "Feasibility"))), problem) is None
    assert "loses" in checks.disagreement(Liar(), problem)


class Liar(Heuristic):
    """Calls itself sound and loses whatever has neuron 0 silent."""

    def discard(self, node):
        return bool(node.silent & 1)


class Inventor(Heuristic):
    """Answers yes without looking."""

    def answer(self, node):
        return Answer(True)


class Mirror(Heuristic):
    """Names an image that is empty."""

    def images(self, node):
        return [Node(active=0b100, silent=0b011)]


def test_a_heuristic_that_lies_is_caught():
    problem = FaceProblem(THREE, pr.Polyhedron.whole_space(3))
    assert checks.disagreement(Feasibility(), problem) is None
    assert checks.disagreement(Liar(), problem) == (
        "Liar calls itself sound, but loses 3 of 7 pieces, first that of zeroed=(0,)"
    )
    assert checks.disagreement(Inventor(), problem) == ("Inventor invents 1 empty pieces, first that of zeroed=(0, 1)")
    with pytest.raises(pr.errors.InputError, match=r"Mirror says that zeroed=\(0, 1\) has a piece because"):
        checks.disagreement(Mirror(), problem)


def test_samples_lose_small_pieces():
    """A square of side 1/504: among 500 points of [-1, 1]^2 none hits it, and its area is what is lost."""
    make = MAKERS["SamplesOnly"]
    layer = pr.Layer([[1, 0], [0, 1]], [0, 0], True)
    wanted = pr.parse("1/8 <= y0 <= 8/63 and y1 >= 1/8 and y1 <= 8/63", dim=2)
    domain = pr.Polyhedron.box([-1, -1], [1, 1])
    problem = FaceProblem(layer, wanted, domain)
    assert "SamplesOnly is not sound: loses 1 of 1 pieces" in checks.disagreement(make(), problem)
    record = search(layer, make(), wanted, domain).run()
    assert (record.pieces, record.lost_pieces, record.lost_volume) == (0, 1, (Fraction(8, 63) - Fraction(1, 8)) ** 2)


def test_floats_without_a_certificate_lose_what_is_small():
    """A piece with inner radius below the solver's tolerance is called empty; exactly it has volume 10^-20."""
    make = MAKERS["FloatPrograms"]
    layer = pr.Layer([[1, 0], [0, 1]], [0, 0], True)
    wanted = pr.parse("0 < y0 < 1e-10 and 0 < y1 < 1e-10", dim=2)
    record = search(layer, make(), wanted).run()
    assert (record.pieces, record.lost_pieces, record.lost_volume) == (0, 1, Fraction(1, 10**20))
    assert search(layer, make(), pr.parse("0 < y0 < 1 and 0 < y1 < 1", dim=2)).run().lost_pieces == 0


def test_an_infinite_loss_has_no_volume():
    record = search(THREE, Unsound()).run()
    assert (record.lost_pieces, record.lost_volume) == (3, None)


class Unsound(Liar):
    sound = False
