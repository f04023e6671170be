"""Spoils the proved checker in one place at a time: each mutant has to break the proof, or to be known as harmless.

    python scripts/mutate_proved_checker.py [--built DIR] [--program Checker | Cells] [--lines FROM TO]

Every comparison, every `&&` and `||`, every `forallb` and `existsb`, every choice of an end and every sign in a program
of papers/proved-checker, Checker.v for trees or Cells.v for vertices, is exchanged for another, one at a time, and what
depends on it is proved again. What is still proved of a mutant is true of it, so it is no fault of the proof: HARMLESS
says why a checker may be so. Coq is needed, and the folder that build.sh has made (--built). An hour for both programs.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PAGE = Path(__file__).resolve().parents[1] / "papers" / "proved-checker"
THEN = {
    "Checker": ("Checker", "Soundness", "Leaves", "Trees", "Domain", "Points", "Theorems"),
    "Cells": ("Cells", "Tries", "Rows", "Vertices", "Meaning", "Bounds", "Hulls", "SecondTheorem"),
}

TERM = r"(\((?:[^()]|\([^()]*\))*\)|[\w.]+)"

CHANGES = (
    (r"<=\?", "<?"),
    (r"(?<![<>])<\?", "<=?"),
    (r"(?<![<>])=\?", "<=?"),
    (r"&&", "||"),
    (r"\|\|", "&&"),
    (r"\bforallb\b", "existsb"),
    (r"\bexistsb\b", "forallb"),
    (rf"\bat_most {TERM} {TERM}(?=[ );.])", r"at_most \2 \1"),
    (r"\bnonpositive (everywhere|here|i)\b", r"nonnegative \1"),
    (r"\bnonnegative (everywhere|here|i)\b", r"nonpositive \1"),
    (r"\bfst \((ends_of[^()]*)\)", r"snd (\1)"),
    (r"\bsnd \((ends_of[^()]*)\)", r"fst (\1)"),
    (r"\bthen fst e0 else snd e0", "then snd e0 else fst e0"),
    (r"\bsmaller \(snd", "larger (snd"),
    (r"\blarger \(fst", "smaller (fst"),
    (r"\bminus total", "plus total"),
    (r"\bQopp \(times m l\)", "times m l"),
    (r"\bminus 1 m\b", "plus 1 m"),
    (r"\bQopp w else w", "w else Qopp w"),
    (r"\bnegb\b", ""),
    (r"\bAtMost\)\]", "Equal)]"),
    (r"\bif upper then 1 else -1", "if upper then -1 else 1"),
    (r"\(r, true, v\) ::", "(r, false, v) ::"),
    (r"\be' r false v\b", "e' r true v"),
    (r"\bone \+\+ two\b", "one"),
    (r"\bsplits \+\+ signs \+\+ rows", "splits ++ rows"),
    (r"\bown \+\+ rows\b", "own"),
    (r"\bpieces q target of_regions everywhere everywhere\b", "pieces q target of_regions everywhere (at_first q)"),
    (r"\bZ\.max\b", "Z.min"),
)

HARMLESS = {
    "if n =? 0 then 0 else Z.log2": "bits only says how many digits are kept; what is kept is compared",
    "if 0 <=? e then let unit": "how a number is rounded; what is rounded is compared",
    "if at_most (Qopp l) u then 1%Q": "which slope is tried; whether it is between 0 and 1 is asked",
    "let t := larger (Some (Qopp (times m l)))": "which t is tried; is_above asks whether it is large enough",
    "match filter (all_in (all_but k on)) others": "some end off row k is needed, not that there are two",
    "Definition nonzero (z : Z)": "that something is positive is more than that it is not zero",
    "(Z.min (fst a) (fst b), Z.max (snd a) (snd b))": "which bounds are tried; all_within compares them",
}


class Mutant(NamedTuple):
    """A change of the checker.

    Attributes:
        line: where it is, from 1.
        old, new: the line before and after.
        text: the whole file.
    """

    line: int
    old: str
    new: str
    text: str


def mutants(text: str) -> Iterator[Mutant]:
    """Each place of the program where a change can be made, but comments."""
    code = re.sub(r"\(\*.*?\*\)", lambda found: re.sub(r"[^\n]", " ", found[0]), text, flags=re.DOTALL)
    lines, plain = text.split("\n"), code.split("\n")
    for number, line in enumerate(plain):
        if line.startswith("Notation"):
            continue
        for old, new in CHANGES:
            for found in re.finditer(old, line):
                changed = line[: found.start()] + found.expand(new) + line[found.end() :]
                whole = "\n".join([*lines[:number], changed, *lines[number + 1 :]])
                yield Mutant(number + 1, line.strip(), changed.strip(), whole)


def proved(folder: Path, files: tuple[str, ...]) -> str | None:
    """The first file that Coq refuses, if there is one."""
    for name in files:
        command = ["coqc", "-q", "-Q", ".", "Proved", f"{name}.v"]
        if subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode:
            return name
    return None


def reason(mutant: Mutant) -> str | None:
    """Why a mutant that is still proved may be so."""
    return next((why for text, why in HARMLESS.items() if text in mutant.old), None)


def main(argv: list[str] | None = None) -> int:
    """Try all mutants; 1 if one of them is proved and not known."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--built", type=Path, default=PAGE / "build", help="the folder that build.sh has made")
    parser.add_argument("--program", choices=THEN, default="Checker", help="the program that is spoilt")
    parser.add_argument(
        "--lines", type=int, nargs=2, default=(1, 10**6), help="only mutants of these lines of the checker"
    )
    options = parser.parse_args(argv)
    counted, unknown = Counter[str](), 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path in options.built.glob("*.v*"):
            shutil.copy2(path, folder)
        for mutant in mutants((PAGE / f"{options.program}.v").read_text(encoding="utf-8")):
            if not options.lines[0] <= mutant.line <= options.lines[1]:
                continue
            (folder / f"{options.program}.v").write_text(mutant.text, encoding="utf-8")
            broken = proved(folder, THEN[options.program])
            counted[broken or "still proved"] += 1
            if broken is not None:
                print(f"{mutant.line}: {broken}: {mutant.new}", flush=True)
            else:
                why = reason(mutant)
                unknown += why is None
                print(f"{mutant.line}: still proved: {why or 'WHY?'}\n    {mutant.old}\n    {mutant.new}", flush=True)
    print(", ".join(f"{where} {number}" for where, number in counted.items()))
    return int(unknown > 0)


if __name__ == "__main__":
    sys.exit(main())
