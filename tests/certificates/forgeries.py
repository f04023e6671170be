"""Evidence for what is false, written by hand: each piece is refused, and most of them for one reason only.

A forgery is a question and its evidence, in which ``HASH`` stands for the hash of the question. A line ``v 0 1`` of the
evidence is the point 0 of the line.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple


class Forgery(NamedTuple):
    """Evidence, and why what it claims is false."""

    name: str
    question: str
    evidence: str
    truth: str

    def files(self) -> tuple[bytes, bytes]:
        """The question and the evidence as they are in files."""
        text = self.question.encode()
        return text, self.evidence.replace("HASH", hashlib.sha256(text).hexdigest()).encode()


def question(inputs: int, *groups: str) -> str:
    """A statement; a semicolon ends a line."""
    return "\n".join(["polyrelu-statement 1", f"inputs {inputs}", *lines(groups)]) + "\n"


def lines(groups: tuple[str, ...]) -> list[str]:
    """The lines of groups."""
    return [line.strip() for group in groups for line in group.split(";")]


def evidence(*groups: str, kind: str = "cells") -> str:
    """A certificate, or a point."""
    return "\n".join([f"polyrelu-{kind} 1 HASH", *lines(groups)]) + "\n"


UNIT = "domain; 1 x0 >= 0; 1 x0 <= 1"
SQUARE = "domain; 1 x0 >= 0; 1 x0 <= 1; 1 x1 >= 0; 1 x1 <= 1"
RIGHT = "target; 1 x0 > 1/2"  # half of UNIT
CORNER = "target; 1 x0 1 x1 > 3/2"  # the corner of SQUARE
HINGE = "layer relu; 1 -1/2"  # two regions in UNIT
WHOLE = "cells 0 -; b; v 0 1; v 1 1; c 1 2 1; end 1"
HALVES = "cells 0 -; b; v 0 1; v 1 2; v 1 1; c 1 3 2; c 1 2 1; end 2"  # of RIGHT

FORGERIES = [
    Forgery(
        "two lines that are one",
        question(2, "layer linear; 1 -1 0", "target; 1 y0 < 0"),
        evidence("cells 0 -; line 0 1 1; line 1 0 1; b; v 1; c 1 1; end 1"),
        "(0, 1) is in the target",
    ),
    Forgery(
        "a cell and others inside it",
        question(1, UNIT, HINGE, "target; 1 y0 > 5"),
        evidence("cells 0 -; b; v 0 1; v 1 2; v 1 1; c 0 3 1; c 1 3 2; c 1 2 1; end 3"),
        "the cells overlap",
    ),
    # -- numbers
    Forgery("no cells", question(1, UNIT, RIGHT), evidence("cells 0 -; b; end 0"), "1 is in the target"),
    Forgery("no cells, and minus none", question(1, UNIT, RIGHT), evidence("cells 0 -; b; end -0"), "1 is in it"),
    Forgery("five cells that are not there", question(1, UNIT, RIGHT), evidence("cells 0 -; b; end 5"), "1 is in it"),
    Forgery(
        "one cell that is not there", question(1, UNIT, RIGHT), evidence("cells 0 -; b; v 0 1; end 1"), "1 is in it"
    ),
    Forgery(
        "a cell longer than all rows",
        question(1, UNIT, RIGHT),
        evidence("cells 0 -; b; v 0 1; v 1 1; c 2 2 1; end 1"),
        "1 is in the target",
    ),
    Forgery(
        "a cell of length minus one",
        question(1, UNIT, RIGHT),
        evidence("cells 0 -; b; v 0 1; v 1 1; c -1 2 1; end 1"),
        "1 is in the target",
    ),
    Forgery("a cell of no vertices", question(1, UNIT, RIGHT), evidence("cells 0 -; b; c 1; end 1"), "1 is in it"),
    Forgery("a cell of nothing", question(1, UNIT, RIGHT), evidence("cells 0 -; b; c; end 1"), "1 is in it"),
    Forgery(
        "a vertex before the first",
        question(1, UNIT, RIGHT),
        evidence("cells 0 -; b; v 0 1; v 1 2; c 1 1 3; end 1"),
        "1 is in the target",
    ),
    Forgery(
        "a vertex after the last",
        question(1, UNIT, RIGHT),
        evidence("cells 0 -; b; v 0 1; v 1 2; c 1 1 0; end 1"),
        "1 is in the target",
    ),
    # -- statements that say nothing
    *(
        Forgery(name, text, evidence(cells), "it is no question")
        for name, text, cells in [
            ("another version", question(1, UNIT, RIGHT).replace("ment 1", "ment 2"), HALVES),
            ("no version", question(1, UNIT, RIGHT).replace("ment 1", "ment"), HALVES),
            ("inputs by another name", question(1, UNIT, RIGHT).replace("inputs", "domain"), HALVES),
            (
                "conditions of the inputs",
                question(1, "1 x0 >= 5", UNIT, RIGHT),
                HALVES,
            ),
            ("conditions of the head", question(1, UNIT, RIGHT).replace("ment 1", "ment 1\n1 x0 >= 5"), HALVES),
            ("a condition in the domain's line", question(1, UNIT.replace("n;", "n 1 x0 >= 5;"), RIGHT), HALVES),
            ("a condition in the target's line", question(1, UNIT, RIGHT.replace("t;", "t 1 x0 >= 5;")), HALVES),
            ("a layer after a target", question(1, UNIT, "target; 1 y0 > 1/2", "layer linear; 1 0"), HALVES),
            ("a network after all", question(1, UNIT, "target; 1 y0 > 1/2", "layer relu; -1 0"), HALVES),
            ("two domains", question(1, "domain; 1 x0 <= 1/4", UNIT, RIGHT), HALVES),
            ("two domains without a point", question(1, "domain; 0 x0 <= -1", UNIT, RIGHT), HALVES),
            ("a target by another name", question(1, UNIT, "inputs; 1 x0 > 1/2"), HALVES),
            ("a target called a statement", question(1, UNIT, "polyrelu-statement; 1 x0 > 1/2"), HALVES),
            ("a ReLU called 2", question(1, UNIT, "layer 2; 1 0", "target; 1 y0 > 1/2"), HALVES),
            ("a ReLU of nothing", question(1, UNIT, "layer 01; 1 0", "target; 1 y0 > 1/2"), HALVES),
            ("a weight of nothing", question(1, UNIT, "layer linear; 1 7 0", "target; 1 y0 > 1/2"), HALVES),
            ("a layer without weights", question(1, UNIT, "layer linear; 1/2", "target; 1 y0 > 1/2"), HALVES),
            ("an input that is not there", question(1, UNIT, "target; 1 x0 1 x5 > 1/2"), HALVES),
            ("an output in the domain", question(1, "domain; 1 y0 >= 0; 1 x0 <= 1", RIGHT), HALVES),
        ]
    ),
    # -- coordinates
    Forgery(
        "x0 is both at most 1 and at least 0, so 0",
        question(1, UNIT, RIGHT),
        evidence("eq 0 0 1 | 1 1", "cells 0 -; b; v 1; c 1 1; end 1"),
        "1 is in the target",
    ),
    Forgery(
        "x0 is at most 1, so 1",
        question(1, UNIT, "target; 1 x0 < 1/2"),
        evidence("eq 0 1 1 | 0 1", "cells 0 -; b; v 1; c 1 1; end 1"),
        "0 is in the target",
    ),
    Forgery(
        "two equations out of one",
        question(2, "domain; 1 x0 -1 x1 == 0", "target; 1 x0 > 0"),
        evidence("eq 0 0 1 | 0 -1; eq 1 0 1 | 0 -1", "cells 0 -; b; v 1; c 1 1; end 1"),
        "(1, 1) is in the target",
    ),
    Forgery(
        "two equations out of one, doubled",
        question(2, "domain; 1 x0 -2 x1 == 0", "target; 1 x1 > 0"),
        evidence("eq 0 0 1 | 0 -1; eq 1 0 2 | 0 -2", "cells 0 -; b; v 1; c 1 1; end 1"),
        "(2, 1) is in the target",
    ),
    Forgery(
        "at most 0 minus once",
        question(1, UNIT, RIGHT),
        evidence("eq 0 0 -1 | 0 1", "cells 0 -; b; v 1; c 1 1; end 1"),
        "1 is in the target",
    ),
    Forgery(
        "at least 1 minus once",
        question(1, UNIT, "target; 1 x0 < 1/2"),
        evidence("eq 0 1 1 | 1 -1", "cells 0 -; b; v 1; c 1 1; end 1"),
        "0 is in the target",
    ),
    Forgery(
        "an equation of an input that it does not name",
        question(2, SQUARE, RIGHT),
        evidence("eq 0 | ", "cells 0 -; b; v 0 1; v 1 1; c 1 2 1; end 1"),
        "(1, 0) is in the target",
    ),
    Forgery(
        "a line along which the target changes",
        question(1, "target; 1 x0 > 0"),
        evidence("cells 0 -; line 0; b; v 1; c 1 1; end 1"),
        "1 is in the target",
    ),
    Forgery(
        "a line along which the domain changes",
        question(2, "domain; 1 x0 >= 1; 1 x1 >= 0; 1 x1 <= 1", "target; 1 x1 >= 0"),
        evidence("empty 0 1"),
        "(1, 0) is in the target",
    ),
    Forgery(
        "a line along which a neuron changes",
        question(2, "domain; 1 x1 >= 0; 1 x1 <= 1", "layer relu; 1 0 0", "target; 1 y0 > 0"),
        evidence("cells 0 -; line 0; b; v 0 1; v 1 1; c 2 2 1; end 1"),
        "(1, 0) is in the target",
    ),
    Forgery(
        "an input that goes along with a line",
        question(2, "domain; 1 x1 >= 0; 1 x1 <= 1", "target; 1 x0 -1 x1 > 0"),
        evidence("cells 0 -; line 0 1 -1; b; v 0 1; v 1 1; c 1 2 1; end 1"),
        "(2, 1) is in the target",
    ),
    Forgery(
        "one input twice",
        question(1, "domain; 1 x0 == 1", "target; 1 x0 > 0"),
        evidence("eq 0 0 1 | 0 -1", "cells 0 -; line 0; b; v 1; c 1 1; end 1"),
        "1 is in the target",
    ),
    Forgery("a domain said to be empty", question(1, UNIT, RIGHT), evidence("empty 0 1"), "0 is in the domain"),
    Forgery("a domain of one point, empty", question(1, UNIT, RIGHT), evidence("empty 0 1 1 1"), "0 is in the domain"),
    Forgery(
        "a closed domain, empty",
        question(1, "domain; 1 x0 <= 0; 1 x0 >= 0", "target; 1 x0 >= 0"),
        evidence("empty 0 1 1 1"),
        "0 is in the domain",
    ),
    Forgery("empty for no reason", question(1, UNIT, RIGHT), evidence("empty"), "0 is in the domain"),
    Forgery("empty by a condition less", question(1, UNIT, RIGHT), evidence("empty 0 -1 1 -1"), "0 is in the domain"),
    # -- vertices
    Forgery(
        "cells outside of the domain",
        question(1, UNIT, "target; 1 x0 > 2"),
        evidence("cells 0 -; b; v 1 1; v 2 1; v 1 0; c 1 3 2; c 1 2 1; end 2"),
        "no point is in the target",
    ),
    Forgery(
        "cells on one side of a domain's equation",
        question(1, "domain; 1 x0 == 0", "target; 1 x0 < 0"),
        evidence("cells 0 -; b; v -1 0; v 0 1; c 1 2 1; end 1"),
        "no point is in the target",
    ),
    Forgery(
        "a point behind the back",
        question(1, "target; 1 x0 > 0"),
        evidence("cells 0 -; b; v 0 1; v -1 -1; v -1 0; c 1 3 1; end 1"),
        "1 is in the target",
    ),
    Forgery("no point at all", question(1, UNIT, RIGHT), evidence("cells 0 -; b; v 0 0; v 0 1; c 1 2 1; end 1"), "1"),
    Forgery(
        "a number too many",
        question(1, UNIT, "layer linear; 1 0", "target; 1 y0 > 0"),
        evidence("cells 0 -; b; v 0 1 0; v 1 1 0; c 1 2 1; end 1"),
        "1 is in the target",
    ),
    Forgery(
        "numbers too few",
        question(2, SQUARE, CORNER),
        evidence("cells 0 -; b; v 0 1; v 1 1; c 1 2 1; end 1"),
        "(1, 1) is in the target",
    ),
    Forgery(
        "vertices of another target",
        question(1, UNIT, "target; 1 x0 > 2", "target; 1 x0 < 2"),
        evidence(WHOLE, "cells 1 -; c 1 2 1; end 1"),
        "all is in the second target",
    ),
    # -- cells
    Forgery(
        "three corners of a square",
        question(2, SQUARE, CORNER),
        evidence("cells 0 -; b; v 0 0 1; v 1 0 1; v 0 1 1; c 1 3 2 1; end 1"),
        "(1, 1) is in the target",
    ),
    Forgery(
        "one corner of a square",
        question(2, SQUARE, CORNER),
        evidence("cells 0 -; b; v 0 0 1; c 1 1; end 1"),
        "(1, 1) is in the target",
    ),
    Forgery(
        "three corners of a square, one on three rows",
        question(2, SQUARE + "; 1 x0 1 x1 >= 0", CORNER),
        evidence("cells 0 -; b; v 0 0 1; v 1 0 1; v 0 1 1; c 1 3 2 1; end 1"),
        "(1, 1) is in the target",
    ),
    Forgery(
        "a side of a square",
        question(2, SQUARE + "; 1 x0 1 x1 >= 0", "target; 1 x1 > 1/2"),
        evidence("cells 0 -; b; v 0 0 1; v 1 0 1; c 1 2 1; end 1"),
        "(0, 1) is in the target",
    ),
    Forgery(
        "two corners, twice each",
        question(2, SQUARE, "target; 1 x0 -1 x1 > 1/2"),
        evidence("cells 0 -; b; v 0 0 1; v 1 1 1; c 1 2 2 1 1; end 1"),
        "(1, 0) is in the target",
    ),
    Forgery(
        "two corners, and again by other numbers",
        question(2, SQUARE, "target; 1 x0 -1 x1 > 1/2"),
        evidence("cells 0 -; b; v 0 0 1; v 0 0 2; v 1 1 1; v 2 2 2; c 1 4 3 2 1; end 1"),
        "(1, 0) is in the target",
    ),
    Forgery(
        "an inner point of a side, as its vertex",
        question(2, "domain; 1 x0 >= -1; 1 x0 <= 1; 1 x1 >= 0; 1 x1 <= 1", "target; 1 x0 <= 0; 1 x0 <= 0"),
        evidence(
            "cells 0 -; b; v 0 1 2; v 0 0 1; v 0 1 1; v -1 0 1; v -1 1 1; v 1 0 1; v 1 1 1",
            "c 2 6 5 4 3; c 2 7 6 5 2 1; end 2",
        ),
        "the side is in the tile, and no part of its own",
    ),
    Forgery(
        "one region for two",
        question(1, UNIT, HINGE),
        evidence("cells regions -; b; v 0 1; v 1 1; c 1 2 1; end 1"),
        "there are two regions",
    ),
    Forgery(
        "a neuron that is left out",
        question(1, UNIT, HINGE),
        evidence("cells regions -; b; v 0 1; v 1 1; c 0 2 1; end 1"),
        "there are two regions",
    ),
    Forgery(
        "a cell that is not decided",
        question(1, UNIT, RIGHT),
        evidence("cells 0 -; b; v 0 1; v 1 1; c 0 2 1; end 1"),
        "1 is in the target",
    ),
    Forgery(
        "a cell that is not decided, and has values without bounds",
        question(1, "domain; 1 x0 >= 0", "target; 1 x0 > 1"),
        evidence("cells 0 -; b; v 0 1; v 1 0; c 0 2 1; end 1"),
        "2 is in the target",
    ),
    # -- covers
    Forgery(
        "half of it",
        question(1, UNIT, RIGHT),
        evidence("cells 0 -; b; v 0 1; v 1 2; c 1 2 1; end 1"),
        "1 is in the target",
    ),
    Forgery(
        "half of a square's diagonal",
        question(2, SQUARE, "target; 1 x0 1 x1 > 1; 2 x0 2 x1 > 2"),
        evidence("cells 0 -; b; v 0 0 1; v 1 0 1; v 0 1 1; c 2 3 2 1; end 1"),
        "(1, 1) is in the target",
    ),
    Forgery(
        "one of two regions",
        question(1, UNIT, HINGE),
        evidence("cells regions -; b; v 0 1; v 1 2; c 1 2 1; end 1"),
        "there are two regions",
    ),
    Forgery(
        "one region twice",
        question(1, UNIT, HINGE),
        evidence("cells regions -; b; v 0 1; v 1 2; c 1 2 1; c 1 2 1; end 2"),
        "there are two others",
    ),
    Forgery(
        "a part that has the cells of another one",
        question(1, UNIT, HINGE, "target; 1 y0 > 1/4"),
        evidence("cells 0 0; b; v 0 1; v 1 2; c 2 2 1; end 1", "cells 0 1; b; v 0 1; v 1 2; c 2 2 1; end 1"),
        "1 is in the target",
    ),
    Forgery(
        "one of two parts",
        question(1, UNIT, HINGE, "target; 1 y0 > 1/4"),
        evidence("cells 0 0; b; v 0 1; v 1 2; c 2 2 1; end 1"),
        "1 is in the target",
    ),
    Forgery(
        "a part without cells",
        question(1, UNIT, HINGE, "target; 1 y0 > 1/4"),
        evidence("cells 0 0; b; v 0 1; v 1 2; c 2 2 1; end 1", "cells 0 1; b; end 0"),
        "1 is in the target",
    ),
    Forgery(
        "a part that does not end",
        question(1, UNIT, HINGE, "target; 1 x0 < 1/4; 1 y0 < 5"),
        evidence("cells 0 0; cells 0 1; b; v 1 2; v 1 1; c 2 2 1; end 1"),
        "0 is in the target",
    ),
    Forgery(
        "a file that does not end",
        question(1, UNIT, RIGHT),
        evidence("cells 0 -; b; v 0 1; v 1 2; c 1 2 1"),
        "1 is in the target",
    ),
    Forgery("a file that begins, and no more", question(1, UNIT, RIGHT), evidence("cells 0 -; b"), "1 is in it"),
    Forgery(
        "the first of two targets",
        question(1, UNIT, "target; 1 x0 > 2", RIGHT),
        evidence(WHOLE),
        "1 is in the second target",
    ),
    Forgery("a target for regions", question(1, UNIT, RIGHT), evidence(WHOLE.replace(" 0 -", " regions -")), "1"),
    # -- strictness
    Forgery(
        "a strict domain without a point",
        question(1, "domain; 1 x0 < 0; 1 x0 >= 0", "target; 1 x0 <= 0"),
        evidence("cells 0 -; b; v 0 1; c 1 1; end 1"),
        "the domain has no points",
    ),
    # -- points
    Forgery(
        "a point of one input of two, whose weight is added to the bias",
        question(2, "domain; 1 x0 >= 0; 1 x0 <= 1; 1 x1 == 0", "layer linear; 1 5 0", "target; 1 y0 > 4"),
        evidence("x 0", kind="point"),
        "y0 is at most 1",
    ),
    Forgery(
        "a point with one number too many",
        question(1, "domain; 1 x0 >= 0", "layer linear; 1 0", "target; 1 y0 < 0"),
        evidence("x 0 1", kind="point"),
        "no point is in the target",
    ),
    Forgery(
        "a point with two numbers too many",
        question(1, "domain; 1 x0 >= 0; 1 x0 <= 3", "layer linear; 1 0", "target; 1 y0 < 0"),
        evidence("x 1 1 1", kind="point"),
        "no point is in the target",
    ),
    Forgery("a point outside", question(1, UNIT, "target; 1 x0 > 2"), evidence("x 3", kind="point"), "no point is"),
    Forgery(
        "a point beside an equation",
        question(1, "domain; 1 x0 == 0", "target; 1 x0 < 0"),
        evidence("x -5", kind="point"),
        "no point is in the target",
    ),
    Forgery(
        "a point on a strict end",
        question(1, "domain; 1 x0 > 0", "target; 1 x0 <= 0"),
        evidence("x 0", kind="point"),
        "no point is in the target",
    ),
    Forgery("a point on a strict row", question(1, UNIT, "target; 1 x0 > 1"), evidence("x 1", kind="point"), "none"),
    Forgery("a point that misses", question(1, UNIT, "target; 1 x0 > 1"), evidence("x 1/2", kind="point"), "none"),
    Forgery("a point beside an ==", question(1, UNIT, "target; 1 x0 == 2"), evidence("x 1", kind="point"), "none is"),
    Forgery("a point over zero", question(1, UNIT, "target; 1 x0 > 1"), evidence("x 1/0", kind="point"), "none is"),
]
