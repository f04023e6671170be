"""Which neurons are active, as data: sign vectors, and sign vectors of which a part is open.

Elsewhere signs are plain arrays only in inner loops: rows of truth values, or of bytes with eight signs each, the first
one highest. The functions here make them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, pairwise

import numpy as np
from numpy.typing import NDArray


class SignVector(tuple[tuple[bool, ...], ...]):
    """For each layer, which of its ReLU neurons are active.

    It is a tuple with a tuple for each layer: equal to such a tuple, and hashed and ordered like it.
    """

    __slots__ = ()

    @classmethod
    def from_flat(cls, signs: NDArray[np.bool_ | np.uint8], starts: Sequence[int]) -> SignVector:
        """From all signs in one row, and where each layer's begin and the last one's end."""
        flags = signs.astype(np.bool_).tolist()
        return cls(tuple(flags[first:after]) for first, after in pairwise(starts))

    @classmethod
    def from_packed(cls, packed: NDArray[np.uint8], starts: Sequence[int]) -> SignVector:
        """From :func:`packed_signs` of the row."""
        return cls.from_flat(unpacked_signs(packed, starts[-1]), starts)

    @property
    def flat(self) -> NDArray[np.bool_]:
        """All signs in one row."""
        return np.fromiter(chain.from_iterable(self), np.bool_)

    @property
    def number(self) -> int:
        """All signs as the digits of a binary number, the first one highest."""
        flags = self.flat
        return int.from_bytes(packed_signs(flags).tobytes(), "big") >> -len(flags) % 8

    def before(self, depth: int) -> SignVector:
        """The signs of the layers before ``depth``."""
        return SignVector(self[:depth])

    def then(self, signs: Iterable[bool]) -> SignVector:
        """The signs of one more layer at the end."""
        return SignVector((*self, tuple(signs)))


class PartialSigns(tuple[tuple[int, ...], ...]):
    """For each layer and each of its ReLU neurons: 1 if it is active, -1 if it is silent, 0 if that is open."""

    __slots__ = ()

    @property
    def active(self) -> SignVector:
        """Which neurons are certainly active."""
        return SignVector(tuple(sign > 0 for sign in own) for own in self)

    def agreeing(self, packed: NDArray[np.uint8]) -> list[int]:
        """The numbers of the packed sign vectors, one a row, that are as these signs say where they say something."""
        flat = np.fromiter(chain.from_iterable(self), np.int8)
        matters, wanted = packed_signs(flat != 0), packed_signs(flat > 0)
        return np.flatnonzero((((packed ^ wanted) & matters) == 0).all(axis=1)).tolist()


def sign_rows(vectors: Sequence[Iterable[Iterable[bool]]], neurons: int) -> NDArray[np.bool_]:
    """Sign vectors as an array, (n, neurons)."""
    flat = chain.from_iterable(chain.from_iterable(vectors))
    return np.fromiter(flat, np.bool_, len(vectors) * neurons).reshape(len(vectors), neurons)


def packed_signs(signs: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Rows of signs, eight to a byte, the first one highest."""
    return np.packbits(signs, axis=-1)


def unpacked_signs(packed: NDArray[np.uint8], neurons: int) -> NDArray[np.bool_]:
    """The rows of so many signs that were packed."""
    return np.unpackbits(packed, axis=-1, count=neurons).view(np.bool_)


def packed_keys(packed: NDArray[np.uint8]) -> NDArray[np.bytes_]:
    """Packed rows of signs as strings of bytes, which sort as patterns do."""
    if not packed.shape[1]:
        return np.zeros(len(packed), dtype="S1")
    return np.ascontiguousarray(packed).view(f"S{packed.shape[1]}").ravel()
