"""Tiles that are put in order when somebody first looks at them.

To bring millions of tiles into the order of their patterns takes seconds. A run that is stopped is to return at once,
and says how many there are; whoever takes them pays for the order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from polyrelu.networks.relevant_part import Restriction
from polyrelu.tilings.columns import Columns


class LateColumns(Columns):
    """Columns that are made when one of them is asked for; a stop of that is a KeyboardInterrupt, and loses nothing."""

    @classmethod
    def of(cls, restriction: Restriction, count: int, make: Callable[[], Columns]) -> LateColumns:
        """So many tiles of a problem, which ``make`` puts in order."""
        own = object.__new__(cls)
        vars(own).update(restriction=restriction, _count=count, _make=make)
        return own

    def __len__(self) -> int:
        return self._count if "_make" in vars(self) else super().__len__()

    def __getstate__(self) -> dict[str, Any]:
        """What defines the tiles: copies are in order."""
        self._put_in_order()
        return super().__getstate__()

    def _put_in_order(self) -> None:
        make = vars(self).get("_make")  # which another thread may be about to take away
        if make is not None:
            made = make()
            vars(self).update({own.name: vars(made)[own.name] for own in fields(Columns)})
            vars(self).pop("_make", None)

    if TYPE_CHECKING:
        _count: int
    else:

        def __getattr__(self, name: str) -> Any:
            """A column that is not there yet."""
            if name in {own.name for own in fields(Columns)}:
                self._put_in_order()
                if name in vars(self):
                    return vars(self)[name]
            raise AttributeError(f"{type(self).__name__} has no {name}")
