"""Figures of how well the code is kept, on a page: papers/quality/README.md.

    ./scripts/run python scripts/quality.py                          # what takes seconds
    ./scripts/run python scripts/quality.py coverage kernel-coverage # these, which take minutes
    ./scripts/run python scripts/quality.py --list                   # all there are
    ./scripts/run python scripts/quality.py --page                   # the page again, of what was measured

Each figure has a command that anybody can run, and the day on which it was run; papers/quality/figures.json keeps them,
so that a long run is done once and the others stay as they were. Where only some tests are run, by their time, each
file has an equal share of it, and its tests come in random order (sanitize.py is the plugin). A figure that cannot be
measured is left as it is, and the script exits with 1 and says which.
"""

from __future__ import annotations

import argparse
import ast
import datetime
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from measuring import compiled_lines
from sanitize import FLAGS, PLACES

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "papers" / "quality" / "README.md"
KEPT = PAGE.with_name("figures.json")
PACKAGE = ROOT / "polyrelu"
KERNEL_TESTS = ("tests/engines/cells", "tests/engines/branch", "tests/certificates", "tests/analysis/test_measure.py")
OF_PLACES = "--ignore tests/engines/cells/test_library.py"
"""What asks where libraries are found, which is elsewhere while lines are counted."""

SAMPLED = "-p sanitize --sample-seconds"
SUFFIXES = {".py": "Python", ".h": "C++", ".cpp": "C++", ".ts": "TypeScript"}
NETWORKS = 100_000
COVERAGE = (
    "## Lines of C++ that tests do not execute",
    "",
    "Nothing is optimised for this, and a line counts where it is executed in either library of the kernel, or in any",
    "instance of a template. Lines are those of the day of the figure. On that day they were of these kinds:",
    "",
    "* *No room*: what is said, and let go of, where memory ends in the midst of an answer (the modules).",
    "* *No way there*: a `return` behind a loop that returns, and braces where only an exception comes by.",
    "* *Seldom*: waiting for boxes that another thread makes (boxes), a direction that is solved turned round (signs),",
    "  a cell without a box (extents), rows too large for floats (combination), a program of many pivots (program).",
)
_REPORTS = r"(\d+) reports of our sources"


class Unmeasured(Exception):
    """A command failed, or did not say what was expected."""


class Figure(NamedTuple):
    """Something to measure.

    Attributes:
        name: for the command line.
        title: what it is, for the page.
        command: what is run, below the root of the repository; for the page, too.
        read: the figure, of what the command has printed.
        is_quick: whether it takes seconds.
        codes: with which the command may end; a score is one though a mutant survives that nobody has explained, and
            lines are executed though a test of time is late beside others.
    """

    name: str
    title: str
    command: str
    read: Callable[[str], str]
    is_quick: bool = False
    codes: tuple[int, ...] = (0,)


def said(pattern: str, form: str = "{}") -> Callable[[str], str]:
    """Reads the groups of the last match of a pattern."""

    def read(printed: str) -> str:
        found = re.findall(pattern, printed, re.MULTILINE)
        if not found:
            raise Unmeasured(f"nothing like {pattern!r} in: {printed[-500:]}")
        groups = found[-1] if isinstance(found[-1], tuple) else (found[-1],)
        return form.format(*groups)

    return read


def collected(what: str, *paths: str, marks: str = "") -> Figure:
    """How many tests there are."""
    command = f"pytest --collect-only -q -n 0 {marks}{' '.join(paths)}".strip()
    return Figure(what, "", command, said(r"^(?:no tests collected|(\d[\d/]*) tests? collected)", "{}"))


def mutants(printed: str) -> str:
    """The score of scripts/mutate_kernel.py; of a sample with where that of all mutants lies with 95 % confidence."""
    if re.search(r"^score .*\(all;", printed, re.MULTILINE):
        return said(r"^score (\d+\.\d)% of (\d+) \(all; (\d+\.\d)%", "{} % of all {} ({} % by wrong answers and laws)")(
            printed
        )
    return said(r"^score (\d+\.\d)% of (\d+) \((\d+\.\d)% to (\d+\.\d)%", "{} % of {} ({} to {} % of all)")(printed)


def reports(printed: str) -> str:
    """What sanitizers say of our sources, and in how many tests: a kind that ran none has said nothing."""
    passed = re.findall(r"^(?:\d+ failed, )?(\d+) passed", printed, re.MULTILINE)
    if len(passed) != len(FLAGS):
        raise Unmeasured(f"{len(FLAGS)} kinds ran, and {len(passed)} of them tests: {printed[-500:]}")
    return f"{sum(map(int, re.findall(_REPORTS, printed)))} of our sources, in {', '.join(passed)} tests"


def compiled_coverage(_: str) -> str:
    """The share of lines of the compiled sources that tests run, from gcov's data."""
    return compiled_lines.share(_compiled().values())


def by_source() -> dict[str, list[str]]:
    """Of each compiled source how many of its lines are executed, how many there are, and which are not."""
    return {
        name: [f"{sum(lines.values()):,}", f"{len(lines):,}", ", ".join(compiled_lines.spans(lines))]
        for name, lines in _compiled().items()
    }


def _compiled() -> dict[str, compiled_lines.Lines]:
    return compiled_lines.of_folder(Path(os.environ["GCOV_FOLDER"]), ROOT)


FIGURES = (
    Figure("types", "Types, strict", "mypy", said(r"(no issues found in \d+ source files)"), is_quick=True),
    Figure("style", "Lint", "ruff check .", said(r"(All checks passed)"), is_quick=True),
    Figure("docstrings", "Public names of polyrelu/ with a docstring", "", lambda _: docstrings(), is_quick=True),
    collected("tests")._replace(title="Tests of the default run", is_quick=True),
    collected("conformance", "tests/engines/test_conformance.py")._replace(
        title="Conformance: questions times engines", is_quick=True
    ),
    Figure(
        "coverage",
        "Lines of Python that the default run executes, in a sample of 30 minutes",
        f"pytest -q {SAMPLED} 1800 --cov=polyrelu --cov-report=term",
        said(r"^TOTAL\s+(\d+)\s+\d+\s+(\d+%)", "{1} of {0} statements"),
        codes=(0, 1),
    ),
    Figure(
        "kernel-coverage",
        "Lines of C++ that the tests of engines and certificates execute, in a sample of 30 minutes",
        f"pytest -q -n 0 {SAMPLED} 1800 {OF_PLACES} {' '.join(KERNEL_TESTS)}",
        compiled_coverage,
        codes=(0, 1),
    ),
    Figure(
        "mutants",
        "Mutants of the compiled engines that a test notices",
        "python scripts/mutate_kernel.py --jobs 2 --results mutants.jsonl",
        mutants,
        codes=(0, 1),
    ),
    Figure(
        "sanitizers",
        "Reports of the address, undefined and thread sanitizers",
        "python scripts/sanitize.py --minutes 20",
        reports,
    ),
    Figure(
        "twin",
        "Random generic, degenerate and extreme networks, compiled kernel against exact twin",
        f"python scripts/fuzz_kernel.py --count {NETWORKS} --seconds 36000 --log questions.log",
        said(r"^(\d+) questions: (no difference)", "{} questions, {}"),
    ),
    Figure(
        "files",
        "Damaged files, read or refused in words",
        "python scripts/fuzz_files.py --count 1000",
        said(r"^([^\n]*(?:files|faults)[^\n]*)$"),
    ),
    Figure(
        "certificates",
        "Changed certificates that are accepted and false",
        "python scripts/mutate_certificates.py 10000 1",
        said(r"^([^\n]+)$"),
    ),
)


def docstrings() -> str:
    """How many modules, public classes and functions say what they are."""
    has = Counter[bool]()
    for path in sorted(PACKAGE.rglob("*.py")):
        has.update(node_has for _, node_has in documented(ast.parse(path.read_text(encoding="utf-8"))))
    return f"{100 * has[True] / has.total():.1f} % of {has.total():,}"


def documented(tree: ast.AST) -> Iterator[tuple[str, bool]]:
    """The module and its public classes, functions and methods, each with whether it has a docstring."""
    assert isinstance(tree, ast.Module), "a file is parsed"
    yield "module", bool(ast.get_docstring(tree)) or not tree.body
    waiting: list[ast.Module | ast.ClassDef] = [tree]
    while waiting:
        for node in waiting.pop().body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.name[0] != "_":
                yield node.name, bool(ast.get_docstring(node))
                if isinstance(node, ast.ClassDef):
                    waiting.append(node)


def lines_by_room() -> dict[str, Counter[str]]:
    """Lines of each room of the house, by language; what stands beside the rooms is ``polyrelu``."""
    found: dict[str, Counter[str]] = {}
    for path in sorted(PACKAGE.rglob("*")):
        inside = path.relative_to(PACKAGE).parts
        if path.suffix in SUFFIXES and not {"node_modules", "static", "__pycache__"} & set(inside):
            room = inside[0] + "/" if len(inside) > 1 else "polyrelu"
            count = len(path.read_text(encoding="utf-8").splitlines())
            found.setdefault(room, Counter())[SUFFIXES[path.suffix]] += count
    return found


def measured(figure: Figure) -> dict[str, Any]:
    """The figure as it is now, with its day; that of compiled lines with those of each source.

    Raises:
        Unmeasured: the command failed, or said something else.
    """
    if not figure.command:
        return {"value": figure.read(""), "day": _today()}
    with tempfile.TemporaryDirectory() as place:
        paths = [str(ROOT), str(ROOT / "scripts"), os.environ.get("PYTHONPATH", "")]
        variables = {**os.environ, "GCOV_FOLDER": place, "PYTHONPATH": os.pathsep.join(paths)}
        if figure.name == "kernel-coverage":
            variables |= _built_for_coverage(Path(place))
        os.environ["GCOV_FOLDER"] = place
        made = subprocess.run(
            figure.command.split(), cwd=ROOT, env=variables, capture_output=True, text=True, check=False
        )
        if made.returncode not in figure.codes:
            raise Unmeasured(f"{figure.command} ended with {made.returncode}: {(made.stdout + made.stderr)[-800:]}")
        sources = {"sources": by_source()} if figure.name == "kernel-coverage" else {}
        return {"value": figure.read(made.stdout), "day": _today(), **sources}


def _built_for_coverage(folder: Path) -> dict[str, str]:
    """Build the libraries so that they count, and say how they are found.

    Nothing is optimised, or lines would share counts, and inner ones be counted with what is around them.
    """
    places = ["--build-lib", str(folder / "lib"), "--build-temp", str(folder / "objects")]
    builder = PACKAGE / "engines" / "cells" / "kernel" / "build.py"
    flags = {**os.environ, "CXXFLAGS": "-O0 --coverage", "LDFLAGS": "--coverage"}
    subprocess.run([sys.executable, "-W", "ignore", str(builder), *places], env=flags, check=True, capture_output=True)
    return {variable: str(folder / "lib" / path) for variable, path in PLACES.items()}


def all_kept() -> dict[str, dict[str, Any]]:
    """What was measured, by the names of figures."""
    kept: dict[str, dict[str, Any]] = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    return kept


def keep(name: str, found: dict[str, Any]) -> None:
    """Keep a figure at once, beside what is kept by now: figures that take long may be measured side by side."""
    KEPT.write_text(json.dumps({**all_kept(), name: found}, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _today() -> str:
    return datetime.datetime.now(datetime.UTC).date().isoformat()


def page(kept: dict[str, dict[str, Any]]) -> str:
    """The page, of what was measured."""
    rows = []
    for figure in FIGURES:
        found = kept.get(figure.name, {"value": "not measured yet", "day": ""})
        command = f"`{figure.command}`" if figure.command else "`python scripts/quality.py docstrings`"
        rows.append(f"| {figure.title} | {found['value']} | {found['day']} | {command} |")
    rooms = lines_by_room()
    languages = list(dict.fromkeys(SUFFIXES.values()))
    total = sum(rooms.values(), Counter[str]())
    table = [_line(room, count, languages) for room, count in rooms.items()]
    return "\n".join(
        [
            "# How well it is kept",
            "",
            "Written by `python scripts/quality.py`. Each figure has the command that gives it, to be run in a",
            "checkout by `./scripts/run`, and the day on which it was run.",
            "",
            "| what | figure | day | command |",
            "|---|---|---|---|",
            *rows,
            "",
            "## Lines by room",
            "",
            f"| room | {' | '.join(languages)} |",
            f"|---|{'--:|' * len(languages)}",
            *table,
            _line("all", total, languages),
            "",
            *_of_sources(kept.get("kernel-coverage", {}).get("sources", {})),
        ]
    )


def _of_sources(sources: dict[str, list[str]]) -> Iterator[str]:
    """Coverage of C++, source by source, those with the most that is not executed first."""
    if not sources:
        return
    whole = sum(not missed for _, _, missed in sources.values())
    yield from (*COVERAGE, "", "| source | executed | lines | not executed |", "|---|--:|--:|---|")
    for name, (executed, lines, missed) in sorted(sources.items(), key=lambda own: (-len(own[1][2].split()), own[0])):
        if missed:
            yield f"| {name.removeprefix('polyrelu/').replace('kernel/', '')} | {executed} | {lines} | {missed} |"
    yield from ("", f"Of {whole} more sources every line is executed.", "")


def _line(room: str, count: Counter[str], languages: list[str]) -> str:
    cells = (f"{count[language]:,}" if count[language] else "" for language in languages)
    return f"| {room} | {' | '.join(cells)} |"


def main() -> None:
    """Measure what is asked for, and write the page."""
    names = {figure.name: figure for figure in FIGURES}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="what to measure; by default what takes seconds")
    parser.add_argument("--list", action="store_true", help="print what there is to measure")
    parser.add_argument("--page", action="store_true", help="measure nothing, and write the page")
    given = parser.parse_args()
    unknown = set(given.names) - set(names)
    if unknown:
        parser.error(f"no such figure: {', '.join(sorted(unknown))}; --list prints all")
    if given.list:
        print("\n".join(f"{figure.name:16} {figure.title}" for figure in FIGURES))
        return
    chosen = [] if given.page else [names[name] for name in given.names] or [one for one in FIGURES if one.is_quick]
    failed = []
    for figure in chosen:
        try:
            found = measured(figure)
            keep(figure.name, found)
            print(f"{figure.name}: {found['value']}", flush=True)
        except (Unmeasured, OSError, subprocess.CalledProcessError) as error:
            failed.append(figure.name)
            print(f"{figure.name}: {error}", file=sys.stderr)
    PAGE.write_text(page(all_kept()), encoding="utf-8")
    if failed:
        sys.exit(f"not measured: {', '.join(failed)}")


if __name__ == "__main__":
    main()
