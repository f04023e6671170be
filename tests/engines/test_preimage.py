import pytest

import polyrelu as pr
from polyrelu.certificates import checker, tree_checker
from polyrelu.engines import preimage as front_door
from polyrelu.engines.cells.engine import CellEngine
from polyrelu.engines.evidence.certify import Evidence
from polyrelu.engines.faces import backward
from polyrelu.engines.faces.unrelu import search_faces
from polyrelu.engines.preimage import disjoint_parts

ABSOLUTE = pr.Network([([[1], [-1]], [0, 0]), ([[1, 1]], [0])])
ABOVE = pr.parse("y0 > 0", dim=1)


@pytest.mark.parametrize(
    ("ask", "error", "message"),
    [
        (
            lambda: pr.preimage(ABSOLUTE, pr.Polyhedron.whole_space(2)),
            pr.DimensionError,
            r"target 0 lives in R\^2 .* R\^1",
        ),
        (
            lambda: pr.preimage(ABSOLUTE, [ABOVE, 0]),  # type: ignore[list-item]
            pr.InputError,
            "target 1: expected a Polyhedron, got int 0; pass a Polyhedron, a text",
        ),
        (
            lambda: pr.preimage(ABSOLUTE, ABOVE, pr.Polyhedron.whole_space(3)),
            pr.DimensionError,
            r"domain lives in R\^3",
        ),
        (
            lambda: pr.preimage(ABSOLUTE, ABOVE, method="magic"),
            pr.InputError,
            "choose one of auto, cells, unrelu",
        ),
        (
            lambda: pr.preimage(ABSOLUTE, ABOVE, method="unrelu", limit=3),
            pr.BudgetExceeded,
            r"2\^2 = 4 faces, more than the limit of 3",
        ),
        (lambda: pr.linear_regions(ABSOLUTE, method="unrelu", limit=1), pr.BudgetExceeded, "limit of 1"),
    ],
)
def test_bad_questions_are_refused(ask, error, message):
    with pytest.raises(error, match=message):
        ask()


def test_auto_says_which_engine_ran():
    assert pr.preimage(ABSOLUTE, ABOVE).method == "cells"


def test_an_interrupted_run_keeps_what_it_found(monkeypatch):
    original, calls = search_faces, []

    def stop_after_two_layers(*arguments, **options):
        calls.append(arguments)
        for piece in original(*arguments, **options):
            if len(calls) == 2 and options["stats"].pieces_found > 2:
                raise KeyboardInterrupt
            yield piece

    monkeypatch.setattr(backward, "search_faces", stop_after_two_layers)
    with pytest.raises(pr.Interrupted, match=r"1 tiles; they are in \.partial") as caught:
        pr.preimage(ABSOLUTE, ABOVE, method="unrelu")
    assert isinstance(caught.value, KeyboardInterrupt)
    partial = caught.value.partial
    assert (len(partial), partial.complete) == (1, False)
    assert "incomplete" in repr(partial)
    monkeypatch.undo()
    assert partial[0].polyhedron in {tile.polyhedron for tile in pr.preimage(ABSOLUTE, ABOVE)}


def test_parts_of_overlapping_targets_are_disjoint():
    square, shifted = pr.Polyhedron.box([0, 0], [2, 2]), pr.Polyhedron.box([1, 1], [3, 3])
    parts = disjoint_parts([square, shifted, square])
    assert {i for i, _ in parts} == {0, 1}
    assert sum(part.volume() for _, part in parts) == 7
    for k, (_, part) in enumerate(parts):
        assert all((part & other).is_empty() for _, other in parts[:k])
    apart = pr.Polyhedron.box([5, 5], [6, 6])
    assert disjoint_parts([square, apart]) == [(0, square), (1, apart)]
    assert disjoint_parts([pr.Polyhedron.empty(2)]) == []


def test_without_progress_nothing_is_printed(capfd):
    pr.preimage(ABSOLUTE, ABOVE, progress=False)
    assert capfd.readouterr() == ("", "")


def test_what_was_found_is_not_lost_to_a_stop_while_it_is_put_in_order(monkeypatch):
    network = pr.Network([([[1, 0], [0, 1]], [0, 0]), ([[1, 1]], [-1])])
    question = network, pr.parse("y0 >= 0", dim=1), pr.Polyhedron.box([-2, -2], [2, 2])
    expected, tiles, asked = pr.preimage(*question, "cells"), CellEngine.tiles, []

    def pressed(engine):
        asked.append(engine)
        if len(asked) == 1:
            raise KeyboardInterrupt
        return tiles(engine)

    monkeypatch.setattr(CellEngine, "tiles", pressed)
    with pytest.raises(pr.Interrupted) as stopped:
        pr.preimage(*question, "cells")
    assert stopped.value.partial.complete
    assert stopped.value.partial.patterns == expected.patterns


# -- certificates -----------------------------------------------------------------------------------------------------


def proved(folder, name="answer"):
    """What the checker says of an answer and the question beside it."""
    question = (folder / f"{name}.question.txt").read_bytes()
    return checker.check(question, [folder / f"{name}.cert.gz"])


def test_answers_come_with_certificates(tmp_path):
    net = pr.Network([([[1, 2], [-1, 0.25]], ["-1/2", 0]), ([[1, -1]], [3])])
    box = pr.Polyhedron.box([-6, -6], [6, 6])
    tiling = pr.preimage(net, pr.parse("y0 < 0", dim=1), box, certify=tmp_path / "answer.cert.gz")
    assert proved(tmp_path) == f"preimage: target 0: {len(tiling)} tiles, 0 flat parts, 1 zones"
    regions = pr.linear_regions(net, box, certify=str(tmp_path / "regions.cert.gz"))
    assert proved(tmp_path, "regions") == f"regions: {len(regions)}"
    pr.preimage(net, pr.parse("y0 < -100", dim=1), box, "unrelu", certify=tmp_path / "answer.cert.gz")
    assert proved(tmp_path) == "holds: no point of the domain maps into a target"
    pr.preimage(net, pr.parse("y0 < 0", dim=1), box, certify=tmp_path / "answer.rows", rows_only=True)
    assert (tmp_path / "answer.rows").read_text().startswith("polyrelu-rows 1 ")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("answer.cert.gz", "answer.question.txt", "answer.rows"),
        *("regions.cert.gz", "regions.question.txt"),
    ]


def test_certificates_that_cannot_be_are_refused_before_the_search(tmp_path, monkeypatch):
    net = pr.Network([([[1, 2], [-1, 0.25]], ["-1/2", 0]), ([[1, -1]], [3])])
    target = pr.parse("y0 < 0", dim=1)
    monkeypatch.setattr(front_door, "choose", None)
    with pytest.raises(pr.WriteError, match="there is no directory"):
        pr.preimage(net, target, certify=tmp_path / "missing" / "answer.gz")
    (tmp_path / "answer.question.txt").mkdir()
    with pytest.raises(pr.WriteError, match="is a directory"):
        pr.preimage(net, target, certify=tmp_path / "answer.gz")
    with pytest.raises(pr.BudgetExceeded, match="more than max_dim=1"):
        pr.preimage(net, target, max_dim=1, certify=tmp_path / "other.gz")
    with pytest.raises(pr.InputError, match="rows_only is about the certificate, and none is asked for"):
        pr.linear_regions(net, rows_only=True)
    with pytest.raises(pr.InputError, match="rows_only"):
        pr.preimage(net, target, certify=tmp_path / "other.gz", rows_only=1)  # type: ignore[arg-type]
    with pytest.raises(pr.InputError, match="the list of targets is empty"):
        pr.preimage(net, [], certify=tmp_path / "other.gz")
    with pytest.raises(pr.InputError, match="form is about the certificate, and none is asked for"):
        pr.preimage(net, target, form="tree")
    with pytest.raises(pr.InputError, match="rows_only is about the vertices of cells, and trees have none"):
        pr.preimage(net, target, certify=tmp_path / "other.gz", form="tree", rows_only=True)
    with pytest.raises(pr.InputError, match="form"):
        pr.verify(net, target, certify=tmp_path / "other.gz", form="vertices")  # type: ignore[arg-type]


@pytest.mark.parametrize("method", ["branch", "cells"])
def test_answers_come_with_trees(tmp_path, method):
    """Its tiles are those that the engine finds; a verdict has one, too."""
    net = pr.Network([([[1, 2], [-1, 0.25]], ["-1/2", 0]), ([[1, -1]], [3])])
    box = pr.Polyhedron.box([-6, -6], [6, 6])
    tiling = pr.preimage(net, pr.parse("y0 < 0", dim=1), box, method, certify=tmp_path / "answer.gz", form="tree")
    assert tree_of(tmp_path) == f"preimage: target 0: {len(tiling)} tiles, 0 further sets"
    regions = pr.linear_regions(net, box, method, certify=tmp_path / "answer.gz", form="tree")
    assert tree_of(tmp_path) == f"regions: {len(regions)}"
    pr.verify(net, "y0 < -100", domain=box, certify=tmp_path / "answer.gz", form="tree")
    assert tree_of(tmp_path) == "holds: no point of the domain maps into a target"


def tree_of(folder):
    """What the tree in a folder proves."""
    return tree_checker.check((folder / "answer.question.txt").read_bytes(), str(folder / "answer.gz"))


def test_a_certificate_that_is_interrupted_leaves_the_tiles(tmp_path, monkeypatch):
    net = pr.Network([([[1, 2], [-1, 0.25]], ["-1/2", 0]), ([[1, -1]], [3])])

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Evidence, "write", interrupted)
    with pytest.raises(pr.Interrupted, match=r"before .*answer\.gz was written; the tiles, which are all") as stopped:
        pr.preimage(net, pr.parse("y0 < 0", dim=1), certify=tmp_path / "answer.gz")
    assert stopped.value.partial.complete
    assert len(stopped.value.partial) == len(pr.preimage(net, pr.parse("y0 < 0", dim=1)))
    assert not list(tmp_path.iterdir())
