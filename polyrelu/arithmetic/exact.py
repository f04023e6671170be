r"""Numbers: anything that has an exact rational value, to that value.

A float is the dyadic rational it stores, ``0.1`` is 3602879701896397/36028797018963968; a decimal string is
what it says, ``"0.1"`` is 1/10. Nothing is rounded on the way in: what has no rational value (NaN, infinity, a
complex number, :math:`\sqrt 2`) is an :class:`~polyrelu.errors.InexactError` that names the value and where it stood.

Two exact types are used inside: :class:`fractions.Fraction` for single numbers that users see, and
``flint.fmpq_mat`` for products and elimination. Rows of inequalities are kept as *primitive integer rows*: the
unique positive multiple whose entries are integers with greatest common divisor 1.
"""

from __future__ import annotations

import math
import struct
import sys
from collections.abc import Iterable, Sequence
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from fractions import Fraction
from typing import Any, TypeAlias, TypeVar

import numpy as np
from flint import fmpq, fmpq_mat, fmpz
from numpy.typing import NDArray

from polyrelu.arithmetic.ieee import SMALLEST_NORMAL, probe
from polyrelu.errors import DimensionError, InexactError, RangeError
from polyrelu.support.arguments import is_sequence
from polyrelu.support.numerals import MOST_DIGITS, read_decimal, read_number, shown, too_long
from polyrelu.support.tensors import plain

ExactVector: TypeAlias = tuple[Fraction, ...]
ExactMatrix: TypeAlias = tuple[ExactVector, ...]
ExactArray: TypeAlias = NDArray[np.object_]
FloatArray: TypeAlias = NDArray[np.float64]
Array = TypeVar("Array", bound=NDArray[Any])

_ROUND = "round it first, for example with sympy.nsimplify(value, rational=True) or Fraction(value).limit_denominator()"


def exact(value: Any, where: str = "value") -> Fraction:
    """The exact rational value of a number.

    Accepts int, float, Fraction, Decimal, numpy scalars, strings (``"1/3"``, ``"0.1"``, ``"1e-3"``), rational sympy
    numbers and tensors of PyTorch without dimensions. ``where`` names the value in errors. What a short text, a
    Decimal or a sympy Float can ask for is limited to :data:`polyrelu.support.numerals.MOST_DIGITS` digits.

    Raises:
        InexactError: the value is NaN, infinite, complex, irrational, boolean or not a number, or has too many digits.
    """
    if type(value) is float and math.isfinite(value):  # most numbers are, and other types take longer to tell
        return Fraction(*float_ratio(value))
    if isinstance(value, Fraction):
        return value
    if isinstance(value, (bool, np.bool_)):
        raise InexactError(f"{where}: {value!r} is a truth value, not a number; write 0 or 1")
    if isinstance(value, (int, np.integer)) and not isinstance(value, np.timedelta64):
        return Fraction(int(value))
    if isinstance(value, (float, np.floating)):
        if not (math.isfinite(value) if isinstance(value, float) else np.isfinite(value)):
            raise _not_finite(value, where)
        return Fraction(*float_ratio(value))
    if isinstance(value, str):
        return read_number(value, where)
    return _exact_other(value, where)


def _exact_other(value: Any, where: str) -> Fraction:
    """The value of what is no builtin number."""
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise _not_finite(value, where)
        return read_decimal(value, where)
    if isinstance(value, (complex, np.complexfloating)):
        raise InexactError(f"{where}: {value} is complex; polyrelu works over the rationals, pass its real part")
    if isinstance(value, fmpz):
        return Fraction(int(value))
    if isinstance(value, fmpq):
        return from_flint(value)
    number = plain(value, where)
    return _exact_sympy(value, where) if number is value or np.ndim(number) else exact(number, where)


def _not_finite(value: Any, where: str) -> InexactError:
    return InexactError(f"{where}: {value} is not a finite number; remove or replace it before building the object")


def _exact_sympy(value: Any, where: str) -> Fraction:
    sympy = sys.modules.get("sympy")
    if sympy is None or not isinstance(value, sympy.Basic):
        raise InexactError(
            f"{where}: {shown(value)} of type {type(value).__name__} is not a number that polyrelu knows"
        )
    if isinstance(value, sympy.Float) and value.is_finite:
        # With a precision: without one some versions write the number out to count its digits.
        least, most = (sympy.Float(f"1e{sign}{MOST_DIGITS}", 15) for sign in "-+")
        if value and not least <= abs(value) <= most:
            raise too_long(str(value), where)
        value = sympy.Rational(value)
    if isinstance(value, sympy.Rational) and value.is_finite:
        return Fraction(int(value.p), int(value.q))
    raise InexactError(f"{where}: {shown(value)} has no exact rational value; {_ROUND}")


def exact_vector(values: Iterable[Any], where: str, length: int | None = None) -> ExactVector:
    """A sequence of numbers as Fractions.

    Raises:
        InexactError: an entry has no exact value; the message names its index.
        DimensionError: ``length`` is given and differs, or an entry is itself a sequence.
    """
    vector = tuple(
        Fraction(*float_ratio(v))
        if type(v) is float and math.isfinite(v)
        else exact(_scalar(v, f"{where}[{i}]"), f"{where}[{i}]")
        for i, v in enumerate(_iterate(values, where))
    )
    if length is not None and len(vector) != length:
        raise DimensionError(f"{where}: expected {length} numbers, got {len(vector)}")
    return vector


def exact_matrix(rows: Iterable[Iterable[Any]], where: str, columns: int | None = None) -> ExactMatrix:
    """A two-dimensional array of numbers as rows of Fractions, all of one length.

    Raises:
        InexactError: an entry has no exact value; the message names its row and column.
        DimensionError: the rows differ in length, or ``columns`` is given and differs.
    """
    matrix = tuple(exact_vector(row, f"{where}[{i}]") for i, row in enumerate(_iterate(rows, where)))
    expected = columns if columns is not None else (len(matrix[0]) if matrix else 0)
    for i, row in enumerate(matrix):
        if len(row) != expected:
            raise DimensionError(f"{where}[{i}]: has {len(row)} entries, expected {expected} as in the other rows")
    return matrix


def _iterate(values: Any, where: str) -> list[Any]:
    values = plain(values, where)
    if not is_sequence(values):
        raise DimensionError(f"{where}: expected a sequence, got {type(values).__name__} {shown(values)}")
    if isinstance(values, np.ndarray) and values.ndim == 1:
        if values.dtype == np.float32 and not _has_subnormal_singles(values):
            values = values.astype(np.float64)
        if values.dtype == np.float64:
            return list(values.tolist())  # not a numpy scalar for each, which takes longer to tell
    return list(values)


def _has_subnormal_singles(values: NDArray[np.float32]) -> bool:
    """Whether some numbers are so small that modes of the processor take them for zero; by their bits."""
    bits = np.ascontiguousarray(values).view(np.int32) & 0x7FFFFFFF
    return bool(((bits > 0) & (bits < 1 << 23)).any())


def _scalar(value: Any, where: str) -> Any:
    if isinstance(value, (Fraction, float, int, str)):
        return value
    value = plain(value, where)
    if isinstance(value, np.ndarray) and value.ndim == 0:
        return value[()]
    if isinstance(value, (list, tuple, np.ndarray)):
        raise DimensionError(f"{where}: expected a single number, got a sequence of {len(value)}")
    return value


def exact_array(rows: Sequence[Any], shape: tuple[int, ...]) -> ExactArray:
    """Fractions (or ints) laid out as a read-only numpy object array of the given shape."""
    array = np.empty(shape, dtype=object)
    if array.size:
        array[...] = rows
    return read_only(array)


def as_fractions(array: NDArray[Any]) -> NDArray[Any]:
    """Finite floats as the fractions that they are, all at once; other arrays as they are, to be refused by others."""
    if array.dtype.kind != "f" or array.dtype.itemsize > 8 or not np.isfinite(array).all():
        return array
    numbers = np.empty(array.size, dtype=object)
    numbers[:] = list(map(Fraction, array.ravel().tolist()))
    return numbers.reshape(array.shape)


def is_float_array(values: Any) -> bool:
    """Whether ``values`` is a numpy array of floats, the one input that is evaluated in floats."""
    return isinstance(values, np.ndarray) and np.issubdtype(values.dtype, np.floating)


def to_flint(value: Fraction | int) -> fmpq:
    """A Fraction as python-flint's rational."""
    return fmpq(value.numerator, value.denominator)


def from_flint(value: fmpq) -> Fraction:
    """python-flint's rational as a Fraction."""
    return Fraction(int(value.p), int(value.q))


def flint_matrix(rows: Sequence[Sequence[Fraction | int]], columns: int) -> fmpq_mat:
    """Rows as a ``flint.fmpq_mat`` of shape (len(rows), columns); either may be zero."""
    return fmpq_mat(len(rows), columns, [to_flint(v) for row in rows for v in row])


def matrix_rows(matrix: fmpq_mat) -> ExactMatrix:
    """The rows of a ``flint.fmpq_mat`` as Fractions."""
    columns = matrix.ncols()
    entries = [from_flint(v) for v in matrix.entries()]
    return tuple(tuple(entries[i * columns : (i + 1) * columns]) for i in range(matrix.nrows()))


def primitive(row: Sequence[Fraction | int]) -> tuple[int, ...]:
    """The positive multiple of ``row`` with integer entries of greatest common divisor 1 (zero stays zero).

    >>> primitive([Fraction(1, 2), Fraction(-2, 3)])
    (3, -4)
    """
    scale = math.lcm(*(v.denominator for v in row))
    integers = [v.numerator * (scale // v.denominator) for v in row]
    divisor = math.gcd(*integers)
    return tuple(v // divisor for v in integers) if divisor > 1 else tuple(integers)


def row_echelon(rows: Sequence[Sequence[Fraction | int]], columns: int) -> tuple[ExactMatrix, tuple[int, ...]]:
    """The nonzero rows of the reduced row echelon form, and their pivot columns. Cost: cubic, exact."""
    reduced, rank = flint_matrix(rows, columns).rref()
    basis = matrix_rows(reduced)[:rank]
    return basis, tuple(next(j for j, v in enumerate(row) if v) for row in basis)


def is_float(value: Fraction | int, nearest: float) -> bool:
    """Whether a number is its nearest float; no number is an infinite one."""
    return math.isfinite(nearest) and (value.numerator, value.denominator) == float_ratio(nearest)


def float_ratio(value: Any) -> tuple[int, int]:
    """The numerator and the denominator of a finite float, Decimal or numpy float, in every mode of the processor.

    Python's ``as_integer_ratio`` computes with floats, and finds zero for subnormal ones where those are taken for
    zero; here the bits of small ones are read instead.
    """
    if isinstance(value, float):
        if -SMALLEST_NORMAL < value < SMALLEST_NORMAL:
            (bits,) = struct.unpack("<q", struct.pack("<d", value))
            places = bits & (1 << 52) - 1
            return _lowest_terms(-places if bits < 0 else places, 1074)
    elif isinstance(value, np.float32) and abs(value) < _SMALLEST_NORMAL_SINGLE:
        bits = int(np.frombuffer(value.tobytes(), dtype=np.int32)[0])
        places = bits & (1 << 23) - 1
        return _lowest_terms(-places if bits < 0 else places, 149)
    numerator, denominator = value.as_integer_ratio()
    return int(numerator), int(denominator)


_SMALLEST_NORMAL_SINGLE = np.float32(2.0**-126)


def _lowest_terms(places: int, exponent: int) -> tuple[int, int]:
    """``places / 2^exponent`` in lowest terms."""
    if not places:
        return 0, 1
    twos = min((places & -places).bit_length() - 1, exponent)
    return places >> twos, 1 << exponent - twos


def to_floats(values: Iterable[Fraction | int]) -> FloatArray:
    """The nearest floats, read-only; for drawing and for filters that carry an error bound, never for decisions.

    They are the nearest in every mode of the processor, because what is computed once may be kept for other threads.

    Raises:
        RangeError: a value is beyond the range of floats.
    """
    return float_quotients((v.numerator, v.denominator) for v in values)


def to_float(value: Fraction | int | float) -> float:
    """The nearest float of one number.

    Raises:
        RangeError: it is beyond the range of floats.
    """
    return value if isinstance(value, float) else float(to_floats([value])[0])


def float_quotients(ratios: Iterable[tuple[int, int]]) -> FloatArray:
    """The nearest floats of quotients of integers, as :func:`to_floats`; denominators are positive."""
    divide = _true_quotient if all(probe().values()) else _nearest_by_integers
    try:
        return read_only(np.array([divide(p, q) for p, q in ratios], dtype=np.float64))
    except OverflowError:
        raise RangeError(
            "floats: a number is beyond their range, 1.8e308; ask for exact numbers, or cut the set with a smaller box"
        ) from None


def nearest_floats(values: Iterable[Fraction | int]) -> FloatArray:
    """The nearest floats as :func:`to_floats`, but infinite where a value is beyond the range of floats.

    Rounding keeps order: if a number is at most another, then so are their floats.
    """
    numbers = list(values)
    try:
        return to_floats(numbers)
    except OverflowError:
        return read_only(np.array([_nearest_or_infinite(v) for v in numbers], dtype=np.float64))


def _nearest_or_infinite(value: Fraction | int) -> float:
    try:
        return _nearest_by_integers(value.numerator, value.denominator)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def enclosing_floats(value: Fraction | int) -> tuple[float, float]:
    """The neighbouring floats that enclose a number; the same one twice where it is a float.

    Beyond the range of floats one of them is infinite. No floating-point arithmetic, so it holds in every mode of the
    processor.
    """
    nearest = _nearest_or_infinite(value)
    if math.isinf(nearest):
        return (_LARGEST, math.inf) if nearest > 0 else (-math.inf, -_LARGEST)
    numerator, denominator = float_ratio(nearest)
    off = numerator * value.denominator - value.numerator * denominator
    if not off:
        return nearest, nearest
    return (_neighbour(nearest, -1), nearest) if off > 0 else (nearest, _neighbour(nearest, 1))


_LARGEST = sys.float_info.max


def _neighbour(value: float, side: int) -> float:
    """The next float above a finite one, or below, by its bits: as integers, those of one sign are in order."""
    (bits,) = struct.unpack("<q", struct.pack("<d", value))
    place = bits if bits >= 0 else -(bits & (1 << 63) - 1)
    place += side
    (neighbour,) = struct.unpack("<d", struct.pack("<Q", place if place >= 0 else 1 << 63 | -place))
    return float(neighbour)


def read_only(array: Array) -> Array:
    """The array itself, which cannot be written to from now on: what is kept must not change later answers."""
    array.flags.writeable = False
    return array


def rounded_text(value: Fraction | int | float, digits: int) -> str:
    """A number to so many significant digits, as ``f"{value:.{digits}g}"`` does it; beyond the floats' range, too."""
    if isinstance(value, float):
        return f"{value:.{digits}g}"
    if not value or _SHORTEST <= abs(Fraction(value)) <= _LONGEST:
        return f"{value.numerator / value.denominator:.{digits}g}"
    context = Context(prec=max(digits, 1), Emax=MAX_EMAX, Emin=MIN_EMIN)
    return f"{context.divide(Decimal(value.numerator), Decimal(value.denominator)).normalize(context):e}"


_SHORTEST, _LONGEST = Fraction(1, 2**1000), Fraction(2**1000)


def _true_quotient(numerator: int, denominator: int) -> float:
    return numerator / denominator  # correctly rounded by Python, where the processor rounds to nearest


def _nearest_by_integers(numerator: int, denominator: int) -> float:
    """The nearest float, ties to even, without floating-point arithmetic: its bits are put together."""
    size = abs(numerator)
    exponent = max(size.bit_length() - denominator.bit_length() - 53, -1074)  # of the last place, or one below it
    while True:
        above, below = (size, denominator << exponent) if exponent >= 0 else (size << -exponent, denominator)
        places, rest = divmod(above, below)
        if places < 1 << 53:
            break
        exponent += 1
    places += 2 * rest > below or (2 * rest == below and places & 1)
    if places >> 53:
        places, exponent = places >> 1, exponent + 1
    if exponent > 971:
        raise OverflowError("number beyond the range of floats")
    bits = places if places < 1 << 52 else (exponent + 1075 << 52) + places - (1 << 52)
    value: float = struct.unpack("<d", struct.pack("<Q", bits | (numerator < 0) << 63))[0]
    return value
