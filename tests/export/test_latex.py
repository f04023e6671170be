"""LaTeX: tables and formulas that say the inequalities, and that a reader of them gets back."""

import re

import pytest
from hypothesis import given, settings

import polyrelu as pr
from polyrelu.export.latex import to_latex
from tests import zoo
from tests.strategies import polyhedra

WORDS = {r"\le": "<=", r"\ge": ">=", "=": "=="}


def read(formula):
    """An inequality in the package's notation, of one in LaTeX."""
    text = re.sub(r"(\d) x_", r"\1*x_", re.sub(r"x_\{(\d+)\}", r"x_\1", formula).replace("&", ""))
    words = " ".join(WORDS.get(word, word) for word in text.split())
    return words.replace("x_", "x").replace("- ", "-").replace("+ ", "+")


@settings(max_examples=60)
@given(polyhedra())
def test_formulas_say_the_inequalities(polyhedron):
    lines = to_latex(polyhedron).splitlines()
    assert (lines[0], lines[-1]) == (r"\begin{aligned}", r"\end{aligned}")
    rows = [line.removesuffix(r" \\") for line in lines[1:-1]]
    if not polyhedron.inequalities():
        assert rows == [r"\text{everywhere}"]
    elif polyhedron.ambient_dim and not any(row.is_trivial for row in polyhedron.halfspaces):
        assert pr.parse(" and ".join(map(read, rows)), polyhedron.ambient_dim, ["x"]) == polyhedron


def test_a_table_has_a_line_for_each_tile():
    ring = zoo.tiling("ring")
    lines = ring.to_latex().splitlines()
    assert lines[0] == r"\begin{longtable}{r l l}"
    assert lines[-1] == r"\end{longtable}"
    rows = [line for line in lines if line.startswith("$")]
    for i, (line, tile) in enumerate(zip(rows, ring, strict=True)):
        number, pattern, formula = line.removesuffix(r" \\").split(" & ")
        assert (number, pattern) == (f"${i}$", rf"\texttt{{{tile.pattern}}}")
        said = pr.parse(" and ".join(map(read, formula.strip("$").split(r",\ "))), 2, ["x"])
        assert said == tile.polyhedron
    assert r"\multicolumn{3}{l}{and $3$ more} \\" in ring.to_latex(limit=1)
    assert "incomplete" in zoo.tiling("stopped run").to_latex()


def test_names_and_digits():
    tile = zoo.tiling("nearly parallel")[0]
    text = to_latex(tile, [r"\alpha", r"\beta"], digits=3)
    assert r"\alpha" in text
    assert "x_" not in text
    assert r"\cdot 10^{-300}" in to_latex(zoo.POLYHEDRA["tiny"], digits=3)
    with pytest.raises(pr.InputError, match="to_latex: digits"):
        to_latex(tile, digits=0)
    with pytest.raises(pr.InputError, match="to_latex: limit"):
        to_latex(zoo.tiling("ring"), limit=-1)
