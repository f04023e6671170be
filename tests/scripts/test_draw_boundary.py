"""The classifiers of scripts/draw_boundary.py, and the picture of their boundaries."""

import sys

import draw_boundary
import numpy as np
import pytest
from matplotlib.image import imread

DATA = draw_boundary.screw(20)


def cross_entropy(weights, biases, decay=1e-4):
    scores = DATA.points
    for weight, bias in zip(weights, biases, strict=True):
        scores = scores @ weight.T + bias
        if weight is not weights[-1]:
            scores = np.maximum(scores, 0)
    chances = np.exp(scores)
    won = chances[np.arange(len(scores)), DATA.classes] / chances.sum(axis=1)
    return -np.log(won).mean() + decay / 2 * sum((p * p).sum() for p in (*weights, *biases))


def test_gradients_are_slopes():
    rng = np.random.default_rng(0)
    weights, biases = [rng.normal(size=s) for s in ((5, 3), (3, 5))], [rng.normal(size=s) for s in (5, 3)]
    parameters, step = [*weights, *biases], 2.0**-20
    for parameter, gradient in zip(parameters, draw_boundary.gradients(DATA, weights, biases), strict=True):
        for place in np.ndindex(parameter.shape):
            values = []
            for sign in (1, -1):
                parameter[place] += sign * step
                values.append(cross_entropy(weights, biases))
                parameter[place] -= sign * step
            assert (values[0] - values[1]) / (2 * step) == pytest.approx(gradient[place], abs=1e-6)


def test_the_spiral_is_learned():
    arms = draw_boundary.spiral()
    network = draw_boundary.train(arms, [16, 16], steps=1000)
    scores = network(arms.points)
    assert (np.argmax(scores, axis=1) == arms.classes).mean() > 0.95
    assert all(v * draw_boundary.GRID % 1 == 0 for layer in network.layers for row in layer.rows for v in row)


def test_the_picture_is_written(tmp_path, monkeypatch, capsys):
    train = draw_boundary.train
    monkeypatch.setattr(draw_boundary, "train", lambda data, hidden: train(data, [4], steps=50))
    monkeypatch.setattr(sys, "argv", ["draw_boundary.py", "--out", str(tmp_path)])
    draw_boundary.main()
    assert capsys.readouterr().out == f"{tmp_path / 'boundary.png'}\n"
    assert imread(tmp_path / "boundary.png").shape[:2] == (940, 1800)
