#!/usr/bin/env python3
"""Checks trees of polyrelu: python3 -I -S tree_checker.py QUESTION EVIDENCE.

QUESTION is a statement, EVIDENCE its trees: FORMAT.md, section 7. No float is computed. The last
line says what is proved, or REJECTED and why.

A node is a set of inputs, with ends, between which inputs and what enters ReLUs are there. Theorem:
a form is nowhere less on a node than `least` says. For what is added is not positive there; and
step by step h = max(z, 0) becomes z where z >= 0 on the node, 0 where z <= 0, else a z, which is at
most h if 0 <= a <= 1, or m z + t, which is at least h as it is so at both ends of z, and h is
convex. So a `none` has nothing of the preimage: 0 would be positive there. The parts of a split
cover a node, so leaves cover the domain. On others the target's rows are affine: with the splits
they say what is in the preimage. A tile has a point, around which it is as large as the domain.
"""

import gzip
import hashlib
import re
import sys
from fractions import Fraction
from functools import lru_cache
from math import lcm
from operator import eq, le, lt, mul

FINE, MOST_BITS, MOST_ENDS, MOST_IN_LINE, MOST_IN_FILE = 2**20, 2**18, 2**23, 2**20, 2**36
NUMBER = re.compile(r"[+-]?[0-9]{1,4300}([.][0-9]{1,4300}|/[0-9]{1,4300})?")
NAME = re.compile(r"\A(x|y|[hz]([0-9]+)[.])([0-9]+)\Z")
SIDES = {"<": (1, lt), "<=": (1, le), "==": (1, eq), ">": (-1, lt), ">=": (-1, le)}

class Rejected(Exception):
    """What was claimed is not proved."""

def need(condition, message):
    """What the proof needs."""
    if not condition:
        raise Rejected(message)

within = need  # where it only keeps time and memory within limits

@lru_cache(2**12)
def rational(text):
    within(NUMBER.fullmatch(text), f"a number like {text[:40]}")  # 1e999999999
    return Fraction(text)

class Statement:
    """The question. A place is (0, i) for input i, (l, i) for what neuron i of layer l returns and
    (-l, i) for what enters it. A layer is (integer rows with the bias last, their denominator,
    which have a ReLU); a condition is (form {place: a}, bound, relation)."""

    def __init__(self, text):
        self.hash, groups = hashlib.sha256(text).hexdigest(), []
        lines = filter(None, map(str.split, text.decode().split("\n")))
        head, (word, width), *lines = (words for words in lines if words[0][0] != "#")
        need([*head, word] == ["polyrelu-statement", "1", "inputs"], "this is no statement")
        for words in lines:
            if words[0] in ("domain", "layer", "target"):
                groups.append((*words, []))
            else:
                groups[-1][-1].append(words)
        order = "".join(word[0] for word, *_ in groups)
        need(re.fullmatch("l*t*", order.replace("d", "")), "a layer after a target")
        within(0 <= int(width) <= 2**20, "very many inputs")
        self.widths = [int(width)]
        self.layers = [self.layer(*own) for word, *own in groups if word == "layer"]
        self.targets = [[*self.rows("xhy", *own)] for word, *own in groups if word == "target"]
        domains = [[*self.rows("x", *own)] for word, *own in groups if word == "domain"]
        [self.domain] = domains or [[]]

    def layer(self, relu, rows):
        relu = {"relu": "1" * len(rows), "linear": "0" * len(rows)}.get(relu, relu)
        need(len(relu) == len(rows) and set(relu) <= {"0", "1"}, "a layer's ReLUs")
        need(all(len(row) == self.widths[-1] + 1 for row in rows), "a layer's width")
        self.widths.append(len(rows))
        rows = [[*map(rational, row)] for row in rows]
        q = lcm(*(a.denominator for row in rows for a in row))
        return [[int(a * q) for a in row] for row in rows], q, [bit == "1" for bit in relu]

    def rows(self, kinds, lines):
        for *terms, relation, bound in lines:
            (side, relation), form = SIDES[relation], {}
            for a, name in zip(terms[::2], terms[1::2], strict=True):
                form = plus(form, side * rational(a), {self.place(kinds, name): 1})
            yield form, side * rational(bound), relation

    def place(self, kinds, name):
        [(kind, layer, number)] = NAME.findall(name)
        l, i = int(layer or len(self.layers) * (kind == "y")), int(number)
        need(kind[0] in kinds and i < self.widths[l], f"{name} where it is not")
        return (-l if kind[0] == "z" else l), i

def plus(form, s, other):
    """A form {place: a} with s times another one."""
    form = form | {place: form.get(place, 0) + s * a for place, a in other.items()}
    return {place: a for place, a in form.items() if a}
def improved(ends, side, place, value):
    """Ends {(side, place): value}, side being 1 for lower and -1 for upper ones, with one more."""
    old = ends.get((side, place), value)
    return ends | {(side, place): max(old, value) if side > 0 else min(old, value)}
def sign(ends, place):
    """-1 if a neuron is silent between ends, 1 if it is active, else 0."""
    return -1 if ends.get((-1, place), 1) <= 0 else int(ends.get((1, place), -1) >= 0)
def between(ends, form, side):
    """The least value of a form of inputs between ends, or if side is -1 the largest."""
    return sum(a * ends[side if a > 0 else -side, place] for place, a in form.items())

class Trees:
    """Reads the trees of a statement: one of each target, or one of the linear regions."""

    def __init__(self, statement, lines):
        self.layers, self.widths, self.place = statement.layers, statement.widths, statement.place
        self.lines, self.ends, self.leaves = lines, {}, []
        self.domain = {f"d{k}": condition for k, condition in enumerate(statement.domain)}
        for form, bound, relation in statement.domain:
            for place, a in form.items() if len(form) == 1 else ():
                for side in (1, -1) if relation is eq else (-1 if a > 0 else 1,):
                    self.ends = improved(self.ends, side, place, bound / a)
        neurons = [{(l, i): 1} for l, n in enumerate(self.widths[1:], 1) for i in range(n)]
        for target in statement.targets or [[]]:
            self.target = {f"t{k}": condition for k, condition in enumerate(target)}
            self.affine = [form for form, _, _ in target] if statement.targets else neurons
            self.leaves.append({"tile": 0, "rest": 0, "none": 0})
            self.node(self.ends, ())

    def node(self, ends, splits):
        """Read a node, after splits (side, place), down to its leaves."""
        within(len(splits) * len(ends) <= MOST_ENDS, "very many ends")
        word, *words = next(self.lines)
        while word in ("low", "up"):
            side, place = 1 if word == "low" else -1, self.place("xz", words[0])
            least, _ = self.least(ends, {place: side}, words[1:], self.domain)
            n, q = least.as_integer_ratio()
            unit = Fraction(2) ** (n.bit_length() - q.bit_length() - 64)  # 64 digits are kept
            ends = improved(ends, side, place, side * (least // unit * unit))
            word, *words = next(self.lines)
        if not splits:
            self.ends = ends
        if word == "split":  # wherever it is, the parts cover the node
            name, value = words if words[0][0] == "x" else (*words, "0")
            for side in (-1, 1):
                split = side, self.place("xz", name)
                self.node(improved(ends, *split, rational(value)), (*splits, split))
            return
        self.leaves[-1][word] += 1
        if word == "none":
            least, is_strict = self.least(ends, {}, words, self.domain | self.target)
            need(least > 0 or (least == 0 and is_strict), "there may be points of the preimage")
            return
        named = {place for form in self.affine for place in form} | {place for _, place in splits}
        need(named <= self.affine_places(ends), "a row that may not be affine")
        if word == "tile":
            forms = [self.at_inputs(ends, form, {}) for form in self.affine]
            self.tile(ends, splits, forms, [*map(rational, words)])

    def affine_places(self, ends):
        """Places of values that are affine on a node: neurons have signs there, and what enters is
        affine, too, so that rows of inputs say these signs, or they are silent on all nodes."""
        found = {(0, j) for j in range(self.widths[0])}
        for l, (rows, _, relu) in enumerate(self.layers, 1):
            for i, (row, on) in enumerate(zip(rows, relu)):
                if all((l - 1, j) in found for j, w in enumerate(row[:-1]) if w):
                    found.add((-l, i))
                    if not on or sign(ends, (-l, i)):
                        found.add((l, i))
                elif on and sign(self.ends, (-l, i)) < 0:
                    found.add((l, i))
        return found

    def tile(self, ends, splits, affine, x):
        """See that a leaf has the dimension of the domain, around x."""
        need(len(x) == self.widths[0], "a point of another dimension")
        here, signs = {(side, (0, j)): a for j, a in enumerate(x) for side in (1, -1)}, {}
        for form, bound, relation in self.domain.values():
            need(relation(between(here, form, 1), bound), "a point that is outside")
        scale = lcm(*(a.denominator for a in x))
        values = [int(a * scale) for a in x]
        for l, (rows, q, relu) in enumerate(self.layers, 1):
            values, scale = [sum(map(mul, row, [*values, scale])) for row in rows], scale * q
            signs |= {(-l, i): values[i] for i, on in enumerate(relu) if on}
            values = [max(v, 0) if on else v for v, on in zip(values, relu)]
        for side, place in splits:
            need(side * signs.get(place, 0) > 0, "a point that is in another part, too")
        for (form, total), (_, bound, relation) in zip(affine, self.target.values()):
            strict = relation is not eq and total + between(here, form, 1) < bound
            on_all = (relation(total + between(ends, form, side), bound) for side in (1, -1))
            need(strict or all(on_all), "a condition that does not hold around the point")

    def least(self, ends, form, words, known):
        """A number that a form is nowhere less than on a node, where the known conditions hold, and
        whether it is more if that is 0, as a strict one is added."""
        constant, slopes, is_strict = Fraction(0), {}, False
        for name, s in zip(words[::2], map(rational, words[1::2]), strict=True):
            if name[0] == "a":
                need(0 <= s <= 1, "a slope that is not between 0 and 1")
                slopes[self.place("z", "z" + name[1:])] = s
                continue
            if name in known:
                other, bound, relation = known[name]
                need(s >= 0 or relation is eq, f"{name} the wrong way round")
                is_strict |= s > 0 and relation is lt
            else:
                place = self.place("xz", name)
                other, bound = {place: 1}, ends[-1 if s > 0 else 1, place]
            form, constant = plus(form, s, other), constant - s * bound
        form, total = self.at_inputs(ends, form, slopes)
        return constant + total + between(ends, form, 1), is_strict

    def at_inputs(self, ends, form, slopes):
        """A form of inputs and a number, together nowhere more on a node than a form; equal to it
        if all neurons that it depends on have signs."""
        scale, total = lcm(*(a.denominator for a in form.values())), Fraction(0)
        now = [0] * self.widths[-1]  # times 1 / scale
        for l in range(len(self.layers), 0, -1):
            rows, q, relu = self.layers[l - 1]
            now = [c + int(scale * form.get((l, i), 0)) for i, c in enumerate(now)]
            lines = [self.line(ends, (-l, i), c > 0, slopes) if c and on else (FINE, 0)
                for i, (c, on) in enumerate(zip(now, relu))]
            total += sum(c * t for c, (_, t) in zip(now, lines)) / Fraction(scale)
            scale *= FINE
            within(scale.bit_length() <= MOST_BITS, "numbers that are too long")
            now = [c * m + int(scale * form.get((-l, i), 0))
                for i, (c, (m, _)) in enumerate(zip(now, lines))]
            entering = [0] * (self.widths[l - 1] + 1)
            for c, row in zip(now, rows):
                entering = [b + c * w for b, w in zip(entering, row)] if c else entering
            *now, bias = entering
            scale *= q
            total += Fraction(bias, scale)
        of_inputs = {place: a for place, a in form.items() if place[0] == 0}
        return plus(of_inputs, Fraction(1, scale), {(0, j): c for j, c in enumerate(now)}), total

    def line(self, ends, place, rises, slopes):
        """m, t: on a node m z / FINE + t is no more than max(z, 0) if it rises, else no less."""
        low, up = ends.get((1, place)), ends.get((-1, place))
        if sign(ends, place):
            return max(sign(ends, place), 0) * FINE, 0
        if rises:
            default = None not in (low, up) and up >= -low
            return int(slopes.get(place, default) * FINE), 0
        m = int(up * FINE // (up - low))
        return m, max(-m * low, (FINE - m) * up) / FINE

def lines_of(path):
    with open(path, "rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    with (gzip.open if packed else open)(path, "rb") as file:
        while line := file.readline(MOST_IN_LINE):
            within(line[-1:] == b"\n" and file.tell() <= MOST_IN_FILE, "a very long line or file")
            yield line.decode().split()

def check(question, path):
    """What is proved, in a line. Raises Rejected."""
    try:
        asked, lines = Statement(question), lines_of(path)
        head = next(lines)
        need(head == ["polyrelu-tree", "1", asked.hash], "this is for another statement")
        leaves = Trees(asked, lines).leaves
        need(next(lines, None) is None, "more than the trees")
        need(asked.targets or not leaves[0]["rest"], "a region without a point")
    except Exception as reason:
        raise Rejected(f"{reason!r}"[:500]) from reason
    if not asked.targets:
        return f"regions: {leaves[0]['tile']}"
    if not any(own["tile"] + own["rest"] for own in leaves):
        return "holds: no point of the domain maps into a target"
    said = "target {}: {} tiles, {} further sets".format
    return "preimage: " + "; ".join(said(i, a["tile"], a["rest"]) for i, a in enumerate(leaves))

def main(question, path):
    try:
        with open(question, "rb") as file:
            print("VERIFIED", check(file.read(), path))
    except (OSError, Rejected) as reason:
        sys.exit(f"REJECTED {reason}")

if __name__ == "__main__":
    main(*sys.argv[1:])
