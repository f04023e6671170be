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
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    import checker  # type: ignore[import-not-found, no-redef]

Rejected, need = checker.Rejected, checker.need
MOST_OPEN = 256  # files

def text(length, pattern):
    return format(pattern, f"0{length}b")[::-1] if length else ""

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

class Border:
    """The cells of a part, and what they want behind their facets; in the place of a Cover."""

    def __init__(self):
        self.listed, self.wanted = defaultdict(set), defaultdict(set)

    def add(self, length, pattern):
        self.listed[length].add(pattern)

    def cross(self, length, pattern, behind):
        if behind not in self.listed[length]:
            self.wanted[length, behind].add(pattern)

    def finish(self):
        """Find the least and the greatest pattern, and the lines that are left for other parts."""
        here = sorted(text(n, p) for n, patterns in self.listed.items() for p in patterns)
        self.ends, self.lines = (here[0], here[-1]), set()
        wanted = {text(n, b): (n, b) for n, b in self.wanted if b not in self.listed[n]}
        lines = [line(p, False) for p in here] + [line(w, True) for w in wanted]
        for pattern, found in matched(sorted(lines)):
            # Of several that begin with it, some are elsewhere only if it begins an end.
            if found is None:
                self.lines.add(line(pattern, True))
            elif pattern.startswith(found) or not any(end.startswith(pattern) for end in self.ends):
                continue
            n, behind = wanted[pattern]
            self.lines |= {line(text(n, p), False) for p in self.wanted[n, behind]}

class Part(checker.Checker):
    """Reads a part."""

    def open(self, number, root, head):
        need(root == "*" and not self.targets, "more than a part, or a whole certificate")
        target = super().open(number, "", head)
        target.cover, self.about = Border(), (number, head)
        return target

    def found(self):
        """What is known of the part, for those who have only this."""
        need(self.targets and not self.part, "the part ends early")
        (target,) = self.targets.values()
        neurons, tiles = target.rows.length - len(target.rows.relations), []
        width = (neurons + 7) // 8
        for pattern in target.tiles:
            signs = text(target.rows.length, pattern)[:neurons].ljust(8 * width, "0")
            tiles.append(int(signs or "0", 2).to_bytes(width, "big"))
        return SimpleNamespace(
            about=self.about,
            ends=target.cover.ends,
            cells=sum(map(len, target.cover.listed.values())),
            tiles=len(tiles),
            touched=len(target.touched),
            digest=sha256(b"".join(sorted(tiles))).hexdigest(),
        )

def check_part(question, job):
    """What is known of a part; what it leaves behind is written to a file."""
    path, border = job
    try:
        where, part = "the statement", Part(question)
        for number, words in enumerate(checker.lines_of(path), 1):
            where = f"{path}, line {number}"
            part.line(*words)
        where = path
        found = part.found()
        (target,) = part.targets.values()
        with open(border, "w") as file:
            file.writelines(sorted(target.cover.lines))
    except Exception as reason:
        said = reason if isinstance(reason, Rejected) else repr(reason)
        raise Rejected(f"{where}: {said}"[:500]) from reason
    return found

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
    need(len({str(found.about) for found in known}) == 1, "parts in different coordinates")
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
            number = found.about[0]
            need(number in numbers, f"{path}: regions, where the statement has targets")
            by_target[number].append((found, border))
            tiles[number] += found.tiles
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
