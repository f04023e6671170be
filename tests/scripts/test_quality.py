import ast
import shutil
import subprocess

import pytest
import quality
from measuring import compiled_lines


def test_the_page_has_every_figure_and_every_room():
    text = quality.page({"docstrings": {"value": "99 % of 3", "day": "2020-01-02"}})
    assert all(f"| {figure.title} | " in text for figure in quality.FIGURES)
    assert "99 % of 3 | 2020-01-02" in text
    rooms = quality.lines_by_room()
    assert {"polyrelu", "engines/", "tilings/"} <= rooms.keys()
    assert rooms["engines/"]["C++"] > 1000
    assert len({figure.name for figure in quality.FIGURES}) == len(quality.FIGURES)


def test_docstrings_are_counted_where_they_are_promised():
    tree = ast.parse(
        '''"""Yes."""\ndef f():\n    pass\ndef _g():\n    pass\nclass A:\n    """Yes."""\n    def m(self): pass\n'''
    )
    assert sorted(quality.documented(tree)) == [("A", True), ("f", False), ("m", False), ("module", True)]


def test_a_figure_is_what_its_command_says_last():
    assert quality.said(r"^(\d+) (\w+)", "{1}: {0}")("1 a\n2 b\n") == "b: 2"
    with pytest.raises(quality.Unmeasured, match="nothing like"):
        quality.said("x")("y")


def test_a_command_that_fails_is_no_figure():
    figure = quality.Figure("no", "no", "python -c raise(SystemExit(3))", quality.said("(.*)"))
    with pytest.raises(quality.Unmeasured, match="ended with 3"):
        quality.measured(figure)


def test_a_command_may_say_its_figure_and_fail():
    figure = quality.Figure("no", "no", "python -c print(7);raise(SystemExit(1))", quality.said(r"(\d+)"))
    with pytest.raises(quality.Unmeasured, match="ended with 1"):
        quality.measured(figure)
    assert quality.measured(figure._replace(codes=(0, 1)))["value"] == "7"


def test_figures_are_kept_beside_what_others_have_kept_meanwhile(tmp_path, monkeypatch):
    monkeypatch.setattr(quality, "KEPT", tmp_path / "figures.json")
    quality.keep("a", {"value": "1", "day": ""})
    other = quality.all_kept()
    quality.keep("b", {"value": "2", "day": ""})
    quality.keep("a", {"value": "3", "day": ""})
    assert {name: one["value"] for name, one in quality.all_kept().items()} == {"a": "3", "b": "2"}
    assert set(other) == {"a"}


def test_sanitizers_that_ran_no_test_have_said_nothing():
    said = "{0} in 3.10s\n{1}: {2} reports of our sources, 7 of others; the command's exit code is 0\n".format
    kinds = said("271 passed, 3 skipped", "address", 0), said("1 failed, 400 passed", "undefined", 2)
    assert quality.reports("".join((*kinds, said("9 passed", "thread", 0)))) == "2 of our sources, in 271, 400, 9 tests"
    with pytest.raises(quality.Unmeasured, match="3 kinds ran, and 2 of them tests"):
        quality.reports("".join((*kinds, said("40 skipped", "thread", 0))))


def test_the_score_is_read_with_its_interval():
    assert (
        quality.mutants(
            "cells/cut.h 1.0% of 3 (0.1% to 9.9%; 1.0% by answers and laws alone)\nscore 93.1% of 400 "
            "(90.2% to 95.3%; 80.0% by answers and laws alone)\n"
        )
        == "93.1 % of 400 (90.2 to 95.3 % of all)"
    )


def test_a_line_is_executed_where_any_of_its_instances_is(tmp_path):
    def record(*files):
        return {"files": [{"file": file, "lines": lines} for file, lines in files]}

    def lines(**counts):
        return [{"line_number": int(name[1:]), "count": count} for name, count in counts.items()]

    header, other = "polyrelu/a.h", str(tmp_path / "polyrelu" / "b.h")
    objects = [
        record((header, lines(_1=3, _2=0, _4=0, _5=0, _9=0)), ("/usr/include/c.h", lines(_1=0))),
        record((header, lines(_1=0, _2=1, _7=2)), (other, lines(_1=1))),
    ]
    found = compiled_lines.of_objects(objects, tmp_path)
    assert {name: sum(own.values()) for name, own in found.items()} == {header: 3, "polyrelu/b.h": 1}
    assert list(compiled_lines.spans(found[header])) == ["4-5", "9"]
    assert list(compiled_lines.spans(found["polyrelu/b.h"])) == []
    assert compiled_lines.share(found.values()) == "57.1 % of 7 lines"


@pytest.mark.skipif(shutil.which("gcov") is None or shutil.which("g++") is None, reason="needs g++ with gcov")
def test_what_gcov_says_is_read(tmp_path):
    source = tmp_path / "polyrelu" / "a.cpp"
    source.parent.mkdir()
    source.write_text("int main(int n, char **) {\n    if (n > 1)\n        return 3;\n    return 0;\n}\n")
    subprocess.run(["g++", "-O0", "--coverage", "-c", "polyrelu/a.cpp", "-o", "a.o"], cwd=tmp_path, check=True)
    subprocess.run(["g++", "--coverage", "a.o", "-o", "a"], cwd=tmp_path, check=True)
    subprocess.run([tmp_path / "a"], check=True)
    assert {
        name: list(compiled_lines.spans(own)) for name, own in compiled_lines.of_folder(tmp_path, tmp_path).items()
    } == {"polyrelu/a.cpp": ["3"]}


def test_sources_with_most_that_is_not_executed_come_first():
    sources = {
        "polyrelu/engines/cells/kernel/a.h": ["8", "9", "4"],
        "polyrelu/engines/cells/kernel/b.h": ["9", "9", ""],
        "polyrelu/certificates/fast/c.h": ["5", "9", "1, 3-5"],
    }
    text = quality.page({"kernel-coverage": {"value": "80 % of 27 lines", "day": "2020-01-02", "sources": sources}})
    rows = "| certificates/fast/c.h | 5 | 9 | 1, 3-5 |\n| engines/cells/a.h | 8 | 9 | 4 |\n"
    assert rows in text
    assert text.endswith("Of 1 more sources every line is executed.\n")
    assert "Lines of C++ that tests do not" not in quality.page({})
