"""The pictures of scripts/draw_real.py, drawn of networks made here."""

import itertools
import sys

import draw_real
import numpy as np
import pytest
from benchmark_real import BACKWARD
from matplotlib import pyplot
from matplotlib.image import imread

import polyrelu as pr
from tests.scripts.files import property_text, write

DIAMOND = [[1, 1], [1, -1], [-1, 1], [-1, -1]], [0.5] * 4


def random_layers(*widths):
    rng = np.random.default_rng(1)
    return [(rng.normal(size=(b, a)), rng.normal(size=b) / 4) for a, b in itertools.pairwise(widths)]


def composed(layers):
    """The layers, with the rows of the diamond composed with the last one, as in the files of backward reach."""
    (weight, bias), (rows, offsets) = layers[-1], map(np.array, DIAMOND)
    return pr.Network([*layers[:-1], (rows @ weight, rows @ bias - offsets)])


def test_the_terminal_set_is_read_off_the_last_layer():
    layers = random_layers(2, 6, 2)
    found = draw_real.terminal_set(pr.Network(layers), composed(layers))
    corners = sorted(tuple(round(float(v), 9) + 0.0 for v in vertex) for vertex in found.vertices)
    assert corners == [(-0.5, 0), (0, -0.5), (0, 0.5), (0.5, 0)]


@pytest.mark.parametrize("k", [0, 1, 2])
def test_the_least_cost_is_advised(k):
    advised = draw_real.minimal(k, 3)
    for value in ([1, 2, 3], [2, 1, 3], [3, 2, 1], [1, 1, 2]):
        assert advised.contains(value) == (value[k] == min(value))


@pytest.mark.long
def test_both_pictures_are_written(tmp_path, monkeypatch, capsys):
    layers = random_layers(2, 6, 2)
    below = "(and (<= Y_0 0) (<= Y_1 0) (<= Y_2 0) (<= Y_3 0))"
    write(tmp_path, "rpm_vanderpol", pr.Network(layers), "")
    for name in BACKWARD:
        write(tmp_path, name, composed(layers), property_text(composed(layers), below))
    adviser = pr.Network(random_layers(5, 6, 5))
    write(tmp_path, draw_real.ADVISER, adviser, "")
    boxed = property_text(adviser, "(and (<= -1 X_2 1) (<= -1 X_3 1) (<= -1 X_4 1) (<= Y_0 Y_1))")
    (tmp_path / "acasxu_prop_3.vnnlib").write_text(boxed)
    out = tmp_path / "out"
    monkeypatch.setattr(sys, "argv", ["draw_real.py", "--networks", str(tmp_path), "--out", str(out)])
    draw_real.main()
    assert capsys.readouterr().out.split() == [str(out / "backward-reach.png"), str(out / "advisories.png")]
    for path in out.glob("*.png"):
        assert len(np.unique(imread(path)[..., :3].reshape(-1, 3), axis=0)) > 10
    assert not pyplot.get_fignums()


def test_advisories_that_are_given_nowhere_are_said_to_be(tmp_path):
    weights, _ = random_layers(5, 6)[0]
    adviser = pr.Network([(weights, [0] * 6), (np.zeros((5, 6)), [1, 0, 2, 3, 4])])
    write(tmp_path, draw_real.ADVISER, adviser, "")
    boxed = property_text(adviser, "(and (<= -1 X_2 1) (<= -1 X_3 1) (<= -1 X_4 1) (<= Y_0 Y_1))")
    (tmp_path / "acasxu_prop_3.vnnlib").write_text(boxed)
    figure = draw_real.draw_advisories(tmp_path)
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    pyplot.close(figure)
    assert [label.endswith(": nowhere") for label in labels] == [True, False, True, True, True]
