import csv
import re
import subprocess
import sys
from pathlib import Path

import campaign
import loader
import paper
import pytest
import report
from campaign import COLUMNS, REFERENCE, Campaign, Store
from matplotlib import pyplot
from networks import KINDS, Shape, network
from trial import Limits, Question

import polyrelu as pr
from polyrelu.engines.search import Best, Heuristic, face_search
from tests.drawn import xs, ys

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "scripts" / "pruning"

LIMITS = Limits(2000, 60.0)
SMALL = Question("random", 4, 2, 1, 0, "y0 > 0", 0)
LIAR = """
from polyrelu.engines.search import Heuristic

class Liar(Heuristic):
    def discard(self, node):
        return bool(node.active & 2)
"""


def run(*arguments):
    """The script, in a process of its own."""
    return subprocess.run(
        [sys.executable, FOLDER / "run.py", *map(str, arguments)], capture_output=True, text=True, check=False
    )


def entry(name):
    return loader.entries()[name]


def a_campaign(path, *names, **options):
    return Campaign(Store(path / "results.csv"), [entry(name) for name in names], workers=1, **options)


def write(path, text):
    path.write_text(text)
    return path


@pytest.fixture
def example(tmp_path):
    """The example of the page, verbatim."""
    (text,) = re.findall(r"```python\n(.*?)```", (FOLDER / "README.md").read_text(), re.DOTALL)
    assert 20 <= len(text.splitlines()) <= 24
    return write(tmp_path / "nearest_first.py", text)


@pytest.mark.slow
def test_the_short_run_is_as_promised(tmp_path):
    done = run("--short", "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "2-64, seed 0, y0 > 0" in done.stdout
    assert "holds" in done.stdout
    with (tmp_path / "results.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert set(rows[0]) == set(COLUMNS)
    names = {REFERENCE, *loader.entries()}
    for kind in KINDS:
        small = [row for row in rows if (row["network"], row["width"]) == (kind, "4")]
        assert {row["heuristic"] for row in small} == names
    sound = {name for name, each in loader.entries().items() if each.is_sound}
    assert {row["check"] for row in rows if row["heuristic"] in sound} <= {"ok", "ok so far"}
    tables = (tmp_path / "tables.md").read_text()
    for row in rows:
        assert f"\n| {row['heuristic']} |" in tables
    assert tables.strip() in done.stdout
    for kind in KINDS:
        assert (tmp_path / f"nodes-{kind}-2-1.png").stat().st_size > 5000
        assert (tmp_path / f"nodes-{kind}-2-1.svg").exists()
    assert " 0 runs made" in run("--short", "--out", tmp_path, "--figures").stdout.replace("\n", " ")


def test_the_headline_holds(tmp_path):
    rows = a_campaign(tmp_path).run([SMALL._replace(width=64)], Limits(2**16, 120.0))
    assert paper.check_headline(rows, paper.NODES_A_PIECE) == []
    (row,) = rows
    assert int(row["pieces"]) < int(row["nodes"]) <= 3 * int(row["pieces"])
    assert paper.check_headline(rows, 1)
    assert paper.check_headline([row | {"finished": "seconds"}], 3)


def test_rows_hold_what_a_search_by_hand_counts(tmp_path):
    reference, row = a_campaign(tmp_path, "Exhaustive").run([SMALL], LIMITS)
    layer = network("random", Shape(2, 4, 1), 0).layers[0]
    target = pr.parse("y0 > 0", dim=4)
    for found, heuristic in ((reference, Best()), (row, Heuristic())):
        record = face_search(target, layer.rows, layer.offsets, heuristic=heuristic).run()
        for name in ("nodes", "leaves", "lps", "pivots", "pieces", "wasted"):
            assert found[name] == str(getattr(record, name))
    assert (row["nodes"], row["check"], row["finished"]) == ("31", "ok", "yes")
    assert row["found"] == reference["found"]


def test_what_was_run_is_not_run_again_also_after_a_torn_line(tmp_path):
    questions = [SMALL, SMALL._replace(width=8)]
    first = a_campaign(tmp_path, "Feasibility")
    rows = first.run(questions, LIMITS)
    assert first.ran == 4
    again = a_campaign(tmp_path, "Feasibility")
    assert (again.run(questions, LIMITS), again.ran) == (rows, 0)

    path = tmp_path / "results.csv"
    text = path.read_text()
    path.write_text(text[:-9])
    torn = a_campaign(tmp_path, "Feasibility")
    repeated = torn.run(questions, LIMITS)
    assert torn.ran == 1
    assert [row["found"] for row in repeated] == [row["found"] for row in rows]
    assert len(path.read_text().splitlines()) == len(text.splitlines())

    more = a_campaign(tmp_path, "Feasibility", "Exhaustive")
    more.run(questions, LIMITS)
    assert more.ran == 2
    other_limits = a_campaign(tmp_path, "Feasibility")
    other_limits.run(questions, LIMITS._replace(limit=3000))
    assert other_limits.ran == 4


def test_rows_that_are_not_kept_are_forgotten(tmp_path):
    made = a_campaign(tmp_path, "Feasibility")
    rows = made.run([SMALL, SMALL._replace(width=8)], LIMITS)
    made.store.keep(rows[1:3])
    assert list(Store(tmp_path / "results.csv").rows.values()) == rows[1:3]
    assert [path.name for path in tmp_path.iterdir()] == ["results.csv"]


def test_changed_code_is_run_again(tmp_path, example):
    def ran():
        loader._entries.cache_clear()
        loader._load.cache_clear()
        loader._module.cache_clear()
        made = Campaign(Store(tmp_path / "results.csv"), loader.load(example), (example,), 1)
        made.run([SMALL], LIMITS)
        return made.ran

    assert (ran(), ran()) == (2, 0)
    example.write_text(example.read_text() + "\n# a comment\n")
    assert ran() == 0
    example.write_text(example.read_text() + "\nVALUE = 1\n")
    assert ran() == 1


def test_an_interruption_loses_nothing_that_was_finished(tmp_path, monkeypatch):
    run_job = campaign.run_job

    def interrupted(job, added):
        if job.heuristic == "Exhaustive":
            raise KeyboardInterrupt
        return run_job(job, added)

    monkeypatch.setattr(campaign, "run_job", interrupted)
    with pytest.raises(KeyboardInterrupt):
        a_campaign(tmp_path, "Feasibility", "Exhaustive").run([SMALL], LIMITS)
    monkeypatch.undo()
    again = a_campaign(tmp_path, "Feasibility", "Exhaustive")
    again.run([SMALL], LIMITS)
    assert again.ran == 1


def test_other_columns_are_refused(tmp_path):
    path = write(tmp_path / "results.csv", "a,b\n1,2\n")
    with pytest.raises(pr.InputError, match="columns"):
        Store(path)
    assert path.read_text() == "a,b\n1,2\n"


def test_who_ran_out_is_shown_and_not_tried_on_wider_layers(tmp_path):
    questions = [SMALL._replace(width=width) for width in (4, 8, 16)]
    made = a_campaign(tmp_path, "Exhaustive")
    rows = made.run(questions, Limits(200, 60.0))
    ends = {(row["heuristic"], row["width"]): row["finished"] for row in rows}
    assert ends[REFERENCE, "16"] == "yes"
    assert (ends["Exhaustive", "4"], ends["Exhaustive", "8"]) == ("yes", "nodes")
    assert ("Exhaustive", "16") not in ends
    nodes = report.across(rows, "nodes").splitlines()[-1]
    assert nodes == "| Exhaustive | 31 | > 200 | · |"
    assert [row["check"] for row in rows if row["heuristic"] == "Exhaustive"] == ["ok", "ok so far"]
    assert "| Exhaustive | > " in report.by_case(rows)


def test_seconds_end_a_run(tmp_path):
    slow = write(
        tmp_path / "slow.py",
        "import time\nfrom polyrelu.engines.search import Heuristic\n\n"
        "class Slow(Heuristic):\n    def discard(self, node):\n"
        "        time.sleep(0.1 * (len(self.search.problem.neurons) > 2))\n        return False\n",
    )
    made = Campaign(Store(tmp_path / "results.csv"), loader.load(slow), (slow,), 1)
    _, row = made.run([SMALL], Limits(1000, 0.35))
    assert row["finished"] == "seconds"
    assert 1 <= int(row["nodes"]) <= 4
    assert 0.3 < float(row["seconds"]) < 3
    assert not made.failures


@pytest.mark.long
def test_the_example_of_the_page_runs_against_others(tmp_path, example):
    arguments = ["--networks", "random", "--widths", "4", "8", "--seeds", "0", "--out", tmp_path / "out"]
    done = run("--add", example, "--heuristics", "NearestFirst", "Feasibility", *arguments)
    assert done.returncode == 0, done.stderr
    table = (tmp_path / "out" / "tables.md").read_text()
    assert table.count("| NearestFirst | ") == 2
    assert not re.search(r"\| NearestFirst .*(?<!ok) \|\n", table)
    assert len(list((tmp_path / "out").glob("*.png"))) == 4


def test_a_lie_is_caught_and_named(tmp_path):
    liar = write(tmp_path / "liar.py", LIAR)
    arguments = ["--networks", "random", "--widths", "4", "--seeds", "0", "--figures", "--out", tmp_path / "out"]
    for made in (3, 0):  # and again when it is read from the file
        done = run("--add", liar, "--heuristics", "Liar", "Feasibility", *arguments)
        assert done.returncode == 1
        assert "PROBLEMS" in done.stderr
        assert "Liar" in done.stderr
        assert "random 2-4, seed 0, y0 > 0" in done.stderr
        assert f"\n{made} runs made" in done.stdout
        if made:
            assert "claims to be sound, but" in done.stderr
            assert re.search(r"zeroed \{[\d, ]*\}", done.stderr)
    done = run("--add", write(liar, LIAR.replace("def", "sound = False\n    def")), "--heuristics", "Liar", *arguments)
    assert done.returncode == 0
    assert re.search(r"\| Liar .* lost \d of \d \|", done.stdout)


def test_a_heuristic_that_breaks_off_is_named(tmp_path):
    text = LIAR.replace("return bool(node.active & 2)", "raise ValueError('two\\nlines')")
    broken = write(tmp_path / "broken.py", text)
    made = Campaign(Store(tmp_path / "results.csv"), loader.load(broken), (broken,), 1)
    _, row = made.run([SMALL], LIMITS)
    assert (row["finished"], row["note"]) == ("error", "ValueError: two lines")
    assert made.failures == [f"Liar broke off on {SMALL}: ValueError: two lines"]


def test_several_blocks_are_compared_piece_by_piece(tmp_path):
    made = a_campaign(tmp_path, "Feasibility")
    reference, row = made.run([SMALL._replace(blocks=2)], LIMITS)
    tiles = pr.preimage(network("random", Shape(2, 4, 2), 0), pr.parse("y0 > 0", dim=4), method="substitution")
    assert row["check"] == "ok"
    assert int(reference["pieces"]) == int(row["pieces"]) >= len(tiles) > 1


def test_every_kind_of_network_has_the_shape_and_is_the_same_each_time():
    for kind in KINDS:
        for shape in (Shape(2, 4, 1), Shape(3, 5, 2)):
            net = network(kind, shape, 1)
            assert net.widths == (shape.dim, *shape.widths[1:])
            assert [all(layer.relu) for layer in net.layers] == [i % 2 == 0 for i in range(2 * shape.blocks - 1)]
            network.cache_clear()
            assert network(kind, shape, 1) == net != network(kind, shape, 2)
    for layer in network("toy", Shape(2, 6, 2), 0).layers:
        assert not any(layer.offsets)
    rows = network("degenerate", Shape(2, 16, 1), 0).layers[0].rows
    assert len(set(rows)) < 16
    assert not any(rows[-1])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\n", r"there is no heuristic in it; define a class"),
        ("class A(:\n", r"line 1: not Python"),
        ("import nowhere_to_be_found\n", r"failed while it was imported: ModuleNotFoundError"),
        (
            "from polyrelu.engines.search import Heuristic\n"
            "class A(Heuristic):\n    def __init__(self, size):\n        pass\n",
            r"A\(\) cannot be made: missing a required argument: 'size'; give the arguments defaults",
        ),
        ("HEURISTICS = [dict]\n", r"dict\(\) gives a dict, not a polyrelu.engines.search.Heuristic"),
    ],
)
def test_files_that_cannot_be_loaded_are_explained(tmp_path, text, message):
    path = write(tmp_path / "mine.py", text)
    with pytest.raises(pr.InputError, match=message) as caught:
        loader.load(path)
    assert str(path) in str(caught.value)


def test_files_that_do_not_exist_and_names_that_are_taken(tmp_path):
    with pytest.raises(pr.InputError, match="no such file"):
        loader.load(tmp_path / "nothing.py")
    again = write(tmp_path / "again.py", LIAR.replace("Liar", "Exhaustive"))
    with pytest.raises(pr.InputError, match=r"there is a heuristic Exhaustive already, in .*exhaustive.py; rename one"):
        loader.entries([again])
    done = run("--add", tmp_path / "nothing.py")
    assert done.returncode == 1
    assert done.stderr.startswith("run.py: ")
    assert "no such file" in done.stderr
    unknown = run("--heuristics", "Nobody")
    assert unknown.returncode == 1
    assert "there is no heuristic 'Nobody'; there are: " in unknown.stderr


def test_lists_and_private_helpers(tmp_path):
    listed = write(tmp_path / "listed.py", LIAR + "\nclass Other(Liar): pass\nHEURISTICS = [Other]\n")
    assert [each.name for each in loader.load(listed)] == ["Other"]
    private = write(tmp_path / "private.py", LIAR + "\nclass _Base(Liar): pass\n")
    assert [each.name for each in loader.load(private)] == ["Liar"]


def test_every_heuristic_is_listed():
    shown = run("--list").stdout
    for name, each in loader.entries().items():
        assert f"\n{name}{'' if each.is_sound else ' (unsound)'}: {each.idea}" in shown


def test_cells_of_tables_are_medians_and_bounds():
    def row(nodes, finished="yes"):
        return {"nodes": str(nodes), "pieces": "2", "wasted": "1", "finished": finished}

    nodes, share = report.QUANTITIES["nodes"], report.QUANTITIES["wasted"]
    assert report.cell([row(9), row(1), row(4)], nodes) == "4"
    assert report.cell([row(9), row(2000, "nodes"), row(1500, "seconds")], nodes) == "> 1,500"
    assert report.cell([], nodes) == "·"
    assert report.cell([row(4)], share) == "25.0 %"
    assert report.cell([row(4, "nodes")], share) == "-"


def test_names_beside_the_lines_keep_their_distance():
    assert report.spread([0, 1, 50, 99, 99], 10, 100) == [0, 10, 50, 90, 100]
    assert report.spread([5, 5], 10, 100) == [5, 15]


def test_figures_draw_what_the_rows_say(tmp_path):
    questions = [SMALL._replace(width=width) for width in (4, 8)]
    rows = a_campaign(tmp_path, "Exhaustive").run(questions, Limits(200, 60.0))
    drawn = report.figure(rows, "nodes")
    (axes,) = drawn.axes
    lines = [line for line in axes.lines if xs(line) == [4, 8]]
    assert [ys(line) for line in lines] == [
        [float(row["nodes"]) for row in rows if row["heuristic"] == name] for name in (REFERENCE, "Exhaustive")
    ]
    assert [line.get_marker() for line in axes.lines].count("^") == 1
    faces = next(line for line in axes.lines if len(xs(line)) > 100)
    assert all(y == 2**x for x, y in zip(xs(faces), ys(faces), strict=True))
    assert report.arrangement_bound(8, 2) == 37
    cells = next(line for line in axes.lines if xs(line) == [4, 5, 6, 7, 8])
    assert ys(cells) == [1 + n + n * (n - 1) // 2 for n in range(4, 9)]
    pyplot.close(drawn)


def test_tables_are_put_in_their_places():
    page = "a\n<!-- table: one -->\nold\n<!-- end -->\nb\n"
    filled = paper.fill(page, {"one": "| new |"}, Path("page.md"))
    assert filled == "a\n<!-- table: one -->\n\n| new |\n\n<!-- end -->\nb\n"
    assert paper.fill(filled, {"one": "| new |"}, Path("page.md")) == filled
    with pytest.raises(pr.InputError, match=r"page.md: there is no table 'one'; there are: two"):
        paper.fill(page, {"two": ""}, Path("page.md"))
