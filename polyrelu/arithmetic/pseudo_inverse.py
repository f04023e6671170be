"""The Moore-Penrose inverse of a rational matrix, exact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from polyrelu.arithmetic.exact import ExactMatrix, flint_matrix, matrix_rows, row_echelon


@dataclass(frozen=True)
class PseudoInverse:
    """``matrix`` is the Moore-Penrose inverse of W; ``kernel`` and ``left_kernel`` are bases of ker W and ker W^T."""

    matrix: ExactMatrix
    kernel: ExactMatrix
    left_kernel: ExactMatrix


def pseudo_inverse(rows: ExactMatrix, columns: int) -> PseudoInverse:
    """The exact pseudo-inverse of a rational (n, ``columns``) matrix. Cost: cubic, exact.

    It is R^T (R R^T)^-1 (C^T C)^-1 C^T for a full-rank factorisation W = C R (Ben-Israel and Greville, Generalized
    Inverses, 2nd ed., 2003, theorem 1.3.5): R is the reduced row echelon form, C has W's columns at its pivots. In rank
    zero it is the zero matrix.
    """
    echelon, pivots = row_echelon(rows, columns)
    left_echelon, left_pivots = row_echelon(tuple(zip(*rows, strict=True)), len(rows))
    kernel, left_kernel = _kernel(echelon, pivots, columns), _kernel(left_echelon, left_pivots, len(rows))
    if not pivots:
        return PseudoInverse(((Fraction(0),) * len(rows),) * columns, kernel, left_kernel)
    R = flint_matrix(echelon, columns)
    C = flint_matrix([[row[j] for j in pivots] for row in rows], len(pivots))
    right, left = R.transpose() * (R * R.transpose()).inv(), (C.transpose() * C).inv() * C.transpose()
    return PseudoInverse(matrix_rows(right * left), kernel, left_kernel)


def _kernel(echelon: ExactMatrix, pivots: Sequence[int], columns: int) -> ExactMatrix:
    """A basis of the vectors on which a matrix in reduced row echelon form vanishes: one for each free column."""
    basis = []
    for free in sorted(set(range(columns)) - set(pivots)):
        vector = [Fraction(int(j == free)) for j in range(columns)]
        for row, pivot in zip(echelon, pivots, strict=True):
            vector[pivot] = -row[free]
        basis.append(tuple(vector))
    return tuple(basis)
