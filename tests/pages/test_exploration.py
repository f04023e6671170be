from fractions import Fraction

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.pages.exploration import BIAS, Exploration
from tests.latent.test_superposition import HATS, chain


def test_what_is_seen_is_what_is_found():
    state = Exploration.of(chain(1), box=2)
    scene = state.scene()
    zones = pr.feature_zones(state.network, domain=pr.Polyhedron.box([-2, -2], [2, 2]))
    assert [one["islands"] for one in scene["features"]] == [len(zone.zones()) for zone in zones.values()]
    for one, zone in zip(scene["features"], zones.values(), strict=True):
        exact = zone.volume(exact=True)
        assert float(one["area"]) == pytest.approx(float(exact), rel=5e-4)
        assert one["share"] == pytest.approx(float(exact) / 16)
    assert scene["window"] == [-2, -2, 2, 2]
    assert scene["cells"] == len(state.found.tiling)


def test_geometry_is_one_block_of_columns():
    state = Exploration.of(chain(2))
    scene, block = state.scene(), state.geometry()
    kinds = [("<f8", 2 * scene["points"]), ("<u4", scene["cells"] + 1), ("<u4", scene["corners"])]
    kinds += [("<u2", 4 * scene["cells"]), ("u1", 2 * scene["cells"])]
    at, columns = 0, []
    for kind, count in kinds:
        columns.append(np.frombuffer(block, kind, count, at))
        at += columns[-1].nbytes
    assert at == len(block)
    assert columns[0].tolist() == state.found.float_points.ravel().tolist()
    assert columns[2].tolist() == state.found.corners.tolist()
    assert (columns[3].reshape(-1, 4) == state.found.island_numbers + 1).all()


def test_edits_are_exact_and_leave_the_rest_alone():
    before = Exploration.of(HATS)
    window = ["-1", "0", "2", "2.5"]
    edit = {"entries": [[0, 1, 0, "-0.3"], [1, 2, BIAS, "0.1"]], "thresholds": [[2, "0.25"]], "window": window}
    after = before.edited(edit)
    assert after.network.layers[0].rows[1] == (Fraction(-3, 10), 0)
    assert after.network.layers[1].offsets == (0, -1, Fraction(1, 10))
    assert after.network.layers[0].rows[0] == HATS.layers[0].rows[0]
    assert after.thresholds == (0, 0, Fraction(1, 4))
    assert (after.lows, after.highs) == ((-1, 0), (2, Fraction(5, 2)))
    assert before.network == HATS
    assert after.edited({}) == after
    only = before.edited({"entries": [[1, 0, 0, "2"]]})
    assert only.network.layers[0] is HATS.layers[0]


def test_a_pin_stays_where_it_is_while_numbers_change():
    state = Exploration.of(HATS).edited({"pin": ["0.5", "1"]})
    assert state.selected.pattern == "101|101"
    seen = state.scene()["pin"]
    assert (seen["point"], seen["pattern"], seen["values"]) == ("(0.5, 1)", "101|101", ["0.5", "-1.5", "0.5"])
    assert seen["exact"]
    assert seen["inequalities"] == list(state.selected.inequalities())
    moved = state.edited({"entries": [[0, 0, BIAS, "-1"]]})
    assert moved.selected.pattern == "001|001"
    assert moved.edited({"pin": None}).selected is None
    assert moved.edited({"pin": ["9", "9"]}).scene()["pin"] is None


@pytest.mark.parametrize(
    ("edit", "error", "says"),
    [
        ({"entries": [[2, 0, 0, "1"]]}, pr.InputError, "layer: 2 is out of range"),
        ({"entries": [[0, 3, 0, "1"]]}, pr.InputError, "row: 3 is out of range"),
        ({"entries": [[0, 0, 2, "1"]]}, pr.InputError, "column: 2 is out of range"),
        ({"entries": [[0, 0, 0, "one"]]}, pr.InexactError, "layer 0, row 0"),
        ({"thresholds": [[3, "1"]]}, pr.InputError, "threshold: 3 is out of range"),
        ({"window": ["0", "0", "0", "1"]}, pr.InputError, "no interior"),
        ({"window": ["0", "0", "1", "1e-200"]}, pr.RangeError, "too small, too large or too far away"),
        ({"window": ["1e20", "0", "100000000000000000001", "1"]}, pr.RangeError, "too far away"),
        ({"window": ["0", "0", "1"]}, pr.DimensionError, "window"),
        ({"pin": ["0"]}, pr.DimensionError, "pin"),
    ],
)
def test_edits_that_are_refused(edit, error, says):
    with pytest.raises(error, match=says):
        Exploration.of(HATS).edited(edit)


@pytest.mark.parametrize(
    ("ask", "error", "says"),
    [
        (lambda: Exploration.of(chain(0, (3, 2))), pr.DimensionError, r"takes R\^3, and what is shown is a plane"),
        (lambda: Exploration.of(HATS, [5]), pr.InputError, "no feature 5"),
        (lambda: Exploration.of(HATS, [0], thresholds={1: 0}), pr.InputError, r"a threshold for \[1\]"),
        (lambda: Exploration.of(HATS, box=pr.Polyhedron.whole_space(2)), pr.InputError, "unbounded"),
        (
            lambda: Exploration.of(HATS, box=pr.Polyhedron.from_generators([[0, 0], [1, 0], [0, 1]])),
            pr.InputError,
            "is no box",
        ),
        (lambda: Exploration.of("net"), pr.InputError, "expected a Network"),  # type: ignore[arg-type]
    ],
)
def test_beginnings_that_are_refused(ask, error, says):
    with pytest.raises(error, match=says):
        ask()


def test_a_plane_through_many_inputs_is_explored_in_its_own_coordinates():
    network = pr.Network([([[1, 0, 2], [0, 1, -1]], [0, 0]), ([[1, -1], [1, 1]], [0, 1])], [True, False])
    with pytest.raises(pr.DimensionError, match=r"takes R\^3.*network.slice\(\*polyrelu.plane_through"):
        Exploration.of(network)
    sliced = network.slice(*pr.plane_through([0, 0, 1], [1, 0, 0], [0, 1, 0]))
    edited = Exploration.of(sliced).edited({"entries": [[0, 1, BIAS, "1/2"]], "pin": ["1/2", "1/3"]})
    assert isinstance(edited.network, pr.Slice)
    assert edited.network.lift([1, 0]) == (1, 0, 0), "an edited network lives on the same plane"
    assert all("u" in row and "x" not in row for row in edited.scene()["pin"]["inequalities"])
