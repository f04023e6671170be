"""Trees for what is false, written by hand: each is refused, and most of them for one reason only."""

from __future__ import annotations

from tests.certificates.forgeries import CORNER, HINGE, RIGHT, SQUARE, UNIT, Forgery, lines, question


def tree(*groups: str) -> str:
    """Trees of a question, whose hash stands for HASH; a semicolon ends a line."""
    return "\n".join(["polyrelu-tree 1 HASH", *lines(groups)]) + "\n"


ABS = "layer relu; 1 0; -1 0; layer linear; 1 1 0"  # y0 = |x0|
AROUND = "domain; 1 x0 >= -1; 1 x0 <= 1"
HALF = "target; 1 y0 > 1/2"
BELOW = "target; 1 y0 < 1/2"
ONE = "target; 1 y0 >= 1"  # of ABS the ends of AROUND, and nothing inside
SUMS = "layer relu; 1 1 0; layer linear; 1 0"  # y0 = max(x0 + x1, 0)

FORGERIES = [
    # -- what is proved
    Forgery("nothing is proved of half", question(1, UNIT, RIGHT), tree("none t0 1"), "1 is in the target"),
    Forgery("nothing at all", question(1, UNIT, RIGHT), tree("none"), "1 is in the target"),
    Forgery(
        "a condition the wrong way round", question(1, UNIT, RIGHT), tree("none t0 -1"), "1 is in the target"
    ),  # 1/2 - x0 >= 0 where x0 <= 1/2
    Forgery("the domain the wrong way round", question(1, UNIT, RIGHT), tree("none d0 -1 d1 -1"), "1 is in the target"),
    Forgery("0 is not positive", question(1, UNIT, "target; 1 x0 >= 1"), tree("none t0 1"), "1 is in the target"),
    Forgery(
        "nothing strict has a factor",
        question(1, UNIT, "target; 1 x0 >= 1; 1 x0 > 1/2"),
        tree("none t0 1"),
        "1 is in the target",
    ),
    Forgery(
        "nothing strict has a factor that is not 0",
        question(1, UNIT, "target; 1 x0 >= 1; 1 x0 > 1/2"),
        tree("none t0 1 t1 0"),
        "1 is in the target",
    ),
    Forgery(
        "a strict condition the wrong way round",
        question(1, "domain; 1 x0 > 0; 1 x0 <= 1", "target; 1 x0 >= 1"),
        tree("none t0 1 d0 -1"),
        "1 is in the target",
    ),
    Forgery(
        "an end in the target, for the node",
        question(1, UNIT, RIGHT),
        tree("low x0 t0 1; split x0 1/4; none t0 1; none x0 -1"),
        "1 is in the target",
    ),
    Forgery(
        "a sign in the target, for the node",
        question(1, AROUND, ABS, HALF),
        tree("low z1.0 t0 1; none t0 1"),
        "1 is in the target",
    ),
    Forgery(
        "an end of a condition",
        question(1, UNIT, RIGHT),
        tree("up t0 t0 1; rest; none"),
        "1 is in the target",
    ),
    Forgery(
        "a slope of two",
        question(1, AROUND, ABS, "target; 1 y0 <= 1/4"),
        tree("split z1.0; low z1.1 z1.0 1; split x0 -1/2; none t0 1; none t0 1 a1.0 2; none t0 1 a1.1 2"),
        "0 is in the target",
    ),
    Forgery(
        "a slope that makes h at least 2 z - 0",
        question(1, UNIT, "layer relu; 1 -1/2; layer linear; 1 0", "target; 1 y0 1 x0 <= 1"),
        tree("low z1.0; up z1.0; split x0 1/2; none t0 1 a1.0 3; none t0 1 a1.0 3"),
        "1/2 is in the target",
    ),
    Forgery(
        "a slope below zero",
        question(1, AROUND, ABS, "target; 1 y0 <= 1/4"),
        tree("low z1.0; up z1.0; low z1.1; up z1.1; none t0 1 a1.0 -5 a1.1 -5"),
        "0 is in the target",
    ),
    Forgery(
        "a slope below zero, of one neuron",
        question(1, AROUND, "layer relu; 1 0; layer linear; 1 0", "target; 1 y0 <= 1/4; 1 x0 <= -1/2"),
        tree("split x0 -1/2; none t0 1 a1.0 -1; none t1 1 t0 1"),
        "-1 is in the target",
    ),
    Forgery(
        "an end that is not known",
        question(1, "domain; 1 x0 >= 0", RIGHT),
        tree("none t0 1"),
        "1 is in the target",
    ),
    Forgery(
        "a line above an open neuron without ends",
        question(1, AROUND, ABS, HALF),
        tree("none t0 1"),
        "1 is in the target",
    ),
    Forgery(
        "ends of a neuron that are too good",
        question(1, AROUND, ABS, HALF),
        tree("up z1.0 z1.0 1; none t0 1"),
        "1 is in the target",
    ),
    Forgery("an end by itself", question(1, UNIT, RIGHT), tree("up x0 x0 1/2; none t0 1"), "1 is in the target"),
    Forgery("a row that is not there", question(1, UNIT, RIGHT), tree("up z1.0; none t0 1"), "1 is in the target"),
    Forgery("a condition that is not there", question(1, UNIT, RIGHT), tree("none d2 1"), "1 is in the target"),
    Forgery("a condition before the first", question(1, UNIT, RIGHT), tree("none d-1 1"), "1 is in the target"),
    Forgery("a name without a factor", question(1, UNIT, RIGHT), tree("none t0"), "1 is in the target"),
    Forgery(
        "a slope of two, in the target",
        question(1, UNIT, "layer relu; 1 -3/4", "target; 1 y0 <= 1/4; 1 x0 >= 1"),
        tree("none t0 1 t1 2 a1.0 2"),
        "1 is in the target",
    ),
    Forgery(
        "a line a little too low",
        question(1, "domain; 1 x0 >= -2; 1 x0 <= 1", "layer relu; 1 0", "target; 1 y0 >= 1"),
        tree("low z1.0; up z1.0; none t0 1"),
        "1 is in the target",
    ),
    Forgery(
        "an end a little too high",
        question(1, UNIT, "target; 1 x0 <= 0"),
        tree("low x0; none t0 1"),
        "0 is in the target",
    ),
    Forgery(
        "neurons that are not silent",
        question(1, AROUND, ABS, HALF),
        tree("up z1.0; up z1.1; none t0 1"),
        "1 is in the target",
    ),
    Forgery(
        "neurons that are not active",
        question(1, AROUND, ABS, HALF),
        tree("low z1.0; low z1.1; none t0 1"),
        "1 is in the target",
    ),
    Forgery(
        "a neuron that is silent in the target",
        question(1, AROUND, "layer relu; -1 0", "target; 1 y0 <= 0"),
        tree("up z1.0 t0 1 a1.0 1; tile -1/2"),
        "-1/2 is not in the target",
    ),
    # -- splits
    Forgery("one part of two", question(1, UNIT, RIGHT), tree("split x0 1/2; none t0 1"), "1 is in the target"),
    Forgery("a node that ends early", question(1, UNIT, RIGHT), tree(), "1 is in the target"),
    Forgery("ends only", question(1, UNIT, RIGHT), tree("low x0"), "1 is in the target"),
    Forgery(
        "a split by another value of a neuron",
        question(1, AROUND, ABS, HALF),
        tree("split z1.0 2; low z1.1; up z1.1; none t0 1; none z1.0 -1"),
        "1 is in the target",
    ),
    Forgery(
        "ends of one part for the other",
        question(1, UNIT, RIGHT),
        tree("split x0 1/4; up x0; none t0 1; none t0 1"),
        "1 is in the target",
    ),
    # -- leaves
    Forgery(
        "a rest with an open neuron",
        question(1, AROUND, ABS, HALF),
        tree("split z1.0; rest; rest"),
        "the target's row is not affine on either part",
    ),
    Forgery(
        "a rest with open neurons that have ends",
        question(1, AROUND, ABS, HALF),
        tree("low z1.0; up z1.0; low z1.1; up z1.1; rest"),
        "the target's row is not affine",
    ),
    Forgery("a region with an open neuron", question(1, UNIT, HINGE), tree("tile 1"), "there are two regions"),
    Forgery(
        "a tile that is no polyhedron",
        question(
            1, "domain; 1 x0 >= -3; 1 x0 <= 3", ABS.replace("linear; 1 1 0", "relu; -1 -1 1"), "target; 1 y0 <= 0"
        ),
        tree("split z2.0; tile 2; split z1.0; low z1.1 z1.0 1; rest; up z1.1 z1.0 -1; rest"),
        "there are two tiles, around 2 and -2",
    ),
    Forgery(
        "regions that are split by an input",
        question(1, UNIT, "layer relu; 1 1"),
        tree("split x0 1/2; low z1.0; tile 1/4; low z1.0; tile 3/4"),
        "there is one region",
    ),
    Forgery(
        "regions that are split by a neuron without ReLU",
        question(1, UNIT, "layer linear; 1 -1/2"),
        tree("split z1.0; tile 1/4; tile 3/4"),
        "there is one region",
    ),
    Forgery(
        "a region without a point", question(1, UNIT, "layer relu; 1 1"), tree("low z1.0; rest"), "there is one region"
    ),
    Forgery(
        "a region on the side of another",
        question(1, UNIT, "layer relu; 1 1"),
        tree("split z1.0; tile 1/2; tile 1/2"),
        "there is one region",
    ),
    Forgery(
        "a region that is a point",
        question(1, UNIT, "layer relu; 1 -1"),
        tree("split z1.0; tile 1/2; tile 1"),
        "there is one region",
    ),
    Forgery(
        "a region outside of the domain",
        question(1, UNIT, "layer relu; 1 -2"),
        tree("split z1.0; tile 1/2; tile 3"),
        "there is one region",
    ),
    Forgery(
        "a tile of two inputs by a point of one",
        question(2, SQUARE, "layer linear; 1 0 0", "target; 1 x0 > 2"),
        tree("tile 3"),
        "there is none",
    ),
    Forgery(
        "a tile by a point with a coordinate more, where the number 1 was expected",
        question(1, "target; 0 x0 > 1"),
        tree("tile 0 -1"),
        "there is none",
    ),
    Forgery(
        "a region of two inputs by a point of one, which would have been a direction",
        question(2, "layer relu; 0 1 10; 0 1 0", "layer relu; -1 1 1"),
        tree(
            "split z1.0; up z1.1 z1.0 1; low z2.0; tile 0 -20",
            "split z1.1; split z2.0; tile 0 -5; tile 0 -19/2; split z2.0; tile 0 1; tile 0",
        ),
        "there are four regions",
    ),
    Forgery("a tile outside of the target", question(1, UNIT, "target; 1 x0 > 1"), tree("tile 1/2"), "there is none"),
    Forgery(
        "a tile where the target is flat", question(1, UNIT, "target; 1 x0 >= 1"), tree("tile 1"), "there is a point"
    ),
    Forgery(
        "a tile where an equation is flat", question(1, UNIT, "target; 1 x0 == 1/2"), tree("tile 1/2"), "it is a point"
    ),
    Forgery(
        "a tile on one side of an equation", question(1, UNIT, "target; 1 x0 == 1"), tree("tile 1/2"), "it is a point"
    ),
    Forgery(
        "a tile where an equation has one end",
        question(1, "domain; 1 x0 >= 0", "target; 1 x0 == 0"),
        tree("tile 0"),
        "there is a point",
    ),
    Forgery(
        "a tile where an equation has its upper end",
        question(1, "domain; 1 x0 <= 0", "target; 1 x0 == 0"),
        tree("tile 0"),
        "there is a point",
    ),
    Forgery(
        "a tile where a strict condition is 0 everywhere",
        question(1, UNIT, "target; 0 x0 < 0"),
        tree("tile 1/2"),
        "there is none",
    ),
    # -- files
    Forgery("the first of two trees", question(1, UNIT, "target; 1 x0 > 2", RIGHT), tree("none t0 1"), "1 is in one"),
    Forgery(
        "ends of one target for another",
        question(1, UNIT, "target; 1 x0 <= 1", "target; 1 x0 <= 1/4"),
        tree("tile 1/2; tile 1/2"),
        "1/2 is not in the second",
    ),
    Forgery(
        "a tree and a half",
        question(1, UNIT, "target; 1 x0 > 2"),
        tree("none t0 1; tile 1/2"),
        "no such thing is asked",
    ),
    Forgery("another hash", question(1, UNIT, "target; 1 x0 > 2"), tree("none t0 1").replace("HASH", "ab"), "another"),
    Forgery(
        "another version",
        question(1, UNIT, "target; 1 x0 > 2"),
        tree("none t0 1").replace("tree 1", "tree 2"),
        "there is no version 2",
    ),
    # -- statements that say nothing
    *(
        Forgery(name, text, tree("none t0 1"), "it is no question")
        for name, text in [
            ("another statement", question(1, UNIT, "target; 1 x0 > 2").replace("ment 1", "ment 2")),
            ("conditions of inputs", question(1, "1 x0 >= 5", UNIT, "target; 1 x0 > 2")),
            ("conditions of the head", question(1, UNIT, "target; 1 x0 > 2").replace("ment 1", "ment 1\n1 x0 >= 5")),
            ("a domain with more", question(1, UNIT.replace("n;", "n 1 x0 >= 5;"), "target; 1 x0 > 2")),
            ("a layer after a target", question(1, UNIT, "target; 1 y0 > 2", "layer linear; 9 0")),
            ("two domains", question(1, "domain; 1 x0 <= 1/4", UNIT, "target; 1 x0 > 2")),
            ("a target by another name", question(1, UNIT, "inputs; 1 x0 > 2")),
            ("a ReLU called 2", question(1, UNIT, "layer 2; 1 0", "target; 1 y0 > 2")),
            ("a ReLU of nothing", question(1, UNIT, "layer 01; 1 0", "target; 1 y0 > 2")),
            ("a layer too wide", question(1, UNIT, "layer linear; 1 -7 0", "target; 1 y0 > 2")),
            ("no statement", question(1, UNIT, "target; 1 x0 > 2").replace("polyrelu-statement 1\n", "")),
            ("its domain first", "domain 1\n" + question(1, "target; 1 x0 > 2").replace("1\n", "1\n", 1)),
            ("inputs twice", question(1, UNIT, "inputs 3", "target; 1 x0 > 2")),
            ("inputs after the domain", question(1, "target; 1 x0 > 2").replace("inputs 1", f"{UNIT}\ninputs 1")),
            ("an input that is not there", question(1, UNIT, "target; 1 x5 > 2")),
            ("an output in the domain", question(1, "domain; 1 y0 >= 0; 1 x0 <= 1", "target; 1 x0 > 2")),
            ("an exponent", question(1, UNIT, "target; 1 x0 > 2e0")),
        ]
    ),
    Forgery(
        "a corner of two inputs",
        question(2, SQUARE, CORNER),
        tree("split x0 1/2; none t0 1; none t0 1"),
        "(1, 1) is in the target",
    ),
    Forgery(
        "a sum whose bounds are of one part",
        question(2, SQUARE, SUMS, "target; 1 y0 > 3/2"),
        tree("split x0 1/2; low z1.0; up z1.0; none t0 1; none t0 1"),
        "(1, 1) is in the target",
    ),
    Forgery(
        "a set of two intervals, by a sign that was derived",
        question(
            1,
            "domain; 1 x0 >= -3; 1 x0 <= 3",
            "layer relu; 1 0; -1 0",
            "layer relu; -1 -1 1",
            "layer relu; 1 0",
            "target; 1 y0 <= 0",
        ),
        tree(
            "split z3.0; up z2.0 z3.0 1 a2.0 1; rest; split z1.0",
            "low z1.1 z1.0 1; split z2.0; rest; rest; up z1.1 z1.0 -1; split z2.0; rest; rest",
        ),
        "the first rest is {1 - |x| <= 0}, and no polyhedron",
    ),
    Forgery(
        "two intervals that are one tile, as a neuron that the target does not see is split",
        question(1, AROUND, "layer relu; 1 0; -1 0", "layer relu; -1 -1 1/2", "target; 1 x0 < 5"),
        tree("split z2.0; tile 1; tile 0"),
        "{|x| >= 1/2} is no polyhedron",
    ),
    Forgery(
        "a layer after its target",
        question(1, UNIT, "target; 1 y0 > 2", "layer linear; 1 0"),
        tree("none t0 1"),
        "it is no question",
    ),
]
