import json
from importlib import metadata

import pytest
from click.testing import CliRunner

import polyrelu as pr
from polyrelu.analysis import selftest
from polyrelu.certificates import checker
from polyrelu.cli import cli
from polyrelu.cli import selftest as command
from tests.float_modes import float_mode


def run(*arguments):
    return CliRunner().invoke(cli, ["selftest", *arguments])


def test_all_is_well_here():
    ran = run()
    assert ran.exit_code == 0, ran.output
    assert f"polyrelu      {pr.__version__}" in ran.output
    assert "1 + 2^-53 == 1" in ran.output
    assert f"All {3 + len(selftest.samples())} checks passed" in ran.output
    for library in ("_kernel", "_walk, sources ", "_checker, sources "):
        assert library in ran.output
    for engine in ("cells", "twin", "unrelu", "substitution", "search"):
        assert engine in ran.output


def test_json():
    ran = run("--json")
    document = json.loads(ran.stdout)
    assert document["ok"] is True
    assert document["versions"]["polyrelu"] == pr.__version__
    assert all(check["ok"] for check in document["checks"])


@pytest.mark.parametrize("mode", ["upward", "flush to zero"])
def test_floats_that_are_not_ieee_are_told_and_answers_are_right_all_the_same(mode):
    with float_mode(mode):
        found = list(selftest.checks())
    assert [check.ok for check in found] == [False, False] + [True] * (len(selftest.samples()) + 1)
    assert "NOT" in found[0].seen


def test_an_engine_that_differs_is_told(monkeypatch):
    preimage = pr.preimage

    def one_too_few(network, target, domain, method, **options):
        tiling = preimage(network, target, domain, method, **options)
        return tiling[1:] if method == "search" else tiling

    monkeypatch.setattr(selftest, "preimage", one_too_few)
    ran = run()
    assert ran.exit_code == 2
    assert "WRONG  a generic network in a square: search and twin differ" in ran.output
    assert "checks failed" in ran.output


def test_a_wrong_tiling_is_told(monkeypatch):
    preimage = pr.preimage
    monkeypatch.setattr(selftest, "preimage", lambda *question, **options: preimage(*question, **options)[1:])
    monkeypatch.setattr(command, "checks", lambda: [selftest._conformance(selftest.samples()[0])])
    ran = run()
    assert ran.exit_code == 2
    assert "1 of 1 checks failed" in ran.output


def test_a_checker_that_says_something_else_is_told(monkeypatch):
    def rejecting(question, certificate):
        raise checker.Rejected("line 7: no")

    monkeypatch.setattr(selftest, "check_fast", rejecting)
    found = selftest._evidence(selftest.samples()[0])
    assert not found.ok
    assert "compiled checker: REJECTED line 7: no" in found.seen
    monkeypatch.setattr(selftest, "check_fast", lambda *_: "preimage: target 0: 9 tiles, 1 flat parts, 1 zones")
    assert not selftest._evidence(selftest.samples()[0]).ok


def test_what_is_not_there_is_said(monkeypatch):
    monkeypatch.setattr(metadata, "version", known)
    monkeypatch.setitem(selftest._COMPILED, "walk", missing)
    found = selftest.versions()
    assert (found["scipy"], found["extras"], found["walk"]) == ("not installed", "none", "there is no compiled walk")


def test_an_engine_without_its_library_is_told(monkeypatch):
    monkeypatch.setattr(selftest, "preimage", lambda *_, **__: missing())
    found = list(selftest.checks())
    assert [check.ok for check in found[2:]] == [False] * (len(selftest.samples()) + 1)
    assert found[2].seen == "no answer: there is no compiled walk"


def known(name):
    if name == "polyrelu":
        return pr.__version__
    raise metadata.PackageNotFoundError(name)


def missing():
    raise pr.InputError("there is no compiled walk")
