"""Values that travel: what pickle, copy and deepcopy carry of an object that remembers what it computed.

Caches stay behind. They can be computed again, some cannot be pickled (FLINT's matrices), and a copy that is sent to
another process should cost what the value costs, whatever was asked of it before.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from types import MappingProxyType
from typing import Any, ClassVar, Self, TypeVar

import numpy as np

Answer = TypeVar("Answer")


class Carried:
    """Base of frozen dataclasses of which copies carry the fields alone, with arrays and mappings read-only again.

    Attributes:
        also_carried: names of what the object knows beside its fields.
    """

    also_carried: ClassVar[tuple[str, ...]] = ()

    def once(self, question: Callable[[Self], Answer]) -> Answer:
        """What a function says of the object: it is called once, and its answer is kept as long as the object is."""
        known: dict[Callable[[Self], Any], Any] = vars(self).setdefault("_known", {})
        if question not in known:
            known[question] = question(self)
        answer: Answer = known[question]
        return answer

    def latest(self, question: Callable[..., Answer], key: object, *given: Any) -> Answer:
        """What a function says of the object and of what is given, of which the key tells everything that matters.

        It is called unless the key is that of the call before; so of many different ones, one answer is kept.
        """
        known: dict[Callable[..., Any], tuple[object, Any]] = vars(self).setdefault("_latest", {})
        last = known.get(question)
        if last is None or last[0] != key:
            last = known[question] = key, question(self, *given)
        answer: Answer = last[1]
        return answer

    def __getstate__(self) -> dict[str, Any]:
        """What defines the object; mappings as dictionaries, since read-only views cannot be pickled."""
        names = (*(one.name for one in dataclasses.fields(self)), *self.also_carried)  # type: ignore[arg-type]
        own = {name: vars(self)[name] for name in names if name in vars(self)}
        return {name: _Mapping(v) if isinstance(v, MappingProxyType) else v for name, v in own.items()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """The object again; numpy's copies of read-only arrays are writable, so they are sealed, in tuples too."""
        for name, value in state.items():
            for part in value if isinstance(value, tuple) else (value,):
                if isinstance(part, np.ndarray):
                    part.flags.writeable = False
            vars(self)[name] = MappingProxyType(dict(value)) if isinstance(value, _Mapping) else value


class _Mapping(dict[Any, Any]):
    """A read-only mapping on its way."""
