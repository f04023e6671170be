"""The functions of scripts/benchmark_real.py on networks made here, and where they are at hand on the real ones.

POLYRELU_NETWORKS=DIR ./scripts/run pytest -m slow tests/scripts
"""

import os
import sys
from fractions import Fraction
from pathlib import Path

import benchmark_real as bench
import numpy as np
import pytest

import polyrelu as pr
from tests.scripts.files import property_text, write

DISTANCE = pr.Network([([[1, 0], [-1, 0], [0, 1], [0, -1]], [0] * 4), ([[1, 1, 1, 1]], [0])])  # |x0| + |x1|
SQUARE = pr.Polyhedron.box([-1, -1], [1, 1])
NEAR = bench.Question(DISTANCE, (pr.parse("y0 <= 1/2", dim=1),), SQUARE)
GAP = Fraction(1, 2**30)


def single(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def small_network(outputs=2, seed=0):
    return pr.Network(
        [(single(5, 2, seed=seed), single(5, seed=seed + 1)), (single(outputs, 5, seed=seed + 2), [0.5] * outputs)]
    )


def evaluated_in_single(network, points):
    """What a float32 runtime computes."""
    values = points.astype(np.float32)
    for layer in network.layers:
        values = values @ layer.float_weight.T.astype(np.float32) + layer.float_bias.astype(np.float32)
        values = np.where(layer.relu, np.maximum(values, 0), values)
    return values.astype(np.float64)


# -- evidence -----------------------------------------------------------------------------------------------------


def test_signs_are_those_before_the_relu():
    points = [(Fraction(1, 3), Fraction(-2)), (Fraction(0), Fraction(1))]
    assert bench.signs(DISTANCE, points) == [(1, -1, -1, 1), (0, 0, 1, -1)]


def test_signs_of_deep_networks_are_read_layer_by_layer():
    network = pr.Network([([[1], [-1]], [0, 0]), ([[1, 1]], [-2]), ([[1]], [0])])  # relu(|x| - 2)
    assert bench.signs(network, [(Fraction(-3),), (Fraction(1),), (Fraction(2),)]) == [
        (-1, 1, 1),
        (1, -1, -1),
        (1, -1, 0),
    ]


def test_there_is_a_witness_for_each_region():
    network = small_network()
    found = pr.linear_regions(network, SQUARE)
    assert len(found) > 5
    assert bench.witnesses(found, chunk=3) == len(found)


def test_points_on_hyperplanes_are_no_witnesses(monkeypatch):
    found = pr.linear_regions(DISTANCE, SQUARE)
    assert bench.witnesses(found) == 4
    monkeypatch.setattr("polyrelu.tilings.tile.Tile.inner_point", lambda tile: (Fraction(0), Fraction(1, 2)))
    assert bench.witnesses(found) == 0
    monkeypatch.setattr("polyrelu.tilings.tile.Tile.inner_point", lambda tile: (Fraction(1, 3), Fraction(1, 2)))
    assert bench.witnesses(found) == 1


def test_thickness_is_the_least_width_across_a_facet():
    assert bench.thickness(pr.Polyhedron.box([0, 0, 0], [3, "1/8", 5])) == 0.125
    triangle = pr.Polyhedron.from_generators([[0, 0], [4, 0], [0, 3]], [], [], 2)
    assert bench.thickness(triangle) == pytest.approx(12 / 5)


@pytest.mark.parametrize("slope", [0, 3])
def test_thin_regions_are_found_where_hyperplanes_nearly_meet(slope):
    """A strip of width 2^-30 / norm between two parallel lines, upright or leaning."""
    network = pr.Network([([[1, slope], [1, slope], [0, 1]], [0, -GAP, "-1/8"]), ([[1, 1, 1]], [0])])
    found = pr.linear_regions(network, SQUARE)
    width = float(GAP) / (1 + slope**2) ** 0.5
    thin = bench.thin_regions(found, 1e-7)
    assert [one for one, _ in thin] == pytest.approx([width] * 2)
    assert all(found[i].contains(found[i].point()) and found[i].pattern.startswith("10") for _, i in thin)
    assert bench.thin_regions(found, width / 2) == []
    assert bench.thin_regions(pr.linear_regions(DISTANCE, SQUARE), 1e-7) == []


def test_no_thin_region_is_passed_over():
    found = pr.linear_regions(small_network(), SQUARE)
    widths = sorted((bench.thickness(tile.polyhedron), i) for i, tile in enumerate(found))
    for tolerance in (0.05, 0.3, 10):
        assert bench.thin_regions(found, tolerance) == [one for one in widths if one[0] < tolerance]


def test_a_thin_region_is_shown_by_a_point_and_its_neurons():
    network = pr.Network([([[1, 0], [1, 0]], [0, -GAP]), ([[1, 1]], [0])])
    found = pr.linear_regions(network, SQUARE)
    ((width, number),) = bench.thin_regions(found, 1e-7)
    text = bench.thin_witness(found, width, number)
    assert text.startswith("    thickness 9.31e-10, around (")
    assert text.endswith(("between neurons 0:0, 0:1", "between neurons 0:1, 0:0"))


def test_fixed_inputs_become_constants():
    network = small_network(seed=3)
    line = bench.fix_inputs(network, {0: Fraction(1, 3)})
    assert (line.input_dim, line.output_dim) == (1, 2)
    assert line(["-2/7"]).tolist() == network(["1/3", "-2/7"]).tolist()


def test_constant_inputs_are_taken_out_of_a_question():
    flat = NEAR._replace(domain=pr.Polyhedron.box(["-1", "1/4"], ["1", "1/4"]))
    asked = bench.without_constants(flat)
    assert asked.domain == pr.Polyhedron.box([-1], [1])
    assert bench.preimage(asked).share(exact=True) == bench.preimage(flat).share(exact=True) == Fraction(1, 4)


def test_the_share_of_one_preimage_in_another_is_exact():
    far = NEAR._replace(target=(pr.parse("y0 <= 1", dim=1),))
    assert bench.share_within(NEAR, far) == 1
    assert bench.share_within(far, NEAR) == Fraction(1, 4)


# -- float32 ------------------------------------------------------------------------------------------------------


def test_float32_evaluation_stays_within_its_bound():
    for seed in range(20):
        network = small_network(seed=seed)
        points = bench.random_points(SQUARE, 200, seed)
        exact = np.array(
            [[float(v) for v in row] for row in network.evaluate([tuple(map(Fraction, p)) for p in points])]
        )
        bound = bench.single_bound(network, points)
        assert (np.abs(evaluated_in_single(network, points) - exact) <= bound).all()
        assert bound.max() < 1e-4


def test_the_bound_is_not_claimed_for_other_weights():
    with pytest.raises(ValueError, match="float32 does not store"):
        bench.single_bound(pr.Network([([[0.1]], [0])]), np.zeros((1, 1)))
    with pytest.raises(ValueError, match="float32 does not store"):
        bench.single_bound(pr.Network([([["1/3"]], [0])]), np.zeros((1, 1)))


def test_agreement_sees_errors_and_other_verdicts():
    network = small_network(outputs=1)
    asked = bench.Question(network, (pr.parse("y0 >= 1/2", dim=1),), SQUARE)
    fine = bench.agreement(Path("unused"), asked, 500, lambda path, points: evaluated_in_single(network, points))
    assert 0 < fine.difference < 1e-5
    assert 0 < fine.of_bound <= 1
    assert fine.verdicts == 0
    wrong = bench.agreement(
        Path("unused"), asked, 500, lambda path, points: evaluated_in_single(network, points) + 0.25
    )
    assert wrong.difference == pytest.approx(0.25, abs=1e-5)
    assert wrong.of_bound > 1
    assert wrong.verdicts > 0


def test_decimals_round_to_the_stored_numbers():
    stored = small_network()
    close = pr.Network([(layer.float_weight * (1 + 2**-30), layer.float_bias) for layer in stored.layers])
    far = pr.Network([(layer.float_weight * (1 + 2**-20), layer.float_bias) for layer in stored.layers])
    assert bench.rounds_to(close, stored)
    assert not bench.rounds_to(far, stored)
    assert not bench.rounds_to(DISTANCE, stored)


# -- tables -------------------------------------------------------------------------------------------------------


def test_a_table_is_markdown():
    table = bench.Table("T", "a", "b")
    table.add("x", "1")
    assert str(table) == "### T\n\n| a | b |\n| --- | --: |\n| x | 1 |\n"


def test_numbers_in_tables():
    assert bench.counted(4500, 4498) == "4,500 (4,498)"
    assert bench.counted(4500, None) == "4,500"
    assert bench.enclosed(Fraction(1, 3)) == "0.333333333333"
    assert bench.enclosed(pr.preimage(DISTANCE, NEAR.target, SQUARE).share()) == "0.124999999 to 0.125000001"


def test_random_inputs_agree_and_a_missing_tile_does_not():
    tiling = bench.preimage(NEAR)
    assert bench.agrees(tiling, 500)
    assert not bench.agrees(tiling[1:], 500)


def write_steps(directory, monkeypatch, factor):
    """The step x -> factor x, and files that ask whether |x0| + |x1| <= 1/2 after no step, and after one."""
    rows = factor * np.array([[1, 0], [-1, 0], [0, 1], [0, -1]])
    write(directory, "step", pr.Network([(rows, [0] * 4), ([[1, -1, 0, 0], [0, 0, 1, -1]], [0, 0])]), "")
    write(directory, "near1", DISTANCE, property_text(DISTANCE, "(<= Y_0 0.5)"))
    scaled = pr.Network([(rows, [0] * 4), ([[1, 1, 1, 1]], [0])])
    write(directory, "near2", scaled, property_text(scaled, "(<= Y_0 0.5)"))
    monkeypatch.setattr(bench, "STEP", "step")
    monkeypatch.setattr(bench, "BACKWARD", ("near1", "near2"))


@pytest.mark.parametrize(("factor", "share"), [(0.5, "1, exactly"), (2, "0.250000000000")])
def test_backward_reach_by_exact_composition(tmp_path, monkeypatch, factor, share):
    write_steps(tmp_path, monkeypatch, factor)
    assert bench.measure_backward(tmp_path).rows[2:] == [("1", "4", "4", share), ("2", "4", "4", share)]


@pytest.fixture
def directory(tmp_path, monkeypatch):
    """A directory like the real one, of small networks, which the script is made to measure."""
    pytest.importorskip("onnxruntime", reason="outputs are compared with onnxruntime: pip install onnxruntime")
    for name, network in (("one", small_network()), ("two", small_network(seed=7))):
        write(tmp_path, name, network, property_text(network, "(<= Y_0 Y_1)"))
        for number in (1, 2, 3, 4):
            text = property_text(network, "(>= Y_0 1000)" if number % 2 else "(<= Y_0 Y_1)")
            (tmp_path / f"acasxu_prop_{number}.vnnlib").write_text(text)
    regions = len(pr.linear_regions(small_network(), SQUARE))
    tiles = len(bench.preimage(bench.question(tmp_path, "one", "one")))
    cases = (bench.Case("first", "one", "one", regions, tiles), bench.Case("second", "two", "two", 1, small=False))
    monkeypatch.setattr(bench, "CASES", cases)
    monkeypatch.setattr(bench, "ACAS", ("one",))
    write_steps(tmp_path, monkeypatch, 0.5)
    monkeypatch.setattr(bench, "WORKERS", cases[:1])
    monkeypatch.setattr(bench, "METHODS", (("one", ("twin", "substitution")),))
    return tmp_path


def rows(printed, title, heading="### "):
    """The cells of the first table below a title, without its header."""
    block = printed.split(f"{heading}{title}")[1].split("\n\n")[1]
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines() if line.startswith("|")
    ][2:]


def test_the_whole_report(directory, monkeypatch, capsys):
    monkeypatch.setattr(
        sys, "argv", ["benchmark_real.py", "--networks", str(directory), "--repeat", "1", "--points", "40"]
    )
    bench.main()
    printed = capsys.readouterr().out
    first, second = rows(printed, "What is there")
    asked = bench.question(directory, "one", "one")
    regions, tiling = bench.regions(asked), bench.preimage(asked)
    assert first[1:3] == [f"{len(regions)} ({len(regions)})", f"{len(tiling)} ({len(tiling)})"]
    assert first[5] == bench.enclosed(tiling.share(exact=True))
    assert " to " in second[5]
    assert second[1].endswith("(1)")
    assert rows(printed, "Evidence")[0] == ["first", str(len(regions)), "the box's, exactly", "verified", "agree"]
    assert "Thin regions of second:" in printed
    assert [row[-1] for row in rows(printed, "Backward")] == ["1, exactly"] * 2
    verdicts = {row[0]: row for row in rows(printed, "ACAS Xu")}
    assert [verdicts[f"None, {k}"][1] for k in (1, 2, 3, 4)] == ["holds", "violated", "holds", "violated"]
    assert "None, 2: input (" in printed
    assert all(row[1] == "yes" and float(row[5]) <= 1 and row[6] == "0" for row in rows(printed, "onnxruntime"))
    assert [row[:2] for row in rows(printed, "Other methods")] == [["one", "twin"], ["one", "substitution"]]
    assert (
        printed.index("## Counts and evidence") < printed.index("### ACAS Xu") < printed.index("## Seconds and ratios")
    )


def test_a_property_with_several_domains_is_refused(directory):
    network = small_network()
    text = property_text(network, "(or (and (<= X_0 0) (<= Y_0 Y_1)) (and (>= X_0 0) (>= Y_0 Y_1)))")
    (directory / "split.vnnlib").write_text(text)
    with pytest.raises(ValueError, match="too many values"):
        bench.question(directory, "one", "split")


# -- the real networks --------------------------------------------------------------------------------------------

# regions of the box and tiles of the preimage, certified; where both floats and we count, only ACAS Xu's 4,498 differs
EXPECTED = {
    "parking 2-20-4": (40, 10),
    "VCAS 4-21-9": (83, 49),
    "pendulum 2-12-2": (18, 1),
    "van der Pol 2-20-20-2": (248, 24),
    "van der Pol, t = 1": (248, 19),
    "van der Pol, t = 2": (1057, 71),
    "van der Pol, t = 3": (2500, 167),
    "cartpole 4-64-64-2": (27880, 26450),
    "ACAS Xu N2_2, property 3": (6924, 0),
    "ACAS Xu N2_2, property 4": (4500, 0),
}


@pytest.fixture
def networks():
    """The directory with the real networks."""
    given = os.environ.get("POLYRELU_NETWORKS")
    if not given:
        pytest.skip("the public networks are not part of the project: set POLYRELU_NETWORKS to a directory with them")
    return Path(given)


def test_every_case_is_expected_and_on_the_page():
    page = (Path(bench.__file__).parent.parent / "papers" / "real-networks" / "README.md").read_text()
    printed = {row[0]: row for row in rows(page, "", "## What is there")}
    for case in bench.CASES:
        regions, tiles = EXPECTED[case.name]
        found = bench.counted(regions, case.float_regions), bench.counted(tiles, case.float_tiles)
        assert tuple(printed[case.name][1:3]) == found
    assert EXPECTED.keys() == printed.keys() == {case.name for case in bench.CASES}


@pytest.mark.slow
@pytest.mark.parametrize("case", bench.CASES, ids=lambda case: case.name)
def test_counts_of_real_networks(networks, case):
    asked = bench.question(networks, case.network, case.prop)
    found, tiling = bench.regions(asked), bench.preimage(asked)
    assert (len(found), len(tiling)) == EXPECTED[case.name]
    assert bench.witnesses(found) == len(found)
    assert bench.agrees(tiling, 1000)
    if case.small:
        assert found.share(exact=True) == 1
        assert pr.check_tiling(tiling)


@pytest.mark.slow
def test_two_regions_of_acas_xu_are_thin(networks):
    asked = bench.without_constants(bench.question(networks, "acasxu_2_2", "acasxu_prop_4"))
    thin = bench.thin_regions(bench.regions(asked), bench.TOLERANCE)
    assert [f"{width:.2e}" for width, _ in thin] == ["3.50e-08", "3.65e-08"]


@pytest.mark.slow
@pytest.mark.parametrize("network", bench.ACAS)
@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_verdicts_on_acas_xu(networks, network, number):
    asked = bench.question(networks, network, f"acasxu_prop_{number}")
    found = pr.verify(asked.network, pr.load_property(networks / f"acasxu_prop_{number}.vnnlib"))
    assert found.status == ("violated" if (network, number) == ("acasxu_2_2", 2) else "holds")
    if found.point is not None:
        assert "input" in bench.counterexample(asked, found)
