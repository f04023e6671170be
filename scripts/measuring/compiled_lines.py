"""Which lines of the compiled sources were executed, by what gcov says of libraries that were built to count."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

Lines = Mapping[int, bool]
"""Whether each line of a source that has code was executed, by its number."""


def of_folder(folder: Path, root: Path) -> dict[str, Lines]:
    """The lines of all sources below ``polyrelu/``, of the counts that lie in a folder of objects.

    Raises:
        subprocess.CalledProcessError: gcov cannot read them.
    """
    command = ["gcov", "--json-format", "--stdout", *map(str, sorted(folder.rglob("*.gcda")))]
    said = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    return of_objects(map(json.loads, said.splitlines()), root)


def of_objects(objects: Iterable[Mapping[str, Any]], root: Path) -> dict[str, Lines]:
    """The same of gcov's records, one an object: a line is executed if it is in any of them, or in any instance."""
    found: dict[str, dict[int, bool]] = {}
    for record in objects:
        for file in record["files"]:
            name = os.path.relpath(os.path.join(root, file["file"]), root)
            if name.startswith("polyrelu/"):
                lines = found.setdefault(name, {})
                for entry in file["lines"]:
                    number = entry["line_number"]
                    lines[number] = lines.get(number, False) or entry["count"] > 0
    return {name: found[name] for name in sorted(found)}


def share(sources: Iterable[Lines]) -> str:
    """How many of the lines were executed, in words."""
    all_lines = list(itertools.chain.from_iterable(lines.values() for lines in sources))
    return f"{100 * sum(all_lines) / len(all_lines):.1f} % of {len(all_lines):,} lines"


def spans(lines: Lines) -> Iterator[str]:
    """The lines that were not executed, as ``12`` or ``12-14``; lines without code do not part them."""
    for was_executed, numbers in itertools.groupby(sorted(lines), key=lines.__getitem__):
        if not was_executed:
            first, *later = numbers
            yield f"{first}-{later[-1]}" if later else f"{first}"
