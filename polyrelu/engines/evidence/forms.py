r"""The rows of a certificate as forms on the domain's coordinates (u, t), where a pattern gives them signs.

Rows are numbered as in ``certificates/FORMAT.md``: the domain's conditions, t, and from :attr:`Forms.base` on the
neurons that the target sees and the target's conditions. Each form is known up to a positive factor, in integers.

A row's form depends on the bits of earlier layers only. What these make of u is kept until one of them changes, and
cells that follow one another differ in few bits, most of them late.
"""

from __future__ import annotations

from collections.abc import Sequence

from flint import fmpz, fmpz_mat

from polyrelu.arithmetic.exact import flint_matrix
from polyrelu.engines.evidence.affine_hull import Condition
from polyrelu.engines.evidence.coordinates import Coordinates
from polyrelu.networks.relevant_part import Restriction
from polyrelu.polyhedra.double_description import Vector


class Forms:
    """The forms of rows under a pattern, which begins with zeros and changes bit by bit.

    Args:
        restriction: the layers, reduced to what the target sees, and the target's conditions.
        conditions: those of the domain.
        coordinates: u.

    Attributes:
        base: the number of the first neuron's row.
        count: how many bits a whole pattern has.
    """

    def __init__(self, restriction: Restriction, conditions: Sequence[Condition], coordinates: Coordinates) -> None:
        self.columns = coordinates.dim + 1
        self.domain: list[Vector] = [*map(coordinates.form, conditions), (*[0] * coordinates.dim, 1)]
        self.base = len(self.domain)
        target = [(*h.normal, -h.offset) for h in restriction.target.halfspaces]
        chain = [layer.homogeneous for layer in restriction.layers]
        chain[0] *= coordinates.embedding
        chain.append(flint_matrix(target, restriction.target.ambient_dim + 1))
        self._levels = [matrix.numer_denom()[0] for matrix in chain]
        self._parts = [[fmpz_mat([row]) for row in level.tolist()] for level in self._levels]
        self._neurons = [layer.neurons for layer in restriction.layers]
        places = [(depth, i) for depth, own in enumerate(self._neurons) for i in own]
        self._places = [*places, *((len(self._neurons), i) for i in range(len(target)))]
        self.count = len(self._places)
        self._on = [set[int]() for _ in self._levels]  # the coordinates of a level whose bit is 1
        self._rows: list[dict[int, Vector]] = [{} for _ in self._levels]
        self._outputs: list[fmpz_mat | None] = [None for _ in self._levels]

    def flip(self, bit: int) -> None:
        """Change a bit of the pattern."""
        depth, i = self._places[bit]
        self._on[depth] ^= {i}
        for later in range(depth, len(self._levels)):
            self._outputs[later] = None
        for later in range(depth + 1, len(self._levels)):
            self._rows[later].clear()

    def is_on(self, bit: int) -> bool:
        """Whether a bit is 1."""
        depth, i = self._places[bit]
        return i in self._on[depth]

    def __getitem__(self, row: int) -> Vector:
        """The form of a row."""
        if row < self.base:
            return self.domain[row]
        depth, i = self._places[row - self.base]
        known = self._rows[depth]
        if i not in known:
            own = self._parts[depth][i]
            known[i] = tuple(map(int, (own * self._outputs_of(depth - 1) if depth else own).entries()))
        return known[i]

    def _outputs_of(self, depth: int) -> fmpz_mat:
        """What a level gives, with a last row for the 1 that is passed along."""
        known = self._outputs[depth]
        if known is None:
            level = self._levels[depth]
            known = level if depth == 0 else level * self._outputs_of(depth - 1)
            silent = set(self._neurons[depth]) - self._on[depth]
            if silent:
                rows = known.tolist()
                for i in silent:
                    rows[i] = [fmpz(0)] * self.columns
                known = fmpz_mat(rows)
            self._outputs[depth] = known
        return known
