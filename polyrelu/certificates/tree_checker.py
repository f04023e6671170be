#!/usr/bin/env python3
"""Checks trees of polyrelu: python3 -I -S tree_checker.py QUESTION EVIDENCE.

QUESTION is a statement, EVIDENCE its trees: FORMAT.md, section 7. No float is computed. The last
line says what is proved, or REJECTED and why.

A node is a set of inputs, with ends of rows on it: inputs x, values n that enter ReLUs, conditions
a.v - b of the domain, d, and of the target, t. Theorem: a form is nowhere less than `least` says on
the node or, with factors of t, where the target is hit. For what is subtracted is not negative
there; and step by step h = max(z, 0) becomes z where z >= 0 on the node, 0 where z <= 0, else a z,
which is at most h if 0 <= a <= 1, or m z + t, at least h as it is so at both ends of z, and h is
convex. So a `none` has nothing of the preimage: 0 would be positive there. The parts of a split
cover it, so leaves cover the domain. On other leaves the target's rows are affine: with the splits
they say what is in the preimage. A tile's point has all strictly, so it is as large as the domain.
"""

import gzip
import hashlib
import re
import sys
from fractions import Fraction
from functools import lru_cache
from math import lcm
from operator import mul

FINE, MOST_BITS, MOST_ENDS, MOST_IN_LINE, MOST_IN_FILE = 2**20, 2**18, 2**23, 2**20, 2**36
NUMBER = re.compile(r"[+-]?[0-9]{1,4300}([.][0-9]{1,4300}|/[0-9]{1,4300})?")
NAME = re.compile(r"\A(x|y|h([0-9]+)[.])([0-9]+)\Z")
SIDES = {"<": (1, "<"), "<=": (1, "<="), "==": (1, "=="), ">": (-1, "<"), ">=": (-1, "<=")}
KEYWORDS = ("polyrelu-statement", "inputs", "domain", "layer", "target")

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

def gathered(own, form, layer, scale):
    """Integers {number: c}, with what a form {(layer, number): a} has in a layer, times scale."""
    for (l, i), a in form.items():
        if l == layer:
            own[i] = own.get(i, 0) + int(a * scale)
    return {i: c for i, c in own.items() if c}

class Statement:
    """The question. A layer is (integer rows with the bias last, their denominator, which have a
    ReLU), a condition (form, bound, relation)."""

    def __init__(self, text):
        self.hash, groups = hashlib.sha256(text).hexdigest(), []
        self.layers, self.domain, self.targets = [], [], []
        for words in map(str.split, text.decode().split("\n")):
            if words and words[0] in KEYWORDS:
                groups.append((words, []))
            elif words and words[0][0] != "#":
                groups[-1][1].append(words)
        (head, none), ((word, width), nothing), *groups = groups
        need([*head, word] == ["polyrelu-statement", "1", "inputs"], "this is no statement")
        need(not none + nothing, "rows that belong to nothing")
        within(0 <= int(width) <= 2**20, "very many inputs")
        self.widths = [int(width)]
        for (word, *more), rows in groups:
            need(len(more) == (word == "layer"), f"what stands behind {word}")
            if word == "layer":
                need(not self.targets, "a layer after a target")
                self.layers.append(self.layer(*more, [[*map(rational, row)] for row in rows]))
                self.widths.append(len(rows))
            elif word == "domain":
                need(not self.domain, "a second domain")
                self.domain = [self.condition(row, "x") for row in rows]
            else:
                need(word == "target", f"{word} where it does not belong")
                self.targets.append([self.condition(row, "xhy") for row in rows])
        self.places = {f"x{j}": (0, j) for j in range(self.widths[0])}
        relus = enumerate((layer[2] for layer in self.layers), 1)
        neurons = ((l, i) for l, relu in relus for i, on in enumerate(relu) if on)
        self.places |= {f"n{k}": place for k, place in enumerate(neurons)}
        self.names = {place: name for name, place in self.places.items()}

    def layer(self, relu, rows):
        relu = {"relu": "1" * len(rows), "linear": "0" * len(rows)}.get(relu, relu)
        need(len(relu) == len(rows) and set(relu) <= {"0", "1"}, "a layer's ReLUs")
        need(all(len(row) == self.widths[-1] + 1 for row in rows), "a layer's width")
        q = lcm(*(a.denominator for row in rows for a in row))
        return [[int(a * q) for a in row] for row in rows], q, [bit == "1" for bit in relu]

    def condition(self, words, kinds):
        *terms, relation, bound = words
        (side, relation), form = SIDES[relation], {}
        for value, name in zip(terms[::2], terms[1::2], strict=True):
            [(kind, layer, number)] = NAME.findall(name)
            key = int(layer) if layer else len(self.layers) * (kind == "y"), int(number)
            need(kind[0] in kinds and key[1] < self.widths[key[0]], f"{name} where it is not")
            form[key] = form.get(key, 0) + side * rational(value)
        return {key: a for key, a in form.items() if a}, side * rational(bound), relation

    def ends(self):
        """What the domain's conditions say of single inputs."""
        ends = {}
        for form, bound, relation in self.domain:
            for place, a in form.items() if len(form) == 1 else ():
                for side in (1, -1) if relation == "==" else (-1 if a > 0 else 1,):
                    ends = improved(ends, side, self.names[place], bound / a)
        return ends

    def form(self, name):
        """A row x or n as a form of what layers return, {(layer, number): a}, and its bound."""
        l, i = self.places[name]
        rows, q, _ = self.layers[l - 1] if l else ({i: [*[0] * i, 1, 0]}, 1, None)
        weights = {(l - (l > 0), j): Fraction(a, q) for j, a in enumerate(rows[i][:-1]) if a}
        return weights, Fraction(-rows[i][-1], q)

    def at(self, x):
        """What enters ReLUs and what layers return at a point, each as {(layer, number): value}."""
        need(len(x) == self.widths[0], "a point of another dimension")
        scale, z, h = lcm(*(a.denominator for a in x)), {}, {(0, j): a for j, a in enumerate(x)}
        values = [int(a * scale) for a in x]
        for l, (rows, q, relu) in enumerate(self.layers, 1):
            values, scale = [sum(map(mul, row, [*values, scale])) for row in rows], scale * q
            z |= {(l, i): Fraction(v, scale) for i, v in enumerate(values)}
            values = [max(v, 0) if on else v for v, on in zip(values, relu)]
            h |= {(l, i): Fraction(v, scale) for i, v in enumerate(values)}
        return z, h

def improved(ends, side, row, value):
    old = ends.get((side, row), value)
    return ends | {(side, row): max(old, value) if side > 0 else min(old, value)}
def holds(form, bound, relation, h):
    value = sum(a * h[place] for place, a in form.items()) - bound
    return value == 0 if relation == "==" else value < 0 or (value == 0 and relation == "<=")

class Tree:
    """The tree of one target, or of the linear regions (None); `ends` are those on the domain."""

    def __init__(self, statement, target, ends, lines):
        self.of, self.lines, self.leaves = statement, lines, {"tile": 0, "rest": 0, "none": 0}
        self.target, self.is_of_regions, self.ends = target or [], target is None, ends
        self.rows = {f"d{i}": row for i, row in enumerate(statement.domain)}
        self.rows |= {f"t{i}": row for i, row in enumerate(self.target)}
        self.hit = {(-1, name): 0 for name in self.rows}  # the ends of conditions where they hold
        self.hit |= {(1, name): 0 for name, row in self.rows.items() if row[2] == "=="}
        self.inside = {key: 0 for key in self.hit if key[1][0] == "d"}
        self.node(ends, ())

    def node(self, ends, splits):
        """Read a node, after splits (side, row), with its ends {(side, row): end}, sides being 1
        for lower and -1 for upper ones, down to its leaves."""
        within(len(splits) * len(ends) <= MOST_ENDS, "very many ends")
        word, *words = next(self.lines)
        while word in ("low", "up"):
            side, row = 1 if word == "low" else -1, words[0]
            found, _ = self.proved(ends | self.inside, words[1:], [(Fraction(side), row)])
            size = found.numerator.bit_length() - found.denominator.bit_length()
            unit = Fraction(2) ** (size - 64)  # 64 binary digits are kept
            ends = improved(ends, side, row, side * (found // unit * unit))
            word, *words = next(self.lines)
        if not splits:
            self.ends = {key: end for key, end in ends.items() if key[1][0] != "t"}
        if word == "split":  # by whatever row, the parts cover the node
            row, value = words if words[0][0] == "x" else (*words, "0")
            for side in (-1, 1):
                part = improved(ends, side, row, rational(value))
                self.node(part, (*splits, (side, row)))
            return
        self.leaves[word] += 1
        if word == "none":
            found, is_strict = self.proved(ends | self.hit, words, [])
            need(found > 0 or (found == 0 and is_strict), "there may be points of the preimage")
            return
        for row in self.of.places if self.is_of_regions else ():
            need(row[0] == "x" or self.line(ends, row, True, None), "a neuron without a sign")
        for form, _, _ in self.target:
            self.least(ends, form, 0, None)
        if word == "tile":
            self.tile(ends, splits, words)

    def tile(self, ends, splits, x):
        """See that a leaf has the dimension of the domain, near x."""
        z, h = self.of.at([*map(rational, x)])
        need(all(holds(*row, h) for row in self.of.domain), "a point outside of the domain")
        for side, row in splits:
            inside = row[0] == "n" and side * z[self.of.places[row]] > 0
            need(inside, f"a point that is not inside by {row}")
        for i, (form, bound, relation) in enumerate(self.target):
            if relation == "==" or not holds(form, bound, "<", h):  # needed on all of the node
                need(relation != "<" and ends[-1, f"t{i}"] <= 0, f"t{i} may be positive")
                need(relation != "==" or ends[1, f"t{i}"] >= 0, f"t{i} may be negative")

    def proved(self, ends, words, terms):
        """A number that the sum of terms (factor, row) is nowhere less than; whether it is not
        reached if it is 0, as something strict has a factor."""
        total, slopes, is_strict, h = Fraction(0), {}, False, {}
        for name, s in zip(words[::2], map(rational, words[1::2]), strict=True):
            if name[0] == "a":
                need(0 <= s <= 1, "a slope that is not between 0 and 1")
                slopes["n" + name[1:]] = s
            else:
                terms, total = [*terms, (-s, name)], total + s * ends[1 if s > 0 else -1, name]
                is_strict |= s < 0 and name in self.rows and self.rows[name][2] == "<"
        for s, name in terms:
            form, bound = self.rows[name][:2] if name in self.rows else self.of.form(name)
            total -= s * bound
            for place, a in form.items():
                h[place] = h.get(place, 0) + s * a
        return self.least(ends, h, total, slopes), is_strict

    def least(self, ends, h, total, slopes):
        """A number that a form of what layers return is nowhere less than. Without slopes: it is
        only asked whether all that it depends on has signs."""
        scale, form = lcm(*(a.denominator for a in h.values())), {}
        for l in range(len(self.of.layers), 0, -1):
            (rows, q, relu), form = self.of.layers[l - 1], gathered(form, h, l, scale)
            lines = {i: self.line(ends, self.of.names[l, i], c > 0, slopes) if relu[i] else (1, 0)
                for i, c in form.items()}
            total += sum(c * lines[i][1] for i, c in form.items()) / Fraction(scale)
            finer = lcm(*(m.denominator for m, _ in lines.values()))
            entering, scale = [0] * (self.of.widths[l - 1] + 1), scale * finer * q
            within(scale.bit_length() <= MOST_BITS, "numbers that are too long")
            for i, c in form.items():
                if c := int(c * finer * lines[i][0]):
                    entering = [b + c * w for b, w in zip(entering, rows[i])]
            total += Fraction(entering.pop(), scale)
            form = dict(enumerate(entering))
        if slopes is None:
            return total
        form = gathered(form, h, 0, scale)
        least = sum(c * ends[1 if c > 0 else -1, f"x{j}"] for j, c in form.items())
        return total + least / Fraction(scale)

    def line(self, ends, row, rises, slopes):
        """Numbers m, t: m z + t is on the node no more than max(z, 0) if it rises, else no less."""
        low, up = ends.get((1, row)), ends.get((-1, row))
        if up is not None and up <= 0:
            return 0, 0
        if low is not None and low >= 0:
            return 1, 0
        need(slopes is not None, f"{row} has no sign")
        if rises:
            return slopes.get(row, int(None not in (low, up) and up >= -low)), 0
        m = Fraction(up * FINE // (up - low), FINE)
        return m, max(-m * low, (1 - m) * up)

def lines_of(path):
    with open(path, "rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    with (gzip.open if packed else open)(path, "rb") as file:
        size = 0
        while line := file.readline(MOST_IN_LINE):
            size += len(line)
            within(line[-1:] == b"\n" and size <= MOST_IN_FILE, "a line or a file that is too long")
            yield line.decode().split()

def claim(asked, lines):
    head, ends, leaves = next(lines), asked.ends(), []
    need(head == ["polyrelu-tree", "1", asked.hash], "this is for another statement")
    for target in asked.targets or [None]:
        tree = Tree(asked, target, ends, lines)
        ends, leaves = tree.ends, [*leaves, tree.leaves]
    need(next(lines, None) is None, "more than the trees")
    need(asked.targets or not leaves[0]["rest"], "a region without a point")
    if not asked.targets:
        return f"regions: {leaves[0]['tile']}"
    if not any(own["tile"] + own["rest"] for own in leaves):
        return "holds: no point of the domain maps into a target"
    said = "target {}: {} tiles, {} further sets".format
    return "preimage: " + "; ".join(said(i, a["tile"], a["rest"]) for i, a in enumerate(leaves))

def check(question, path):
    """What is proved, in a line. Raises Rejected."""
    try:
        return claim(Statement(question), lines_of(path))
    except Exception as reason:
        raise Rejected(f"{reason!r}"[:500]) from reason

def main(question, path):
    try:
        with open(question, "rb") as file:
            print("VERIFIED", check(file.read(), path))
    except (OSError, Rejected) as reason:
        sys.exit(f"REJECTED {reason}")

if __name__ == "__main__":
    main(*sys.argv[1:])
