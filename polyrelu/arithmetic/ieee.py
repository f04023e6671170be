r"""Whether floats are what every proven bound of this package assumes: IEEE 754 binary64 with its default modes.

The bounds hold for rounding to nearest and gradual underflow. Both are modes of the processor, one setting for each
thread, which foreign code may have changed: a library built with ``-ffast-math`` flushes subnormal numbers to zero in
the thread that loads it, and interval libraries leave a directed rounding behind. Threads inherit the modes of the
thread that starts them. Whoever lets a float decide asks :func:`floats_are_sound` first, in the thread that works, once
a run; where the answer is no, floats decide nothing there.

**The table** of the numbers that bounds are made of. Rounded to nearest with gradual underflow, an operation (+, -, \*,
/, a conversion) gives :math:`z (1 + \delta) + \epsilon` for its exact result z, with :math:`|\delta| \le u`, or with
:math:`|\epsilon| \le \eta / 2` where the result is subnormal; sums and differences that are subnormal are exact
(N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., 2002, section 2.1, doi:10.1137/1.9780898718027).
In other modes, those of threads that nobody can ask, it is :math:`2 u`, and all of what is less than :math:`\tau`, of a
result or of an operand. Every allowance for underflow is a multiple of :math:`\eta` or of :math:`\tau`, and counts
these.
"""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

from polyrelu.errors import FloatModeWarning

UNIT_ROUNDOFF = 2.0**-53
"""The unit roundoff u: half the distance from 1 to the next float, so half an ulp is at most u times the number."""

SMALLEST = 2.0**-1074
r"""The least positive float, :math:`\eta`: the distance of subnormal numbers, so half of it is what rounding loses."""

SMALLEST_NORMAL = 2.0**-1022
r"""The least normal float, :math:`\tau`: what is flushed to zero is less."""


class FloatFormat(NamedTuple):
    r"""A format of floats with the same rules: its name, and its u and :math:`\eta`."""

    name: str
    unit_roundoff: float
    smallest: float


FORMATS = {
    floats.name: floats
    for floats in (
        FloatFormat("float64", UNIT_ROUNDOFF, SMALLEST),
        FloatFormat("float32", 2.0**-24, 2.0**-149),
        FloatFormat("float16", 2.0**-11, 2.0**-24),
        FloatFormat("bfloat16", 2.0**-8, 2.0**-133),
    )
}
"""The formats of arrays: three of IEEE 754, and bfloat16, the upper half of a float32."""


def format_of(values: Any) -> FloatFormat | None:
    """The format of an array's or a tensor's numbers, or of a list of arrays in one format; None for other numbers.

    The dtype's name decides, so that the packages which have bfloat16 need not be imported. Longer formats than
    float64 count as float64, whose roundings are larger.
    """
    dtype = getattr(values, "dtype", None)
    if dtype is not None:
        name = str(dtype).removeprefix("torch.")
        return FORMATS["float64"] if name in _LONGER else FORMATS.get(name)
    found = {format_of(row) for row in values} if isinstance(values, (list, tuple)) else {None}
    return found.pop() if len(found) == 1 else None


_LONGER = ("longdouble", "float96", "float128")


class UnsoundFloats(ArithmeticError):
    """A thread that was to work does not round to nearest, or flushes subnormal numbers to zero."""


# The operands are read from a list, so no compiler knows them.
_OPERANDS = [1.0, UNIT_ROUNDOFF, UNIT_ROUNDOFF / 2, SMALLEST_NORMAL, 0.5, SMALLEST, 2.0**52]


def probe() -> dict[str, bool]:
    """What this thread's floats do, and whether it is what IEEE 754's default modes do.

    Rounding upwards fails the first question, downwards and to zero the second; flushing results to zero fails the
    third, taking subnormal operands for zero the fourth.
    """
    one, half_ulp_above, half_ulp_below, smallest_normal, half, smallest, power = _OPERANDS
    return {
        "1 + 2^-53 == 1": one + half_ulp_above == one,
        "1 - 2^-54 == 1": one - half_ulp_below == one,
        "2^-1022 * 0.5 != 0": smallest_normal * half != 0.0,
        "2^-1074 * 2^52 != 0": smallest * power != 0.0,
    }


def floats_are_sound() -> bool:
    """Whether floats in this thread round to nearest and underflow gradually; warns with FloatModeWarning if not.

    Cost: a microsecond.
    """
    answers = probe()
    if all(answers.values()):
        return True
    wrong = " and ".join(question for question, right in answers.items() if not right)
    warnings.warn(
        f"polyrelu: this thread's floats are not IEEE 754's default ({wrong} does not hold), so floats decide nothing "
        "and everything is computed in exact arithmetic, slowly; some library has changed the rounding mode or flushes "
        "subnormal numbers to zero",
        FloatModeWarning,
        stacklevel=2,
    )
    return False
