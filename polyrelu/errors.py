"""The exceptions of polyrelu, named after outcomes.

Every one derives from :class:`PolyreluError` and from the builtin that fits, so ``except ValueError`` keeps working. A
message says where, which rule, the offending value, and what to do.
"""

from __future__ import annotations

from typing import Any


class PolyreluError(Exception):
    """Base of every error that polyrelu raises on purpose."""


class InexactError(PolyreluError, ValueError):
    """A number has no exact rational value: NaN, infinite, complex or irrational."""


class RangeError(InexactError, OverflowError):
    """A number is beyond the range of floats, where floats were asked for."""


class DimensionError(PolyreluError, ValueError):
    """Two objects that must live in the same space do not, or an array has the wrong shape."""


class InputError(PolyreluError, ValueError):
    """An argument or a file breaks a rule that is not about shapes or numbers."""


class ParseError(PolyreluError, ValueError):
    """A constraint does not follow the grammar; the message points at the column."""


class EmptySetError(PolyreluError, ValueError):
    """A point, centre or direction was asked of the empty set."""


class UnboundedError(PolyreluError, ValueError):
    """A finite quantity was asked of an unbounded set."""


class BudgetExceeded(PolyreluError, RuntimeError):
    """The work would exceed the limit the caller gave; nothing was done beyond it."""


class MissingExtraError(PolyreluError, ImportError):
    """An optional package is not installed; the message names the extra that brings it."""


class WriteError(PolyreluError, OSError):
    """A file cannot be written; the message names it and says what to do. What was going to be in it is not lost."""


class Interrupted(PolyreluError, KeyboardInterrupt):
    """The user stopped a long computation.

    ``partial`` is what was found until then: the :class:`~polyrelu.tilings.tiling.Tiling` of the tiles, and of a
    function with another answer that answer; its ``complete`` is False. Functions that can go on say in ``left`` with
    what. It is a KeyboardInterrupt, so code that does not expect it still stops.
    """

    def __init__(self, message: str, partial: Any, left: Any = None) -> None:
        super().__init__(message)
        self.partial, self.left = partial, left

    def __reduce__(self) -> tuple[type[Interrupted], tuple[str, Any, Any]]:
        """How it is made again, elsewhere or as a copy."""
        return type(self), (str(self), self.partial, self.left)


class RoundedWarning(UserWarning):
    """A stored network is defined by an irrational number, and the nearest binary64 number was taken for it."""


class CountingWarning(UserWarning):
    """A text says ``h_1`` and not ``h_0``, as people write who count from 1; indices count from 0 here."""


class FloatModeWarning(UserWarning):
    """The thread's floats do not round to nearest or flush subnormal numbers to zero, so they decide nothing."""
