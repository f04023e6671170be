#!/usr/bin/env python3
"""Checks certificates of polyrelu: python3 -I -S checker.py QUESTION EVIDENCE...

QUESTION is a statement; EVIDENCE is its certificate, in one file or several, or a point: FORMAT.md.
No float is computed. The last line says what is proved, or REJECTED and why.

A point (u, t) of the domain D, t >= 0, means u / t; t = 0 is a direction. Rows are functions on D,
affine where the neurons before them keep their signs, and are the bits of masks: the domain's
conditions and -t, which are not positive on D, then from `base` on the neurons and the target's
conditions. A pattern has a bit for each of the first L of these; R(p) is where no sign contradicts
p. A cell is given by L and its vertices. It is checked that
(A) no row before L is positive at one and negative at another: their hull lies in R(p), where p has
    1 for rows that are positive somewhere; and the rows that vanish tell the vertices apart;
(B) the faces that rows cut out of them are those of a polytope: the hull is R(p), not less;
(C) behind each facet that is no end of the domain there is a listed cell: so they cover D;
(D) the cell maps into the target, or misses it, or meets it in a face, which is noted.
Cells that are decided by all rows are told apart by their patterns, and have insides of their own.
"""

import gzip
import hashlib
import re
import sys
from collections import Counter, defaultdict
from fractions import Fraction
from functools import reduce
from itertools import compress, count
from math import gcd, lcm
from operator import mul, or_
from types import SimpleNamespace

ONE = (-1, 0)  # the key of a constant; that of a value is (layer, number), x being layer 0
FINE = 128  # bounds are rounded outward to multiples of 2^-128
FAR, MOST_IN_LINE, MOST_IN_HEAD, MOST_IN_FILE = 16**2**16, 2**20, 2**16, 2**36
MOST_IN_BLOCK, MOST_DIGITS, MOST_WORK = 2**17, 2**28, 2**26
NUMBER = re.compile(r"[+-]?[0-9]+([.][0-9]+|/[0-9]+)?")
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

def whole(text, low=-FAR, high=FAR, base=16):
    """A whole number of the files, which has to be in its range."""
    value = int(text, base)
    need(low <= value <= high, f"{text[:40]} is out of its range")
    return value

def rational(text):
    within(NUMBER.fullmatch(text), f"a number like {text[:40]}")  # 1e999999999
    return Fraction(text) if "." in text else Fraction(*map(int, text.split("/")))
def pairs(words):
    return zip(words[::2], words[1::2], strict=True)
def applied(form, values):
    """A form {key: coefficient} at values {key: value}, others being 0."""
    return sum(a * values.get(key, 0) for key, a in form.items())
def hold(conditions, values):
    """Whether all conditions hold at values {key: value}."""
    rows = ((applied(form, values) - bound, relation) for form, bound, relation in conditions)
    return all(a == 0 if relation == "==" else a < 0 or (relation == "<=" and a == 0)
        for a, relation in rows)
def products(rows, values):
    return [sum(map(mul, row, values)) for row in rows]
def mask(flags, first=0):
    return sum(compress(map((1).__lshift__, count(first)), flags))

def bits(union):
    """The bits of a mask, each as a mask."""
    while union:
        yield union & -union
        union &= union - 1
def shown(length, pattern):
    return format(pattern, f"0{length}b")[::-1] if length else "-"

class Statement:
    """The question. A layer is (weights of its neurons, each with its bias; which have a ReLU), a
    condition (form, bound, relation)."""

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
        self.widths = [whole(width, 0, 2**20, 10)]
        for (word, *more), rows in groups:
            need(len(more) == (word == "layer"), f"what stands behind {word}")
            if word == "layer":
                need(not self.targets, "a layer after a target")
                self.layers.append(self.layer(*more, [[rational(w) for w in row] for row in rows]))
                self.widths.append(len(rows))
            elif word == "domain":
                need(not self.domain, "a second domain")
                self.domain = [self.condition(row, "x") for row in rows]
            else:
                need(word == "target", f"{word} where it does not belong")
                self.targets.append([self.condition(row, "xhy") for row in rows])

    def layer(self, relu, rows):
        relu = {"relu": "1" * len(rows), "linear": "0" * len(rows)}.get(relu, relu)
        need(len(relu) == len(rows) and set(relu) <= {"0", "1"}, "a layer's ReLUs")
        need(all(len(row) == self.widths[-1] + 1 for row in rows), "a layer's width")
        return rows, [bit == "1" for bit in relu]

    def condition(self, words, kinds):
        *terms, relation, bound = words
        (side, relation), form = SIDES[relation], {}
        for value, name in pairs(terms):
            [(kind, layer, number)] = NAME.findall(name)
            key = int(layer) if layer else len(self.layers) * (kind == "y"), int(number)
            need(kind[0] in kinds and key[1] < self.widths[key[0]], f"{name} where it is not")
            form[key] = form.get(key, 0) + side * rational(value)
        return {key: a for key, a in form.items() if a}, side * rational(bound), relation

class Coordinates:
    """Inputs that are `free` are the coordinates u. Others are `replaced` by forms that equal them
    in the domain, or have a line along which nothing that matters changes, and are taken as 0."""

    def __init__(self, statement, head):
        self.domain, self.replaced, self.lines = statement.domain, {}, []
        self.free = [(0, i) for i in range(statement.widths[0])]
        for word, *words in head:
            key = 0, whole(words[0])
            self.free.remove(key)
            if word == "eq":
                half = words.index("|")
                (form, _), (other, _) = map(self.combined, (words[1:half], words[half + 1 :]))
                need(form == {k: -a for k, a in other.items()}, f"x{key[1]} may be something else")
                own = form.pop(key)
                self.replaced[key] = {k: -a / own for k, a in form.items()}
            else:
                along = {(0, whole(j)): rational(m) for j, m in pairs(words[1:])}
                self.lines.append(along | {key: 1})
        for form in self.replaced.values():
            need(not form.keys() & self.replaced.keys(), "an eq that needs another one")
        for line in self.lines:
            need(len(line.keys() - {*self.free}) == 1, "a line along another one")

    def combined(self, words):
        """A sum of conditions a.x - b, so at most 0 in the domain, and whether it is less."""
        form, less = defaultdict(Fraction), False
        for number, factor in pairs(words):
            terms, bound, relation = self.domain[whole(number, 0, len(self.domain) - 1)]
            factor = rational(factor)
            need(factor >= 0 or relation == "==", f"condition {number} the wrong way round")
            less |= relation == "<" and factor > 0
            for key, a in (terms | {ONE: -bound}).items():
                form[key] += factor * a
        return {key: a for key, a in form.items() if a}, less

def run(levels, h, product, relu):
    """The values of numbered rows in levels before their ReLUs; all values after them join h."""
    found = []
    for indices, rows, numbered, cut in levels:
        values = product(rows, [h[i] for i in indices])
        found += [z for z, on in zip(values, numbered) if on]
        h += [relu(z) if on else z for z, on in zip(values, cut)]
    return found

def columnwise(rows, values):
    """The same for tuples as values."""
    return [*zip(*(products(rows, column) for column in zip(*values)))]

class Rows:
    """The rows of one target, or of the linear regions (None), in levels: inputs that are replaced,
    the domain, layers as far as the target sees them, the target. A level is (the values it reads,
    integer rows on these, which are numbered, which have a ReLU). Each row gives a value for those
    after it: a positive multiple of what the statement means by it."""

    def __init__(self, statement, coordinates, target):
        layers, conditions = statement.layers, [] if target is None else statement.targets[target]
        named = {key for form, _, _ in conditions for key in form}
        seen = [{i for l, i in named if l == layer} for layer in range(len(layers) + 1)]
        for l in range(len(layers), 0, -1):
            seen[l] |= set(range(statement.widths[l]) if target is None else ())
            seen[l - 1] |= {j for i in seen[l] for j, w in enumerate(layers[l - 1][0][i][:-1]) if w}
        self.changes = [dict(line) for line in coordinates.lines]
        self.at = {key: i for i, key in enumerate([*coordinates.free, ONE])}  # where values are
        self.scale, self.levels, self.start, self.forms = dict.fromkeys(self.at, 1), [], [0], []
        self.add(coordinates.replaced, [False] * len(coordinates.replaced))
        domain = [*statement.domain, ({}, 1, "<=")]  # 0 <= 1 is -t <= 0
        ends = {(-2, k): form | {ONE: -b} for k, (form, b, _) in enumerate(domain)}
        self.add(ends, [True] * len(ends))
        for l, (weights, relu) in enumerate(layers, 1):
            inputs, own = {(l - 1, j): j for j in seen[l - 1]} | {ONE: -1}, sorted(seen[l])
            forms = {(l, i): {key: weights[i][j] for key, j in inputs.items()} for i in own}
            self.add(forms, [relu[i] for i in own], True)
        forms = {(-3, k): form | {ONE: -b} for k, (form, b, _) in enumerate(conditions)}
        self.add(forms, [True] * len(forms))
        self.d, self.base = len(coordinates.free), len(domain)
        self.length = self.start[-1] - self.base
        self.relations = [relation for _, _, relation in conditions]
        own = [relation for _, _, relation in domain] + [""] * (self.start[-2] - len(domain))
        own += self.relations
        self.strict, self.closed, self.equal = (
            mask(relation == one for relation in own) for one in ("<", "<=", "==")
        )

    def add(self, forms, numbered, relu=False):
        """A level more, of forms on the values so far; inputs that have a line are 0."""
        for change in self.changes:  # along a line
            change |= {key: applied(form, change) for key, form in forms.items()}
            changed = any(on and change[key] for on, key in zip(numbered, forms))
            need(not changed, "a row changes along a line")
        reads, rows = sorted({ONE}.union(*forms.values()) & self.at.keys()), []
        indices = [self.at[key] for key in reads]
        for key, form in forms.items():
            row = [Fraction(form.get(read, 0), self.scale[read]) for read in reads]
            self.at[key], self.scale[key] = len(self.at), lcm(*(a.denominator for a in row))
            rows.append([int(a * self.scale[key]) for a in row])
        self.levels.append((indices, rows, numbered, [on and relu for on in numbered]))
        self.start.append(self.start[-1] + sum(numbered))

    def vertex(self, u):
        u = tuple(x // gcd(*u) for x in u)
        v = SimpleNamespace(u=u, h=[*u], pos=0, neg=0, level=0)
        self.evaluate(v, 2)
        need(not v.pos | v.neg & self.equal, "a point that is not in the domain")
        return v

    def evaluate(self, v, levels):
        """Evaluate rows at a vertex, until so many levels are done."""
        while v.level < levels:
            product = (lambda *level: self.second(*level, v.u)) if v.level == 3 else products
            signs = run([self.levels[v.level]], v.h, product, lambda z: z if z > 0 else 0)
            v.pos |= mask([z > 0 for z in signs], self.start[v.level])
            v.neg |= mask([z < 0 for z in signs], self.start[v.level])
            v.level += 1
            if v.level == len(self.levels):
                v.h = v.h[len(self.at) - len(self.relations) :]  # none reads the others any more

    def second(self, rows, values, u):
        """The products after the first layer, by rows as forms on (u, t); they are kept, changed
        for values that have become 0, or are 0 no more, since the last vertex."""
        if not self.forms:
            h = [[int(i == j) for j in range(len(u))] for i in range(len(u))]
            run(self.levels[:3], h, columnwise, tuple)
            self.first = [h[i] for i in self.levels[3][0]]
            self.forms, self.on = [[0] * len(u)] * len(rows), [False] * len(values)
        for j, value in enumerate(values):
            if self.on[j] != (value != 0):
                self.on[j], change = value != 0, [c if value else -c for c in self.first[j]]
                forms = zip(self.forms, rows)
                self.forms = [[a + row[j] * c for a, c in zip(form, change)] for form, row in forms]
        return products(self.forms, u)

    def behind(self, u, way):
        """The pattern just behind a point, on a way, by pairs (value, change) in their order."""
        signs = run(self.levels, [*zip(u, way)], columnwise, lambda z: max(z, (0, 0)))
        return mask(z > (0, 0) for z in signs) >> self.base

    def misses(self, vertices, length):
        """Whether bounds show that a cell misses the target: of values after the level of the first
        undecided row, which are affine or, by their ReLUs, convex on it; then by intervals."""
        done = sum(start <= self.base + length for start in self.start[:-1])
        vertices = [v if v.level <= done else self.vertex(v.u) for v in vertices]
        if not all(v.u[-1] for v in vertices):
            return False
        for v in vertices:
            self.evaluate(v, done)
        columns = zip(*([(x << FINE, v.u[-1]) for x in v.h] for v in vertices))
        bounds = [(min(x // t for x, t in c), -min(-x // t for x, t in c)) for c in columns]

        def intervals(rows, bounds):
            ends = [[b if w > 0 else b[::-1] for w, b in zip(row, bounds)] for row in rows]
            return [columnwise([row], end)[0] for row, end in zip(rows, ends)]

        run(self.levels[done:], bounds, intervals, lambda z: (max(z[0], 0), max(z[1], 0)))
        ends = [(low, high, own) for (low, high), own in zip(bounds[::-1], self.relations[::-1])]
        return any(a > 0 or (r == "<" and a == 0) or (r == "==" and b < 0) for a, b, r in ends)

def facets_of(zeros, d):
    """The facets of a hull of dimension d, each as the rows that vanish on it, by the rows that
    vanish at its vertices; it is shown that none is missing, and that these are vertices."""
    union = reduce(or_, zeros)
    if all(z.bit_count() == d for z in zeros):  # an edge is on d - 1 rows, and has two ends
        ends = Counter(z ^ k for z in zeros for k in bits(z))
        need(set(ends.values()) <= {2}, "an edge without two ends")
        return list(bits(union))
    rows, faces, work = defaultdict(int), {0: (-1, [])}, 0
    for k in bits(union):
        rows[mask(z & k for z in zeros)] |= k

    def face(vertices):
        """The dimension and the facets of a face: the greatest faces that rows cut out of it."""
        nonlocal work
        if vertices not in faces:
            facets = []
            for cut in sorted({vertices & row for row in rows}, key=int.bit_count, reverse=True):
                if cut != vertices and all(cut & ~facet for facet in facets):
                    facets.append(cut)
            work += len(rows) * (len(facets) + 1) * (len(zeros) // 64 + 1)
            within(work <= MOST_WORK, "a cell with very many faces")
            dimensions, ridges = zip(*map(face, facets))
            ends = Counter(ridge for part in ridges for ridge in part)
            need(set(ends.values()) <= {2}, "a ridge without two facets")
            faces[vertices] = dimensions[0] + 1, facets
        return faces[vertices]

    dimension, facets = face((1 << len(zeros)) - 1)
    need(dimension == d, "a flat cell")
    need(all(1 << i in faces for i in range(len(zeros))), "a point that is no vertex")
    return [rows[facet] for facet in facets]

class Cover:
    """Patterns by their lengths, and those that have to be there as they are behind a facet."""

    def __init__(self):
        self.listed, self.wanted = defaultdict(set), {}

    def add(self, length, pattern):
        self.listed[length].add(pattern)
        self.wanted.pop((length, pattern), None)

    def cross(self, length, pattern, behind):
        if behind not in self.listed[length]:
            self.wanted[length, behind] = pattern

    def finish(self):
        """No pattern begins another; what is wanted begins one, or with one. Gives nothing."""
        listed, begun = self.listed.items(), {}
        for length in {length for length, _ in self.wanted} | self.listed.keys():
            cut = (1 << length) - 1
            begun[length] = {q & cut for l, known in listed if l > length for q in known}
            need(not begun[length] & self.listed[length], "cells that lie in another one")
        for (length, behind), pattern in self.wanted.items():
            shorter = any(behind & (1 << l) - 1 in known for l, known in listed if l <= length)
            need(shorter or behind in begun[length],
                f"nothing is at {shown(length, behind)}, behind {shown(length, pattern)}")

class Target:
    """The cells of one target, or of the linear regions, part by part."""

    def __init__(self, rows):
        self.rows, self.roots, self.leaving = rows, [], Cover()
        self.tiles = {}  # patterns of cells in the target, each with one of its zone
        self.touched = {}  # signs of faces in the target, each with a vertex
        self.near = defaultdict(list)  # signs of both, by vertices

    def open(self, root):
        """Begin a part: its cells cover the points whose pattern begins with the root."""
        self.root, self.of_root = int(root[::-1] or "0", 2), (1 << len(root)) - 1
        self.cover = Cover()
        self.roots.append((len(root), self.root))

    def cell(self, length, vertices):
        r, full, behind, flips = self.rows, (1 << self.rows.base + length) - 1, [], 0
        for v in vertices:
            r.evaluate(v, sum(start < r.base + length for start in r.start[:-1]))
        pos, neg = (full & reduce(or_, signs) for signs in zip(*((v.pos, v.neg) for v in vertices)))
        pattern, zeros = pos >> r.base, [(pos | neg) & ~(v.pos | v.neg) for v in vertices]
        need(not pos & neg, f"row {(pos & neg).bit_length() - 1:x} changes its sign in a cell")
        inside = pattern & self.of_root == self.root and self.of_root <= full >> r.base
        need(inside, f"{shown(length, pattern)} is in another part")
        need(len(zeros) == len(set(zeros)), "vertices that no row tells apart")
        for facet in facets_of(zeros, r.d):
            k = facet & -facet  # what vanishes here or in all of the cell may have any sign there
            if k >> r.base and facet == k and not full & ~(pos | neg) & -k:
                flips |= k
                behind.append((facet, pattern ^ k >> r.base))
            elif k >> r.base:
                on = zip(*(v.u for v, z in zip(vertices, zeros) if not facet & ~z))
                way = [-sum(c) for c in zip(*(v.u for v in vertices))]
                behind.append((facet, r.behind([*map(sum, on)], way) & full >> r.base))
        self.judge(length, vertices, pos, neg, flips)
        self.cover.add(length, pattern)
        for facet, other in behind:
            cover = self.leaving if (facet & -facet) >> r.base & self.of_root else self.cover
            cover.cross(length, pattern, other)
            both = length == r.length and {pattern, other} <= self.tiles.keys()
            if both and not facet & r.strict:  # the facet is in the target, too
                self.tiles[self.zone(pattern)] = self.zone(other)

    def judge(self, length, vertices, pos, neg, flips):
        """Note what is in the target of a cell: all of it, or a face."""
        r, full = self.rows, (1 << self.rows.base + length) - 1
        if full & ~neg & r.strict or pos & flips & r.closed:
            return  # nothing, or a facet where a condition <= holds, which is in other cells, too
        if length < r.length:
            name = shown(length, pos >> r.base)
            need(r.misses(vertices, length), f"{name} may map into the target")
            return
        tight = pos & r.closed | (pos | neg) & r.equal
        on = [v for v in vertices if not tight & (v.pos | v.neg)]
        pos, neg = (reduce(or_, signs, 0) for signs in ([v.pos for v in on], [v.neg for v in on]))
        if not neg >> r.base - 1 & 1 or r.strict & ~neg:
            return  # no point, or none where strict conditions hold
        if tight:
            self.touched[pos, neg] = on[0].u
        else:
            self.tiles[pos >> r.base] = pos >> r.base
        for v in on:
            if (r.closed | r.equal) & ~(v.pos | v.neg):
                self.near[v.u].append((pos, neg))

    def zone(self, tile):
        while tile != self.tiles[tile]:
            self.tiles[tile] = tile = self.tiles[self.tiles[tile]]
        return tile

    def finish(self):
        """How many tiles, flat parts and zones there are. A face is in a larger one or in a tile if
        its signs are the other one's or 0; if it is in none it is a flat part."""
        for root in self.roots:
            self.leaving.add(*root)
        self.leaving.finish()
        flat = 0
        for (pos, neg), u in self.touched.items():
            flat += all((p, n) == (pos, neg) or pos & ~p or neg & ~n for p, n in self.near[u])
        return len(self.tiles), flat, sum(tile == one for tile, one in self.tiles.items())

class Checker:
    """Reads evidence for a statement, line by line, and collects what it proves."""

    def __init__(self, question):
        self.statement, self.targets, self.claims = Statement(question), {}, []
        self.numbers = [*range(len(self.statement.targets))] or [None]
        self.head = self.part = self.vertices = self.begun = None

    def line(self, word, *words):
        if word == "v":
            self.digits += sum(map(len, words))
            within(self.digits <= MOST_DIGITS, "a block of too many digits")
            within(len(self.vertices) < MOST_IN_BLOCK, "a block of too many vertices")
            need(len(words) == self.part.rows.d + 1, "a vertex of another dimension")
            self.vertices.append(self.part.rows.vertex([whole(x) for x in words]))
        elif word == "c":
            length, most = whole(words[0], 0, self.part.rows.length), len(self.vertices)
            self.part.cell(length, [self.vertices[-whole(back, 1, most)] for back in words[1:]])
        elif word == "b":
            self.part, self.vertices, self.digits = self.part or self.open(*self.begun), [], 0
        elif word == "cells":
            name, root = words
            number = None if name == "regions" else whole(name, 0, len(self.numbers) - 1)
            self.begun, self.vertices = (number, root.replace("-", ""), [*self.head]), None
        elif word == "end":
            cells = sum(map(len, self.part.cover.listed.values()))
            need(cells == whole(*words, 1), "cells are missing, or there twice")
            self.part = self.part.cover.finish()
        elif word == "x":
            self.point(words)
        elif word == "empty":
            form, less = Coordinates(self.statement, []).combined(words)
            above = form.pop(ONE, 0)
            need(not form and (above > 0 or (less and above == 0)), "the domain may have points")
            self.claims.append("empty: the domain has no points")
        elif word in ("eq", "line"):
            head = self.begun[2] if word == "line" else self.head
            head.append([word, *words])
            within(len(head) <= self.statement.widths[0], "too many lines on coordinates")
            within(sum(map(len, words)) <= MOST_IN_HEAD, "a long line in the head")
        elif word in ("polyrelu-cells", "polyrelu-point") and words == ("1", self.statement.hash):
            self.head = []
        else:
            raise Rejected(f"{word[:40]} does not belong here, or this is for another statement")

    def open(self, number, root, head):
        """The part that begins, of a target that may have parts already."""
        if number not in self.targets:
            coordinates = Coordinates(self.statement, head)
            self.targets[number] = Target(Rows(self.statement, coordinates, number))
        self.targets[number].open(root)
        return self.targets[number]

    def point(self, words):
        """A point that maps into a target."""
        within(sum(map(len, words)) <= MOST_IN_HEAD, "a long point")
        h = [rational(word) for word in words]
        need(len(h) == self.statement.widths[0], "a point of another dimension")
        values = {(0, j): a for j, a in enumerate(h)}
        for l, (rows, relu) in enumerate(self.statement.layers, 1):
            h = [max(z, 0) if on else z for z, on in zip(products(rows, [*h, 1]), relu)]
            values |= {(l, i): a for i, a in enumerate(h)}
        need(hold(self.statement.domain, values), "the point is not in the domain")
        for number, target in enumerate(self.statement.targets):
            if hold(target, values):
                self.claims.append(f"violated: the point maps into target {number}")
                return
        raise Rejected("the point maps into no target")

    def claim(self):
        need(not self.part, "the evidence ends early")
        if self.claims:
            return self.claims[0]
        totals = [self.targets[number].finish() for number in self.numbers]
        if self.numbers == [None]:
            return f"regions: {totals[0][0]}"
        if not any(tiles + flat for tiles, flat, _ in totals):
            return "holds: no point of the domain maps into a target"
        said = "target {}: {} tiles, {} flat parts, {} zones".format
        return "preimage: " + "; ".join(said(j, *found) for j, found in enumerate(totals))

def lines_of(path):
    with open(path, "rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    with (gzip.open if packed else open)(path, "rb") as file:
        size = 0
        while line := file.readline(MOST_IN_LINE):
            size += len(line)
            within(line[-1:] == b"\n" and size <= MOST_IN_FILE, "a line or a file that is too long")
            yield line.decode().split()

def check(question, paths):
    """What is proved, in a line. Raises Rejected."""
    where = "the statement"
    try:
        checker = Checker(question)
        for path in paths:
            for number, words in enumerate(lines_of(path), 1):
                where = f"{path}, line {number}"
                checker.line(*words)
        where = "the end, where each target has to have its cells"
        return checker.claim()
    except Exception as reason:
        said = reason if isinstance(reason, Rejected) else repr(reason)
        raise Rejected(f"{where}: {said}"[:500]) from reason

def main(question, *paths):
    try:
        with open(question, "rb") as file:
            print("VERIFIED", check(file.read(), paths))
    except (OSError, Rejected) as reason:
        sys.exit(f"REJECTED {reason}")

if __name__ == "__main__":
    main(*sys.argv[1:])
