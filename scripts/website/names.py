"""All public names, each with the page that is about it: read from polyrelu itself, so that none is ever missing."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import polyrelu
from polyrelu._conveniences import MAKERS, METHODS

NO_ROOM = "errors"
WINDOWS = ("polyrelu.plotting", "polyrelu.engines.search")
"""Public modules besides ``polyrelu``; each has one page for all of its names."""


@dataclass(frozen=True)
class Name:
    """A public name.

    Attributes:
        said: as people write it, such as ``pr.preimage`` or ``tiling.volume``.
        value: what it is the name of.
        place: its page on the site.
    """

    said: str
    value: Any
    place: str

    @property
    def path(self) -> str:
        """Where it is defined, in full; what links to it are called by."""
        return f"{self.value.__module__}.{self.value.__qualname__}"

    @property
    def module(self) -> str:
        """The module that defines it."""
        return str(self.value.__module__)

    @property
    def room(self) -> str:
        """The room that it comes from."""
        parts = self.module.split(".")
        return parts[1] if len(parts) > 2 else NO_ROOM

    @property
    def claim(self) -> str:
        """The first sentence of its docstring, on one line."""
        paragraph = (inspect.getdoc(self.value) or "").split("\n\n")[0]
        return " ".join(paragraph.split())

    @property
    def is_class(self) -> bool:
        """Whether it is a class."""
        return inspect.isclass(self.value)


@cache
def public_names() -> tuple[Name, ...]:
    """Every public name of ``polyrelu``, and every method that an upper room gives to a class of a lower one."""
    return (*_of_the_package(), *_methods(METHODS), *_methods(MAKERS, made=True))


def _of_the_package() -> Iterator[Name]:
    for name in polyrelu.__all__:
        yield Name(f"pr.{name}", getattr(polyrelu, name), f"reference/{name}.md")


def _methods(table: Mapping[type, Mapping[str, str]], made: bool = False) -> Iterator[Name]:
    for owner, places in table.items():
        for name, place in places.items():
            if name.startswith("_") or owner.__name__ not in polyrelu.__all__:
                continue
            module, _, attribute = place.rpartition(".")
            value = getattr(importlib.import_module(f"polyrelu.{module}"), attribute)
            said = f"pr.{owner.__name__}.{name}" if made else f"{owner.__name__.lower()}.{name}"
            yield Name(said, value, f"reference/{owner.__name__}.{name}.md")


def window_names(module: str) -> Iterator[Name]:
    """The names of a public module, all of which are on its page."""
    window = importlib.import_module(module)
    for name in window.__all__:
        value = getattr(window, name)
        if inspect.isfunction(value) or inspect.isclass(value):
            yield Name(name, value, place_of_window(module))


def place_of_window(module: str) -> str:
    """The page of a public module."""
    return f"reference/{module}.md"


def primary(names: tuple[Name, ...]) -> dict[str, Name]:
    """Of each thing, by its path, the name whose page describes it; other names of it lead there."""
    first: dict[str, Name] = {}
    for name in names:
        first.setdefault(name.path, name)
    return first
