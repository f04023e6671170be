#!/usr/bin/env python3
"""Checks a certificate of polyrelu: python3 -I -S checker.py QUESTION EVIDENCE...

QUESTION is a statement, EVIDENCE its certificate, in one file or several, or a point; FORMAT.md says
what is in them. Only Python is needed, and no float is computed. The last line says what is proved, or
REJECTED and why. Soundness does not depend on where the files come from.

A point of the domain D is (u, t), t >= 0, meaning u / t. Rows are functions on D, affine wherever the
neurons before them keep their signs. They are numbered, and are the bits of masks: the domain's
conditions and t, not negative on D, then from `base` on the neurons and the target's conditions. A
pattern of length L has a bit for each of the first L of these; R(p) is where the network's signs, zero
allowed, are those of p. A cell is given by its vertices and its length. For each cell it is checked that
(A) no row up to its length is positive at one vertex and negative at another, and the rows that vanish
    tell its vertices apart: their hull lies in R(p), where p has 1 for rows that are positive somewhere;
(B) the faces that rows cut out of the vertices are those of a polytope: the hull is R(p), not less;
(C) behind each facet that is no end of the domain another cell is listed;
(D) no pattern is listed twice, or begins another: insides are disjoint, and by (C) the cells cover D;
(E) it maps into the target, or misses it, or meets it in a face that is counted.
"""

import gzip
import hashlib
import re
import sys
from fractions import Fraction
from math import gcd, lcm
from operator import mul
from types import SimpleNamespace

MOST_DIGITS, MOST_IN_LINE, MOST_IN_BLOCK, MOST_IN_FILE, MOST_FACES = 2**16, 2**20, 2**17, 2**36, 2**17
FINE = 128  # bounds are rounded outward to multiples of 2^-128
NUMBER, NAME = re.compile(r"[+-]?[0-9]+([.][0-9]+|/[0-9]+)?"), re.compile(r"(x|y|h([0-9]+)[.])([0-9]+)")
SIDES = {"<": (1, "<"), "<=": (1, "<="), "==": (1, "=="), ">": (-1, "<"), ">=": (-1, "<=")}


class Rejected(Exception):
    """What was claimed is not proved."""


def need(condition, message):
    if not condition:
        raise Rejected(message)


def whole(text, low, high, base=16):
    """A whole number of the files, which has to be in its range."""
    need(len(text) <= MOST_DIGITS, "a number that is too long")
    value = int(text, base)
    need(low <= value <= high, f"{text[:40]} is out of its range")
    return value


def rational(text):
    need(NUMBER.fullmatch(text), f"{text[:40]} is not a number")
    return Fraction(text)


def bits(mask):
    """The bits of a mask, each as a mask."""
    while mask:
        yield mask & -mask
        mask &= mask - 1


def joined(masks):
    union = 0
    for mask in masks:
        union |= mask
    return union


def shown(length, pattern):
    return format(pattern, f"0{length}b")[::-1][:length] or "-"


def dot(row, values):
    return sum(map(mul, row, values))


def applied(terms, values):
    """A form {key: coefficient} at values {key: value}, those that are missing being 0."""
    return sum(a * values.get(key, 0) for key, a in terms.items())


def integers(rows):
    """Rows of rationals as integers over one common denominator q > 0."""
    q = lcm(1, *(v.denominator for row in rows for v in row))
    return [[int(v * q) for v in row] for row in rows], q


class Statement:
    """The question. Layers are (rows with their biases, which have a ReLU); conditions are (terms, bound,
    relation) with terms {(layer, number): coefficient}, where layer 0 is the input."""

    def __init__(self, text):
        self.hash, self.layers, self.domain, self.targets, groups = hashlib.sha256(text).hexdigest(), [], [], [], []
        for words in map(str.split, text.decode().split("\n")):
            if words and words[0] in ("polyrelu-statement", "inputs", "domain", "layer", "target"):
                groups.append((words, []))
            elif words and not words[0].startswith("#"):
                groups[-1][1].append(words)
        (head, _), ((word, width), _), *groups = groups
        need([*head, word] == ["polyrelu-statement", "1", "inputs"], "this is not a statement")
        self.widths = [whole(width, 0, 2**20, 10)]
        for (word, *rest), rows in groups:
            if word == "layer":
                need(not self.targets, "a layer after a target")
                self.layers.append(self.layer(rest[0], [[rational(v) for v in row] for row in rows]))
                self.widths.append(len(rows))
            elif word == "domain":
                need(not self.domain, "a second domain")
                self.domain = [self.condition(words, "x") for words in rows]
            else:
                need(word == "target", "a keyword where it does not belong")
                self.targets.append([self.condition(words, "xhy") for words in rows])

    def layer(self, mask, rows):
        mask = {"relu": "1", "linear": "0"}.get(mask, mask)
        mask = mask * len(rows) if len(mask) == 1 else mask
        need(len(mask) == len(rows) and set(mask) <= {"0", "1"}, "a layer's ReLUs")
        need(all(len(row) == self.widths[-1] + 1 for row in rows), "a layer's width")
        return rows, [c == "1" for c in mask]

    def condition(self, words, kinds):
        *pairs, relation, bound = words
        (side, relation), terms = SIDES[relation], {}
        for value, name in zip(pairs[::2], pairs[1::2], strict=True):
            kind, layer, number = NAME.fullmatch(name).groups()
            key = int(layer) if layer else len(self.layers) * (kind == "y"), int(number)
            need(kind[0] in kinds and key[1] < self.widths[key[0]], f"{name} is not there")
            terms[key] = terms.get(key, 0) + side * rational(value)
        return {key: a for key, a in terms.items() if a}, side * rational(bound), relation


class Coordinates:
    """Which inputs are coordinates u, and what the others are: `replaced` by a form that equals them in
    the domain, or along `lines`, on which nothing that matters changes, and so taken as 0."""

    def __init__(self, statement, head):
        self.statement, self.replaced, self.lines, self.is_empty = statement, {}, {}, False
        for word, *words in head:
            if word == "empty":
                form, strict = self.combined(words)
                need(not form.keys() - {1} and form.get(1, 0) + strict > 0 <= form.get(1, 0), "D may have points")
                self.is_empty = True
                continue
            key = 0, whole(words[0], 0, statement.widths[0] - 1)
            need(key not in self.replaced and key not in self.lines, f"x{key[1]} a second time")
            if word == "eq":
                half = words.index("|")
                (form, _), (other, _) = self.combined(words[1:half]), self.combined(words[half + 1 :])
                need(other == {k: -a for k, a in form.items()}, f"x{key[1]} may be something else")
                self.replaced[key] = {k: -a / form[key] for k, a in form.items() if k != key}
            else:
                self.lines[key] = {k: a for k, a in self.pairs(words[1:])} | {key: Fraction(1)}
        self.free = [(0, i) for i in range(statement.widths[0])]
        self.free = [key for key in self.free if key not in self.replaced and key not in self.lines]
        for form in self.replaced.values():
            need(not form.keys() & self.replaced.keys(), "an equation that needs another one")
        for key, along in self.lines.items():
            need(along.keys() <= {key, *self.free}, "a line along what is no coordinate")
            along |= {k: applied(form, along) for k, form in self.replaced.items()}

    def pairs(self, words):
        numbers = (whole(word, 0, self.statement.widths[0] - 1) for word in words[::2])
        return [((0, i), rational(s)) for i, s in zip(numbers, words[1::2], strict=True)]

    def combined(self, words):
        """A sum of conditions a.x - b of the domain, so at most 0 on it, and whether it is less; the
        constant term of a form has the key 1."""
        total, is_less, domain = {}, False, self.statement.domain
        for r, s in zip(words[::2], map(rational, words[1::2]), strict=True):
            terms, bound, relation = domain[whole(r, 0, len(domain) - 1)]
            need(s >= 0 or relation == "==", "a condition the wrong way round")
            is_less |= relation == "<" and s > 0
            for key, a in (terms | {1: -bound}).items():
                total[key] = total.get(key, 0) + s * a
        return {key: a for key, a in total.items() if a}, is_less

    def form(self, terms, constant):
        """A form on x as one on (u, t)."""
        total = terms | {1: constant}
        for key in terms.keys() & self.replaced.keys():
            for k, a in self.replaced[key].items():
                total[k] = total.get(k, 0) + terms[key] * a
        return [total.get(key, Fraction(0)) for key in [*self.free, 1]]


class Rows:
    """The rows of one target, or of the linear regions (None). A level is a layer, reduced to what the
    target sees, with what it reads from earlier layers passed along; the last one are the target's
    conditions. It is (rows on the values before it and their denominator, the rows' own denominator,
    which of them are numbered)."""

    def __init__(self, statement, coordinates, target):
        layers, conditions = statement.layers, [] if target is None else statement.targets[target]
        named = {key for terms, _, _ in conditions for key in terms}
        seen = [{i for l, i in named if l == k} for k in range(len(layers) + 1)]
        for l in range(len(layers), 0, -1):
            seen[l] = set(range(statement.widths[l])) if target is None else seen[l]
            seen[l - 1] |= {j for i in seen[l] for j, w in enumerate(layers[l - 1][0][i][:-1]) if w}
        self.levels, keys = [], None

        def level(forms, mask):
            on_values = lambda form, c: [*(form.get(key, 0) for key in keys), c]  # noqa: E731
            rows = [(coordinates.form if keys is None else on_values)(form, c) for form, c in forms]
            self.levels.append((*integers(rows), mask))

        changes = [dict(along) for along in coordinates.lines.values()]
        for l, (rows, mask) in enumerate(layers, 1):
            own, passed = sorted(seen[l]), sorted(key for key in named if key[0] < l)
            forms = {i: {(l - 1, j): rows[i][j] for j in sorted(seen[l - 1])} for i in own}
            for change in changes:
                change |= {(l, i): applied(forms[i], change) for i in own}
                need(not any(mask[i] and change[l, i] for i in own), f"layer {l} changes along a line")
            level(
                [(forms[i], rows[i][-1]) for i in own] + [({key: 1}, 0) for key in passed],
                [mask[i] for i in own] + [False] * len(passed),
            )
            keys = [(l, i) for i in own] + passed
        for terms, _, _ in conditions + statement.domain:
            need(not any(applied(terms, change) for change in changes), "a condition changes along a line")
        level([(terms, -bound) for terms, bound, _ in conditions], [True] * len(conditions))
        ends = [({key: -a for key, a in terms.items()}, bound) for terms, bound, _ in statement.domain]
        self.domain = [integers([coordinates.form(*end)])[0][0] for end in ends]
        self.strict_ends = sum(1 << k for k, end in enumerate(statement.domain) if end[2] == "<")
        self.d, self.base = len(coordinates.free), len(ends) + 1
        self.domain.append([0] * self.d + [1])
        self.ends = sum(1 << k for k, form in enumerate(self.domain) if any(form))
        self.start = [self.base]  # the first row of each level, and the end
        for _, _, mask in self.levels:
            self.start.append(self.start[-1] + sum(mask))
        self.relations, self.length = [relation for _, _, relation in conditions], self.start[-1] - self.base
        self.strict, self.closed, self.equal = (
            sum(1 << k for k, own in enumerate(self.relations, self.start[-2]) if own == relation)
            for relation in ("<", "<=", "==")
        )
        self.forms = None

    def vertex(self, u):
        """A point of the domain in lowest terms, with its signs at rows, those of the domain so far, and
        the values after the levels that are done."""
        u = tuple(x // gcd(*u) for x in u)
        inside = [dot(form, u) for form in self.domain]
        need(min(inside) >= 0, "a point that is not in the domain")
        pos = sum(1 << k for k, value in enumerate(inside) if value)
        return SimpleNamespace(u=u, h=u, level=0, pos=pos, neg=0)

    def evaluate(self, v, levels):
        """Evaluate the network at a vertex until so many levels are done."""
        while v.level < levels:
            rows, q, mask = self.levels[v.level]
            z = [dot(row, v.h) for row in rows] if v.level != 1 else self.second_level(v)
            bit = 1 << self.start[v.level]
            for k, numbered in enumerate(mask):
                if numbered:
                    if z[k] > 0:
                        v.pos |= bit
                    elif z[k] < 0:
                        v.neg |= bit
                        z[k] *= v.level + 1 == len(self.levels)  # conditions have no ReLU
                    bit <<= 1
            v.h, v.level = [*z, v.h[-1] * q], v.level + 1

    def second_level(self, v):
        """The values of the second level at a vertex, by its rows as forms on (u, t): these are kept, and
        changed for the neurons that have switched since."""
        (first, q, mask), (rows, _, _) = self.levels[:2]
        if self.forms is None:
            self.forms = [[0] * self.d + [row[-1] * q] for row in rows]
            self.on = [False] * len(first)
        for j, numbered in enumerate(mask):
            on = not numbered or v.h[j] > 0
            if on != self.on[j]:
                self.on[j], change = on, first[j] if on else [-c for c in first[j]]
                self.forms = [[a + row[j] * c for a, c in zip(f, change)] for row, f in zip(rows, self.forms)]
        return [dot(form, v.u) for form in self.forms]

    def behind(self, length, u, way):
        """The pattern just behind a point, on the way in a direction: signs of pairs (value, change)."""
        pattern, bit, h, g = 0, 1, u, way
        for rows, q, mask in self.levels:
            z, y = [dot(row, h) for row in rows], [dot(row, g) for row in rows]
            for k, numbered in enumerate(mask):
                if numbered:
                    if (z[k], y[k]) > (0, 0):
                        pattern |= bit
                    else:
                        z[k] = y[k] = 0
                    bit <<= 1
            h, g = [*z, h[-1] * q], [*y, g[-1] * q]
        return pattern & (1 << length) - 1

    def misses(self, vertices, length):
        """Whether values at its vertices and interval arithmetic show that a cell misses the target."""
        done = max(l for l, start in enumerate(self.start[:-1]) if start <= self.base + length) + 1
        columns = []
        for v in vertices:
            v = v if v.level <= done else self.vertex(v.u)
            self.evaluate(v, done)
            need(v.h[-1], "a cell whose values are not bounded may map into the target")
            columns.append([(x << FINE) // v.h[-1] for x in v.h[:-1]])
        low, high = [min(c) for c in zip(*columns)], [max(c) + 1 for c in zip(*columns)]
        for number, (rows, q, mask) in enumerate(self.levels[done:], done + 1):
            below, above = [], []
            for row in rows:
                ends = [(l, h) if w > 0 else (h, l) for w, l, h in zip(row, low, high)]
                below.append((dot(row, [end[0] for end in ends]) + (row[-1] << FINE)) // q)
                above.append(-((-dot(row, [end[1] for end in ends]) - (row[-1] << FINE)) // q))
            relu = [numbered and number < len(self.levels) for numbered in mask]
            low = [max(x, 0) if on else x for x, on in zip(below, relu)]
            high = [max(x, 0) if on else x for x, on in zip(above, relu)]
        ends = zip(low, high, self.relations)
        return any(l > 0 or (r == "<" and l >= 0) or (r == "==" and h < 0) for l, h, r in ends)


def facets_of(zeros, d):
    """The facets of a hull of dimension d, each as the rows that vanish on it, from the rows that vanish
    at each vertex; it is shown that none is missing."""
    union = joined(zeros)
    if all(z.bit_count() == d for z in zeros):  # each edge is on d - 1 rows, and has two ends
        ends = {}
        for edge in (z ^ k for z in zeros for k in bits(z)):
            ends[edge] = ends.get(edge, 0) + 1
        need(all(count == 2 for count in ends.values()), "an edge without two ends")
        return list(bits(union))
    rows = {}  # by the face on which they vanish, a mask of vertices
    for k in bits(union):
        face = sum(1 << i for i, z in enumerate(zeros) if z & k)
        rows[face] = rows.get(face, 0) | k
    whole, known = (1 << len(zeros)) - 1, {0: (-1, [])}
    need(dimension(whole, rows, known) == d, "a flat cell")
    return [rows[face] for face in known[whole][1]]


def dimension(face, rows, known):
    """The dimension of a face all of whose faces, down to single vertices, are shown to be there."""
    if face not in known:
        need(len(known) < MOST_FACES, "a cell with too many faces")
        below = {face & row for row in rows} - {face}
        facets = [f for f in below if not any(f != g and f & g == f for g in below)]
        dimensions = {dimension(f, rows, known) for f in facets}
        need(len(dimensions) == 1, "facets of different dimensions")
        need(face.bit_count() == 1 or dimensions != {-1}, "vertices that no row tells apart")
        ridges = [ridge for f in facets for ridge in known[f][1]]
        need(all(ridges.count(ridge) == 2 for ridge in ridges), "a ridge without two facets")
        known[face] = dimensions.pop() + 1, facets
    return known[face][0]


def zone(parents, tile):
    """The tile that stands for the zone of a tile."""
    while parents[tile] != tile:
        parents[tile] = tile = parents[parents[tile]]
    return tile


class Cover:
    """Patterns by their lengths, and those that have to be there because they are behind a facet; tiles on
    the two sides of a facet are in one zone."""

    def __init__(self, zones):
        self.zones, self.listed, self.wanted = zones, {}, {}

    def add(self, length, pattern):
        known = self.listed.setdefault(length, set())
        need(pattern not in known, f"cell {shown(length, pattern)} a second time")
        known.add(pattern)
        self.join((length, pattern), self.wanted.pop((length, pattern), ()))

    def cross(self, length, pattern, behind):
        if behind in self.listed.get(length, ()):
            self.join((length, behind), [pattern])
        else:
            self.wanted.setdefault((length, behind), []).append(pattern)

    def join(self, tile, others):
        for other in others:
            if tile in self.zones and (tile[0], other) in self.zones:
                self.zones[zone(self.zones, tile)] = zone(self.zones, (tile[0], other))

    def finish(self):
        for length in {length for length, _ in self.wanted} | self.listed.keys():
            cut, listed = (1 << length) - 1, self.listed.items()
            begun = {q & cut for l, known in listed if l > length for q in known}
            for q in begun & self.listed.get(length, set()):
                need(False, f"cell {shown(length, q)} and others inside it")
            for (l, behind), others in self.wanted.items():
                if l == length and behind not in begun:
                    above = any(behind & (1 << m) - 1 in known for m, known in listed if m <= length)
                    need(above, f"nothing has the pattern {shown(length, behind)}, behind {shown(length, others[0])}")
                    self.join((length, behind), others)


class Target:
    """The cells of one target, or of the linear regions, part by part."""

    def __init__(self, rows, points):
        self.rows, self.points, self.zones, self.cells = rows, points, {}, 0
        self.roots, self.touched, self.near = Cover(self.zones), {}, {}

    def open(self, root):
        need(set(root) <= {"0", "1"}, "a root that is not a pattern")
        self.root, self.of_root, self.cover = int(root[::-1] or "0", 2), (1 << len(root)) - 1, Cover(self.zones)
        self.roots.add(len(root), self.root)

    def cell(self, length, vertices):
        r, pos, neg = self.rows, 0, 0
        for v in vertices:
            r.evaluate(v, sum(start < r.base + length for start in r.start[:-1]))
            pos, neg = pos | v.pos, neg | v.neg
        full = (1 << r.base + length) - 1
        pos, neg = pos & full, neg & full
        live, dead, pattern = pos | neg, full & ~(pos | neg), pos >> r.base
        need(not pos & neg, "a row that changes its sign in a cell")
        need(not dead & r.ends, "a flat cell")
        need(pattern & self.of_root == self.root and self.of_root < 1 << length, "a cell of another part")
        zeros = [live & ~(v.pos | v.neg) for v in vertices]
        need(live not in zeros and len(set(zeros)) == len(zeros), "vertices that no row tells apart")
        facets, flips = [], 0
        for facet in facets_of(zeros, r.d):
            k = facet & -facet
            if facet == k and not dead >> k.bit_length():
                facets.append((k, pattern ^ k >> r.base))
                flips |= k
            elif not facet & r.ends:
                on = [v.u for v, z in zip(vertices, zeros) if facet & ~z == 0]
                way = [-sum(c) for c in zip(*(v.u for v in vertices))]
                facets.append((k, r.behind(length, [sum(c) for c in zip(*on)], way)))
        self.judge(length, vertices, pos, neg, flips)
        self.cover.add(length, pattern)
        for k, behind in facets:
            if not k & r.ends:
                (self.roots if k >> r.base & self.of_root else self.cover).cross(length, pattern, behind)
        self.cells += 1

    def judge(self, length, vertices, pos, neg, flips):
        """Whether a cell is a tile, or only some face of it is in the target; that is noted."""
        r, is_whole = self.rows, length == self.rows.length
        if pos & (r.strict | flips & r.closed) or (is_whole and r.strict & ~neg):
            return  # what is in the target on the facet of a condition <= is in cells across it, too
        need(is_whole or r.misses(vertices, length), "a cell that may map into the target")
        tight = pos & r.closed | (pos | neg) & r.equal
        if not is_whole:
            return
        if not tight:
            self.zones[length, pos >> r.base] = length, pos >> r.base
        else:
            vertices = [v for v in vertices if not (v.pos | v.neg) & tight]
            pos, neg = joined(v.pos for v in vertices), joined(v.neg for v in vertices)
            if not pos >> r.base - 1 & 1 or r.strict & ~neg or r.strict_ends & ~pos:
                return  # no point, or none where strict conditions hold
            self.touched[pos, neg] = vertices[0].u
        for v in vertices:
            if ~(v.pos | v.neg) & (r.closed | r.equal):
                self.near.setdefault(v.u, []).append((pos, neg))

    def close(self):
        for at, (pos, neg) in self.points:
            pos, neg = pos >> self.rows.base, neg >> self.rows.base
            if not (pos & self.of_root & ~self.root or neg & self.root):
                cells = ((l, q) for l, known in self.cover.listed.items() for q in known)
                need(any(not (pos & ~q & (1 << l) - 1 or neg & q) for l, q in cells), f"{at} is not covered")
        self.cover.finish()

    def finish(self):
        """(tiles, flat parts, zones): faces that are in the target and in no tile or other such face."""
        need(self.roots.listed, "a part is missing")
        self.roots.finish()
        flat = 0
        for (pos, neg), u in self.touched.items():
            larger = (f for f in self.near[u] if f != (pos, neg) and not (pos & ~f[0] or neg & ~f[1]))
            flat += not any(larger)
        return len(self.zones), flat, sum(zone == parent for zone, parent in self.zones.items())


class Checker:
    """Reads evidence for a statement, and collects what it proves."""

    def __init__(self, question):
        self.statement, self.targets, self.head, self.points = Statement(question), {}, None, []
        self.numbers = list(range(len(self.statement.targets))) or [None]

    def point(self, words):
        """A point that maps into a target."""
        x = [rational(word) for word in words]
        need(len(x) == self.statement.widths[0], "a point with too few coordinates, or too many")
        q, found = lcm(1, *(v.denominator for v in x)), False
        for number in self.numbers:
            rows = Rows(self.statement, Coordinates(self.statement, []), number)
            v = rows.vertex([*(int(a * q) for a in x), q])
            rows.evaluate(v, len(rows.levels))
            need(not rows.strict_ends & ~v.pos, "the point is not in the domain")
            if number is not None and not (v.pos & rows.closed or rows.strict & ~v.neg or (v.pos | v.neg) & rows.equal):
                found = True
                self.points.append((number, " ".join(words), v.pos, v.neg))
        need(found, "the point maps into no target")

    def target(self, name, head):
        number = None if name == "regions" else whole(name, 0, len(self.numbers) - 1)
        need(number in self.numbers and self.head in (None, head), "a part of another certificate")
        if number not in self.targets:
            self.head = head
            rows = Rows(self.statement, Coordinates(self.statement, head), number)
            self.targets[number] = Target(rows, [point[1:] for point in self.points if point[0] == number])
        return self.targets[number]

    def read(self, lines):
        head, part, vertices = [], None, None
        for word, *words in lines:
            if word == "v":
                need(len(vertices) < MOST_IN_BLOCK, "too many vertices in a block")
                need(len(words) == part.rows.d + 1, "a vertex with too few coordinates, or too many")
                vertices.append(part.rows.vertex([int(number, 16) for number in words]))
            elif word == "c":
                length, *ids = words
                ids = [len(vertices) - whole(back, 1, len(vertices)) for back in ids]
                part.cell(whole(length, 0, part.rows.length), [vertices[i] for i in ids])
            elif word == "b":
                vertices = []
            elif word == "cells":
                need(part is None, "a part within another one")
                part, before = self.target(words[0], head), 0
                before = part.cells
                part.open(words[1].replace("-", ""))
            elif word == "end":
                need(part.cells == before + whole(words[0], 1, MOST_IN_FILE), "cells are missing")
                part.close()
                part = None
            else:
                need(word in ("eq", "line", "empty") and not self.targets, f"what is {word[:40]}?")
                head.append([word, *words])
        need(part is None, "the file ends early")
        return head

    def finish(self, head):
        if any(point for point in self.points):
            return f"violated: the point maps into target {self.points[0][0]}"
        if head and Coordinates(self.statement, head).is_empty:
            return "empty: the domain has no points"
        need(self.targets.keys() == set(self.numbers), "a target without cells")
        totals = [target.finish() for _, target in sorted(self.targets.items(), key=str)]
        if self.numbers == [None]:
            return f"regions: {totals[0][0]}"
        if not any(tiles or flat for tiles, flat, _ in totals):
            return "holds: no point of the domain maps into a target"
        return "preimage: " + "; ".join(f"target {j}: {t} tiles, {f} flat parts, {z} zones" for j, (t, f, z) in enumerate(totals))


def lines_of(path):
    with open(path, "rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    with (gzip.open if packed else open)(path, "rb") as file:
        size = 0
        while line := file.readline(MOST_IN_LINE):
            size += len(line)
            need(line[-1:] == b"\n" and size <= MOST_IN_FILE, "a line that does not end, or too many")
            yield line.decode().split()


def check(question, paths):
    """What is proved. Raises Rejected, or what Python says of files that are no evidence."""
    checker, files = Checker(question), []
    for path in paths:
        lines = lines_of(path)
        files.append((next(lines), lines))
    head = []
    for (kind, version, digest), lines in sorted(files, key=lambda file: file[0][0] != "polyrelu-point"):
        need(version == "1" and digest == checker.statement.hash, "evidence for another statement")
        if kind == "polyrelu-point":
            for word, *words in lines:
                need(word == "x", "not a point")
                checker.point(words)
        else:
            need(kind == "polyrelu-cells", "not a certificate")
            head = checker.read(lines)
    return checker.finish(head)


def main(question, *paths):
    try:
        with open(question, "rb") as file:
            proved = check(file.read(), paths)
    except Exception as reason:
        sys.exit(f"REJECTED: {reason}" if isinstance(reason, Rejected) else f"REJECTED: {reason!r}")
    print(f"VERIFIED {proved}")


if __name__ == "__main__":
    main(*sys.argv[1:])
