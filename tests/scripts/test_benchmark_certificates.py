"""What the benchmark of certificates reckons with, and one small run of it."""

import csv
import gzip
import math
import subprocess
import sys

import benchmark_certificates as bench
import pytest
from measuring.engines import ROOT
from measuring.tables import Goal

import polyrelu as pr


def asked(tmp_path, case=bench.QUICK[0]):
    return bench.asked(case, None, tmp_path)


def test_a_statement_asks_what_the_engine_is_asked(tmp_path):
    one = asked(tmp_path)
    assert one.text.read_text() == one.statement.text
    assert one.statement.domain == pr.Polyhedron.box([-6, -6], [6, 6])
    network = pr.load_network(one.question.network)
    assert network.layers == bench.network_of((2, 8, 8, 1)).layers == one.statement.network.layers
    assert one.question.target == "y0 > 0"
    assert one.question.domain == (("-6", "-6"), ("6", "6"))


def test_regions_are_asked_without_a_target(tmp_path):
    one = asked(tmp_path, bench.QUICK[0]._replace(target=None, box=0.5))
    assert one.statement.targets is None
    assert one.statement.domain == pr.Polyhedron.box(["-1/2"] * 2, ["1/2"] * 2)


def test_a_process_that_fails_is_not_reported():
    printed, used = bench.run([sys.executable, "-c", "print('done')"])
    assert printed == "done"
    assert used.cpu > 0
    assert used.peak > 1
    with pytest.raises(SystemExit, match="no such thing"):
        bench.run([sys.executable, "-c", "raise SystemExit('no such thing')"])


def test_vertices_are_counted(tmp_path):
    path = tmp_path / "rows.gz"
    with gzip.open(path, "wt") as file:
        file.write("polyrelu-rows 1 00\ncells 0 -\nb\np 2\nw 0 2\nw 1\nc 1 2 1\nend 1\n")
    assert bench.vertices_in(path) == 2


def test_numbers_that_are_not_there_are_dashes():
    assert bench.number(math.nan) == "-"
    assert bench.number(1234.5, 1) == "1,234.5"
    assert bench.beside(math.nan, Goal.at_most(3)) == "-"
    assert bench.beside(2.0, Goal.at_most(3)) == "2.00 (goal ≤ 3)"
    assert bench.beside(4.0, None) == "4.00"


def test_the_largest_statement_is_left_to_the_fast_checker():
    assert not bench.LARGEST.small
    assert all(case.small for case in bench.FULL)


def test_a_small_run_prints_and_writes(tmp_path):
    table = tmp_path / "measured.csv"
    script = ROOT / "scripts" / "benchmark_certificates.py"
    shown = subprocess.run(
        [sys.executable, script, "--quick", "--repeat", "1", "--only", "2-8", "--markdown", "--csv", table],
        capture_output=True,
        text=True,
        check=True,
    )
    titles = [line for line in shown.stdout.splitlines() if line.startswith("## ")]
    assert titles == ["## Files", "## Writing", "## Checking"]
    assert "(goal ≤ 30)" in shown.stdout
    with table.open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["proved"].startswith("holds")
    assert 0 < int(row["cells"]) <= int(row["vertices"]) * 2
    assert float(row["small"]) > 0
