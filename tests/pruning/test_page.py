"""What the page on pruning says in sentences is what its results say."""

import csv
import re
from pathlib import Path
from statistics import median

import pytest

PAPER = Path(__file__).parents[2] / "papers" / "pruning"
PROSE = re.sub(r"<!-- table.*?<!-- end -->", "", (PAPER / "README.md").read_text(), flags=re.DOTALL)
ONE_LINE = " ".join(PROSE.split())


def results(column, heuristic, width, network="random", blocks="1"):
    """The median of a column over the seeds of y0 > 0 in the plane."""
    with (PAPER / "results.csv").open() as file:
        rows = [
            float(row[column])
            for row in csv.DictReader(file)
            if (row["network"], row["width"], row["blocks"], row["heuristic"])
            == (network, str(width), blocks, heuristic)
            and (row["target"], row["box"], row["dim"], row["finished"]) == ("y0 > 0", "0", "2", "yes")
        ]
    assert rows
    return median(rows)


@pytest.mark.parametrize(
    ("sentence", "column", "heuristic", "width"),
    [
        ("leaves {} of them, half a percent", "nodes", "Feasibility", 16),
        ("learning from failures {};", "nodes", "feasibility, cores", 16),
        ("the arrangement view {}, for", "nodes", "best", 16),
        ("for {} pieces. At n = 64", "pieces", "best", 16),
        ("At n = 64 it is {} nodes of", "nodes", "best", 64),
        ("needs {} pivots in place of", "pivots", "feasibility, warm start", 16),
        ("pivots in place of {}.", "pivots", "Feasibility", 16),
    ],
)
def test_a_sentence_quotes_its_run(sentence, column, heuristic, width):
    assert sentence.format(f"{results(column, heuristic, width):,.0f}") in ONE_LINE


def test_ratios_in_sentences():
    nodes_a_piece = [results("nodes", "Feasibility", n) / results("pieces", "best", n) for n in (16, 32)]
    quoted = re.findall(r"with (\d+) nodes for each piece at n = 16 and (\d+) at n = 32", ONE_LINE)
    assert [tuple(f"{ratio:.0f}" for ratio in nodes_a_piece)] == quoted
    for n in (16, 32, 64):
        assert 3.9 < results("nodes", "feasibility, cores", n) / results("pieces", "best", n) < 4.3
        assert results("seconds", "warm start and cores", n) < 3.5 * results("seconds", "best", n)
    saved = results("lps", "Feasibility", 16) - results("lps", "feasibility, witnesses", 16)
    assert f"witnesses save {saved:.0f} of {results('lps', 'Feasibility', 16):.0f} programs" in ONE_LINE
