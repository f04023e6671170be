"""The example of papers/certificates, which its page shows as it is, and the pictures of certificates."""

import hashlib
import subprocess
import sys
from fractions import Fraction

import draw_certificates as draw
import pytest
from matplotlib import pyplot
from matplotlib.colors import same_color, to_rgb, to_rgba
from matplotlib.image import imread

from polyrelu.networks.statement import Statement
from polyrelu.plotting.style import themed
from tests.drawn import corners, xs, ys

CHECKER = draw.PAGE.parent.parent / "polyrelu" / "certificates" / "checker.py"
QUESTION, ANSWER = draw.PAGE / "question.txt", draw.PAGE / "answer.txt"
PROVED = "VERIFIED preimage: target 0: 2 tiles, 0 flat parts, 1 zones"
HEAD = "name,dim,proved,cells,vertices,rows_bytes,bytes,search,numba,rows_seconds,seconds,small,fast,fast_rows,peak,two"


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    pyplot.close("all")


def checked(question, answer):
    """What the checker prints, all alone."""
    command = [sys.executable, "-I", "-S", CHECKER, question, answer]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip()


# -- the example --------------------------------------------------------------------------------------------------


def test_the_example_is_accepted():
    assert checked(QUESTION, ANSWER) == PROVED


def test_the_page_shows_the_example():
    page = (draw.PAGE / "README.md").read_text()
    for path in (QUESTION, ANSWER):
        assert f"```\n{path.read_text()}```" in page
        assert f"]({path.name})" in page
    assert PROVED in page


@pytest.mark.parametrize("cell", range(5))
def test_no_cell_of_the_example_can_be_left_out(tmp_path, cell):
    lines = ANSWER.read_text().splitlines()
    left_out = [line for line in lines if line.startswith("c ")][cell]
    kept = [line.replace("end 5", "end 4") for line in lines if line != left_out]
    assert len(kept) == len(lines) - 1
    (tmp_path / "answer.txt").write_text("\n".join(kept) + "\n")
    assert ": nothing is at " in checked(QUESTION, tmp_path / "answer.txt")


@pytest.mark.parametrize(
    ("what", "instead"), [("0 1 0", "0 2 1"), ("-1 1 1", "-1 1 1/2"), ("1 x0 <= 2", "1 x0 <= 3"), ("<= 0", "<= 1/2")]
)
def test_the_example_is_about_its_question_only(tmp_path, what, instead):
    text = QUESTION.read_text()
    assert text.count(what) == 1
    changed = tmp_path / "question.txt"
    changed.write_text(text.replace(what, instead))
    assert checked(changed, ANSWER).endswith("this is for another statement")
    asked, other = (hashlib.sha256(path.read_bytes()).hexdigest() for path in (QUESTION, changed))
    (tmp_path / "answer.txt").write_text(ANSWER.read_text().replace(asked, other))
    assert checked(changed, tmp_path / "answer.txt").startswith("REJECTED")


def test_the_point_of_the_page_is_evidence_too(tmp_path):
    digest = hashlib.sha256(QUESTION.read_bytes()).hexdigest()
    (tmp_path / "point.txt").write_text(f"polyrelu-point 1 {digest}\nx 3/2 1/4\n")
    assert checked(QUESTION, tmp_path / "point.txt") == "VERIFIED violated: the point maps into target 0"


# -- the pictures -------------------------------------------------------------------------------------------------


def test_cells_are_read_as_the_page_tells_them():
    evidence = draw.of_example()
    assert [draw.pattern_of(evidence, cell) for cell in evidence.cells] == ["0", "101", "100", "110", "111"]
    assert [evidence.is_tile(cell) for cell in evidence.cells] == [False, False, True, True, False]
    assert len(evidence.vertices) == len(set(evidence.vertices)) == 11
    area = sum(map(area_of, evidence.cells))
    assert area == 16


def area_of(cell):
    """By the shoelace formula, which is positive if corners go counter-clockwise."""
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in cell.sides()) / Fraction(2)


def test_the_demonstration_is_covered():
    evidence = draw.of_demo()
    assert sum(map(area_of, evidence.cells)) == (2 * draw.RADIUS_OF_DEMO) ** 2
    assert all(area_of(cell) > 0 for cell in evidence.cells)
    assert sum(map(evidence.is_tile, evidence.cells)) == 18


@pytest.mark.long
def test_the_picture_shows_cells_vertices_and_what_is_across():
    left, right = draw.draw_tiling().axes
    small = draw.of_example()
    (dots,) = left.collections
    assert len(corners(dots)) == 11
    arrows = [one for one in left.texts if getattr(one, "arrow_patch", None)]
    assert len(arrows) == 11  # as the page says: one from the left half, two back into it, and eight
    shown = {one.get_text() for one in left.texts} - {""}
    assert shown == {"0", "101", "100", "110", "111"} | {str(k) for k in range(1, 12)}
    fills = [patch for patch in left.patches if to_rgba(patch.get_facecolor())[3]]
    assert sum(same_color(to_rgb(patch.get_facecolor()), themed(draw.TILE)) for patch in fills) == 2
    assert sum(same_color(to_rgb(patch.get_facecolor()), themed(draw.DISCARDED)) for patch in fills) == 3
    assert left.get_title() == "2-2-1: 5 cells, 2 of them tiles; 11 vertices"
    assert len(right.lines) == sum(
        not draw.of_demo().is_end(side) for cell in draw.of_demo().cells for side in cell.sides()
    )
    assert small.statement == Statement.load(QUESTION)


def test_what_was_measured_is_drawn(tmp_path):
    rows = ["a,2,holds,100,120,1000,8000,0.1,nan,0.2,0.3,4,nan,nan,nan,nan", "b,5,holds,9,9,90,nan,1,nan,2,3,4,5,6,7,8"]
    table = tmp_path / "measured.csv"
    table.write_text("\n".join([HEAD, *rows]) + "\n")
    sizes, seconds = draw.draw_measured(table).axes
    drawn = [(x, y) for line in sizes.lines for x, y in zip(xs(line), ys(line), strict=True)]
    assert sorted(drawn) == [(9, 90), (100, 1000), (100, 8000)]
    assert sum(len(xs(line)) for line in seconds.lines) == 9  # the fast checker was not asked about a
    assert {text.get_text() for text in sizes.get_legend().get_texts()} == {"coordinates", "rows only"}


def test_pictures_are_written(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["draw_certificates.py", "--out", str(tmp_path)])
    draw.main()
    assert capsys.readouterr().out.split() == [str(tmp_path / name) for name in ("tiling.png", "measured.png")]
    assert imread(tmp_path / "tiling.png").shape[:2] == (940, 1800)
