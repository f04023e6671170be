"""``polyrelu range`` and ``polyrelu nearest``."""

import json

import pytest
from click.testing import CliRunner

from polyrelu.cli import cli


def run(*arguments, code=0):
    found = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert found.exit_code == code, found.output
    return found.output


def test_a_range(model):
    text = run("range", model, "--box", "-2", "2", "--check")
    assert "minimum  -1\n" in text
    assert "maximum  3\n  at     (2, 2)" in text
    assert "parts checked, exactly" in text
    document = json.loads(run("range", model, "--form", "3 - 2*y0", "--box", "-2", "2", "--json"))
    assert (document["minimum"]["value"], document["maximum"]["value"]) == ("-3", "5")
    assert document["complete"]
    assert "none: it has no end along" in run("range", model)
    assert "approached and not attained" in run("range", model, "--domain", "x0 > 0 and x0 < 1 and x1 > 0 and x1 < 1")


def test_a_nearest_input(model):
    text = run("nearest", model, "--output", "y0 >= 0", "--point", "0,0", "--norm", "l2", "--check")
    assert "distance  about 0.707106781, the root of 1/2 in l2" in text
    assert "input     (0.5, 0.5)" in text
    document = json.loads(run("nearest", model, "--output", "y0 > 0", "--point", "0, 0", "--json", "--box", "-2", "2"))
    (result,) = document["results"]
    assert (result["distance"], result["attained"], result["point"]) == ("1/2", False, ["1/2", "1/2"])
    assert "This is proven" in run("nearest", model, "--output", "y0 > 9", "--point", "0,0", "--box", "-2", "2")


def test_a_property_with_several_domains_has_one_document(model, tmp_path):
    prop = tmp_path / "two.vnnlib"
    prop.write_text(
        "(declare-const X_0 Real) (declare-const X_1 Real) (declare-const Y_0 Real) (assert (>= Y_0 0))\n"
        "(assert (<= -2 X_1)) (assert (<= X_1 2)) (assert (or (>= X_0 1) (<= X_0 -2)))\n"
    )
    command = ("nearest", model, "--property", str(prop), "--point", "0,0")
    document = json.loads(run(*command, "--json"))
    assert [result["distance"] for result in document["results"]] == ["1", "2"]
    assert document["complete"]
    assert run(*command).count("in linf") == 2


def test_the_input_of_a_file(model, tmp_path):
    file = tmp_path / "start.csv"
    file.write_text("0,0\n1,1\n")
    assert "distance  1/2 in linf" in run("nearest", model, "--output", "y0 >= 0", "--points", str(file))


@pytest.mark.parametrize("options", [(), ("--point", "0,0", "--points", "start.csv")])
def test_wrong_usage(model, options):
    assert "--point" in run("nearest", model, "--output", "y0 >= 0", *options, code=2)
