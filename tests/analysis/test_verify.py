import importlib
import itertools
import json
import time
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings

import polyrelu as pr
from polyrelu.analysis.verify import verify, write_evidence
from polyrelu.certificates import checker
from polyrelu.engines.evidence.files import question_beside
from polyrelu.export.json_report import verification_report
from polyrelu.formats.vnnlib import parse_property
from polyrelu.networks.properties import Disjunct, Property
from polyrelu.support.limits import check
from tests.strategies import questions

verify_module = importlib.import_module("polyrelu.analysis.verify")
ABS = pr.Network([([[1], [-1]], [0, 0]), ([[1, 1]], [0])])  # |x|


def prop(*assertions):
    text = "(declare-const X_0 Real)(declare-const Y_0 Real)"
    return parse_property(text + "".join(f"(assert {one})" for one in assertions))


def test_a_property_that_holds():
    found = verify(ABS, prop("(>= X_0 -1)", "(<= X_0 1)", "(or (< Y_0 0) (> Y_0 1))"))
    assert (found.status, found.point, found.remaining, found.cases) == ("holds", None, (), 2)


def test_a_property_that_is_violated_has_a_checked_counterexample():
    found = verify(ABS, prop("(>= X_0 -1)", "(<= X_0 1)", "(or (< Y_0 0) (> Y_0 0.9))"))
    assert found.status == "violated"
    assert found.place == (0, 1)
    assert abs(found.point[0]) == found.value[0] > Fraction(9, 10)
    assert verification_report(found, prop("(or (< Y_0 0) (> Y_0 0.9))"))["counterexample"]["target_inequalities"] == [
        "10*y0 > 9"
    ]


def test_a_counterexample_beyond_the_floats():
    """Its exact numbers are all there; JSON has no infinity for its floats."""
    asked = prop(f"(>= X_0 {10**400})", f"(<= X_0 {10**401})", "(>= Y_0 1)")
    found = verify(ABS, asked)
    example = json.loads(json.dumps(verification_report(found, asked), allow_nan=False))["counterexample"]
    assert example["input_floats"] == example["output_floats"] == [None]
    assert 10**400 <= Fraction(example["output"][0]) == found.value[0]


def test_a_single_point_is_enough():
    found = verify(ABS, prop("(>= X_0 -1)", "(<= X_0 1/3)".replace("1/3", "(/ 1 3)"), "(<= Y_0 0)"))
    assert (found.status, found.point) == ("violated", (0,))
    touching = verify(ABS, prop("(>= X_0 -1)", "(<= X_0 1)", "(>= Y_0 1)"))
    assert touching.status == "violated"
    assert abs(touching.point[0]) == 1
    assert verify(ABS, prop("(>= X_0 -1)", "(<= X_0 1)", "(> Y_0 1)")).status == "holds"


def test_properties_without_cases_hold():
    assert verify(ABS, prop("(or)")).status == "holds"
    assert verify(ABS, prop("(>= X_0 1)", "(<= X_0 0)", "(>= Y_0 0)")).status == "holds"


@settings(max_examples=40)
@given(questions(max_neurons=5))
def test_it_is_violated_iff_the_preimage_is_not_empty(question):
    network, target, domain = question
    where = pr.Polyhedron.whole_space(network.input_dim) if domain is None else domain
    found = verify(network, Property(network.input_dim, network.output_dim, (Disjunct(where, (target,)),)))
    assert (found.status == "violated") == bool(len(pr.preimage(network, target, domain)))
    if found.status == "violated":
        assert where.contains(found.point)
        assert target.contains(network.evaluate([found.point])[0])


def test_points_bounds_and_cells_agree(without_points):
    """Without points the same verdicts, and another counterexample at most."""
    asked = [HOLDS, BREAKS, "(and (>= X_0 -1) (<= X_0 1) (>= Y_0 1))", "(and (>= X_0 -1) (<= X_0 1) (>= Y_0 1.1))"]
    assert [verify(ABS, prop(one)).status for one in asked] == ["holds", "violated", "violated", "holds"]


def test_what_bounds_exclude_needs_no_cells(monkeypatch):
    monkeypatch.setattr(verify_module, "preimage", None)
    found = verify(ABS, prop("(>= X_0 -1)", "(<= X_0 1)", "(or (< Y_0 -0.1) (> Y_0 2.1))"))
    assert (found.status, found.cells, found.cases) == ("holds", 2, 2)


def test_hard_cases_are_decided_by_boxes(monkeypatch):
    """Sixty neurons, most of which may switch: no cells, and no points but those of boxes."""
    rng = np.random.default_rng(5)
    pairs = itertools.pairwise([3, 30, 30, 1])
    net = pr.Network([(rng.normal(size=(m, n)), rng.normal(size=m)) for n, m in pairs])
    most = max(row[0] for row in net.evaluate(rng.uniform(-1, 1, (400, 3)).tolist()))
    monkeypatch.setattr(verify_module, "preimage", None)
    monkeypatch.setattr(verify_module.Candidates, "search", lambda *_: None)
    out_of_reach, reached = (pr.Polyhedron([[-1]], [-most * share]) for share in (Fraction(7, 5), Fraction(9, 10)))
    found = verify(net, out_of_reach, domain=([-1] * 3, [1] * 3))
    assert (found.status, found.cells) == ("holds", 1)
    assert found.boxes > 3
    found = verify(net, [out_of_reach, reached], domain=([-1] * 3, [1] * 3), workers=2)
    assert (found.status, found.place) == ("violated", (0, 1))
    assert reached.contains(found.value)


def test_a_counterexample_in_plain_sight_needs_no_cells(monkeypatch):
    monkeypatch.setattr(verify_module, "preimage", None)
    found = verify(ABS, prop("(>= X_0 -1)", "(<= X_0 1)", "(or (< Y_0 0) (>= Y_0 0.5))"))
    assert (found.status, found.place, found.cells) == ("violated", (0, 1), 1)
    assert found == replace(
        verify(ABS, prop("(>= X_0 -1)", "(<= X_0 1)", "(or (< Y_0 0) (>= Y_0 0.5))")), seconds=found.seconds
    )


def test_many_inputs_are_split_until_time_is_up():
    """Sixty neurons that all may switch in twenty dimensions: too much for cells, and no limit of its own."""
    dim, rng = 20, np.random.default_rng(3)
    net = pr.Network([(rng.integers(-3, 4, (60, dim)), rng.integers(-1, 2, 60)), (np.ones((1, 60), dtype=int), [0])])
    text = "".join(f"(declare-const X_{i} Real)(assert (<= -1 X_{i} 1))" for i in range(dim))
    asked = parse_property(text + "(declare-const Y_0 Real)(assert (>= Y_0 700))")
    with pytest.raises(pr.BudgetExceeded, match="cells: the domain has 20 dimensions"):
        verify(net, asked)
    found = verify(net, asked, timeout=0.4)
    assert (found.status, found.remaining) == ("undecided", ((0, 0),))


def test_when_time_is_up_it_says_what_remains(monkeypatch):
    times = iter(range(10**6))
    monkeypatch.setattr(verify_module.time, "monotonic", lambda: next(times))
    found = verify(ABS, prop("(>= X_0 -1)", "(<= X_0 1)", "(or (< Y_0 0) (< Y_0 -1))"), timeout=1)
    assert found.status == "undecided"
    assert found.remaining == ((0, 0),)  # bounds exclude the other
    assert verification_report(found, prop("(< Y_0 0)"))["remaining"][0] == {"domain": 0, "target": 0}


def test_a_counterexample_found_in_the_last_moment_counts(monkeypatch):
    times = iter(range(10**6))
    monkeypatch.setattr(verify_module.time, "monotonic", lambda: next(times))
    found = verify(ABS, prop("(>= X_0 -1)", "(<= X_0 1)", "(>= Y_0 0)"), timeout=1)
    assert found.status in ("violated", "undecided")
    if found.status == "violated":
        assert found.value[0] >= 0


@pytest.fixture
def without_points(monkeypatch):
    monkeypatch.setattr(verify_module.Candidates, "search", lambda *_: None)


def test_a_tile_that_the_run_gave_up_is_searched_again(monkeypatch, without_points):
    calls = []
    tiling = pr.preimage(ABS, pr.parse("y0 >= 0", dim=1))

    def sometimes(*_arguments, until, **_options):
        calls.append(until(1))
        if len(calls) == 1:
            raise pr.Interrupted("stopped", tiling.select([]))
        return tiling

    monkeypatch.setattr(verify_module, "preimage", sometimes)
    assert verify(ABS, prop("(>= Y_0 0)")).status == "violated"
    assert calls == [True, False]


def test_ctrl_c_is_not_a_verdict(monkeypatch, without_points):
    def stop(*_arguments, **_options):
        raise pr.Interrupted("stopped", pr.preimage(ABS, pr.parse("y0 < 0", dim=1)))

    monkeypatch.setattr(verify_module, "preimage", stop)
    with pytest.raises(pr.Interrupted):
        verify(ABS, prop("(>= Y_0 0)"))


def test_bad_questions_are_refused():
    with pytest.raises(pr.DimensionError, match=r"about R\^1 -> R\^1 but the network maps R\^2"):
        verify(pr.Network([([[1, 1]], [0])]), prop("(>= Y_0 0)"))
    for timeout in (0, -1, float("nan")):
        with pytest.raises(pr.InputError, match="the time limit is"):
            verify(ABS, prop("(>= Y_0 0)"), timeout)


@pytest.mark.parametrize("method", ["cells", "twin", "unrelu", "substitution", "search"])
def test_until_stops_a_run(method):
    with pytest.raises(pr.Interrupted) as stopped:
        pr.preimage(ABS, pr.parse("y0 >= 0", dim=1), method=method, until=lambda _count: True)
    assert not stopped.value.partial.complete


# -- evidence ---------------------------------------------------------------------------------------------------------


def proved(place):
    """What the checker says of evidence, and the question beside it."""
    return checker.check(question_beside(place).read_bytes(), [place])


HOLDS = "(or (and (>= X_0 -1) (<= X_0 1) (or (< Y_0 0) (> Y_0 1))) (and (>= X_0 2) (<= X_0 3) (< Y_0 2)))"
BREAKS = "(or (and (>= X_0 -1) (<= X_0 1) (< Y_0 0)) (and (>= X_0 2) (<= X_0 3) (or (< Y_0 1) (>= Y_0 3))))"


def test_what_holds_has_a_certificate_for_each_domain(tmp_path):
    place = tmp_path / "answer.cert.gz"
    found = verify(ABS, prop(HOLDS), certify=place)
    assert (found.status, found.unwritten) == ("holds", "")
    assert found.files[::2] == (place, tmp_path / "answer-1.cert.gz")
    assert found.files[1::2] == tuple(map(question_beside, found.files[::2]))
    for file in found.files[::2]:
        assert proved(file) == "holds: no point of the domain maps into a target"
    assert len(pr.Statement.load(question_beside(place)).targets or ()) == 2
    smaller = verify(ABS, prop(HOLDS), certify=tmp_path / "rows.gz", rows_only=True)
    assert [file.name for file in smaller.files[::2]] == ["rows.gz", "rows-1.gz"]


def test_what_is_violated_has_a_point(tmp_path):
    found = verify(ABS, prop(BREAKS), certify=tmp_path / "point.txt")
    assert (found.status, found.place, found.unwritten) == ("violated", (1, 1), "")
    assert found.files == (tmp_path / "point.txt", tmp_path / "point.question.txt")
    assert proved(tmp_path / "point.txt") == "violated: the point maps into target 1"


def test_a_verdict_is_not_lost_with_its_evidence(tmp_path, monkeypatch):
    """Neither where cells get too large, as another engine has found it, nor where time is up."""

    def refuse(*_):
        raise pr.BudgetExceeded("too large")

    def wait(*_):
        while True:
            time.sleep(0.01)
            check()

    for write, reason in ((refuse, "too large"), (wait, f"{tmp_path / 'answer'} was not written: time was up")):
        monkeypatch.setattr(verify_module.Evidence, "write", write)
        found = verify(ABS, prop(HOLDS), 3, certify=tmp_path / "answer")
        assert (found.status, found.files, found.unwritten) == ("holds", (), reason)
    assert not list(tmp_path.iterdir())


def test_where_evidence_cannot_be_is_said_before(tmp_path, monkeypatch):
    monkeypatch.setattr(verify_module, "preimage", None)
    with pytest.raises(pr.WriteError, match="there is no directory"):
        verify(ABS, prop(HOLDS), certify=tmp_path / "missing" / "answer")
    with pytest.raises(pr.InputError, match="verify: certify"):
        verify(ABS, prop(HOLDS), certify=3)  # type: ignore[arg-type]


def test_what_is_undecided_has_none(tmp_path):
    found = verify(ABS, prop(HOLDS), certify=tmp_path / "answer")
    undecided = replace(found, status="undecided")
    assert write_evidence(undecided, ABS, prop(HOLDS), tmp_path / "other") == ()
    assert not (tmp_path / "other").exists()
