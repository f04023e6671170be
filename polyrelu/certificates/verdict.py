"""The answer of a check: right, or the first thing that is wrong with its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from polyrelu.arithmetic.exact import ExactVector
from polyrelu.support.carried import Carried
from polyrelu.support.numerals import record_text

Kind: TypeAlias = Literal[
    "verified",
    "empty",
    "domain",
    "pattern",
    "affine map",
    "target",
    "earlier target",
    "overlap",
    "contained",
    "missing",
]


@dataclass(frozen=True, repr=False)
class Verdict(Carried):
    """The answer of :func:`~polyrelu.certificates.check_tiling.check_tiling`; true iff the tiling is verified.

    Attributes:
        kind: ``"verified"``, or the first thing that is wrong. A tile is ``"empty"``; leaves the ``"domain"``; a neuron
            contradicts its ``"pattern"``, or the network its ``"affine map"``; a point does not map into the
            ``"target"`` of its index, or maps into an ``"earlier target"``; two tiles ``"overlap"`` inside; a flat tile
            is ``"contained"`` in another; or a point of the preimage is ``"missing"``.
        message: the same in a sentence.
        tiles: the numbers of the tiles concerned; none where a point is missing.
        point: an exact point that shows it: of the tile, of both tiles, or of the preimage but of no tile. None when
            verified, and for an empty tile.
        stats: how much was checked, by name: tiles, pieces of tiles, pairs of tiles, cells of the domain, and parts of
            cells that map into a target.
    """

    kind: Kind
    message: str
    tiles: tuple[int, ...] = ()
    point: ExactVector | None = None
    stats: Mapping[str, int] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the tiling is the preimage."""
        return self.kind == "verified"

    def __bool__(self) -> bool:
        return self.ok

    def __repr__(self) -> str:
        return record_text(self)
