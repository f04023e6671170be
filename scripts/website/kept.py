"""What runs of pages and notebooks gave, kept in ``build/site-runs`` until they or polyrelu change."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable
from functools import cache
from typing import TypeVar

from website.places import ROOT

_FOLDER = ROOT / "build" / "site-runs"
_READ = (
    "polyrelu/**/*.py",
    "polyrelu/**/*.so",
    "polyrelu/pages/static/*",
    "scripts/website/running.py",
    "scripts/website/notebooks.py",
)
T = TypeVar("T")


def kept(text: str, run: Callable[[], T]) -> T:
    """What ``run`` gives, or gave for the same text and the same polyrelu."""
    path = _FOLDER / f"{hashlib.sha256((_state() + text).encode()).hexdigest()}.pickle"
    if path.is_file():
        known: T = pickle.loads(path.read_bytes())  # our own, of a folder that nobody else writes to
        return known
    result = run()
    _FOLDER.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(result))
    return result


@cache
def _state() -> str:
    """A digest of all that runs."""
    digest = hashlib.sha256()
    for pattern in _READ:
        for file in sorted(ROOT.glob(pattern)):
            digest.update(file.read_bytes())
    return digest.hexdigest()
