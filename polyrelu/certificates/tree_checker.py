#!/usr/bin/env python3
"""Checks trees of polyrelu: python3 -I -S tree_checker.py QUESTION EVIDENCE.

QUESTION is a statement, EVIDENCE its trees: FORMAT.md, section 7. It needs Python, and checker.py
beside it. The last line says what is proved, or REJECTED and why. No float is computed.

A node is a set of inputs, with ends, between which values are there. Theorem: a form is nowhere
less on it than `least` says. For what is added is not positive there; and step by step
h = max(z, 0) becomes z or 0 if it has a sign there, else a z, which is at most h if 0 <= a <= 1, or
m z + t, which is at least h as it is so at both ends of z, and h is convex. So a `none` has nothing
of the preimage: 0 would be positive there. The parts of a split cover a node, so leaves cover the
domain. On others the target's rows are affine: with the splits they say what is in the preimage. A
tile has a point, around which it is as large as the domain.
"""

import sys
from fractions import Fraction
from math import lcm
from operator import eq, le, lt
from pathlib import Path

if __package__:
    from polyrelu.certificates import checker
else:
    sys.path.append(str(Path(__file__).resolve().parent))
    import checker  # type: ignore[import-not-found, no-redef]  # it has to lie beside this file

FINE, MOST_BITS, MOST_ENDS = 2**20, 2**18, 2**23
Rejected, need, within = checker.Rejected, checker.need, checker.within

def improved(ends, key, end):  # ends are {(side, place): the least of side times the value}
    return ends | {key: max(end, ends.get(key, end))}
def least_of(ends, form):  # the least value of a form of inputs between ends
    return sum(abs(a) * ends[1 if a > 0 else -1, place] for place, a in form.items())
def sign(ends, place):  # -1 if a neuron is silent between ends, 1 if it is active, else 0
    return -1 if ends.get((-1, place), -1) >= 0 else int(ends.get((1, place), -1) >= 0)
def line(ends, place, rises, slopes):  # m, t: m z / FINE + t <= max(z, 0) if it rises, else >=
    if sign(ends, place):
        return max(sign(ends, place), 0) * FINE, 0
    low, down = (ends.get((side, place)) for side in (1, -1))  # -down is the upper end
    if rises:
        return int(slopes.get(place, None not in (low, down) and low >= down) * FINE), 0
    m = int(down * FINE // (down + low))
    return m, max(-m * low, (m - FINE) * down) / FINE

class Question:
    """A statement, and its trees. A place is (0, i) for input i, (l, i) for what neuron i of layer
    l returns, (-l, i) for what enters it. A last input, `one`, is 1, and layers hand it on; theirs
    are integer rows, times that number in the row of `one`, and which of them have ReLUs."""

    def __init__(self, text):
        self.statement, self.layers = checker.Statement(text), []
        self.widths, self.one = self.statement.widths, (0, self.statement.widths[0])
        for before, rows in enumerate(self.statement.layers):
            keys = [*((before, j) for j in range(self.widths[before])), checker.ONE]
            rows = [*rows, (None, {checker.ONE: 1}, "linear")]  # which hands `one` on
            q = lcm(*(a.denominator for _, form, _ in rows for a in form.values()))
            integers = [[int(form.get(key, 0) * q) for key in keys] for _, form, _ in rows]
            self.layers.append((integers, [kind == "relu" for _, _, kind in rows]))
        self.domain = dict(self.conditions("d", self.statement.domain[:-1]))  # without t > 0
        self.targets = [dict(self.conditions("t", rows)) for rows in self.statement.targets]

    def conditions(self, letter, rows):  # by names: forms, and how they are related to 0
        for k, (_, form, kind) in enumerate(rows):
            form = {self.one if key == checker.ONE else key: a for key, a in form.items()}
            yield f"{letter}{k}", (form, {"<": lt, "<=": le, "==": eq}[kind])

    def place(self, name):  # x3 is an input, and z2.7 what enters the neuron that returns h2.7
        l, i = self.statement.key("xh", {"x": "x", "z": "h"}[name[0]] + name[1:])
        return -l, i

    def trees(self, lines):  # read one for each target, or one for the linear regions
        head, self.lines, self.counts = next(lines), lines, []
        need(head == ["polyrelu-tree", "1", self.statement.hash], "this is for another statement")
        self.ends = {(1, self.one): 1, (-1, self.one): -1}
        for form, relation in self.domain.values():
            inputs = [*(form.keys() - {self.one})]
            for side in (1, -1) if len(inputs) == 1 else ():
                if relation is eq or side * form[inputs[0]] < 0:
                    end = -side * form.get(self.one, 0) / form[inputs[0]]
                    self.ends = improved(self.ends, (side, inputs[0]), end)
        regions = {"": ({(l, i): 0 for l, n in enumerate(self.widths) for i in range(n)}, le)}
        for target in self.targets or [regions]:
            self.target = target
            self.counts.append({"split": 0, "none": 0, "tile": 0, "rest": 0})
            self.node(self.ends, ())
        need(next(lines, None) is None, "more than the trees")

    def node(self, ends, splits):  # read a node, after splits (side, place), down to its leaves
        within(len(splits) * len(ends) <= MOST_ENDS, "very many ends")
        while (words := next(self.lines))[0] in ("low", "up"):
            side, place = {"low": 1, "up": -1}[words[0]], self.place(words[1])
            end, _ = self.least(ends, {place: side}, words[2:], self.domain)
            n, q = end.as_integer_ratio()
            unit = Fraction(2) ** (n.bit_length() - q.bit_length() - 64)  # 64 digits are kept
            ends = improved(ends, (side, place), end // unit * unit)
        self.ends = self.ends if splits else ends  # of the domain, so for later trees, too
        word, *words = words
        self.counts[-1][word] += 1
        if word == "split":  # wherever it is, the parts cover the node
            name, value = words if words[0][0] == "x" else (*words, "0")
            for side in (-1, 1):
                split = side, self.place(name)
                self.node(improved(ends, split, side * checker.rational(value)), (*splits, split))
        elif word == "none":
            found = self.least(ends, {}, words, self.domain | self.target)
            need(found > (0, False), "there may be points of the preimage")
        else:
            need(word == "tile" or self.targets, "a region without a point")
            rows = {place for _, place in splits}.union(*(row for row, _ in self.target.values()))
            need(rows <= self.affine_places(ends), "a row that may not be affine")
            if word == "tile":
                self.tile(ends, splits, [*map(checker.rational, words)])

    def affine_places(self, ends):
        """Places of values that are affine on a node: neurons have signs there, and what enters is
        affine, too, so that rows of inputs say these signs, or they are silent on all nodes."""
        found = {(0, j) for j in range(self.widths[0] + 1)}
        for l, (rows, relu) in enumerate(self.layers, 1):
            for i, (row, on) in enumerate(zip(rows, relu)):
                if all((l - 1, j) in found for j, w in enumerate(row) if w):
                    found |= {(-l, i), (l, i)} if not on or sign(ends, (-l, i)) else {(-l, i)}
                elif on and sign(self.ends, (-l, i)) < 0:
                    found.add((l, i))
        return found

    def tile(self, ends, splits, x):  # see that a leaf has the dimension of the domain, around x
        need(len(x) == self.widths[0], "a point of another dimension")
        here = {(side, (0, j)): side * a for j, a in enumerate([*x, 1]) for side in (1, -1)}
        for form, relation in self.domain.values():
            need(relation(least_of(here, form), 0), "a point that is outside")
        values, signs = [int(a * lcm(*(a.denominator for a in x))) for a in [*x, 1]], {}
        for l, (rows, relu) in enumerate(self.layers, 1):
            values = checker.products(rows, values)
            signs |= {(-l, i): v for i, (v, on) in enumerate(zip(values, relu)) if on}
            values = [max(v, 0) if on else v for v, on in zip(values, relu)]
        for side, place in splits:
            need(side * signs.get(place, 0) > 0, "a point that is in another part, too")
        for form, relation in self.target.values():
            form = self.at_inputs(ends, form, {})
            strict = relation is not eq and least_of(here, form) < 0
            on_all = (relation(s * least_of(ends, checker.total([(s, form)])), 0) for s in (1, -1))
            need(strict or all(on_all), "a condition that does not hold around the point")

    def least(self, ends, form, words, known):
        """A number that a form is nowhere less than on a node, where the known conditions hold, and
        whether it is more if that is 0, as a strict one is added."""
        terms, slopes, is_strict = [(1, form)], {}, False
        for name, s in zip(words[::2], map(checker.rational, words[1::2]), strict=True):
            if name[0] == "a":
                need(0 <= s <= 1, "a slope that is not between 0 and 1")
                slopes[self.place("z" + name[1:])] = s
            elif name in known:
                other, relation = known[name]
                need(s >= 0 or relation is eq, f"{name} the wrong way round")
                is_strict |= s > 0 and relation is lt
                terms.append((s, other))
            else:
                side, place = -1 if s > 0 else 1, self.place(name)
                terms.append((s, {place: 1, self.one: -side * ends[side, place]}))
        return least_of(ends, self.at_inputs(ends, checker.total(terms), slopes)), is_strict

    def at_inputs(self, ends, form, slopes):
        """A form of inputs that is nowhere more than a form on a node, and is equal to it if all
        neurons on which it depends have signs."""
        terms = [(1, {place: a for place, a in form.items() if place[0] == 0})]
        scale, now = lcm(*(a.denominator for a in form.values())), [0] * (self.widths[-1] + 1)
        for l, (rows, relu) in [*enumerate(self.layers, 1)][::-1]:
            offset = 0
            for i, on in enumerate(relu):
                c = now[i] + int(scale * form.get((l, i), 0))
                m, t = line(ends, (-l, i), c > 0, slopes) if c and on else (FINE, 0)
                now[i] = c * m + int(scale * FINE * form.get((-l, i), 0))
                offset += c * t
            terms.append((Fraction(1, scale), {self.one: offset}))
            scale *= FINE * rows[-1][-1]
            within(scale.bit_length() <= MOST_BITS, "numbers that are too long")
            columns = zip(*(row for c, row in zip(now, rows) if c))
            now = checker.products(columns, [c for c in now if c]) or [0] * len(rows[0])
        return checker.total([*terms, (Fraction(1, scale), {(0, j): c for j, c in enumerate(now)})])

def check(text, path):
    """What is proved, in a line. Raises Rejected."""
    try:
        question = Question(text)
        question.trees(words for _, words in checker.lines_of(path))
    except Exception as reason:
        raise Rejected(f"{reason!r}"[:500]) from reason
    found, said = question.counts, "target {}: {tile} tiles, {rest} further sets".format
    if not question.targets:
        return f"regions: {found[0]['tile']}"
    if not any(own["tile"] + own["rest"] for own in found):
        return "holds: no point of the domain maps into a target"
    return "preimage: " + "; ".join(said(i, **own) for i, own in enumerate(found))

if __name__ == "__main__":
    try:
        print("VERIFIED", check(Path(sys.argv[1]).read_bytes(), *sys.argv[2:]))
    except (OSError, Rejected) as reason:
        sys.exit(f"REJECTED {reason}")
