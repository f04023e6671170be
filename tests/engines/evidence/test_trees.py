"""Trees end to end: what is written the checker verifies, whatever floats say (issue 19)."""

from __future__ import annotations

import random
import re
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings

import polyrelu as pr
from polyrelu.analysis.verify import write_evidence
from polyrelu.arithmetic import float_lp
from polyrelu.certificates import tree_checker
from polyrelu.engines.evidence.certify import certify
from polyrelu.engines.evidence.tree_guide import Guide, Proposal
from polyrelu.engines.evidence.tree_proofs import Claim
from polyrelu.engines.evidence.tree_search import Search
from polyrelu.engines.evidence.trees import write_trees
from polyrelu.networks.properties import Disjunct
from tests import strategies
from tests.engines.cells.questions import questions
from tests.engines.evidence.questions import ABS, KINDS, by_chance, saved, statement
from tests.engines.evidence.questions import verdict as verdict_of_cells
from tests.engines.evidence.test_certify import network

HOLDS = "holds: no point of the domain maps into a target"
NOTHING = ("regions: 0", HOLDS)


def written(said):
    """The text of a statement's trees."""
    parts = []
    write_trees(said, lambda text: parts.append(text.decode()))
    return "".join(parts)


def proved(said, folder):
    """What the checker says of them."""
    (folder / "tree").write_text(written(said))
    return tree_checker.check(said.text.encode(), str(folder / "tree"))


def counts(said):
    """For each target its tiles, and its further sets or flat parts."""
    return [tuple(map(int, pair)) for pair in re.findall(r"(\d+) tiles, (\d+) (?:further|flat)", said)]


def agree(tree, cells):
    """Whether two claims are about the same answer; what further sets there are may lie in tiles, or be empty."""
    if cells.startswith("empty"):
        return tree in NOTHING
    if counts(cells) and counts(tree):
        pairs = zip(counts(tree), counts(cells), strict=True)
        return all(tiles == full and further >= flat for (tiles, further), (full, flat) in pairs)
    return tree == cells


# -- the checker verifies what is written -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", KINDS)
def test_questions_by_hand(tmp_path, name):
    text, cells = KINDS[name]
    if name == "an equality":  # of the domain, which the target's condition is: trees say no more than that it is a set
        cells = "preimage: target 0: 0 tiles, 1 flat parts, 0 zones"
    assert agree(proved(saved(text, tmp_path / "question.txt"), tmp_path), cells)


def test_questions_by_chance(tmp_path):
    """Tiles are those of the vertex certificate, which another engine and another checker say."""
    held = 0
    for seed in range(60):
        text = by_chance(seed)
        said = pr.Statement.parse(text)
        certify(said, tmp_path / "cells", form="cells")
        cells = verdict_of_cells(text, tmp_path / "cells")
        assert agree(proved(said, tmp_path), cells), text
        if cells == HOLDS:
            held += 1
            assert proved(said, tmp_path) == HOLDS, text
    assert held > 5


@given(questions())
@settings(max_examples=15)
def test_questions_that_are_hard_for_floats(tmp_path_factory, question):
    """Degenerate, extreme, unbounded, flat."""
    net, domain, target = question
    said = pr.Statement.of(net, target, domain)
    answer = pr.linear_regions(net, domain) if target is None else pr.preimage(net, target, domain)
    claim = proved(said, tmp_path_factory.getbasetemp())
    if target is None:
        assert claim == f"regions: {len(answer)}"
    elif not len(answer):
        assert claim == HOLDS or counts(claim)[0][0] == 0


@given(strategies.questions())
@settings(max_examples=20)
def test_questions_of_the_conformance_suite(tmp_path_factory, question):
    net, target, domain = question
    said = pr.Statement.of(net, target, domain)
    certify(said, tmp_path_factory.getbasetemp() / "cells", form="cells")
    cells = verdict_of_cells(said.text, tmp_path_factory.getbasetemp() / "cells")
    assert agree(proved(said, tmp_path_factory.getbasetemp()), cells)


def test_the_same_question_has_the_same_trees():
    said = pr.Statement.of(network(2, 4, 4, 1), pr.parse("y0 > 0", dim=1), pr.Polyhedron.box([-2, -2], [2, 2]))
    assert written(said) == written(said)


def test_tiles_are_those_of_the_branching_engine(tmp_path):
    net, box = network(4, 5, 4, 1), pr.Polyhedron.box([-1] * 4, [1] * 4)
    target = pr.parse("y0 > 0", dim=1)
    tiling = pr.preimage(net, target, box, "branch")
    claim = proved(pr.Statement.of(net, target, box), tmp_path)
    assert counts(claim) == [(len(tiling), 0)]


# -- nothing that is not needed, and nothing that is not true ---------------------------------------------------------


def a_proof():
    """A question that holds, by splits and bounds."""
    net, box = network(3, 8, 6, 1), pr.Polyhedron.box([-1] * 3, [1] * 3)
    most = max(v for (v,) in net(np.random.default_rng(0).uniform(-1, 1, (500, 3)).tolist()))
    return pr.Statement.of(net, pr.parse(f"y0 > {Fraction(most) * 5 / 4}", dim=1), box)


def test_what_nothing_uses_is_not_written():
    """A proof that is tried in vain leaves ends behind it, and they are not in the tree."""
    said = a_proof()
    lines = written(said).splitlines()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Claim, "is_needed", property(lambda claim: True, lambda claim, _: None))
        assert len(written(said).splitlines()) >= len(lines)
    ends = [line.split()[1] for line in lines if line.startswith(("low", "up"))]
    assert len(ends) > 5


def test_few_ends_are_written(tmp_path):
    """Without looking for those that floats can do without there are more, and the tree is accepted all the same."""
    said = a_proof()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Search, "_keep_few_promises", lambda search, node, number, sign: [])
        more = written(said)
        assert proved(said, tmp_path) == HOLDS
    assert proved(said, tmp_path) == HOLDS
    assert len(written(said).splitlines()) < len(more.splitlines())


def test_where_few_ends_prove_nothing_all_do(tmp_path):
    """Floats may take back what a proof needs."""

    def all_of_them(search, node, number, sign):
        promised = node.own_promises()
        node.promise_only([], node.before[0])
        return promised

    said = a_proof()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Search, "_keep_few_promises", all_of_them)
        assert proved(said, tmp_path) == HOLDS


def test_what_holds_is_not_divided_into_tiles():
    """A tree that is asked for without a verdict is first looked for as for one: tiles are not split by inputs."""
    lines = written(a_proof()).splitlines()
    assert any(line.startswith("split x") for line in lines)
    assert all(not line.startswith(("tile", "rest")) for line in lines)


def test_what_is_reached_has_tiles(tmp_path):
    """On a corner that no point of the first ones is in: the search for a verdict ends there, and tiles are found."""
    net, box = network(3, 8, 6, 1), pr.Polyhedron.box([-1] * 3, [1] * 3)
    values = {corner: net([corner])[0][0] for corner in product((-1, 1), repeat=3)}
    most = max(values.values())
    said = pr.Statement.of(net, pr.parse(f"y0 > {Fraction(most) * 999 / 1000}", dim=1), box)
    tiles, further = counts(proved(said, tmp_path))[0]
    assert tiles > 0 == further


def test_no_factor_is_there_for_nothing(tmp_path):
    """Without one of the factors that end a node a tree is rejected."""
    said, dropped = a_proof(), 0
    lines = written(said).splitlines(keepends=True)
    for k, line in enumerate(lines):
        words = line.split()
        for at in range(1, len(words), 2) if words[0] == "none" else ():
            if words[at][0] != "a":
                less = " ".join([*words[:at], *words[at + 2 :]]) + "\n"
                (tmp_path / "less").write_text("".join([*lines[:k], less, *lines[k + 1 :]]))
                dropped += 1
                with pytest.raises(tree_checker.Rejected):
                    tree_checker.check(said.text.encode(), str(tmp_path / "less"))
    assert dropped > 5


def mutants(lines, rng):
    """Trees with one line dropped, doubled, exchanged or changed."""
    k, other = rng.randrange(1, len(lines)), rng.randrange(1, len(lines))
    words = lines[k].split()
    at = rng.randrange(len(words))
    changed = [*words]
    changed[at] = rng.choice(
        ["0", "1", "-1", "1/2", "z1.0", "z1.1", "x0", "t0", "d0", "a1.0", "low", "up", "none", "rest"]
    )
    yield [*lines[:k], *lines[k + 1 :]]
    yield [*lines[:k], lines[other], *lines[k:]]
    yield [*lines[:k], " ".join(changed) + "\n", *lines[k + 1 :]]
    yield [*lines[:k], " ".join(words[:at] + words[at + 2 :] or ["rest"]) + "\n", *lines[k + 1 :]]


def test_mutants_are_rejected_or_true(tmp_path):
    """What is accepted says of a question that holds that it holds, or has sets, which are empty, instead of proofs."""
    rng, rejected, accepted = random.Random(0), 0, 0
    said = a_proof()
    lines = written(said).splitlines(keepends=True)
    for _ in range(15):
        for mutant in mutants(lines, rng):
            (tmp_path / "mutant").write_text("".join(mutant))
            try:
                claim = tree_checker.check(said.text.encode(), str(tmp_path / "mutant"))
            except tree_checker.Rejected:
                rejected += 1
                continue
            accepted += 1
            assert claim == HOLDS or counts(claim)[0][0] == 0
    assert rejected > accepted > 0


# -- floats that lie --------------------------------------------------------------------------------------------------


def wild(rng, shape):
    """Numbers of which many make no sense."""
    return rng.choice([np.nan, np.inf, -np.inf, 0.0, 1.0, -1.0, 1e300, -1e-300], shape)


def lying_bounds(patch, rng):
    least = Guide.least

    def lie(self, forms, ranges):
        values, slopes = least(self, forms, ranges)
        return np.where(rng.random(values.shape) < 0.5, values, wild(rng, values.shape)), slopes

    patch.setattr(Guide, "least", lie)


def lying_programs(patch, rng):
    def lie(self, ranges, splits):
        names = [f"t{k}" for k, _ in enumerate(self.chain.target)]
        return Proposal({name: float(wild(rng, ())) for name in names}, {(1, 0): float(wild(rng, ()))})

    patch.setattr(Guide, "contradiction", lie)


def lying_points(patch, rng):
    def lie(rows, constants, low, high):
        count = len(rows)
        return float_lp.Proposal(rng.uniform(low, high), float(rng.choice([-1.0, 1.0])), np.abs(wild(rng, count)))

    patch.setattr(float_lp, "most_room", lie)


def lying_values(patch, rng):
    values = Guide.values
    patch.setattr(Guide, "values", lambda self, points: [rng.permutation(own) for own in values(self, points)])


@pytest.mark.parametrize("lie", [lying_bounds, lying_programs, lying_points, lying_values])
def test_floats_that_lie_change_no_answer(tmp_path, lie):
    kinds = ["regions", "a box", "several targets", "inputs and values in the middle", "a face touched strictly"]
    with pytest.MonkeyPatch.context() as patch, np.errstate(all="ignore"):
        lie(patch, np.random.default_rng(1))
        for name in kinds:
            text, cells = KINDS[name]
            claim = proved(pr.Statement.parse(text), tmp_path)
            if lie is lying_values:  # points that are not there may divide what is one tile, or leave sets
                assert claim.partition(":")[0] in (cells.partition(":")[0], "preimage")
            else:
                assert agree(claim, cells), name


# -- where trees are taken --------------------------------------------------------------------------------------------


def many_inputs():
    """Twelve free inputs with few neurons that may switch."""
    net = network(12, 10, 3)
    return net, pr.Polyhedron.box([-1 / 64] * 12, [1 / 64] * 12)


def test_many_inputs_are_for_trees(tmp_path):
    net, box = many_inputs()
    value = net([[0] * 12])[0]
    lower = int(np.argmin([float(v) for v in value]))
    target = pr.parse(" and ".join(f"y{lower} > y{i}" for i in range(3) if i != lower), dim=3)
    with pytest.raises(pr.BudgetExceeded):
        certify(pr.Statement.of(net, target, box), tmp_path / "answer.gz", form="cells", max_dim=7)
    found = pr.verify(net, target, domain=box, max_dim=7, certify=tmp_path / "answer.gz")
    assert (found.status, found.unwritten) == ("holds", "")
    text = (tmp_path / "answer.question.txt").read_bytes()
    assert tree_checker.check(text, str(tmp_path / "answer.gz")) == HOLDS


def test_verdicts_have_trees_where_they_are_asked_for(tmp_path):
    net, box = network(3, 8, 6, 1), pr.Polyhedron.box([-1] * 3, [1] * 3)
    prop = pr.Property(3, 1, (Disjunct(box, (pr.parse("y0 > 100", dim=1),)),))
    files = write_evidence(pr.verify(net, prop), net, prop, tmp_path / "answer.gz", form="tree")
    assert tree_checker.check(files[1].read_bytes(), str(files[0])) == HOLDS


def test_the_branching_engine_has_trees(tmp_path):
    net, box = many_inputs()
    target = pr.parse("y0 > y1", dim=3)
    tiling = pr.preimage(net, target, box, "branch", max_dim=7, certify=tmp_path / "answer.gz")
    claim = tree_checker.check((tmp_path / "answer.question.txt").read_bytes(), str(tmp_path / "answer.gz"))
    assert agree(claim, f"preimage: target 0: {len(tiling)} tiles, 0 flat parts, 1 zones") or claim == HOLDS
    written_ = tiling.certificate(tmp_path / "again.gz", form="tree")
    assert written_.cells >= len(tiling)


def test_forms_are_named():
    said = pr.Statement.parse(KINDS["a box"][0])
    with pytest.raises(pr.InputError, match="form"):
        said.certify("answer.gz", form="vertices")  # type: ignore[arg-type]


@pytest.mark.usefixtures("in_time")
def test_limits_are_heard(tmp_path):
    net = network(10, 40, 40, 2)
    said = pr.Statement.of(net, pr.parse("y0 > y1", dim=2), pr.Polyhedron.box([-1] * 10, [1] * 10))
    with pytest.raises(pr.BudgetExceeded, match="seconds were not enough"):
        certify(said, tmp_path / "answer.gz", form="tree", timeout=0.3)
    assert not list(tmp_path.iterdir())
    with pytest.raises(pr.BudgetExceeded, match="trees: there would be more than 20 nodes"):
        write_trees(said, len, limit=20)


def test_a_point_is_no_tree(tmp_path):
    text = statement(1, "1 x0 >= -1", ABS, "1 y0 > 5")
    pr.Statement.parse(text).write_point([6], tmp_path / "point")
    with pytest.raises(tree_checker.Rejected, match="another statement"):
        tree_checker.check(text.encode(), str(tmp_path / "point"))
