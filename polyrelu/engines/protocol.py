"""What every engine is: made of a restricted problem, a domain and options; it runs, and hands out tiles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol, TypeAlias, runtime_checkable

from polyrelu.networks.relevant_part import Restriction
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.support.limits import Limit
from polyrelu.tilings.tile_source import TileSource

ORDERS = ("found", "largest")
"""Which cells go first: depth first, as they are found, or the largest."""


class Options(NamedTuple):
    """How to look for tiles, checked; :func:`polyrelu.preimage` says what each means.

    Attributes:
        streamed: whether tiles are taken while the engine works.
    """

    limit: int
    workers: int
    max_dim: int | None
    progress: bool | None
    until: Limit
    measure: bool = False
    order: str = ORDERS[0]
    streamed: bool = False


class Engine(Protocol):
    """What every engine does with one restricted problem: run, and hand out the tiles found, all or some.

    Attributes:
        stats: a dataclass of counts, of which None is not told.
    """

    stats: Any

    def run(self) -> None:
        """Find the tiles; a KeyboardInterrupt passes through, and what was found until then stays."""

    def tiles(self) -> TileSource:
        """The tiles found so far."""


@runtime_checkable
class Anytime(Protocol):
    """An engine that knows what it has not decided, whenever it is stopped."""

    def undecided(self) -> TileSource:
        """The cells that a stopped run has left; it does not go on. To be asked before the tiles are."""


@runtime_checkable
class Streaming(Anytime, Protocol):
    """An engine whose tiles can be taken while it works."""

    def advance(self) -> bool:
        """Work for a moment; whether there may be more to find. A stop is a KeyboardInterrupt; it can go on then."""

    def fresh(self) -> TileSource:
        """The tiles that were found and not forgotten: the same object until it forgets."""

    def forget(self) -> None:
        """Let go of these tiles."""


MakeEngine: TypeAlias = Callable[[Restriction, Polyhedron, Options], Engine]
"""An engine for a problem on a domain that is not empty; raises BudgetExceeded where it is too large for that one."""
