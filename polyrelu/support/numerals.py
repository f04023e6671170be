r"""Numbers as people write them, to exact rationals and back, and shortened for messages.

A number is ``3``, ``-1/3``, ``0.1`` or ``1e-3``; single underscores may part digits, as in Python. What a short text or
a decimal can ask for is limited to :data:`MOST_DIGITS` digits, counting those that its exponent stands for:
``1e99999999`` takes ten characters, and a hundred megabytes as an integer. Integers and fractions, which are numbers
already, have no limit.

Python refuses to convert integers of more than 4300 digits from and to text, unless its setting says otherwise, because
its conversion takes quadratic time. Ours is FLINT's, which does not, so that exact results are written whatever their
size.
"""

from __future__ import annotations

import dataclasses
import re
from decimal import Decimal
from fractions import Fraction
from typing import Any

from flint import fmpz

from polyrelu.errors import InexactError

MOST_DIGITS = 4300
"""The most digits of a number that text or a decimal states, those of its exponent's power of ten counted."""

_PYTHONS_LEAST_LIMIT = 640  # of digits; no setting makes Python refuse to convert fewer
_SHOWN = 40
_DIGITS = r"[0-9]+(?:_[0-9]+)*"
_NUMBER = re.compile(
    rf"(?P<sign>[+-]?)(?=[0-9.])(?P<whole>(?:{_DIGITS})?)"
    rf"(?:/(?P<below>{_DIGITS})|(?:\.(?P<places>(?:{_DIGITS})?))?(?:[eE](?P<exponent>[+-]?{_DIGITS}))?)"
)


def read_number(text: str, where: str) -> Fraction:
    """The rational that a text states.

    Raises:
        InexactError: the text is no number, or one of more than :data:`MOST_DIGITS` digits.
    """
    stripped = text.strip()
    match = _NUMBER.fullmatch(stripped)
    if match is None or not (match["whole"] or match["places"]):
        raise _no_number(text, where)
    whole, places = match["whole"].replace("_", ""), (match["places"] or "").replace("_", "")
    exponent = int(match["exponent"] or 0) if len(match["exponent"] or "") <= _SHOWN else MOST_DIGITS
    below = (match["below"] or "1").replace("_", "")
    if max(len(whole) + len(places), len(below)) + abs(exponent) > MOST_DIGITS:
        raise too_long(stripped, where)
    value = Fraction(_integer(whole + places or "0"), 1)
    shift = exponent - len(places)
    value *= Fraction(10**shift) if shift >= 0 else Fraction(1, 10**-shift)
    denominator = _integer(below)
    if not denominator:
        raise _no_number(text, where)
    return -value / denominator if match["sign"] == "-" else value / denominator


def read_decimal(value: Decimal, where: str) -> Fraction:
    """The rational that a finite Decimal is.

    Raises:
        InexactError: it is one of more than :data:`MOST_DIGITS` digits.
    """
    _, digits, exponent = value.as_tuple()
    if len(digits) + abs(int(exponent)) > MOST_DIGITS:
        raise too_long(str(value), where)
    return Fraction(value)


def _no_number(text: str, where: str) -> InexactError:
    return InexactError(f'{where}: {shown(text)} is not a number; write it like "1/3", "0.1" or "1e-3"')


def too_long(text: str, where: str) -> InexactError:
    """The error for a number with too many digits."""
    return InexactError(
        f"{where}: {_shortened(text)} has more than {MOST_DIGITS} digits, those of its exponent counted; write a "
        "shorter number, or compute it and pass the integer or the Fraction"
    )


def _integer(digits: str) -> int:
    return int(digits) if len(digits) <= _PYTHONS_LEAST_LIMIT else int(fmpz(digits))


def integer_digits(value: int) -> str:
    """An integer in decimal, of any length. Cost: quasilinear."""
    return str(value) if value.bit_length() <= 3 * _PYTHONS_LEAST_LIMIT else str(fmpz(value).str())


def fraction_digits(value: Fraction | int) -> str:
    """A rational in decimal, ``3`` or ``-1/3``, of any length."""
    above = integer_digits(value.numerator)
    return above if value.denominator == 1 else f"{above}/{integer_digits(value.denominator)}"


def record_text(record: Any) -> str:
    """The repr of a dataclass as Python writes it, but with numbers of any length."""
    own = (f"{one.name}={_repr(getattr(record, one.name))}" for one in dataclasses.fields(record))
    return f"{type(record).__qualname__}({', '.join(own)})"


def _repr(value: Any) -> str:
    if isinstance(value, Fraction):
        return f"Fraction({integer_digits(value.numerator)}, {integer_digits(value.denominator)})"
    if type(value) is tuple:
        return f"({', '.join(map(_repr, value))}{',' * (len(value) == 1)})"
    return repr(value)


def shown(value: Any) -> str:
    """A value as a message names it: its repr, or the digits of a number, cut short where that is long."""
    if isinstance(value, (int, Fraction)) and not isinstance(value, bool):
        return _shortened(fraction_digits(value))
    if isinstance(value, str):
        return repr(_shortened(value))
    try:
        return _shortened(repr(value))
    except ValueError:  # a long integer somewhere inside
        return f"a value of type {type(value).__name__}"


def _shortened(text: str) -> str:
    if len(text) <= _SHOWN:
        return text
    return f"{text[: _SHOWN // 2]}...{text[-_SHOWN // 4 :]} ({len(text)} characters)"
