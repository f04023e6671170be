"""Large matrices of floats: a sequence of rows, each made exact when it is looked at.

A Fraction takes twenty times the room of the float that it stands for, and thousands of times as long to make. What is
asked about few inputs looks at few of the weights of a large layer one by one; the others enter as floats, or as
integers over a power of two.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from polyrelu.arithmetic.exact import ExactMatrix, ExactVector, FloatArray, as_fractions, float_ratio, read_only

LEAST_FLOATS = 2**18
"""The entries from which on a matrix of floats is kept as one: below, Fractions are as good."""
_MANTISSA, _EXPONENT = (1 << 52) - 1, 0x7FF
_LEAST_EXPONENT = -1074


@dataclass(frozen=True, slots=True, eq=False)
class FloatRows(Sequence[ExactVector]):
    """Rows by their floats; equal to any sequence of the same rows.

    Attributes:
        floats: (n, d), read-only, finite, and without negative zeros.
    """

    floats: FloatArray

    @classmethod
    def of(cls, weight: Any) -> FloatRows | None:
        """Rows of an array, if it is a large matrix of finite floats; else None."""
        if not isinstance(weight, np.ndarray) or weight.ndim != 2 or weight.size < LEAST_FLOATS:
            return None
        if weight.dtype.kind != "f" or weight.dtype.itemsize > 8 or not np.isfinite(weight).all():
            return None
        return cls(read_only(without_negative_zeros(weight)))

    def __len__(self) -> int:
        return len(self.floats)

    @overload
    def __getitem__(self, index: int) -> ExactVector: ...
    @overload
    def __getitem__(self, index: slice) -> FloatRows: ...
    def __getitem__(self, index: int | slice) -> ExactVector | FloatRows:
        if isinstance(index, slice):
            return FloatRows(self.floats[index])
        return tuple(Fraction(*float_ratio(v)) for v in self.floats[index].tolist())

    def __iter__(self) -> Iterator[ExactVector]:
        return map(self.__getitem__, range(len(self)))

    def __add__(self, others: Iterable[ExactVector]) -> ExactMatrix:
        """These rows, and others after them."""
        return (*self, *others)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, FloatRows):
            return np.array_equal(self._bits, other._bits)
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(row == given for row, given in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]  # it would have to be that of the rows as a tuple of tuples

    @property
    def _bits(self) -> NDArray[np.int64]:
        """The floats as they are stored: zero where they are, also where a thread takes subnormal ones for zero."""
        return self.floats.view(np.int64)

    @property
    def nonzero(self) -> NDArray[np.bool_]:
        """Which entries are not zero, (n, d)."""
        return np.asarray(self._bits != 0)

    def chosen(self, outputs: Sequence[int], inputs: Sequence[int]) -> ExactMatrix | FloatRows:
        """The chosen columns of the chosen rows; whole where they are few."""
        kept = FloatRows(read_only(np.ascontiguousarray(self.floats[np.ix_(list(outputs), list(inputs))])))
        return kept if kept.floats.size >= LEAST_FLOATS else tuple(kept)

    def over_a_power_of_two(self) -> tuple[NDArray[Any], int]:
        """Integers (n, d), in 64 bits where they fit, and k: the entries are these over 2^k."""
        bits = self._bits
        own = (bits >> 52) & _EXPONENT
        places = np.where(own > 0, (bits & _MANTISSA) | (1 << 52), bits & _MANTISSA)
        exponents = np.maximum(own, 1) - 1 + _LEAST_EXPONENT
        twos = np.frexp((places & -places).astype(np.float64))[1].astype(np.int64) - 1  # that divide the places
        twos[places == 0] = 0
        odd, exponents = places >> twos, np.where(places == 0, 0, exponents + twos)
        k = max(0, -int(exponents.min(initial=0)))
        shifts = exponents + k
        longest = int((np.frexp(odd.astype(np.float64))[1] + shifts).max(initial=0))
        if longest < 63:
            return np.where(bits < 0, -(odd << shifts), odd << shifts), k
        shift = np.frompyfunc(lambda v, s: int(v) << int(s), 2, 1)
        whole = shift(odd, shifts)
        return np.where(bits < 0, -whole, whole), k


def entries_for_layer(array: NDArray[Any]) -> NDArray[Any]:
    """A weight as a layer takes it the soonest: floats as they are where they are many, else as Fractions."""
    return array if array.size >= LEAST_FLOATS and array.dtype.kind == "f" else as_fractions(array)


def without_negative_zeros(weight: NDArray[Any]) -> FloatArray:
    """A copy without negative zeros, which are found by their bits, because some modes take more for zero."""
    floats = np.array(weight, dtype=np.float64, order="C")
    floats.view(np.int64)[floats.view(np.int64) == np.iinfo(np.int64).min] = 0
    return floats
