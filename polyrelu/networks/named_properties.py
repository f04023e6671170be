"""Properties that have a name; each is a text of :mod:`polyrelu.networks.property_text`."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from polyrelu.arithmetic.exact import exact
from polyrelu.errors import DimensionError, InputError
from polyrelu.networks.network import Network
from polyrelu.networks.properties import Property
from polyrelu.networks.property_text import property_of
from polyrelu.networks.questions import Domain
from polyrelu.support.arguments import instance, whole_number
from polyrelu.support.numerals import fraction_digits, shown

_MOST_SIGNS = 10


def monotone(
    network: Network, domain: Domain | None = None, input: int = 0, output: int = 0, *, decreasing: bool = False
) -> Property:
    """The property that an output never falls when one input grows and the others stay.

    Args:
        network: R^d -> R^m.
        domain: the inputs that it is about; both of what is compared lie in it.
        input: the number of the input.
        output: the number of the output.
        decreasing: whether the output never grows instead.

    Raises:
        InputError: there is no such input or output.

    Example:
        >>> import polyrelu as pr
        >>> net = pr.Network([([[1], [-1]], [0, 0]), ([[1, 1]], [0])])  # |x|
        >>> pr.verify(net, pr.Property.monotone(net, ([0], [5]))).status
        'holds'
    """
    _require_network(network, "Property.monotone")
    i = whole_number(input, "Property.monotone: input", 0, network.input_dim - 1)
    j = whole_number(output, "Property.monotone: output", 0, network.output_dim - 1)
    rest = [f"x{k} == x{k}'" for k in range(network.input_dim) if k != i]
    fall = f"y{j} {'<' if decreasing else '>'} y{j}'"
    return property_of(network, " and ".join([f"x{i} <= x{i}'", *rest, fall]), domain)


def equivalent(network: Network, other: Network, domain: Domain | None = None, within: Any = 0) -> Property:
    """The property that two networks return the same on a domain, up to a difference in each output.

    Args:
        network: R^d -> R^m.
        other: R^d -> R^m, too.
        domain: the inputs that it is about.
        within: how far outputs may be apart.

    Raises:
        DimensionError: the networks have different dimensions.
        InputError: ``within`` is negative.

    Example:
        >>> import polyrelu as pr
        >>> f = pr.Network([([[1], [-1]], [0, 0]), ([[1, 1]], [0])])  # |x|
        >>> g = pr.Network([([[1]], [0]), ([[1]], [0])])  # max(0, x)
        >>> pr.verify(f, pr.Property.equivalent(f, g, ([0], [1]))).status
        'holds'
    """
    for one in (network, other):
        _require_network(one, "Property.equivalent")
    dims = [(one.input_dim, one.output_dim) for one in (network, other)]
    if dims[0] != dims[1]:
        shapes = " and ".join(f"R^{d} -> R^{m}" for d, m in dims)
        raise DimensionError(f"Property.equivalent: the networks map {shapes}; they can only differ in what is inside")
    same = [f"x{k} == x{k}'" for k in range(network.input_dim)]
    apart = _apart(network.output_dim, _size(within, "Property.equivalent: within"))
    return property_of((network, other), " and ".join([*same, apart]), domain)


def lipschitz(network: Network, slope: Any, domain: Domain | None = None, norm: str = "linf") -> Property:
    r"""The property that no output changes by more than ``slope`` times the distance of two inputs.

    Args:
        network: R^d -> R^m.
        slope: the constant L of :math:`|f_i(x) - f_i(x')| \le L \|x - x'\|`.
        domain: the inputs that it is about.
        norm: ``"linf"``, the largest difference, or ``"l1"``, the sum, for at most 10 inputs.

    Raises:
        InputError: ``slope`` is negative, or there is no such norm, or there are too many inputs for it.

    Example:
        >>> import polyrelu as pr
        >>> net = pr.Network([([[1], [-1]], [0, 0]), ([[1, 1]], [0])])  # |x|
        >>> [pr.verify(net, pr.Property.lipschitz(net, L, ([-1], [1]))).status for L in (1, "9/10")]
        ['holds', 'violated']
    """
    _require_network(network, "Property.lipschitz")
    instance(norm, str, "Property.lipschitz: norm", "choose from 'linf' and 'l1'")
    factor, dim = fraction_digits(_size(slope, "Property.lipschitz: slope")), network.input_dim
    if norm == "linf":
        steps = [f"{s}x{k} {t} x{k}'" for k in range(dim) for s, t in (("", "-"), ("-", "+"))]
    elif norm == "l1":
        if dim > _MOST_SIGNS:
            raise InputError(f"Property.lipschitz: l1 of {dim} inputs takes 2^{dim} rows; pass norm='linf'")
        signs = itertools.product("+-", repeat=dim)
        steps = [" ".join(f"{s} (x{k} - x{k}')" for k, s in enumerate(own)) for own in signs] if dim else []
    else:
        raise InputError(f"Property.lipschitz: there is no norm {shown(norm)}; choose from 'linf' and 'l1'")
    ways = []
    for i in range(network.output_dim):
        for change in (f"y{i} - y{i}'", f"y{i}' - y{i}"):
            ways.append(" and ".join(f"{change} > {factor} * ({step})" for step in steps or ["0"]))
    return property_of(network, _either(ways), domain)


def steady(network: Network, inputs: Any, outputs: Any, domain: Domain | None = None) -> Property:
    """The property that inputs that are close have outputs that are close, coordinate by coordinate.

    Args:
        network: R^d -> R^m.
        inputs: how far two inputs are apart at most.
        outputs: how far their outputs may be apart.
        domain: the inputs that it is about.

    Raises:
        InputError: a distance is negative.

    Example:
        >>> import polyrelu as pr
        >>> net = pr.Network([([[1], [-1]], [0, 0]), ([[1, 1]], [0])])  # |x|
        >>> pr.verify(net, pr.Property.steady(net, "1/10", "1/10", ([-1], [1]))).status
        'holds'
    """
    _require_network(network, "Property.steady")
    near, far = _size(inputs, "Property.steady: inputs"), _size(outputs, "Property.steady: outputs")
    close = [f"{fraction_digits(-near)} <= x{k} - x{k}' <= {fraction_digits(near)}" for k in range(network.input_dim)]
    return property_of(network, " and ".join([*close, _apart(network.output_dim, far)]), domain)


def _require_network(network: Any, where: str) -> None:
    instance(network, Network, f"{where}: network", "pass a Network; load_network reads files")


def _size(value: Any, where: str) -> Fraction:
    size = exact(value, where)
    if size < 0:
        raise InputError(f"{where} is {shown(size)}; pass a number that is not negative")
    return size


def _apart(dim: int, size: Fraction) -> str:
    """That some output of two runs differs by more."""
    far = fraction_digits(size)
    return _either([f"{side} > {far}" for i in range(dim) for side in (f"y{i} - y{i}'", f"y{i}' - y{i}")])


def _either(ways: Sequence[str]) -> str:
    return f"({' or '.join(ways)})" if ways else "1 < 0"
