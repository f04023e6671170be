#!/usr/bin/env python3
"""Checks a certificate in parts: python3 -I -S parts_checker.py QUESTION PART... [--jobs N]

QUESTION is a statement, and parts are files of FORMAT.md, section 8; `-` stands for their names on
the standard input, a line each. Only Python is needed, and checker.py, which lies beside this. The
last line says what is proved, or REJECTED and why; before it there is a line for each part.

All cells of a target, from all of its parts, are to make up one cover of the domain. checker.py
looks at each cell, and says what is wanted behind its facets. Here it is seen that
(C) there is a cell for each pattern that is wanted, in this part or another: its own pattern begins
    with the one that is wanted, or begins it;
(D) no cell's pattern begins another one's: in a part neighbours in order are compared, and the
    patterns of two parts do not lie among each other.
A part leaves behind, sorted and on the disk, what it wants from others, and what they may want from
it: its cells that want something that is elsewhere, at least in part. So memory holds a part, and
not the cover. Flat parts and zones may lie in several parts, and are not counted.
"""

import sys
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from functools import partial
from hashlib import sha256
from heapq import merge
from itertools import count, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

if __package__:
    from polyrelu.certificates import checker
else:
    sys.path.append(str(Path(__file__).resolve().parent))
    import checker  # type: ignore[import-not-found, no-redef]

Rejected, need = checker.Rejected, checker.need
MOST_OPEN = 256  # files

def line(pattern, wanted):
    """Lines in order are patterns in order; what is here comes before what is wanted."""
    return f"{pattern} {wanted:d}\n"

def matched(lines):
    """For each wanted pattern, of lines in order, one that is here and begins it, or begins with
    it; or None. What is here does not begin each other."""
    last, waiting = None, []
    for pattern, wanted in (own.rstrip("\n").split(" ") for own in lines):
        begun = last is not None and pattern.startswith(last)
        if wanted == "0":
            need(not begun, f"cells that lie in another one: {pattern} in {last}")
            yield from ((own, pattern if pattern.startswith(own) else None) for own in waiting)
            last, waiting = pattern, []
        elif begun:
            yield pattern, last
        else:
            waiting.append(pattern)
    yield from ((own, None) for own in waiting)

class Wanted(dict):  # type: ignore[type-arg]
    """Patterns behind facets, each with those of all cells that want it, and not of the last."""

    def __setitem__(self, behind, pattern):
        self.setdefault(behind, set()).add(pattern)

class Part(checker.Target):
    """The cells of a part."""

    def __init__(self, statement, head, number):
        super().__init__(statement, head, number)
        self.head, self.number, self.wanted = head, number, Wanted()

    def left(self):
        """The least and the greatest pattern, and lines for other parts."""
        need(len(self.listed) == self.count > 0, "cells are missing, or there twice")
        ends, lines = (min(self.listed), max(self.listed)), set()
        here = [line(pattern, False) for pattern in self.listed]
        for behind, found in matched(sorted(here + [line(own, True) for own in self.wanted])):
            # Of several that begin with it, some are elsewhere only if it begins an end.
            if found is None:
                lines.add(line(behind, True))
            elif behind.startswith(found) or not any(end.startswith(behind) for end in ends):
                continue
            lines |= {line(pattern, False) for pattern in self.wanted[behind]}
        return ends, sorted(lines)

    def digest(self):
        """The SHA-256 of the signs of the tiles' neurons, in order, eight to a byte."""
        neurons, found = self.kinds.count("relu"), sha256()
        width = (neurons + 7) // 8
        for pattern in sorted(self.tiles):
            signs = pattern[:neurons].ljust(8 * width, "0")
            found.update(int(signs or "0", 2).to_bytes(width, "big"))
        return found.hexdigest()

class Reader(checker.Checker):
    """Reads a file with a part."""

    def line(self, word, *words):
        if word == "cells":
            is_part = words[1:] == ("*",) and not self.targets
            need(is_part, "more than a part, or a whole certificate")
        elif word == "b" and not self.targets:
            self.targets[self.number] = Part(self.statement, {**self.head}, self.number)
        super().line(word, *words)

    def part(self):
        need(self.targets and self.target is None, "the part ends early")
        return next(iter(self.targets.values()))

def check_part(question, job):
    """What is known of a part; what it leaves behind is written to a file."""
    path, border = job
    where = "the statement"
    try:
        reader = Reader(question)
        for where, words in checker.lines_of(path):
            reader.line(*words)
        where, part = path, reader.part()
        ends, lines = part.left()
        with open(border, "w") as file:
            file.writelines(lines)
    except Exception as reason:
        said = reason if isinstance(reason, Rejected) else repr(reason)
        raise Rejected(f"{where}: {said}"[:500]) from reason
    return SimpleNamespace(
        number=part.number,
        head=part.head,
        ends=ends,
        cells=part.count,
        tiles=len(part.tiles),
        touched=len(part.touched),
        digest=part.digest(),
    )

def in_order(paths, folder):
    """The lines of sorted files in order; of many files some are put together first."""
    names = (folder / f"merged-{number}" for number in count())
    paths = list(paths)
    while len(paths) > MOST_OPEN:
        paths.append(next(names))
        with open(paths[-1], "w") as file:
            file.writelines(in_order(paths[:MOST_OPEN], folder))
        del paths[:MOST_OPEN]
    with ExitStack() as stack:
        yield from merge(*(stack.enter_context(open(path)) for path in paths))

def check_target(parts, folder):
    """That the parts of a target make up a cover: pairs of what is known, and a file of lines."""
    known = sorted((found for found, _ in parts), key=lambda found: found.ends)
    need(all(found.head == known[0].head for found in known), "parts in different coordinates")
    for (_, last), (first, _) in pairwise(found.ends for found in known):
        is_apart = last < first and not first.startswith(last)
        need(is_apart, f"parts that lie among each other, at {first}")
    for pattern, found in matched(in_order([border for _, border in parts], folder)):
        need(found is not None, f"nothing is at {pattern}, which is behind a facet")

def check(question, paths, jobs=1, say=lambda line: None):
    """What is proved, in a line. Raises Rejected."""
    numbers = [*range(len(checker.Statement(question).targets))] or [None]
    with TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        borders = [folder / str(number) for number in range(len(paths))]
        run = map if jobs == 1 else stack.enter_context(ProcessPoolExecutor(jobs)).map
        by_target, touched, tiles = defaultdict(list), 0, dict.fromkeys(numbers, 0)
        known = run(partial(check_part, question), zip(paths, borders))
        for path, found, border in zip(paths, known, borders):
            say(f"PART {path}: {found.cells} cells, {found.tiles} tiles {found.digest}")
            need(found.number in numbers, f"{path}: regions, where the statement has targets")
            by_target[found.number].append((found, border))
            tiles[found.number] += found.tiles
            touched += found.touched
        for number in numbers:
            need(by_target[number], f"target {number} has no part")
            check_target(by_target[number], folder)
    if numbers == [None]:
        return f"regions: {tiles[None]}"
    if not touched and not any(tiles.values()):
        return "holds: no point of the domain maps into a target"
    return "preimage: " + "; ".join(f"target {j}: {own} tiles" for j, own in tiles.items())

def main(question, *paths):
    *paths, jobs = (*paths[:-2], int(paths[-1])) if "--jobs" in paths[-2:-1] else (*paths, 1)
    if paths == ["-"]:
        paths = [name.rstrip("\n") for name in sys.stdin]
    try:
        with open(question, "rb") as file:
            print("VERIFIED", check(file.read(), paths, jobs, print))
    except (OSError, Rejected) as reason:
        sys.exit(f"REJECTED {reason}")

if __name__ == "__main__":
    main(*sys.argv[1:])
