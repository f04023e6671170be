"""Fitted estimators, stood in for by objects with their attributes; and scikit-learn's own, where it is installed."""

from types import SimpleNamespace

import numpy as np
import pytest

import polyrelu as pr

RNG = np.random.default_rng(5)
W0, B0, W1, B1 = RNG.normal(size=(3, 4)), RNG.normal(size=4), RNG.normal(size=(4, 2)), RNG.normal(size=2)


def perceptron(**changes):
    fields = {"coefs_": [W0, W1], "intercepts_": [B0, B1], "activation": "relu", "out_activation_": "softmax"}
    return SimpleNamespace(**(fields | changes))


def scaler(kind, **fields):
    return type(kind, (), fields)()


def pipeline(*steps):
    return SimpleNamespace(steps=[(str(i), step) for i, step in enumerate(steps)])


PLAIN = pr.Network([(W0.T, B0), (W1.T, B1)])


def test_a_perceptron_has_its_coefficients():
    assert pr.Network.from_sklearn(perceptron()) == PLAIN
    linear = pr.Network.from_sklearn(perceptron(activation="identity", out_activation_="identity"))
    assert linear.neuron_count == 0


def test_scalers_before_it_are_folded_in_exactly():
    mean, scale, low = RNG.normal(size=3), np.array([0.5, 3, 0.1]), RNG.normal(size=3)
    steps = [
        scaler("StandardScaler", mean_=mean, scale_=scale),
        scaler("MinMaxScaler", scale_=scale, min_=low),
        "passthrough",
        scaler("MaxAbsScaler", scale_=scale),
        scaler("StandardScaler", mean_=None, scale_=None),
    ]
    network = pr.Network.from_sklearn(pipeline(*steps, perceptron()))
    point = RNG.normal(size=3)
    inside = ((point - mean) / scale * scale + low) / scale
    assert np.allclose([float(v) for v in network(point.tolist())], [float(v) for v in PLAIN(inside.tolist())])


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (object(), "object has no coefs_; pass a fitted MLPClassifier"),
        (None, "NoneType has no coefs_"),
        (perceptron(activation="tanh"), "the activations are 'tanh' and 'softmax'; only 'relu'"),
        (perceptron(out_activation_="exp"), "only 'identity', 'logistic' and 'softmax'"),
        (perceptron(coefs_=[W0, W1.T], intercepts_=[B0, B0]), "layer 0 returns 4 coordinates but layer 1 takes 2"),
        (perceptron(coefs_=[W0, W1 * np.nan]), r"layer 1: weight\[0\]\[0\]: nan is not a finite number"),
        (pipeline(scaler("PCA"), perceptron()), "the step PCA is not read; known are MaxAbsScaler"),
        (pipeline(scaler("StandardScaler"), perceptron()), "StandardScaler is not fitted"),
        (pipeline(scaler("MinMaxScaler", clip=True), perceptron()), "cuts its inputs off"),
        (pipeline(scaler("MaxAbsScaler", scale_=[0, 1, 1]), perceptron()), "no positive numbers"),
        (pipeline(scaler("MaxAbsScaler", scale_=[1, 1]), perceptron()), "expected 3 numbers, got 2"),
        (SimpleNamespace(steps=3), "no pairs of names"),
    ],
)
def test_others_are_refused(estimator, message):
    with pytest.raises(pr.PolyreluError, match=message) as caught:
        pr.Network.from_sklearn(estimator)
    assert "from_sklearn" in str(caught.value) or "Network: layer" in str(caught.value)


def test_estimators_of_scikit_learn():
    pytest.importorskip("sklearn")
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MinMaxScaler, StandardScaler

    X = RNG.normal(size=(60, 3))
    classes = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0.5)
    for labels in (classes, classes > 0):
        model = make_pipeline(
            StandardScaler(), MinMaxScaler(), MLPClassifier(hidden_layer_sizes=(5, 4), max_iter=30, tol=1)
        )
        network = pr.Network.from_sklearn(model.fit(X, labels))
        scores = network(X)
        won = scores.argmax(axis=1) if scores.shape[1] > 1 else (scores[:, 0] > 0).astype(int)
        assert (model.classes_[won] == model.predict(X)).all()
    model = MLPRegressor(hidden_layer_sizes=(6,), max_iter=30, tol=1).fit(X, X[:, 0])
    assert np.allclose(pr.Network.from_sklearn(model)(X)[:, 0], model.predict(X))
