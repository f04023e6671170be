r"""Networks as multi-layer perceptrons of scikit-learn: ``Network.from_sklearn(MLPClassifier().fit(X, y))``.

Only attributes that fitting makes are read, so scikit-learn need not be there. A classifier's last step (a softmax, or
a sigmoid for two classes) is left out: of three classes or more the largest output wins, of two the second class does
where the output is positive, and :func:`polyrelu.networks.final_operators.before_final` says what conditions on
probabilities are before it. In a ``Pipeline``, scalers before the perceptron are folded into its first layer, exactly:

=====================  ==================================================
``StandardScaler``     :math:`(x - \mathrm{mean}) / \mathrm{scale}`
``MinMaxScaler``       :math:`x \, \mathrm{scale} + \mathrm{min}`, unless it clips
``MaxAbsScaler``       :math:`x / \mathrm{scale}`
=====================  ==================================================

scikit-learn computes in float64 or float32; the network has its numbers and no rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from polyrelu.arithmetic.exact import ExactVector, exact_vector
from polyrelu.errors import DimensionError, InputError
from polyrelu.networks.layer import Layer
from polyrelu.networks.network import Network

_WHERE = "Network.from_sklearn"
_ACTIVATIONS = {"relu": True, "identity": False}
_LAST = {"identity", "logistic", "softmax"}


class _Scaling(NamedTuple):
    """``factor * x + shift``, input by input."""

    factor: ExactVector
    shift: ExactVector


def from_sklearn(estimator: Any) -> Network:
    """The network of a fitted ``MLPClassifier`` or ``MLPRegressor``, or of a pipeline of scalers and one of them.

    Args:
        estimator: fitted, with the activation ``"relu"`` or ``"identity"``. What it returns is what enters the last
            step of a classifier: see the module's docstring.

    Raises:
        InputError: something else, not fitted, or with another activation.
        DimensionError: its arrays do not fit together.
        InexactError: a weight is NaN or infinite.
    """
    *before, last = _steps(estimator)
    for name in ("coefs_", "intercepts_", "activation", "out_activation_"):
        if not hasattr(last, name):
            raise InputError(
                f"{_WHERE}: {type(last).__name__} has no {name}; pass a fitted MLPClassifier or MLPRegressor, or a "
                "pipeline that ends with one"
            )
    if last.activation not in _ACTIVATIONS or last.out_activation_ not in _LAST:
        raise InputError(
            f"{_WHERE}: the activations are {last.activation!r} and {last.out_activation_!r}; only 'relu' and "
            "'identity' are piecewise linear, and only 'identity', 'logistic' and 'softmax' can be left out at the end"
        )
    relu = _ACTIVATIONS[last.activation]
    pairs = list(zip(last.coefs_, last.intercepts_, strict=False))
    layers = [
        Layer(np.asarray(weight).T, np.asarray(bias), relu and i < len(pairs) - 1, where=f"{_WHERE}: layer {i}")
        for i, (weight, bias) in enumerate(pairs)
    ]
    for step in reversed(before):
        layers[:1] = [_scaled(layers[0], _scaling(step, layers[0].input_dim))]
    return Network(layers)


def _steps(estimator: Any) -> Sequence[Any]:
    """The steps of a pipeline; of another estimator, itself."""
    steps = getattr(estimator, "steps", None)
    if steps is None:
        return [estimator]
    try:
        return [step for _, step in steps if step not in (None, "passthrough")]
    except (TypeError, ValueError):
        raise InputError(f"{_WHERE}: the steps of the pipeline are no pairs of names and estimators") from None


def _standard(step: Any, dim: int) -> tuple[Any, Any]:
    mean = [0] * dim if step.mean_ is None else step.mean_
    scale = [1] * dim if step.scale_ is None else step.scale_
    factors = [1 / v for v in exact_vector(scale, f"{_WHERE}: scale_")]
    return factors, [-f * m for f, m in zip(factors, exact_vector(mean, f"{_WHERE}: mean_"), strict=True)]


def _min_max(step: Any, dim: int) -> tuple[Any, Any]:
    if getattr(step, "clip", False):
        raise InputError(f"{_WHERE}: MinMaxScaler(clip=True) cuts its inputs off; ask about a domain where it does not")
    return step.scale_, step.min_


def _max_abs(step: Any, dim: int) -> tuple[Any, Any]:
    return [1 / v for v in exact_vector(step.scale_, f"{_WHERE}: scale_")], [0] * dim


_SCALERS: dict[str, Callable[[Any, int], tuple[Any, Any]]] = {
    "MaxAbsScaler": _max_abs,
    "MinMaxScaler": _min_max,
    "StandardScaler": _standard,
}


def _scaling(step: Any, dim: int) -> _Scaling:
    kind = type(step).__name__
    if kind not in _SCALERS:
        raise InputError(f"{_WHERE}: the step {kind} is not read; known are {', '.join(_SCALERS)}")
    try:
        factor, shift = _SCALERS[kind](step, dim)
    except AttributeError as error:
        raise InputError(f"{_WHERE}: {kind} is not fitted ({error})") from error
    except (ZeroDivisionError, ValueError) as error:
        raise InputError(f"{_WHERE}: {kind} has scales that are no positive numbers ({error})") from error
    return _Scaling(*(exact_vector(part, f"{_WHERE}: {kind}", dim) for part in (factor, shift)))


def _scaled(layer: Layer, scaling: _Scaling) -> Layer:
    """The layer of scaled inputs as one of the inputs themselves."""
    if len(scaling.factor) != layer.input_dim:
        raise DimensionError(f"{_WHERE}: a scaler of {len(scaling.factor)} inputs does not fit {layer.input_dim}")
    moved = [sum((w * s for w, s in zip(row, scaling.shift, strict=True)), Fraction(0)) for row in layer.rows]
    rows = tuple(tuple(w * f for w, f in zip(row, scaling.factor, strict=True)) for row in layer.rows)
    offsets = tuple(b + m for b, m in zip(layer.offsets, moved, strict=True))
    return Layer.from_rows(rows, offsets, layer.relu, layer.input_dim)
