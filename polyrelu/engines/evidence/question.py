"""A statement as evidence sees it: the conditions of its domain as they are written, and what each target sees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from polyrelu.engines.evidence.affine_hull import Condition
from polyrelu.networks.relevant_part import Restriction, keep_all, restrict_as_stated
from polyrelu.networks.statement import Statement
from polyrelu.networks.statement_text import read_statement
from polyrelu.polyhedra.polyhedron import Polyhedron

ROWS, CELLS, POINT = "polyrelu-rows 1", "polyrelu-cells 1", "polyrelu-point 1"
"""What files of evidence begin with, before the hash of the statement."""

REGIONS = "regions"
"""What certificates say in the place of a target's number where there is none."""


@dataclass(frozen=True)
class Question:
    """What evidence is about.

    Attributes:
        hash: of the statement.
        domain: in R^d.
        conditions: those that it is made of, as they are written, with ``>=`` and ``>`` turned around.
        problems: what each target sees, by the word that certificates have for it.
    """

    hash: str
    domain: Polyhedron
    conditions: Sequence[Condition]
    problems: Mapping[str, Restriction]

    @classmethod
    def of(cls, statement: Statement) -> Question:
        """The question that a statement asks. Cost: one pass over the weights for each target."""
        written = read_statement(statement.text, "statement").domain
        conditions = [
            Condition({j: a / factor for (_, j), a in coefficients.items()}, offset / factor, relation)
            for coefficients, offset, relation, factor in written
        ]
        if statement.targets is None:
            problems = {REGIONS: keep_all(statement.network)}
        else:
            problems = {
                f"{number:x}": restrict_as_stated(statement.network, target)
                for number, target in enumerate(statement.targets)
            }
        return cls(statement.hash, statement.domain, conditions, problems)

    @property
    def input_dim(self) -> int:
        """The number d of inputs."""
        return self.domain.ambient_dim
