"""What scripts/mutate_kernel.py changes, and what it says of it. Mutants are not built here, which takes minutes."""

import mutate_kernel
import pytest

NOTES = mutate_kernel.read_notes()


def changes(line):
    return {(old.strip(), new.strip()) for _, old, new in mutate_kernel.replacements(line)}


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
    code = mutate_kernel.code_of('Array<T> a; // a + b\n#include "c + d"\n')
    assert not changes(code.splitlines()[0]) - {("Array<T> a;", ";")}
    assert not code.splitlines()[1].strip()


@pytest.mark.parametrize("file", mutate_kernel.FILES)
def test_each_mutant_is_one_change_of_a_file(file):
    text = (mutate_kernel.KERNEL / file).read_text()
    mutants = mutate_kernel.mutants_of(file)
    assert len({mutant.name for mutant in mutants}) == len(mutants) > 20
    for mutant in mutants[::50]:
        other = mutate_kernel.changed(mutant)
        assert other != text
        assert len(other) == len(text) + len(mutant.new) - len(mutant.old)


@pytest.mark.parametrize("note", NOTES, ids=lambda note: f"{note['file']}: {note['line'][:40]}")
def test_notes_are_about_mutants_that_there_are(note):
    assert note["kind"] in ("equivalent", "survives")
    assert note["reason"]
    assert any(mutate_kernel.explanation(mutant, [note]) for mutant in mutate_kernel.mutants_of(note["file"]))


def test_efforts_are_worse_when_more_is_done_or_less_is_known():
    assert not mutate_kernel.is_worse((5, 1, 1, 1, 1, 1, 1, 1), (5, 1, 2, 1, 2, 1, 1, 1))
    assert mutate_kernel.is_worse((5, 1, 1, 0, 1, 1, 1, 1), (5, 1, 1, 1, 1, 1, 1, 1))
    assert mutate_kernel.is_worse((5, 1, 1, 1, 1, 1, 1, 2), (5, 1, 1, 1, 1, 1, 1, 1))
    assert not mutate_kernel.is_worse((), (5, 1, 1, 1, 1, 1, 1, 1))
