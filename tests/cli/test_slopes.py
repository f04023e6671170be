"""``lipschitz``, ``margin`` and ``stats`` for people."""

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.cli import main


@pytest.fixture
def classes(tmp_path):
    path = tmp_path / "classes.npz"
    np.savez(path, W0=[[1.0, 0.0], [0.0, 1.0]], b0=[0.0, 0.0], W1=[[1.0, 1.0], [1.0, -1.0]], b1=[-1.0, 0.0])
    return str(path)


def run(words, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["polyrelu", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code, *capsys.readouterr()


def test_lipschitz(model, monkeypatch, capsys):
    code, out, _ = run(["lipschitz", model, "--box", "-1", "1"], monkeypatch, capsys)
    assert code == 0
    assert out.splitlines()[0] == "constant  2 in linf"
    assert out.splitlines()[1].startswith("at        (0.")
    _, out, _ = run(["lipschitz", model, "--norm", "l2"], monkeypatch, capsys)
    low, high = pr.lipschitz(pr.load_network(model), norm="l2").enclosure.low, 2**0.5
    assert out.startswith(f"constant  between {low!r} and {high!r} in l2")
    code, out, err = run(["lipschitz", model, "--box", "-1", "1", "--timeout", "1e-9"], monkeypatch, capsys)
    assert code not in (0, 1)
    assert "stopped after" in err
    code, _, err = run(["lipschitz", model, "--form", "y7"], monkeypatch, capsys)
    assert (code, "y7" in err) == (2, True)


def test_margin(classes, model, monkeypatch, capsys):
    code, out, _ = run(["margin", classes, "--class", "1", "--box", "-1", "1", "--check"], monkeypatch, capsys)
    assert code == 0
    assert [line.split()[1] for line in out.splitlines() if line.startswith(("minimum", "maximum"))] == ["-1", "1"]
    assert "checked, exactly" in out
    code, _, err = run(["margin", model, "--class", "0", "--box", "-1", "1"], monkeypatch, capsys)
    assert (code, "no class to win against" in err) == (2, True)


def test_stats(classes, model, monkeypatch, capsys):
    code, out, _ = run(["stats", classes, model, "--box", "-1", "1"], monkeypatch, capsys)
    assert code == 0
    first, *rows = out.splitlines()
    assert first.split()[:3] == ["name", "regions", "neurons"]
    assert [row.split()[:3] for row in rows] == [[classes, "4", "2"], [model, "4", "2"]]
    code, out, err = run(["stats", model, "--box", "-1", "1", "--timeout", "1e-9"], monkeypatch, capsys)
    assert code not in (0, 1)
    assert "stopped after" in err
