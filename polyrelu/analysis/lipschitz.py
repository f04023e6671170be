r"""How steep a network gets over a domain: its Lipschitz constant, in the maximum, the sum or the Euclidean norm.

A network is continuous and affine on finitely many regions, so on a convex domain

.. math:: \sup_{x \ne y} \frac{\|f(x) - f(y)\|}{\|x - y\|} = \max_R \|J_R\|

over the regions R of full dimension: a segment between two points is cut into pieces by the regions, and where it runs
along a boundary, nearby segments do not. The norm of a matrix is the largest sum of moduli of a row in the maximum
norm, of a column in the sum norm, both exact; in the Euclidean norm it is the largest singular value, between two
floats (:mod:`polyrelu.arithmetic.spectral`).

Where the domain ends, boxes are searched, the steepest first (:mod:`polyrelu.analysis.steepest`). Of a domain without
end all regions are found at once. The constant is exact wherever that search ends; what it takes grows as the regions
do that are nearly as steep as the steepest, so a network of many inputs on a wide domain has an enclosure when time is
up, whose upper end holds for certain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from polyrelu.analysis.measure import Enclosure
from polyrelu.analysis.output_range import MOST_PARTS, Output, given_form
from polyrelu.analysis.steepest import Search
from polyrelu.arithmetic.exact import ExactMatrix, ExactVector
from polyrelu.bounds.slopes import NORMS
from polyrelu.errors import EmptySetError, Interrupted
from polyrelu.networks.layer import Layer
from polyrelu.networks.network import Network
from polyrelu.networks.questions import Domain, given_domain
from polyrelu.support.arguments import one_of, whole_number
from polyrelu.support.limits import Limit, unlimited


@dataclass(frozen=True, eq=False)
class Lipschitz:
    """The answer of :func:`lipschitz`.

    Attributes:
        norm: ``"linf"``, ``"l1"`` or ``"l2"``.
        value: the constant, exact; None in the Euclidean norm, or where a run was stopped.
        enclosure: two floats between which it lies, for certain.
        matrix: the Jacobian of the steepest region that is known, exact: (m, d), or (1, d) for one output. Columns of
            inputs that the domain fixes are there, and do not count. None where none is known.
        point: a point inside of that region.
        complete: whether the search came to its end.
        stats: what it did, by name.
    """

    norm: str
    value: Fraction | None
    enclosure: Enclosure
    matrix: ExactMatrix | None
    point: ExactVector | None
    complete: bool
    stats: Mapping[str, int]

    def __float__(self) -> float:
        """The constant as a float, rounded up."""
        return self.enclosure.high

    def __repr__(self) -> str:
        low, high = self.enclosure.low, self.enclosure.high
        known = f"{high:.6g}" if low >= high * (1 - 2.0**-40) else f"{low:.6g} to {high:.6g}"
        return f"Lipschitz({known} in {self.norm}{'' if self.complete else ', incomplete'})"


def lipschitz(
    network: Network,
    domain: Domain | None = None,
    norm: str = "linf",
    output: Output | None = None,
    *,
    limit: int = MOST_PARTS,
    timeout: float | None = None,
    progress: bool | None = None,
) -> Lipschitz:
    r"""The Lipschitz constant of a network over a domain: how much outputs change at most for a change of inputs.

    Args:
        network: R^d -> R^m.
        domain: as for :func:`polyrelu.engines.preimage.preimage`. Inputs that it fixes do not change.
        norm: of inputs and outputs: ``"linf"`` the largest modulus, ``"l1"`` the sum of moduli, ``"l2"`` the Euclidean
            length.
        output: the number of an output, or a linear form of the outputs (``"y0 - 2*y1"``, or m numbers), to ask about
            it alone: its largest slope, in the dual norm. All outputs when None.
        limit: the most boxes to divide the domain into.
        timeout: seconds after which to stop; what is known then is returned, with ``complete`` False.
        progress: show a bar; by default only for long runs on a terminal.

    Returns:
        A :class:`Lipschitz`: exact in ``linf`` and ``l1``, between neighbouring floats or nearly so in ``l2``, with
        the Jacobian that has it, and where.

    Raises:
        EmptySetError: the domain is empty.
        InputError: an unknown norm; no such output; or the domain lies in a hyperplane that is not ``x_j == c``.
        BudgetExceeded: a domain without end has too many regions, or inputs, to look at all.
        DimensionError: the domain lives in another space, or there are not m numbers.
        ParseError: a text is no linear form.
        Interrupted: Ctrl-C; its ``partial`` is what is known then, with ``complete`` False.

    Cost: bounds of many boxes at once, and microseconds for each region where they do not decide.

    Example:
        >>> import polyrelu as pr
        >>> net = pr.Network([([[1, 0], [-1, 0], [0, 3]], [0, 0, -1]), ([[1, 1, 1]], [0])])  # |x0| + relu(3 x1 - 1)
        >>> found = pr.lipschitz(net, ([-1, -1], [1, 1]))
        >>> found.value, found.matrix
        (Fraction(4, 1), ((Fraction(1, 1), Fraction(3, 1)),))
        >>> pr.lipschitz(net, ([-1, -1], [1, 0])).value, pr.lipschitz(net, norm="l2").enclosure
        (Fraction(1, 1), Enclosure(low=3.162277660168379, high=3.1622776601683795))
    """
    inputs = given_domain(domain, network, "lipschitz")
    one_of(norm, NORMS, "lipschitz", "norm")
    most = whole_number(limit, "lipschitz: limit", 1)
    whole = network if output is None else _with_form(network, output)
    until = Limit(timeout=timeout, where="lipschitz")
    if inputs.is_empty():
        raise EmptySetError("lipschitz: the domain is empty, so nothing changes on it")
    search = Search(whole, inputs, norm, most, progress)
    try:
        with until.kept():
            search.run()
    except KeyboardInterrupt as stopped:
        with unlimited():
            found = _answer(search)
        if until(0):
            return found
        raise Interrupted(f"lipschitz: stopped with {found!r}; it is in .partial", found) from stopped
    return _answer(search)


def _with_form(network: Network, output: Output) -> Network:
    """The network with a linear form of its outputs as its only one."""
    form = given_form(output, network, "lipschitz")
    layer = Layer.from_rows((form.coefficients,), (form.constant,), [False], network.output_dim)
    return Network([*network.layers, layer])


def _answer(search: Search) -> Lipschitz:
    """What a search knows."""
    best = search.best
    low = 0.0 if best is None else best.low
    high = max(search.beyond, 0.0 if best is None else best.high)
    matrix, point = (None, None) if best is None else search.in_all_inputs(best)
    value = best.value if best is not None and search.is_done else None
    stats = dict(search.stats)
    return Lipschitz(search.norm, value, Enclosure(low, high), matrix, point, search.is_done, stats)
