"""What the benchmark reckons with, and one small run of it."""

import json
import math
import shutil
import subprocess
import sys

import benchmark
import numpy as np
import pytest
from measuring import peers
from measuring.engines import NUMBA_COMMIT, ROOT, Engine, in_turn, numba_checkout
from measuring.questions import AXES, DEGENERATE, GENERIC, Answer, Question, answered, as_tuples, random_network
from measuring.tables import Goal, Table

import polyrelu as pr
from tests.scripts import script

STUB = """
import json, sys
for line in sys.stdin:
    found = {"regions": REGIONS, "seconds": 0.25}
    print(json.dumps({"network": line.strip(), "published": found, "hashed": found}), flush=True)
"""
SMALL = Question("small", (GENERIC, (2, 4, 3)), 2)
WITHOUT_PEERS = ["--quick", "--numba-checkout", str(ROOT), "--numba-python", sys.executable]


# -- questions and engines ----------------------------------------------------------------------------------------


def test_a_question_survives_its_line_of_json():
    question = Question("acas", "net.npz", (("-1", "0"), ("1/3", "0.5")), "y0 > 0", workers=2)
    assert Question(*as_tuples(json.loads(json.dumps(question)))) == question
    assert Question(*as_tuples(json.loads(json.dumps(SMALL)))) == SMALL


@pytest.mark.parametrize("timed", ["run", "run and measure", "volume"])
def test_answers_are_about_the_tiles(timed):
    box = pr.Polyhedron.box([-2, -2], [2, 2])
    answer = answered(SMALL._replace(timed=timed))
    assert answer.tiles == len(pr.linear_regions(random_network((2, 4, 3)), box))
    assert answer.wall > 0
    assert (answer.kernel > 0) == (timed != "volume")  # which runs nothing again
    assert answer.first == 0


def test_a_target_is_asked_of_the_outputs():
    network, box = random_network((2, 4, 3)), pr.Polyhedron.box([-2, -2], [2, 2])
    answer = answered(SMALL._replace(target="y0 >= y1", calls=3))
    assert answer.tiles == len(pr.preimage(network, pr.parse("y0 >= y1", dim=3), box))
    assert answer.first != 0


@pytest.mark.parametrize("kind", [GENERIC, *DEGENERATE])
@pytest.mark.parametrize("widths", benchmark.FULL.degenerate)
def test_one_cell_is_one_cell(kind, widths):
    assert answered(Question("one", (kind, widths), "cell")).tiles == 1


@pytest.mark.parametrize("widths", benchmark.FULL.degenerate)
def test_what_all_of_space_takes_is_asked_of_as_few_cells_as_it_has(widths):
    assert answered(Question("axes", (AXES, widths), "space")).tiles == 2 ** widths[0]


def test_medians_of_seconds_and_maxima_of_counts():
    answers = [Answer(1, 5, 3, 0, 7, 0, 60), Answer(9, 4, 2, 1, 7, 0, 80), Answer(2, 6, 4, 2, 7, 0, 70)]
    assert Answer.median(answers) == Answer(2, 5, 3, 1, 7, 0, 80)


def test_the_first_round_does_not_count_and_the_others_alternate():
    asked = []

    def asker(name):
        def ask():
            asked.append(name)
            return name, len(asked)

        return ask

    assert in_turn([asker("a"), asker("b")], 2) == [[("a", 3), ("a", 5)], [("b", 4), ("b", 6)]]
    assert asked == ["a", "b"] * 3


def test_an_engine_is_the_checkout_that_was_asked_for(tmp_path):
    with pytest.raises(SystemExit, match=r"was to be measured, but polyrelu was imported from"):
        Engine(tmp_path)  # has no polyrelu, so the one that is installed answers


def test_a_checkout_that_is_there_is_used(tmp_path):
    with numba_checkout(tmp_path) as checkout:
        assert checkout == tmp_path


def test_the_commit_with_numba_is_in_the_history():
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("there is no git, or this is no clone")
    shown = subprocess.run(
        ["git", "-C", str(ROOT), "show", f"{NUMBA_COMMIT}:pyproject.toml"], capture_output=True, text=True, check=False
    )
    if shown.returncode:
        pytest.skip("this clone has not the whole history")
    assert '"numba' in shown.stdout


# -- tables -------------------------------------------------------------------------------------------------------


def test_goals_stand_beside_their_numbers():
    assert Goal.at_least(2).beside(2.0) == "2.00 (goal ≥ 2)"
    assert Goal.at_least(2).beside(1.99) == "1.99 (goal ≥ 2, missed)"
    assert Goal.at_most(0.3).beside(0.1234, 3) == "0.123 (goal ≤ 0.3)"
    assert Goal.at_most(3).beside(3.004) == "3.00 (goal ≤ 3, missed)"
    assert not Goal.at_most(3).is_met(math.nan)
    assert not Goal.at_least(3).is_met(math.nan)


def test_tables_in_columns_and_in_markdown():
    table = Table("Title", "network", "s")
    table.add("2-8", "0.125")
    table.add("mean")
    assert table.text() == "Title\n=====\nnetwork      s\n2-8      0.125\nmean"
    assert table.text(markdown=True) == "## Title\n\n| network | s |\n|---|--:|\n| 2-8 | 0.125 |\n| mean |  |"


# -- one small run ------------------------------------------------------------------------------------------------


def test_a_small_run_prints_every_table_that_was_asked_for():
    shown = subprocess.run(
        [sys.executable, ROOT / "scripts" / "benchmark.py", "--markdown", *WITHOUT_PEERS],
        capture_output=True,
        text=True,
        check=True,
    )
    titles = [line.removeprefix("## ") for line in shown.stdout.splitlines() if line.startswith("## ")]
    assert titles == ["Against the numba engine", "Degenerate networks", "Two workers", "Small calls", "Measuring"]
    assert shown.stdout.startswith("before: load average ")
    assert shown.stdout.splitlines()[-1].startswith("after: load average ")
    assert "(goal ≥ 2" in shown.stdout
    for name in ("edges", "real", "equalities"):
        assert f"{name}: not measured, see --help" in shown.stderr


def test_wrong_answers_are_not_reported():
    with pytest.raises(AssertionError, match="2-8: 7 cells, expected 8"):
        benchmark.require_cells(7, 8, "2-8")


# -- peers --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def peer():
    return script("peers/edge_subdivision.py")


@pytest.fixture
def without_torch(tmp_path, monkeypatch):
    (tmp_path / "torch.py").write_text("raise ImportError('no torch here')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))


def answering(tmp_path, monkeypatch, regions):
    path = tmp_path / "stub.py"
    path.write_text(STUB.replace("REGIONS", str(regions)))
    monkeypatch.setattr(peers, "EDGE_SUBDIVISION", path)
    return peers.EdgeSubdivision(sys.executable)


def test_without_torch_the_table_is_left_out(without_torch, capfd):
    assert peers.edge_subdivision(sys.executable) is None
    said = capfd.readouterr().err
    assert "edge_subdivision: this Python has no torch; pip install torch" in said
    assert "edge subdivision is not measured" in said


def test_not_asked_for_is_not_run():
    assert peers.peer_python(None, wanted=False) is None
    assert peers.edge_subdivision(None) is None


def test_seconds_of_a_peer(tmp_path, monkeypatch):
    running = answering(tmp_path, monkeypatch, 7)
    assert running.seconds((2, 3), 7) == {"published": 0.25, "hashed": 0.25}
    with pytest.raises(AssertionError, match=r'"2-3".*\n*expected 8'):
        running.seconds((2, 3), 8)
    running.close()
    assert running.process.returncode == 0


@pytest.mark.parametrize("widths", [(2, 8, 8), (2, 5, 5, 5), (3, 6, 6), (4, 5, 4), (5, 4, 4)])
def test_edge_subdivision_finds_the_same_regions(peer, widths):
    pytest.importorskip("torch")
    layers = peer.random_layers(list(widths))
    box = pr.Polyhedron.box([-6] * widths[0], [6] * widths[0])
    regions = pr.linear_regions(random_network(widths), box)
    hashed, published = peer.hashed(layers), peer.published(layers)
    assert peer.count_regions(hashed) == peer.count_regions(published) == len(regions)
    vertices = {tuple(map(float, v)) for tile in regions for v in tile.polyhedron.vertices}
    for found in (hashed, published):
        assert len(found.vertices) == len(vertices)
        rounded = np.array(sorted(map(tuple, found.vertices.numpy().round(9))))
        assert np.allclose(rounded, np.array(sorted(tuple(np.round(v, 9)) for v in vertices)), atol=1e-6)
    assert len(hashed.edges) == len(published.edges)
    if widths[0] == 2:
        assert len(hashed.vertices) - len(hashed.edges) + len(regions) == 1


def test_signs_are_those_of_the_neurons(peer):
    pytest.importorskip("torch")
    layers = peer.random_layers([3, 6, 5])
    for found in (peer.hashed(layers), peer.published(layers)):
        assert ((found.signs == 0).sum(1) == 3).all()
        values = peer.every_neuron(layers, found.vertices)
        signs = found.signs[:, 6:]
        assert (values.sign()[signs != 0] == signs[signs != 0]).all()
        assert values[signs == 0].abs().max() < 1e-9
        ends = found.signs[found.edges]
        assert (((ends[:, 0] + ends[:, 1]) == 0).sum(1) == 2).all()


@pytest.mark.parametrize("method", ["hashed", "published"])
def test_a_neuron_through_a_vertex_is_an_error(peer, method):
    torch = pytest.importorskip("torch")
    diagonal = [(torch.tensor([[1.0, 1.0]], dtype=torch.float64), torch.zeros(1, dtype=torch.float64))]
    with pytest.raises(ArithmeticError, match="neuron 0 is zero at a vertex"):
        getattr(peer, method)(diagonal)


def test_the_methods_asked_for_are_those_there_are(peer):
    assert set(peers.METHODS) == set(peer.METHODS)
