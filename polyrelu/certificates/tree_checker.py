#!/usr/bin/env python3
"""Checks trees of polyrelu: python3 -I -S tree_checker.py QUESTION EVIDENCE.

QUESTION is a statement, EVIDENCE its trees: FORMAT.md, section 7. The last line says what is
proved, or REJECTED and why. No float is computed.

A node is a set of inputs, with ends, between which values are there. Theorem: a form is nowhere
less on it than `least` says. For what is added is not positive there; and step by step
h = max(z, 0) becomes z or 0 if it has a sign there, else a z, which is at most h if 0 <= a <= 1, or
m z + t, which is at least h as it is so at both ends of z, and h is convex. So a `none` has nothing
of the preimage: 0 would be positive there. The parts of a split cover a node, so leaves cover the
domain. On others the target's rows are affine: with the splits they say what is in the preimage. A
tile has a point, around which it is as large as the domain.
"""

import gzip, hashlib, re, sys
from fractions import Fraction
from functools import lru_cache
from itertools import product
from math import lcm
from operator import eq, le, lt, mul

FINE, MOST_BITS, MOST_ENDS, MOST_IN_LINE, MOST_IN_FILE = 2**20, 2**18, 2**23, 2**20, 2**36
NUMBER = re.compile(r"[+-]?[0-9]+([.][0-9]+|/[0-9]+)?")
NAME = re.compile(r"\A(x|y|[hz]([0-9]+)[.])([0-9]+)\Z")
SIDES = {"<": (1, lt), "<=": (1, le), "==": (1, eq), ">": (-1, lt), ">=": (-1, le)}

class Rejected(Exception):
    """What was claimed is not proved."""

def need(condition, message):  # `within` only keeps time and memory within limits
    if not condition:
        raise Rejected(message)
within = need

@lru_cache(2**12)
def rational(text):
    within(NUMBER.fullmatch(text), f"a number like {text[:40]}")  # 1e999999999
    return Fraction(text)
def plus(form, s, other):  # a form {place: a} with s times another one
    form = form | {place: form.get(place, 0) + s * a for place, a in other.items()}
    return {place: a for place, a in form.items() if a}
def improved(ends, key, end):  # ends are {(side, place): the least of side times the value}
    return ends | {key: max(end, ends.get(key, end))}
def least_of(ends, form):  # the least value of a form of inputs between ends
    return sum(abs(a) * ends[1 if a > 0 else -1, place] for place, a in form.items())
def sign(ends, place):  # -1 if a neuron is silent between ends, 1 if it is active, else 0
    return -1 if ends.get((-1, place), -1) >= 0 else int(ends.get((1, place), -1) >= 0)
def line(ends, place, rises, slopes):  # m, t: m z / FINE + t <= max(z, 0) if it rises, else >=
    if sign(ends, place):
        return max(sign(ends, place), 0) * FINE, 0
    ends = [ends.get((side, place)) for side in (1, -1)]
    if rises:
        return int(slopes.get(place, None not in ends and ends[0] >= ends[1]) * FINE), 0
    low, up = ends[0], -ends[1]
    m = int(up * FINE // (up - low))
    return m, max(-m * low, (FINE - m) * up) / FINE

class Question:
    """A statement, and its trees. A place is (0, i) for input i, (l, i) for what neuron i of layer
    l returns, (-l, i) for what enters it. A last input, `one`, is 1, and layers hand it on; theirs
    are integer rows, times that number in the row of `one`, and which of them have ReLUs."""

    def __init__(self, text):
        lines = filter(None, map(str.split, text.decode().split("\n")))
        head, (word, width), *lines = (words for words in lines if words[0][0] != "#")
        need([*head, word] == ["polyrelu-statement", "1", "inputs"], "this is no statement")
        within(0 <= int(width) <= 2**20, "very many inputs")
        self.hash, self.widths = hashlib.sha256(text).hexdigest(), [int(width)]
        self.one = 0, int(width)
        groups, rows = {"domain": [], "layer": [], "target": []}, None
        for word, *words in lines:
            if word in groups:
                need(word != "layer" or not groups["target"], "a layer after a target")
                groups[word].append([*words, rows := []])
            else:
                rows.append([word, *words])
        self.layers = [self.layer(*own) for own in groups["layer"]]
        self.targets = [dict(self.conditions("t", "xhy", *own)) for own in groups["target"]]
        [self.domain] = [dict(self.conditions("d", "x", *own)) for own in groups["domain"]] or [{}]

    def layer(self, relu, lines):
        relu = {"relu": "1" * len(lines), "linear": "0" * len(lines)}.get(relu, relu)
        need({len(row) for row in lines} <= {self.widths[-1] + 1}, "a layer's width")
        rows = [[*map(rational, row)] for row in lines] + [[0] * self.widths[-1] + [1]]
        q = lcm(*(a.denominator for row in rows for a in row))
        self.widths.append(len(lines))
        relu = [{"0": False, "1": True}[bit] for bit, _ in zip(relu + "0", rows, strict=True)]
        return [[int(a * q) for a in row] for row in rows], relu

    def conditions(self, letter, kinds, lines):  # by names: forms, and how they are related to 0
        for k, (*terms, relation, bound) in enumerate(lines):
            side, relation = SIDES[relation]
            form = {self.one: -side * rational(bound)}
            for a, name in zip(terms[::2], terms[1::2], strict=True):
                form = plus(form, side * rational(a), {self.place(kinds, name): 1})
            yield f"{letter}{k}", (form, relation)

    def place(self, kinds, name):
        [(kind, layer, number)] = NAME.findall(name)
        l, i = int(layer or len(self.layers) * (kind == "y")), int(number)
        need(kind[0] in kinds and i < self.widths[l], f"{name} where it is not")
        return (-l if kind[0] == "z" else l), i

    def trees(self, lines):  # read one for each target, or one for the linear regions
        head, self.lines, self.leaves = next(lines), lines, []
        need(head == ["polyrelu-tree", "1", self.hash], "this is for another statement")
        self.ends = {(1, self.one): 1, (-1, self.one): -1}
        for form, relation in self.domain.values():
            inputs = form.keys() - {self.one}
            for place, s in product(inputs, (1, -1) if relation is eq else (1,)):
                if len(inputs) == 1:
                    key = -1 if s * form[place] > 0 else 1, place
                    end = s * form.get(self.one, 0) / abs(form[place])
                    self.ends = improved(self.ends, key, end)
        regions = {"": ({(l, i): 0 for l, n in enumerate(self.widths) for i in range(n)}, le)}
        for target in self.targets or [regions]:
            self.target = target
            self.leaves.append({"tile": 0, "rest": 0, "none": 0})
            self.node(self.ends, ())
        need(next(lines, None) is None, "more than the trees")

    def node(self, ends, splits):  # read a node, after splits (side, place), down to its leaves
        within(len(splits) * len(ends) <= MOST_ENDS, "very many ends")
        while (words := next(self.lines))[0] in ("low", "up"):
            side, place = {"low": 1, "up": -1}[words[0]], self.place("xz", words[1])
            end, _ = self.least(ends, {place: side}, words[2:], self.domain)
            n, q = end.as_integer_ratio()
            unit = Fraction(2) ** (n.bit_length() - q.bit_length() - 64)  # 64 digits are kept
            ends = improved(ends, (side, place), end // unit * unit)
        if not splits:
            self.ends = ends
        word, *words = words
        if word == "split":  # wherever it is, the parts cover the node
            name, value = words if words[0][0] == "x" else (*words, "0")
            for side in (-1, 1):
                split = side, self.place("xz", name)
                self.node(improved(ends, split, side * rational(value)), (*splits, split))
            return
        self.leaves[-1][word] += 1
        if word == "none":
            found = self.least(ends, {}, words, self.domain | self.target)
            need(found > (0, False), "there may be points of the preimage")
            return
        need(word == "tile" or self.targets, "a region without a point")
        named = {place for _, place in splits}.union(*(form for form, _ in self.target.values()))
        need(named <= self.affine_places(ends), "a row that may not be affine")
        if word == "tile":
            self.tile(ends, splits, [*map(rational, words)])

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
            values = [sum(map(mul, row, values)) for row in rows]
            signs |= {(-l, i): v for i, (v, on) in enumerate(zip(values, relu)) if on}
            values = [max(v, 0) if on else v for v, on in zip(values, relu)]
        for side, place in splits:
            need(side * signs.get(place, 0) > 0, "a point that is in another part, too")
        for form, relation in self.target.values():
            form = self.at_inputs(ends, form, {})
            strict = relation is not eq and least_of(here, form) < 0
            on_all = (relation(s * least_of(ends, plus({}, s, form)), 0) for s in (1, -1))
            need(strict or all(on_all), "a condition that does not hold around the point")

    def least(self, ends, form, words, known):
        """A number that a form is nowhere less than on a node, where the known conditions hold, and
        whether it is more if that is 0, as a strict one is added."""
        slopes, is_strict = {}, False
        for name, s in zip(words[::2], map(rational, words[1::2]), strict=True):
            if name[0] == "a":
                need(0 <= s <= 1, "a slope that is not between 0 and 1")
                slopes[self.place("z", "z" + name[1:])] = s
            elif name in known:
                other, relation = known[name]
                need(s >= 0 or relation is eq, f"{name} the wrong way round")
                is_strict |= s > 0 and relation is lt
                form = plus(form, s, other)
            else:
                side, place = -1 if s > 0 else 1, self.place("xz", name)
                form = plus(form, s, {place: 1, self.one: -side * ends[side, place]})
        return least_of(ends, self.at_inputs(ends, form, slopes)), is_strict

    def at_inputs(self, ends, form, slopes):
        """A form of inputs that is nowhere more than a form on a node, and is equal to it if all
        neurons on which it depends have signs."""
        scale, now = lcm(*(a.denominator for a in form.values())), [0] * (self.widths[-1] + 1)
        for l in range(len(self.layers), 0, -1):
            rows, relu = self.layers[l - 1]
            now = [c + int(scale * form.get((l, i), 0)) for i, c in enumerate(now)]
            lines = [line(ends, (-l, i), c > 0, slopes) if c and on else (FINE, 0)
                for i, (c, on) in enumerate(zip(now, relu))]
            offset = sum(c * t for c, (_, t) in zip(now, lines))
            form, scale = plus(form, Fraction(1, scale), {self.one: offset}), scale * FINE
            now = [c * m + int(scale * form.get((-l, i), 0))
                for i, (c, (m, _)) in enumerate(zip(now, lines))]
            scale *= rows[-1][-1]
            within(scale.bit_length() <= MOST_BITS, "numbers that are too long")
            now, rows = zip(*[(c, row) for c, row in zip(now, rows) if c] or [(0, rows[0])])
            now = [sum(map(mul, column, now)) for column in zip(*rows)]
        form = {place: a for place, a in form.items() if place[0] == 0}
        return plus(form, Fraction(1, scale), {(0, j): c for j, c in enumerate(now)})

def lines_of(path):
    with open(path, "rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    with (gzip.open if packed else open)(path, "rb") as file:
        while line := file.readline(MOST_IN_LINE):
            within(line[-1:] == b"\n" and file.tell() <= MOST_IN_FILE, "a very long line or file")
            yield line.decode().split()

def check(text, path):
    """What is proved, in a line. Raises Rejected."""
    try:
        question = Question(text)
        question.trees(lines_of(path))
    except Exception as reason:
        raise Rejected(f"{reason!r}"[:500]) from reason
    leaves, said = question.leaves, "target {}: {tile} tiles, {rest} further sets".format
    if not question.targets:
        return f"regions: {leaves[0]['tile']}"
    if not any(own["tile"] + own["rest"] for own in leaves):
        return "holds: no point of the domain maps into a target"
    return "preimage: " + "; ".join(said(i, **own) for i, own in enumerate(leaves))

if __name__ == "__main__":
    try:
        with open(sys.argv[1], "rb") as file:
            print("VERIFIED", check(file.read(), *sys.argv[2:]))
    except (OSError, Rejected) as reason:
        sys.exit(f"REJECTED {reason}")
