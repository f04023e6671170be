r"""Comparisons with numbers that depend on the input, and what may be done with them.

``where(x > 0, x, 0.1 * x)`` is piecewise linear and continuous, ``where(x > 0, 1, 0)`` is not, and no network of ReLUs
computes it. An entry of ``where(d > 0, a, b)`` can be lowered if a - b is a multiple of d, because then

.. math:: b + [d > 0] \, \lambda d = b + \lambda \max(0, d), \qquad a - b = \lambda d ,

and nothing is left to chance at d = 0, so it does not matter whether the comparison is strict. Rows are compared as the
affine combinations that they are; two ways to write one function by different neurons are not recognised.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from polyrelu.errors import BudgetExceeded, InputError
from polyrelu.formats import operators as op
from polyrelu.formats.aten_site import Condition, Site, numeric
from polyrelu.formats.lowering import ONE, ZERO, Row, Variable

MOST_BRANCHES = 2**17
"""The most entries that depend on conditions; comparing their branches takes some tens of microseconds each."""


def check_branches(shape: tuple[int, ...], where: str) -> None:
    """Refuse too many conditions.

    Raises:
        BudgetExceeded: more than :data:`MOST_BRANCHES`.
    """
    if math.prod(shape) > MOST_BRANCHES:
        raise BudgetExceeded(f"{where} has conditions for a tensor of shape {shape}, over {MOST_BRANCHES}")


def chosen(site: Site, condition: Any, a: Any, b: Any) -> Variable:
    """``where(condition, a, b)``, of a constant condition or of one that the two agree at.

    Raises:
        InputError: the two are not seen to agree where the condition changes.
        BudgetExceeded: there are more than :data:`MOST_BRANCHES` entries.
    """
    one, other = site.variable(a), site.variable(b)
    if not isinstance(condition, Condition):
        kept, p, q = np.broadcast_arrays(np.asarray(site.constant(condition), dtype=np.bool_), one.rows, other.rows)
        return site.low.settled(Variable(np.where(kept, p, q)))
    shape = np.broadcast_shapes(condition.shape, one.shape, other.shape)
    check_branches(shape, f"{site.where}: {site.operator}")
    d, p, q = (np.broadcast_to(rows, shape) for rows in (condition.difference.rows, one.rows, other.rows))
    entries = list(zip(d.ravel().tolist(), p.ravel().tolist(), q.ravel().tolist(), strict=True))
    factors = [_factor(site, condition.strict, *entry) for entry in entries]
    bent = [i for i, (factor, _) in enumerate(factors) if factor]
    bends = site.low.relu(Variable.of([entries[i][0] for i in bent], (len(bent),))).flat if bent else []
    rows: list[Row] = [base for _, base in factors]
    for i, bend in zip(bent, bends, strict=True):
        rows[i] = rows[i].plus(bend.scaled(factors[i][0]))
    return site.low.settled(Variable.of(rows, d.shape))


def _factor(site: Site, strict: bool, d: Row, a: Row, b: Row) -> tuple[Fraction, Row]:
    """The lambda with ``a - b = lambda d``, and b; 0 and the branch where that is always the same."""
    bare = _without_zeros(d)
    if not bare.terms:
        return ZERO, a if (bare.constant > 0 if strict else bare.constant >= 0) else b
    gap = _without_zeros(a.plus(b.scaled(-ONE)))
    if not gap.terms and not gap.constant:
        return ZERO, b
    k, c = next(iter(bare.terms.items()))
    factor = gap.terms.get(k, ZERO) / c
    rest = _without_zeros(gap.plus(bare.scaled(-factor)))
    if rest.terms or rest.constant:
        raise InputError(
            f"{site.where}: {site.operator} with a condition on the input jumps, or may: its branches must differ by a "
            "multiple of what is compared; write it with relu, maximum or clamp"
        )
    return factor, b


def _without_zeros(row: Row) -> Row:
    return Row({k: c for k, c in row.terms.items() if c}, row.constant)


def _compare(sign: Fraction, strict: bool) -> Callable[..., Any]:
    """``a > b`` is the condition that sign * (a - b) is positive."""

    def lowered(site: Site, a: Any, b: Any) -> Condition:
        gap = op.subtract(site.low, numeric(site.value(a)), numeric(site.value(b)), site.where)
        return Condition(op.affine(op.as_variable(gap, site.where), sign, ZERO), strict)

    return lowered


def _not(site: Site, condition: Any) -> Condition:
    if not isinstance(condition, Condition):
        raise InputError(f"{site.where}: {site.operator} of numbers that depend on the input is not continuous")
    return condition.negated()


def _masked_fill(site: Site, x: Any, mask: Any, value: Any) -> Variable:
    return chosen(site, mask, value, x)


def _where(site: Site, condition: Any, *branches: Any) -> Variable:
    if len(branches) != 2:
        raise InputError(f"{site.where}: where without values gives places that depend on the input")
    return chosen(site, condition, *branches)


def _threshold(site: Site, x: Any, threshold: float, value: float) -> Variable:
    return chosen(site, _compare(ONE, True)(site, x, threshold), x, value)


def multiplied(site: Site, factors: Sequence[Any]) -> Variable | None:
    """A tensor times a condition: the tensor where it holds, 0 elsewhere; None if neither factor is a condition."""
    for condition, other in (factors, factors[::-1]):
        if isinstance(condition, Condition):
            return chosen(site, condition, other, 0)
    return None


CONDITIONS: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(("gt", "greater"), _compare(ONE, True)),
    **dict.fromkeys(("ge", "greater_equal"), _compare(ONE, False)),
    **dict.fromkeys(("lt", "less"), _compare(-ONE, True)),
    **dict.fromkeys(("le", "less_equal"), _compare(-ONE, False)),
    **dict.fromkeys(("logical_not", "bitwise_not"), _not),
    "masked_fill": _masked_fill,
    "threshold": _threshold,
    "where": _where,
}
