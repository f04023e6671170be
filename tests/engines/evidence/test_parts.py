"""Parts of a certificate have the cells of the whole, each in one of them (issue 21)."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.certificates import parts_checker
from polyrelu.engines.cells.intervals import Interval
from polyrelu.engines.evidence.files import lines_of
from polyrelu.engines.evidence.parts import write_part
from polyrelu.engines.evidence.question import Question
from polyrelu.networks.statement import Statement
from tests.engines.cells import differential
from tests.runs.questions import QUESTIONS


def cells(path: Path) -> Counter[tuple[str, ...]]:
    """The cells of a file: their lengths, and their vertices."""
    found, vertices = Counter[tuple[str, ...]](), list[str]()
    for line in lines_of(path, "test") if path.exists() else ():
        keyword, *words = line.decode().split()
        if keyword == "b":
            vertices.clear()
        elif keyword == "v":
            vertices.append(" ".join(words))
        elif keyword == "c":
            found[words[0], *sorted(vertices[-int(back, 16)] for back in words[1:])] += 1
    return found


def intervals(digits: int, random: Random, count: int) -> list[Interval]:
    """So many intervals, or fewer, that make up all patterns."""
    firsts = sorted({0, *(random.randrange(1 << digits) for _ in range(count - 1))})
    return [Interval(first, after - 1, digits) for first, after in pairwise([*firsts, 1 << digits])]


def check_parts(statement: Statement, random: Random, folder: Path) -> None:
    question, paths = Question.of(statement), []
    if question.domain.is_empty():
        return
    for word, problem in question.problems.items():
        whole = folder / f"{word}-whole"
        write_part(question, word, Interval.whole(problem.neuron_count), whole)
        found = Counter[tuple[str, ...]]()
        for number, interval in enumerate(intervals(problem.neuron_count, random, 5)):
            path = folder / f"{word}-{number}"
            assert write_part(question, word, interval, path) == sum(cells(path).values())
            assert path.exists() == bool(cells(path))
            found += cells(path)
            paths += [str(path)] * path.exists()
        assert found == cells(whole)
    text = statement.text.encode()
    assert parts_checker.check(text, paths) == parts_checker.check(
        text, [str(folder / f"{word}-whole") for word in question.problems]
    )


@pytest.mark.parametrize("name", [name for name in QUESTIONS if name != "an empty domain"])
def test_each_cell_is_in_one_part(name, tmp_path):
    net, target, domain, _ = QUESTIONS[name]
    check_parts(Statement.of(net, target, domain), Random(0), tmp_path)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**20))
def test_each_cell_of_degenerate_networks_is_in_one_part(seed, tmp_path_factory):
    question = differential.small_question(seed)
    domain = question.domain or pr.Polyhedron.whole_space(question.network.input_dim)
    statement = Statement.of(question.network, question.target, domain)
    check_parts(statement, Random(seed), tmp_path_factory.mktemp("parts"))


def test_early_cells_lie_across_several_intervals(tmp_path):
    """A cell that bounds discard belongs to the interval that has its least pattern, and no other one has it."""
    net = pr.Network([([[1], [1], [1]], [-1, -2, -3]), ([[1, 1, 1]], [0])])
    statement = Statement.of(net, "y0 >= 100", ([0], [4]))
    question = Question.of(statement)
    counts = [write_part(question, "0", Interval(k, k, 3), tmp_path / str(k)) for k in range(8)]
    assert sum(counts) == write_part(question, "0", Interval.whole(3), tmp_path / "whole")


def test_what_is_compressed_has_the_same_bytes_again(tmp_path):
    net, target, domain, _ = QUESTIONS["usual"]
    question = Question.of(Statement.of(net, target, domain))
    whole = Interval.whole(question.problems["0"].neuron_count)
    for name in ("one.gz", "other.gz"):
        write_part(question, "0", whole, tmp_path / name)
    assert (tmp_path / "one.gz").read_bytes() == (tmp_path / "other.gz").read_bytes()
