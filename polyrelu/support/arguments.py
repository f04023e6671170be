"""Plain numbers among the arguments of public functions, checked in one place.

A count, a limit, a dimension or a seed is a whole number. What is none is refused with an
:class:`~polyrelu.errors.InputError` that names the place, the rule, the value and the fix; so is an object of the wrong
kind. Time limits are :func:`polyrelu.support.limits.seconds`.
"""

from __future__ import annotations

import operator
import os
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from os import PathLike
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numpy as np

from polyrelu.errors import InputError
from polyrelu.support.numerals import shown

MOST_DIMENSIONS = 10**6
"""The largest dimension of a space; rows of it are written out."""

_LONGEST_NAME = 255  # bytes, in all common file systems
_UNLISTED = (str, bytes, bytearray, set, frozenset, dict, type)
Kind = TypeVar("Kind")
Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


def whole_number(value: Any, where: str, least: int = 0, most: int | None = None) -> int:
    """A whole number from ``least`` to ``most``, as an int; numpy's integers are whole numbers, truth values are not.

    Raises:
        InputError: it is none, or out of range.
    """
    reach = f"from {least} to {shown(most)}" if most is not None else f"from {least} up"
    number = as_whole(value)
    if number is None:
        raise InputError(
            f"{where}: {shown(value)} of type {type(value).__name__} is not a whole number; pass an int {reach}"
        )
    if number < least or (most is not None and number > most):
        raise InputError(f"{where}: {shown(number)} is out of range; pass an int {reach}")
    return number


def as_whole(value: Any) -> int | None:
    """A whole number as an int, and None for what is none."""
    if isinstance(value, (bool, np.bool_, np.timedelta64)):
        return None
    try:
        return operator.index(value)
    except TypeError:  # arrays have the method, too
        return None


def is_sequence(value: Any) -> bool:
    """Whether a value lists things in an order; texts, sets, mappings and arrays without dimensions do not."""
    return isinstance(value, Iterable) and not isinstance(value, _UNLISTED) and getattr(value, "ndim", 1) != 0


def items(value: Any, where: str, fix: str) -> list[Any]:
    """What a value lists.

    Raises:
        InputError: it does not list things in an order; ``fix`` says what to pass.
    """
    if not is_sequence(value):
        raise InputError(f"{where}: expected a list, got {type(value).__name__} {shown(value)}; {fix}")
    return list(value)


def file_path(value: Any, where: str) -> Path:
    """The path of a file.

    Raises:
        InputError: it is neither a text nor a path, or a name that no file can have.
    """
    if not isinstance(value, (str, PathLike)):
        raise InputError(f"{where}: expected the path of a file, got {type(value).__name__} {shown(value)}")
    path = Path(value)
    if not path.name or "\0" in str(path) or any(len(os.fsencode(part)) > _LONGEST_NAME for part in path.parts):
        raise InputError(f"{where}: {shown(str(value))} is not the name of a file")
    return path


def dimension(value: Any, where: str) -> int:
    """The dimension of a space, from 0 to :data:`MOST_DIMENSIONS`.

    Raises:
        InputError: it is none.
    """
    return whole_number(value, where, 0, MOST_DIMENSIONS)


def instance(value: Any, kind: type[Kind], where: str, fix: str) -> Kind:
    """The value, which must be of a type.

    Raises:
        InputError: it is of another; ``fix`` says what to pass.
    """
    if not isinstance(value, kind):
        raise InputError(f"{where}: expected a {kind.__name__}, got {type(value).__name__} {shown(value)}; {fix}")
    return value


def one_of(value: Any, options: Sequence[str], where: str, what: str) -> str:
    """The value, which must be one of a few words.

    Raises:
        InputError: it is none of them; the message lists them.
    """
    if not isinstance(value, str) or value not in options:
        raise InputError(f"{where}: unknown {what} {shown(value)}; choose one of {', '.join(options)}")
    return value


def also_called(**names: str) -> Callable[[Callable[Arguments, Answer]], Callable[Arguments, Answer]]:
    """Let a function take keyword arguments by other names, too, for example by those of another library.

    Args:
        names: for each other name the argument that it means.

    >>> @also_called(number="n")
    ... def double(n):
    ...     return 2 * n
    >>> double(number=4)
    8
    """

    def renaming(function: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
        @wraps(function)
        def renamed(*args: Arguments.args, **options: Arguments.kwargs) -> Answer:
            for other in names.keys() & options.keys():
                if names[other] in options:
                    raise InputError(
                        f"{function.__name__}: {other} is {names[other]} by another name; pass one of them"
                    )
                options[names[other]] = options.pop(other)
            return function(*args, **options)

        return renamed

    return renaming
