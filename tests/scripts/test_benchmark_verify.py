"""What the benchmark of verdicts reads, and one small run of it."""

import sys

import benchmark_verify as bench
import numpy as np
import pytest

INSTANCES = """network,property,published
abs.npz,inside,holds
abs.npz,outside.vnnlib,violated
abs.npz,outside.vnnlib,holds
"""
DOMAIN = "(declare-const X_0 Real)(declare-const Y_0 Real)(assert (>= X_0 -1))(assert (<= X_0 1))"


@pytest.fixture
def directory(tmp_path):
    np.savez(tmp_path / "abs.npz", W0=[[1.0], [-1.0]], b0=[0.0, 0.0], W1=[[1.0, 1.0]], b1=[0.0])
    (tmp_path / "inside.vnnlib").write_text(DOMAIN + "(assert (> Y_0 1))")
    (tmp_path / "outside.vnnlib").write_text(DOMAIN + "(assert (>= Y_0 1))")
    (tmp_path / "instances.csv").write_text(INSTANCES)
    return tmp_path


def test_instances_are_read_and_chosen_by_name(directory):
    found = list(bench.instances(directory))
    assert [(own.network.name, own.prop.name, own.published) for own in found] == [
        ("abs.npz", "inside.vnnlib", "holds"),
        ("abs.npz", "outside.vnnlib", "violated"),
        ("abs.npz", "outside.vnnlib", "holds"),
    ]
    assert len(list(bench.instances(directory, "outside"))) == 2


def test_a_table_and_a_summary_that_says_what_contradicts(directory, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["benchmark_verify.py", str(directory), "--timeout", "30"])
    bench.main()
    printed = capsys.readouterr().out
    assert "| abs | inside | holds | holds |" in printed
    assert "| abs | outside | violated | violated |" in printed
    assert "3 of 3 decided, 1 against what was published" in printed


def test_a_name_that_nothing_has_is_refused(directory, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["benchmark_verify.py", str(directory), "--only", "acasxu"])
    with pytest.raises(SystemExit, match="no instance has 'acasxu' in its name"):
        bench.main()
