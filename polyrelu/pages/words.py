"""What pages say about an answer: titles, and the lines below them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.tilings.tiling import Tiling

_MOST_ROWS, _MOST_TARGETS = 6, 3
_LONGEST = 90
_DIGITS = 4


def title(tiling: Tiling) -> str:
    """What was asked, in a few words."""
    if any(not target.halfspaces for target in tiling.targets):
        return "Linear regions"
    texts = [condition(target, [f"y{i}" for i in range(target.ambient_dim)]) for target in tiling.targets]
    if len(texts) <= _MOST_TARGETS and all(texts):
        said = "Where " + " or ".join(filter(None, texts))
        if len(said) <= _LONGEST:
            return said
    return "Preimage of a target" if len(texts) == 1 else f"Preimage of {len(texts)} targets"


def facts(tiling: Tiling, zones: int, area: str | None) -> dict[str, Any]:
    """The lines below the title, and a warning where tiles are missing.

    Args:
        tiling: the answer.
        zones: how many it has.
        area: how large it is, as text; None where that is infinite, the empty string where it goes without saying.
    """
    dim = tiling.domain.ambient_dim
    size = {1: "length", 2: "area"}.get(dim, "volume")
    counts = f"{counted(len(tiling), 'tile')}, {counted(zones, 'zone')}"
    lines = [counts if area == "" else f"{counts}, {f'{size} {area}' if area is not None else 'unbounded'}"]
    within = condition(tiling.domain, tiling.network.input_names)
    if tiling.domain.halfspaces:
        rows = counted(len(tiling.domain.halfspaces), "condition")
        lines.append(f"in {within}" if within else f"in a domain of {rows}")
    widths = "-".join(map(str, tiling.network.widths))
    lines.append(f"network {widths}, engine {tiling.method}, exact")
    missing = (
        "" if tiling.complete else "Not complete: the run was stopped, or tiles were chosen, and others are missing."
    )
    return {"facts": lines, "warning": missing}


def condition(polyhedron: Polyhedron, names: Sequence[str]) -> str:
    """A polyhedron by its rows, or the empty string where these are many or long."""
    if not polyhedron.halfspaces or len(polyhedron.halfspaces) > _MOST_ROWS:
        return ""
    exact = ", ".join(polyhedron.inequalities(names))
    said = exact if len(exact) <= _LONGEST else ", ".join(polyhedron.inequalities(names, _DIGITS))
    return said if len(said) <= _LONGEST else ""


def counted(number: int, noun: str) -> str:
    """A number and its noun."""
    return f"{number:,} {noun}{'s' * (number != 1)}"
