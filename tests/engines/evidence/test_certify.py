"""Certificates end to end: what is written, the checker verifies; and nothing half-written is left."""

import re
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given

import polyrelu as pr
from polyrelu.certificates import checker
from polyrelu.engines.cells.evidence import write_rows
from polyrelu.engines.evidence import certify as module
from polyrelu.engines.evidence.certify import certify, statement_of, write_point
from tests.engines.cells.questions import questions
from tests.engines.evidence.questions import ABS, KINDS, by_chance, saved, statement, verdict

HARD = 4, 40, 40, 2  # a network whose cells take many seconds


def network(*widths, seed=0):
    rng = np.random.default_rng(seed)
    return pr.Network([(rng.normal(size=(b, a)), rng.normal(size=b)) for a, b in pairwise(widths)])


# -- the checker verifies what is written -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", KINDS)
def test_questions_by_hand(tmp_path, name):
    text, proved = KINDS[name]
    said = saved(text, tmp_path / "question.txt")
    for file in ("answer.cert", "answer.cert.gz"):
        written = certify(said, tmp_path / file)
        assert verdict(text, tmp_path / file) == proved
        assert (written.path, written.bytes) == (tmp_path / file, (tmp_path / file).stat().st_size)
    counts = re.findall(r"^end (\w+)$", (tmp_path / "answer.cert").read_text(), re.MULTILINE)
    assert written.cells == sum(int(count, 16) for count in counts)


def test_the_checker_runs_alone(tmp_path):
    said = saved(KINDS["several targets"][0], tmp_path / "question.txt")
    said.certify(tmp_path / "answer.cert.gz")
    command = [sys.executable, "-I", "-S", checker.__file__, tmp_path / "question.txt", tmp_path / "answer.cert.gz"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True)
    assert shown.stdout == f"VERIFIED {KINDS['several targets'][1]}\n"


def test_questions_by_chance(tmp_path):
    """All are verified, and what is proved agrees with the answer: a preimage is empty if and only if it "holds"."""
    kinds = {"preimage": 0, "regions": 0, "holds": 0, "empty": 0}
    for seed in range(150):
        text = by_chance(seed)
        said = pr.Statement.parse(text)
        certify(said, tmp_path / "answer")
        kind, _, more = verdict(text, tmp_path / "answer").partition(": ")
        kinds[kind] += 1
        assert (kind == "empty") == said.domain.is_empty(), text
        if kind == "regions":
            assert int(more) == len(pr.linear_regions(said.network, said.domain)), text
        elif kind != "empty":
            assert said.targets is not None
            answer = pr.preimage(said.network, said.targets, said.domain)
            assert (kind == "holds") == (not len(answer)), text
    assert all(kinds.values())


@given(questions())
def test_questions_that_are_hard_for_floats(tmp_path_factory, question):
    """Degenerate, extreme, unbounded, flat: all are verified, with the tiles and the flat tiles of the answer."""
    network, domain, target = question
    said = pr.Statement.of(network, target, domain)
    path = tmp_path_factory.getbasetemp() / "hard.cert"
    said.certify(path)
    proved = verdict(said.text, path)
    answer = pr.linear_regions(network, domain) if target is None else pr.preimage(network, target, domain)
    full = sum(tile.dim == answer.domain.dim for tile in answer)
    if target is None:
        assert proved == f"regions: {full}"
    elif not len(answer):
        assert proved == "holds: no point of the domain maps into a target"
    elif not any(network.layers[-1].relu) and len(target.irredundant().halfspaces) == len(target.halfspaces):
        assert proved.startswith(f"preimage: target 0: {full} tiles, {len(answer) - full} flat parts, ")


def test_another_question_is_not_answered(tmp_path):
    text = KINDS["a box"][0]
    pr.Statement.parse(text).certify(tmp_path / "answer")
    with pytest.raises(checker.Rejected, match="another statement"):
        verdict(text.replace("1/2", "2/3"), tmp_path / "answer")


def test_a_cell_that_is_missing_is_missed(tmp_path):
    """The law above can fail: without one of its cells, and with the count repaired, a certificate is rejected."""
    text = KINDS["a box"][0]
    pr.Statement.parse(text).certify(tmp_path / "answer")
    lines = (tmp_path / "answer").read_text().splitlines()
    cells = [place for place, line in enumerate(lines) if line.startswith("c ")]
    for place in cells:
        rest = [*lines[:place], *lines[place + 1 : -1], f"end {len(cells) - 1:x}"]
        (tmp_path / "less").write_text("\n".join(rest) + "\n")
        with pytest.raises(checker.Rejected):
            verdict(text, tmp_path / "less")


def test_the_same_question_has_the_same_certificate(tmp_path):
    said = pr.Statement.of(network(2, 8, 8, 1), pr.parse("y0 > 0", dim=1), pr.Polyhedron.box([-2, -2], [2, 2]))
    for name in ("a.gz", "b.gz"):
        certify(said, tmp_path / name, rows_only=True)
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()


def test_images_with_most_pixels_fixed(tmp_path):
    rng = np.random.default_rng(0)
    low = rng.random(784)
    high = low.copy()
    high[[5, 300]] += 1
    net = pr.Network([(rng.normal(size=(8, 784)), rng.normal(size=8)), (rng.normal(size=(2, 8)), rng.normal(size=2))])
    said = pr.Statement.of(net, pr.parse("y0 > y1", dim=2), pr.Polyhedron.box(low, high))
    certify(said, tmp_path / "answer.gz")
    assert verdict(said.text, tmp_path / "answer.gz").startswith("preimage")


# -- of tilings, and with answers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", ["tiles.npz", None])
def test_tilings_have_certificates(tmp_path, file):
    net, domain = network(2, 5, 1), pr.Polyhedron.box([-1, -1], [1, 1])
    asked = {
        "preimage": pr.preimage(net, [pr.parse("y0 > 0", dim=1), pr.parse("y0 <= -1", dim=1)], domain),
        "regions": pr.linear_regions(net, domain),
    }
    for kind, tiling in asked.items():
        if file is not None:
            tiling.save(tmp_path / file)
            tiling = pr.load_tiling(tmp_path / file)
        written = tiling.certificate(tmp_path / "answer.cert.gz")
        question = (tmp_path / "answer.question.txt").read_text()
        proved = verdict(question, written.path)
        assert proved.startswith(kind)
        if kind == "regions":
            assert proved == f"regions: {len(tiling)}"
        else:
            assert proved.count("tiles") == 2
            assert pr.Statement.parse(question) == pr.Statement.of(net, tiling.targets, domain)


def test_a_target_that_is_everything_is_no_question_about_regions():
    net = network(1, 3, 1)
    assert statement_of(pr.preimage(net, pr.Polyhedron.whole_space(1))).targets == (pr.Polyhedron.whole_space(1),)
    assert statement_of(pr.linear_regions(net)).targets is None


def test_selections_have_none(tmp_path):
    tiling = pr.linear_regions(network(2, 5, 1))
    with pytest.raises(pr.InputError, match="certificate: the tiling leaves tiles out"):
        tiling[:1].certificate(tmp_path / "answer")
    assert not list(tmp_path.iterdir())


# -- points -----------------------------------------------------------------------------------------------------------


def test_a_point_is_evidence(tmp_path):
    text = statement(1, "1 x0 >= -1", ABS, "1 y0 > 5", "1 y0 < 1/3")
    said = pr.Statement.parse(text)
    said.write_point(["-1/4"], tmp_path / "point.txt")
    assert (tmp_path / "point.txt").read_text() == f"polyrelu-point 1 {said.hash}\nx -1/4\n"
    assert verdict(text, tmp_path / "point.txt") == "violated: the point maps into target 1"


@pytest.mark.parametrize(
    ("targets", "point", "error", "message"),
    [
        (["1 y0 > 5"], ["-2"], pr.InputError, r"\(-2\) is not in the statement's domain"),
        (["1 y0 > 5"], ["2"], pr.InputError, r"\(2\) is mapped into no target"),
        ([], ["2"], pr.InputError, "asks for linear regions"),
        (["1 y0 > 5"], [1, 2], pr.DimensionError, "expected 1 numbers, got 2"),
        (["1 y0 > 5"], ["x"], pr.InexactError, "write_point: point"),
    ],
)
def test_points_that_show_nothing_are_refused(tmp_path, targets, point, error, message):
    said = pr.Statement.parse(statement(1, "1 x0 >= -1", ABS, *targets))
    with pytest.raises(error, match=message):
        write_point(said, point, tmp_path / "point.txt")
    assert not list(tmp_path.iterdir())


# -- refusals and interruptions ---------------------------------------------------------------------------------------


def hard():
    domain = pr.Polyhedron.box([-2] * HARD[0], [2] * HARD[0])
    return pr.Statement.of(network(*HARD), pr.parse("y0 > 0", dim=2), domain)


def test_too_many_dimensions_are_refused_at_once(tmp_path):
    said = pr.Statement.of(network(40, 60, 1), pr.parse("y0 > 0", dim=1), pr.Polyhedron.box([-1] * 40, [1] * 40))
    with pytest.raises(pr.BudgetExceeded, match="cells: the domain has 40 dimensions"):
        certify(said, tmp_path / "answer.gz")
    with pytest.raises(pr.BudgetExceeded, match="more than max_dim=3"):
        certify(hard(), tmp_path / "answer.gz", max_dim=3)
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("in_time")
@pytest.mark.parametrize("rows_only", [True, False])
def test_time_that_is_up_leaves_what_was_there(tmp_path, rows_only):
    place = tmp_path / "answer.gz"
    place.write_text("what was there")
    with pytest.raises(pr.BudgetExceeded, match=r"0\.2 seconds were not enough, and .*answer\.gz was not written"):
        certify(hard(), place, rows_only=rows_only, timeout=0.2)
    assert place.read_text() == "what was there"
    assert list(tmp_path.iterdir()) == [place]


@pytest.mark.usefixtures("in_time")
def test_an_interruption_leaves_what_was_there(tmp_path, monkeypatch):
    """Ctrl-C while cells are written, in the middle of a part."""
    place = tmp_path / "answer"
    place.write_text("what was there")
    written = []

    def stopped(restriction, domain, facet_rows, t_row, write, **others):
        def interrupted(lines):
            write(lines)
            written.append(lines)
            raise KeyboardInterrupt

        return write_rows(restriction, domain, facet_rows, t_row, interrupted, **others)

    monkeypatch.setattr(module, "write_rows", stopped)
    with pytest.raises(KeyboardInterrupt):
        certify(pr.Statement.parse(KINDS["a box"][0]), place)
    assert written
    assert place.read_text() == "what was there"
    assert list(tmp_path.iterdir()) == [place]


def test_places_that_cannot_be_written_are_named(tmp_path):
    said = pr.Statement.parse(KINDS["a box"][0])
    with pytest.raises(pr.WriteError, match="there is no directory"):
        certify(said, tmp_path / "missing" / "answer")
    with pytest.raises(pr.InputError, match="certify: statement"):
        certify("question.txt", tmp_path / "answer")  # type: ignore[arg-type]
    with pytest.raises(pr.InputError, match="certify: expected the path of a file"):
        certify(said, 3)  # type: ignore[arg-type]
    with pytest.raises(pr.InputError, match="certify: the time limit is -1 seconds"):
        certify(said, tmp_path / "answer", timeout=-1)
    assert not list(tmp_path.iterdir())
