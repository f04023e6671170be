"""What scripts/mutate_kernel.py changes, how it is switched, and what is said of it; no engine is built."""

import ctypes
import shutil
import subprocess
from dataclasses import replace

import mutate_kernel
import pytest
import quality
from mutation import checkout, session
from mutation.changes import FOLDERS, ROOT, Mutant, changed, code_of, files, mutants_of, path_of, replacements
from mutation.switches import refused, switched

NOTES = mutate_kernel.read_notes()


def changes(line):
    return {(old.strip(), new.strip()) for _, old, new in replacements(line)}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("    x = a + b;", {("+", "-"), ("x = a + b;", ";")}),
        ("    if (a < b && !c) f();", {("<", "<="), ("<", ">="), ("&&", "||"), ("!", "")}),
        (
            "    const T x = gamma_<T>(dim);",
            {("gamma_<T>(dim)", "gamma_<T>((dim) - 1)"), ("gamma_<T>(dim)", "exactly<T>(0.0)")},
        ),
        (
            "    g[j] = raised<T>(8);",
            {("[j]", "[(j) + 1]"), ("raised<T>(8)", "exactly<T>(1.0)"), ("8", "9"), ("8", "7")},
        ),
    ],
)
def test_operators_constants_roundings_places_and_statements_are_changed(line, expected):
    assert expected <= changes(line)


def test_comments_texts_and_brackets_of_templates_are_not():
    code = code_of('Array<T> a; // a + b\n#include "c + d"\n')
    assert not changes(code.splitlines()[0]) - {("Array<T> a;", ";")}
    assert not code.splitlines()[1].strip()


@pytest.mark.parametrize("file", files())
def test_each_mutant_is_one_change_of_a_file(file):
    text, mutants = path_of(file).read_text(), mutants_of(file)
    assert len({mutant.name for mutant in mutants}) == len(mutants) >= 5
    for mutant in mutants[::50]:
        other = changed(mutant)
        assert other != text
        assert len(other) == len(text) + len(mutant.new) - len(mutant.old)


@pytest.mark.parametrize("file", files())
def test_what_is_changed_is_there(file):
    lines = path_of(file).read_text().splitlines()
    assert all(lines[own.line - 1].startswith(own.old, own.column) for own in mutants_of(file))


@pytest.mark.parametrize("file", ["cells/grid.h", "branch/cell.h"])
def test_most_mutants_are_switched(file):
    mutants = dict(enumerate(mutants_of(file), 1))
    assert len(switched(path_of(file).read_text(), mutants, file)[1]) > 0.9 * len(mutants)


CODE = """
int f(int a, int b) {
    int x = a + b * 2;
    static const int y[] = {1, 2, 3, 5, 8, 13, 21, 34, 55, 89};
    if (a < b && b > 0)
        x -= 1;
    else x += y[2 + (a & 1)];
    for (int i = 0; i < b && i < 9; i++) {
        if (i == 3) break;
        x = a > i ? x : (i +
            2);
    }
    x += a < b ? a : b;
    if (a > 100)
        x = b - 7;
    return x;
}
"""


def mutants_in(text):
    return {
        number: Mutant("f", line + 1, column, old, new, text.splitlines()[line].strip())
        for number, (line, column, old, new) in enumerate(
            ((k, *own) for k, plain in enumerate(code_of(text).splitlines()) for own in replacements(plain)), 1
        )
    }


def text_of(mutant):
    lines = CODE.splitlines(keepends=True)
    line = lines[mutant.line - 1]
    lines[mutant.line - 1] = line[: mutant.column] + mutant.new + line[mutant.column + len(mutant.old) :]
    return "".join(lines)


@pytest.mark.skipif(shutil.which("g++") is None, reason="needs g++")
def test_a_number_chooses_what_the_mutant_is(tmp_path):
    """All mutants of a small program in one return what each returns that is compiled by itself."""
    mutants = mutants_in(CODE)
    text, there = switched(CODE, mutants, "f")
    messages = compiled(text, tmp_path / "all")
    if messages:  # the size of an array is a constant
        bad = refused(messages, mutants)
        assert bad
        mutants = {number: mutant for number, mutant in mutants.items() if number not in bad}
        text, there = switched(CODE, mutants, "f")
        assert compiled(text, tmp_path / "all") == ""
    assert set(there) > {number for number, mutant in mutants.items() if mutant.old in (" + ", " < ", " && ", "i++")}
    others = {number: mutants[number] for number in there if mutants[number].old not in ("++", "break")}
    named = "".join(text_of(m).replace("int f(", f"int f_{number}(") for number, m in others.items())
    assert compiled(named + named_calls(others), tmp_path / "alone", main=False) == ""
    expected = subprocess.run([tmp_path / "alone"], capture_output=True, text=True, check=True).stdout.split()
    for number, value in zip(others, expected, strict=True):
        assert value_and_reached(tmp_path / "all", number)[0] == value, others[number].name
    assert len(set(expected)) > 5
    usual, reached = value_and_reached(tmp_path / "all")
    idle = [number for number, place in there.items() if place not in reached]
    assert {mutants[number].text for number in idle} == {"x = b - 7;"}
    assert {value_and_reached(tmp_path / "all", number)[0] for number in idle} == {usual}


DEFINED = 'extern "C" { int polyrelu_mutant; unsigned char polyrelu_reached[9999]; }\n'
RUN = """
#include <cstdio>
#include <cstdlib>
int sum(int (*f)(int, int)) {
    int s = 0;
    for (int a = 0; a < 5; a++) for (int b = 0; b < 6; b++) s = 31 * s % 10007 + f(a, b);
    return s;
}
"""


def named_calls(mutants):
    calls = "".join(f'printf("%d ", sum(f_{number}));' for number in mutants)
    return f"{RUN}int main() {{ {calls} }}"


def compiled(text, program, main=True):
    if main:
        text = text.replace('extern "C"', DEFINED + 'extern "C"', 1)
        text += f'{RUN}int main(int, char **given) {{ polyrelu_mutant = atoi(given[1]); printf("%d", sum(f));'
        text += 'for (int k = 0; k < 9999; k++) if (polyrelu_reached[k]) printf(" %d", k); }'
    command = ["g++", "-w", "-fpermissive", "-x", "c++", "-", "-o", str(program)]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False).stderr


def value_and_reached(program, number=0):
    said = subprocess.run([program, str(number)], capture_output=True, text=True, check=True).stdout.split()
    return said[0], set(map(int, said[1:]))


def test_a_mutant_that_is_compiled_by_itself_is_made_of_the_sources_as_they_are(tmp_path, monkeypatch):
    """Also where this program is a copy beside switched sources."""
    mutant = mutants_of("branch/cell.h")[0]
    usual = path_of(mutant.file).read_text()
    switched_root = tmp_path / "switched"
    shutil.copytree(ROOT / "polyrelu" / "engines", switched_root / "polyrelu" / "engines")
    path_of(mutant.file, switched_root).write_text("switched\n" * 500)
    monkeypatch.setattr(path_of, "__defaults__", (switched_root,))
    monkeypatch.setattr(changed, "__defaults__", (switched_root,))
    monkeypatch.setattr(checkout, "build", lambda folder, *_: path_of(mutant.file, folder).read_text())
    text = str(checkout.alone(mutant, tmp_path / "own", original=ROOT))
    assert text != usual
    assert len(text) == len(usual) + len(mutant.new) - len(mutant.old)


TABLE = """
inline int entry(int k) {
    static int table[] = {10, 11, 12};
    return table[k];
}
"""
ASKING = """
#include "table.h"
extern "C" __attribute__((visibility("default"))) int asked() { return entry(1); }
"""


@pytest.mark.skipif(shutil.which("g++") is None, reason="needs g++")
def test_a_mutant_that_is_compiled_by_itself_has_its_own_tables(tmp_path):
    """The loader takes what is static in a function of a header from the library that was loaded first, if it may."""
    for place in FOLDERS.values():
        (tmp_path / "usual" / place).mkdir(parents=True)
    kernel = tmp_path / "usual" / FOLDERS["cells"]
    texts = {"numbers.h": "", "problem.h": "", "run.h": "", "table.h": TABLE, checkout.SOURCES["cells"][0]: ASKING}
    for name, text in texts.items():
        (kernel / name).write_text(text)
    shutil.copy(ROOT / FOLDERS["cells"].parent / "sources.py", kernel.parent)
    line = TABLE.splitlines()[2]
    mutant = Mutant("cells/table.h", 3, line.index("11"), "11", "99", line.strip())
    own = checkout.alone(mutant, tmp_path / "own", original=tmp_path / "usual")
    switched_one = checkout.build(tmp_path / "usual", "cells", tmp_path, checkout.QUICKLY, *checkout.TRAPS)
    assert [ctypes.CDLL(str(library)).asked() for library in (switched_one, own)] == [11, 99]


@pytest.mark.skipif(shutil.which("g++") is None, reason="needs g++")
def test_what_is_for_few_dimensions_is_there_where_that_is_changed(tmp_path, monkeypatch):
    """And only there: each makes the library longer to compile."""
    monkeypatch.setattr(checkout, "build", lambda folder, *_: folder / FOLDERS["cells"])
    shapes = [mutant for mutant in mutants_of("cells/run.h") if "RunOf<Shape<6, 1>>" in mutant.text]
    for k, (mutant, there) in enumerate(((shapes[0], True), (mutants_of("cells/run.h")[0], False))):
        kernel = checkout.alone(mutant, tmp_path / str(k))
        assert ("Shape<7, 1>" in (kernel / "run.h").read_text()) == there
        assert ("define POLYRELU_FEW_SHAPES" in (kernel / "baseline.cpp").read_text()) != there
        assert checkout.CHECKED_VIEW[1] in (kernel / "problem.h").read_text()


def test_compilers_name_what_they_refuse():
    mutants = {7: Mutant("cells/a.h", 3, 0, "", "", ""), 8: Mutant("cells/a.h", 4, 0, "", "", "")}
    assert refused("mutant:5:7: error: no\ncells/a.h:3: error: nor this", mutants) == {5}
    assert refused("cells/a.h:3:1: error: nor this", mutants) == {7}
    assert refused("mutant:5:7: error: no\ncells/a.h:4:1: error: not usable in a constant expression", mutants) == {
        5,
        8,
    }


def test_arrays_of_mutants_are_checked():
    text = path_of("cells/numbers.h").read_text()
    assert all(text.count(old) == 1 for old, _ in checkout.CHECKED)
    assert path_of("cells/problem.h").read_text().count(checkout.CHECKED_VIEW[0]) == 1


@pytest.mark.parametrize("file", files())
def test_each_header_is_asked_something(file):
    assert session.asked_of(file)


@pytest.mark.parametrize("note", NOTES, ids=lambda note: f"{note['file']}: {note['line'][:40]}")
def test_notes_are_about_mutants_that_there_are(note):
    assert note["kind"] in ("equivalent", "survives")
    assert note["reason"]
    told = files() if note["file"] == "*" else [note["file"]]
    assert any(mutate_kernel.explanation(mutant, [note]) for file in told for mutant in mutants_of(file))


def told(number, verdict, text="x = a + b;"):
    mutant = Mutant("cells/cut.h", number, 0, " + ", " - ", text)
    return mutant.name, {"verdict": verdict, "mutant": vars(mutant)}


def test_the_score_leaves_out_what_is_no_mutant(capsys, monkeypatch):
    note = {"file": "cells/cut.h", "line": "same", "kind": "equivalent", "reason": "It is."}
    monkeypatch.setattr(mutate_kernel, "read_notes", lambda: [note])
    results = [told(k, "answer") for k in range(9)] + [
        told(9, "same code"),
        told(10, "survived", "same"),
        told(11, "effort"),
    ]
    assert mutate_kernel.report(dict(results))
    assert "score 100.0% of 10 (72.2% to 100.0%; 90.0% by answers and laws alone)" in capsys.readouterr().out
    assert not mutate_kernel.report(dict([*results, told(12, "survived")]))


def test_the_score_of_all_has_no_interval(capsys):
    every = [mutant for file in files() for mutant in mutants_of(file)]
    results = {mutant.name: {"verdict": "law", "mutant": vars(mutant)} for mutant in every}
    assert mutate_kernel.report(results)
    printed = capsys.readouterr().out
    assert f"score 100.0% of {len(every)} (all; 100.0% by answers and laws alone)" in printed
    assert quality.mutants(printed) == f"100.0 % of all {len(every)} (100.0 % by wrong answers and laws)"
    results.pop(every[0].name)
    mutate_kernel.report(results)
    assert "(all;" not in (printed := capsys.readouterr().out)
    assert quality.mutants(printed).startswith(f"100.0 % of {len(every) - 1} (")


def test_results_follow_their_lines():
    every = mutants_of("cells/grid.h")
    texts = [(m.column, m.old, m.new, m.text) for m in every]
    once = next(m for m, text in zip(every, texts, strict=True) if texts.count(text) == 1)
    twice = next(m for m, text in zip(every, texts, strict=True) if texts.count(text) > 1)
    for mutant, follows in ((once, True), (twice, False)):
        for moved in (mutant, replace(mutant, line=mutant.line + 1000)):
            found = mutate_kernel.carried_over({moved.name: {"verdict": "law", "mutant": vars(moved)}})
            assert set(found) == ({mutant.name} if follows or moved == mutant else set())
    gone = replace(once, text="this line is not there")
    assert mutate_kernel.carried_over({gone.name: {"verdict": "law", "mutant": vars(gone)}}) == {}


def test_the_interval_of_a_share():
    low, high = mutate_kernel.interval(90, 100)
    assert (round(low, 3), round(high, 3)) == (0.826, 0.945)
