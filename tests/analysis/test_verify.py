import importlib
import json
from fractions import Fraction

import pytest
from hypothesis import given, settings

import polyrelu as pr
from polyrelu.analysis.verify import verify
from polyrelu.export.json_report import verification_report
from polyrelu.formats.vnnlib import parse_property
from polyrelu.networks.properties import Disjunct, Property
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


def test_when_time_is_up_it_says_what_remains(monkeypatch):
    times = iter(range(10**6))
    monkeypatch.setattr(verify_module.time, "monotonic", lambda: next(times))
    found = verify(ABS, prop("(>= X_0 -1)", "(<= X_0 1)", "(or (< Y_0 0) (< Y_0 -1))"), timeout=1)
    assert found.status == "undecided"
    assert found.remaining == ((0, 0), (0, 1))
    assert verification_report(found, prop("(< Y_0 0)"))["remaining"][0] == {"domain": 0, "target": 0}


def test_a_counterexample_found_in_the_last_moment_counts(monkeypatch):
    times = iter(range(10**6))
    monkeypatch.setattr(verify_module.time, "monotonic", lambda: next(times))
    found = verify(ABS, prop("(>= X_0 -1)", "(<= X_0 1)", "(>= Y_0 0)"), timeout=1)
    assert found.status in ("violated", "undecided")
    if found.status == "violated":
        assert found.value[0] >= 0


def test_a_tile_that_the_run_gave_up_is_searched_again(monkeypatch):
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


def test_ctrl_c_is_not_a_verdict(monkeypatch):
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
