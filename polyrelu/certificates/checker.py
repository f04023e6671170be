#!/usr/bin/env python3
"""Checks certificates of polyrelu: python3 -I -S checker.py QUESTION EVIDENCE...

QUESTION is a statement; EVIDENCE is its certificate, in one file or several, or a point: FORMAT.md.
The last line says what is proved, or REJECTED and why. No float is computed.

A point (u, t) of the domain D, t >= 0, means u / t; t = 0 is a direction. Rows are functions on D,
affine where the neurons before them keep their signs, and bits of masks: the domain's conditions
and -t, not positive on D; from `base` on the neurons, and the target's conditions. A pattern p has
a bit for each of the first L of these; R(p) is where no sign contradicts p. A cell is given by L
and its vertices. It is checked that
(A) no row before L is positive at one and negative at another: their hull lies in R(p), where p has
    1 for rows that are positive somewhere; and the rows that vanish tell the vertices apart;
(B) the faces that rows cut out of them are those of a polytope: the hull is R(p), not less;
(C) behind each facet that is no end of the domain there is a listed cell: so they cover D;
(D) the cell maps into the target, or misses it, or meets it in a face, which is noted.
"""

import gzip, hashlib, re, sys
from bisect import bisect
from collections import Counter, defaultdict
from fractions import Fraction
from functools import reduce
from math import gcd, lcm
from operator import mul, or_
from types import SimpleNamespace

ONE = (-1, 0)  # the key of a constant; that of a value is (layer, number), x being layer 0
FAR, FINE = 16**2**16, 128  # bounds are rounded outward to multiples of 2^-128
MOST_IN_LINE, MOST_IN_HEAD, MOST_IN_FILE = 2**20, 2**16, 2**36
MOST_IN_BLOCK, A_VERTEX, MOST_WORK = 2**28, 2**11, 2**34
NUMBER = re.compile(r"[+-]?[0-9]+([.][0-9]+|/[0-9]+)?")
NAME = re.compile(r"\A(x|y|h([0-9]+)[.])([0-9]+)\Z")
SIDES = {"<": (1, "<"), "<=": (1, "<="), "==": (1, "=="), ">": (-1, "<"), ">=": (-1, "<=")}

class Rejected(Exception):
    """What was claimed is not proved."""

def need(condition, message):
    """What the proof needs; `within` only says why, or keeps time and memory within limits."""
    if not condition:
        raise Rejected(message)
within = need

def whole(text, low=-FAR, high=FAR, base=16):  # an integer in its range
    value = int(text, base)
    within(low <= value <= high, f"{text[:40]} is out of its range")
    return value
def rational(text):
    within(NUMBER.fullmatch(text), f"a number like {text[:40]}")  # 1e999999999
    return Fraction(text) if "." in text else Fraction(*map(int, text.split("/")))
def pairs(words):
    return zip(words[::2], words[1::2], strict=True)
def vertex_at(u):
    return SimpleNamespace(u=u, h=u, pos=0, neg=0, level=0)
def products(rows, values):
    return [sum(map(mul, row, values)) for row in rows]
def mask(flags):
    return int("0" + "".join(["1" if flag else "0" for flag in flags])[::-1], 2)
def bits(union):  # each as a mask
    while union:
        yield union & -union
        union &= union - 1
def total(terms):
    """The sum of forms {key: coefficient}, each with its factor."""
    form = defaultdict(Fraction)
    for factor, other in terms:
        for key, a in other.items():
            form[key] += factor * a
    return {key: a for key, a in form.items() if a}

class Statement:
    """The question. A row is (key of what it gives, form, kind): a neuron, which is "relu" or
    "linear", or a condition on the sign of its form, the kind being "<", "<=" or "=="."""

    def __init__(self, text):
        lines = filter(None, map(str.split, text.decode().split("\n")))
        head, (word, width), *lines = (words for words in lines if words[0][0] != "#")
        need([*head, word] == ["polyrelu-statement", "1", "inputs"], "this is no statement")
        self.hash, self.widths = hashlib.sha256(text).hexdigest(), [whole(width, 0, 2**20, 10)]
        groups, rows = {"domain": [], "layer": [], "target": []}, None
        for word, *words in lines:
            if word in groups:
                need(word != "layer" or not groups["target"], "a layer after a target")
                groups[word].append([*words, rows := []])
            else:
                rows.append([word, *words])
        self.layers = [[*self.neurons(*own)] for own in groups["layer"]]
        self.targets = [[*self.rows("xhy", *own)] for own in groups["target"]]
        [self.domain] = [[*self.rows("x", *own)] for own in groups["domain"]] or [[]]
        self.domain.append((None, {ONE: -1}, "<"))  # t > 0

    def neurons(self, relu, lines):
        relu = {"relu": "1" * len(lines), "linear": "0" * len(lines)}.get(relu, relu)
        l, keys = len(self.widths), [(len(self.widths) - 1, j) for j in range(self.widths[-1])]
        self.widths.append(len(lines))
        for i, (bit, row) in enumerate(zip(relu, lines, strict=True)):
            form = zip([*keys, ONE], map(rational, row), strict=True)
            yield (l, i), {key: a for key, a in form if a}, {"0": "linear", "1": "relu"}[bit]

    def rows(self, letters, lines):
        for *terms, relation, bound in lines:
            side, kind = SIDES[relation]
            forms = [(rational(a), {self.key(letters, name): side}) for a, name in pairs(terms)]
            yield None, total([*forms, (-side, {ONE: rational(bound)})]), kind

    def key(self, letters, name):
        [(letter, layer, number)] = NAME.findall(name)
        key = int(layer or len(self.layers) * (letter == "y")), int(number)
        need(letter[0] in letters and key[1] < self.widths[key[0]], f"{name} where it is not")
        return key

    def combined(self, text):
        """A sum of conditions, so at most 0 in the domain, and whether it is less."""
        terms = [(rational(s), *self.domain[whole(k, 0)]) for k, s in pairs(text.split())]
        need(all(s >= 0 or kind == "==" for s, _, _, kind in terms), "a condition turned round")
        less = any(s > 0 and kind == "<" for s, _, _, kind in terms)
        return total((s, form) for s, _, form, _ in terms), less

def facets_of(zeros, d):
    """The facets of a hull of dimension d, each as the rows that vanish on it, by the rows that
    vanish at its vertices; it is shown that none is missing, and that these are vertices."""
    union = reduce(or_, zeros)
    if all(z.bit_count() == d for z in zeros):  # an edge is on d - 1 rows
        need({*Counter(z ^ k for z in zeros for k in bits(z)).values()} <= {2}, "an edge left open")
        return [*bits(union)]
    rows, faces = defaultdict(int), {0: (-1, [])}
    for k in bits(union):
        rows[mask([z & k for z in zeros])] |= k
    def face(vertices):  # its dimension, and its facets: the greatest faces that rows cut out of it
        if vertices not in faces:
            within(len(faces) * len(rows) ** 2 * len(zeros) <= MOST_WORK, "very many faces")
            cuts = {vertices & row for row in rows} - {vertices}
            facets = [cut for cut in cuts if all(cut == own or cut & ~own for own in cuts)]
            dimensions, ridges = zip(*map(face, facets))
            ends = Counter(ridge for part in ridges for ridge in part)
            need({*ends.values()} <= {2}, "a ridge without two facets")
            faces[vertices] = dimensions[0] + 1, facets
        return faces[vertices]
    dimension, facets = face((1 << len(zeros)) - 1)
    need(dimension == d, "a flat cell")
    need(all(1 << i in faces for i in range(len(zeros))), "a point that is no vertex")
    return [rows[facet] for facet in facets]

class Target:
    """The rows and cells of one target, or of the linear regions. A level of rows, of integers on
    what the level before hands on, is (number of the first, rows, how many are numbered, whether
    those have ReLUs). The others, which come last, hand on values as they are."""

    def __init__(self, statement, head, target):
        free = [(0, i) for i in range(statement.widths[0]) if i not in head]
        replaced, lines = {}, {}  # forms that are equal in the domain; lines to go along
        for i, (word, *words) in head.items():
            if word == "line":
                lines[0, i] = {(0, whole(j)): rational(m) for j, m in pairs(words)}
                need(lines[0, i].keys() <= {*free}, "a line along another one")
            else:
                (form, _), (other, _) = map(statement.combined, " ".join(words).split("|"))
                need(not total([(1, form), (1, other)]), f"x{i} may be something else")
                replaced[0, i] = total([(-1 / form.pop((0, i)), form)])
        need(not replaced.keys() & set().union(*replaced.values()), "an eq that needs another one")
        given = reads = [*free, ONE, *lines]
        levels = [[] if target is None else [*statement.targets[target]]]
        needed = {ONE}.union(*(form for _, form, _ in levels[0]))
        for layer in reversed(statement.layers):
            rows = [row for row in layer if target is None or row[0] in needed]
            needed -= {key for key, _, _ in rows}
            levels.append(rows + [(key, {key: 1}, "linear") for key in sorted(needed)[::-1]])
            needed.update(*(form for _, form, _ in rows))
        levels[-1] = [
            (key, total((a, replaced.get(read, {read: 1})) for read, a in form.items()), kind)
            for key, form, kind in statement.domain + levels[-1]]
        self.d, self.base, self.levels, self.kinds = len(free), len(statement.domain), [], []
        self.far, self.ends = 0, (1 << self.base) - 1
        for level in reversed(levels):
            level.sort(key=lambda row: row[2] == "linear")
            kinds = [kind for _, _, kind in level if kind != "linear"]
            q = lcm(*(a.denominator for _, form, _ in level for a in form.values()))
            rows = [[form.get(key, 0) for key in reads] for _, form, _ in level]
            rows = [[a.numerator * (q // a.denominator) for a in row] for row in rows]
            self.levels.append((len(self.kinds), rows, len(kinds), level is not levels[0]))
            self.far += sum(abs(a) for row in rows for a in row).bit_length()
            self.kinds, reads = self.kinds + kinds, [key for key, _, _ in level]
        masks = [mask([kind == own for kind in self.kinds]) for own in ("<", "<=", "==")]
        self.end, (self.strict, self.closed, self.equal) = len(self.kinds), masks
        self.on, self.forms = set(), [[0] * len(self.levels[:2][-1][1])] * len(given)
        for key, line in lines.items():
            v = vertex_at([(line | {key: 1}).get(read, 0) for read in given])
            self.evaluate(v, self.end)
            need(not v.pos | v.neg, "a row changes along a line")
        self.count, self.listed, self.wanted = 0, set(), {}  # wanted: behind facets
        self.tiles, self.touched, self.near = {}, {}, defaultdict(list)  # in the target

    def vertex(self, u):
        need(len(u) == self.d + 1, "a vertex of another dimension")
        v = vertex_at(tuple(x // gcd(*u) for x in u))
        self.evaluate(v, 1)
        need(not self.ends & (v.pos | v.neg & self.equal), "a point that is not in the domain")
        return v

    def evaluate(self, v, end):  # the rows before `end`
        for start, rows, numbered, relu in self.levels[v.level :]:
            if start >= end:
                return
            z = self.second(v) if v.level == 1 and len(v.u) < len(v.h) else products(rows, v.h)
            v.pos |= mask([a > 0 for a in z[:numbered]]) << start
            v.neg |= mask([a < 0 for a in z[:numbered]]) << start
            v.h = [a if a > 0 else 0 for a in z[:numbered]] + z[numbered:] if relu else z
            v.level += 1

    def second(self, v):  # the second level's products, by forms on (u, t), which are kept
        on = {j for j, value in enumerate(v.h) if value}
        for j in on ^ self.on:
            column = [row[j] if j in on else -row[j] for row in self.levels[1][1]]
            forms = zip(self.forms, self.levels[0][1][j])
            self.forms = [[a + w * c for a, c in zip(form, column)] for form, w in forms]
        self.on = on
        return products(zip(*self.forms), v.u)

    def behind(self, facet, cell):
        """The rows that are positive just behind a facet, at its middle less 2^-far times that of
        the cell: so little that what is not 0 on the facet keeps its sign."""
        on, off = ([*map(sum, zip(*(v.u for v in vertices)))] for vertices in (facet, cell))
        far = self.far + max(map(abs, off)).bit_length()
        v = self.vertex([(a << far) - b for a, b in zip(on, off)])
        self.evaluate(v, self.end)
        return v.pos

    def pattern(self, pos, end):  # the bits of the neurons' and the target's rows before `end`
        return f"{(pos & (1 << end) - 1 | 1 << end) >> self.base:b}"[:0:-1]

    def misses(self, vertices, end):
        """Whether bounds show that a cell misses the target: at vertices first, then intervals."""
        done = sum(start <= end for start, *_ in self.levels)
        vertices = [v if v.level <= done else self.vertex(v.u) for v in vertices]
        for v in vertices:
            self.evaluate(v, end + 1)
        columns = zip(*([(x << FINE, v.u[-1]) for x in v.h] for v in vertices))
        bounds = [(min(x // t for x, t in c), -min(-x // t for x, t in c)) for c in columns]
        for _, rows, numbered, relu in self.levels[done:]:
            z = [[sum(a * b[(a > 0) == up] for a, b in zip(row, bounds)) for up in (0, 1)]
                for row in rows]
            off = [(max(low, 0), max(high, 0)) for low, high in z[:numbered]]
            bounds = off + z[numbered:] if relu else z
        ends = zip(bounds[::-1], self.kinds[::-1])
        return any(a > 0 or (r == "<" and a == 0) or (r == "==" and b < 0) for (a, b), r in ends)

    def cell(self, end, vertices):  # which the rows before `end` decide
        full = (1 << end) - 1
        for v in vertices:
            self.evaluate(v, end)
        pos, neg = (full & reduce(or_, own) for own in zip(*((v.pos, v.neg) for v in vertices)))
        zeros = [(pos | neg) & ~(v.pos | v.neg) for v in vertices]
        need(not pos & neg, f"row {(pos & neg).bit_length() - 1:x} changes its sign in a cell")
        need(len(zeros) == len({*zeros}), "vertices that no row tells apart")
        facets, pattern = facets_of(zeros, self.d), self.pattern(pos, end)
        dead = full & ~(pos | neg)  # what vanishes here may have any sign behind a facet
        alone = sum(facet for facet in facets if not (facet & facet - 1 or dead & -facet))
        self.judge(end, vertices, pos, neg, alone, pattern)
        self.listed.add(pattern)
        self.wanted.pop(pattern, None)
        for facet in (own for own in facets if not own & self.ends):
            on = (v for v, own in zip(vertices, zeros) if not facet & ~own)
            behind = pos ^ facet if facet & alone else self.behind(on, vertices)
            behind = self.pattern(behind, end)
            if behind not in self.listed:
                self.wanted[behind] = pattern
            if not facet & self.strict and {pattern, behind} <= self.tiles.keys():
                self.tiles[self.zone(pattern)] = self.zone(behind)

    def judge(self, end, vertices, pos, neg, alone, pattern):  # note what is in the target
        if self.strict & ~neg & (1 << end) - 1 or pos & alone & self.closed:
            return  # nothing, or a facet where a condition <= holds, which is in other cells, too
        if end < self.end:
            need(self.misses(vertices, end), f"{pattern} may map into the target")
            return
        tight = pos & self.closed | (pos | neg) & self.equal
        on = [v for v in vertices if not tight & (v.pos | v.neg)]
        pos, neg = (reduce(or_, own, 0) for own in ([v.pos for v in on], [v.neg for v in on]))
        if self.strict & ~neg:
            return  # no point where strict conditions hold
        if tight:
            self.touched[pos, neg] = on[0].u
        else:
            self.tiles[pattern] = pattern
        for v in on:
            if (self.closed | self.equal) & ~(v.pos | v.neg):
                self.near[v.u].append((pos, neg))

    def zone(self, tile):
        while tile != self.tiles[tile]:
            self.tiles[tile] = tile = self.tiles[self.tiles[tile]]
        return tile

    def finish(self):
        """How many tiles, flat parts and zones there are, if the cells cover the domain. A touched
        face is a flat part if no larger one, and no tile, has its signs where they are not 0."""
        need(len(self.listed) == self.count > 0, "cells are missing, or there twice")
        listed, flat = sorted(self.listed), 0
        for one, after in zip(listed, listed[1:]):
            need(not after.startswith(one), "cells that lie in another one")
        for behind, pattern in self.wanted.items():
            last = listed[bisect(listed, behind + "2") - 1]
            found = last.startswith(behind) or behind.startswith(last)
            need(found, f"nothing is at {behind}, behind {pattern}")
        for (pos, neg), u in self.touched.items():
            flat += all((p, n) == (pos, neg) or pos & ~p or neg & ~n for p, n in self.near[u])
        return len(self.tiles), flat, sum(tile == one for tile, one in self.tiles.items())

class Checker:
    """Reads evidence for a statement, line by line, and collects what it proves."""

    def __init__(self, question):
        self.statement, self.targets, self.claims = Statement(question), {}, []

    def line(self, word, *words):
        size = sum(map(len, words))
        within(word in "vc" or size <= MOST_IN_HEAD, "a line that is too long")
        if word == "v":
            self.size += A_VERTEX + size
            within(self.size <= MOST_IN_BLOCK, "a block that is too long")
            self.vertices.append(self.target.vertex([*map(whole, words)]))
        elif word == "c":
            length = whole(words[0], 0, self.target.end - self.target.base)
            backs = [whole(back, 1, len(self.vertices)) for back in words[1:]]
            self.target.cell(self.target.base + length, [self.vertices[-back] for back in backs])
        elif word == "b":
            if self.number not in self.targets:
                self.targets[self.number] = Target(self.statement, self.head, self.number)
            self.target, self.vertices, self.size = self.targets[self.number], [], 0
        elif word == "end":
            self.target.count += whole(words[0], 1)
            self.target = None
        elif word == "cells":
            self.number = None if words[0] == "regions" else whole(words[0], 0)
            self.head = {i: own for i, own in self.head.items() if own[0] == "eq"}
        elif word in ("eq", "line"):
            self.head[whole(words[0], 0, self.statement.widths[0] - 1)] = word, *words[1:]
        elif word == "x":
            x = [rational(word) for word in words]
            t = lcm(*(a.denominator for a in x))
            for number, _ in enumerate(self.statement.targets):
                target = Target(self.statement, {}, number)
                v = target.vertex([*(int(a * t) for a in x), t])
                target.evaluate(v, target.end)
                broken = target.closed & v.pos | target.equal & (v.pos | v.neg)
                if not target.strict & ~v.neg | broken:
                    self.claims.append(f"violated: the point maps into target {number}")
            within(self.claims, "the point maps into no target")
        elif word == "empty":
            form, less = self.statement.combined(" ".join(words))
            need((form.pop(ONE, 0), less) > (0, False) and not form, "there may be points")
            self.claims.append("empty: the domain has no points")
        else:
            within(word in ("polyrelu-cells", "polyrelu-point"), f"{word[:40]} is not known")
            within(words == ("1", self.statement.hash), "this is for another statement")
            self.head = {}

    def claim(self):
        if self.claims:
            within(not self.targets, "cells, and what needs none")
            return self.claims[0]
        numbers = [*range(len(self.statement.targets))] or [None]
        within(self.targets.keys() >= {*numbers}, "no evidence, or none for some of the targets")
        totals = [self.targets[number].finish() for number in numbers]
        if numbers == [None]:
            return f"regions: {totals[0][0]}"
        if not any(tiles + flat for tiles, flat, _ in totals):
            return "holds: no point of the domain maps into a target"
        said = "target {}: {} tiles, {} flat parts, {} zones".format
        return "preimage: " + "; ".join(said(j, *found) for j, found in enumerate(totals))

def lines_of(path):
    with open(path, "rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    with (gzip.open if packed else open)(path, "rb") as file:
        for number, line in enumerate(iter(lambda: file.readline(MOST_IN_LINE), b""), 1):
            within(line[-1:] == b"\n" and file.tell() <= MOST_IN_FILE, "a line or file is too long")
            yield f"{path}, line {number}", line.decode().split()

def check(question, paths):
    """What is proved, in a line. Raises Rejected."""
    where = "the statement"
    try:
        checker = Checker(question)
        for path in paths:
            for where, words in lines_of(path):
                checker.line(*words)
        where = "the end"
        return checker.claim()
    except Exception as reason:
        said = reason if isinstance(reason, Rejected) else repr(reason)
        raise Rejected(f"{where}: {said}"[:500]) from reason

if __name__ == "__main__":
    try:
        with open(sys.argv[1], "rb") as file:
            print("VERIFIED", check(file.read(), sys.argv[2:]))
    except (OSError, Rejected) as reason:
        sys.exit(f"REJECTED {reason}")
