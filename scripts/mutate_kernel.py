"""Change the compiled engines in every small way, one at a time, and see whether a test notices.

    ./scripts/run python scripts/mutate_kernel.py --jobs 2 --results mutants.jsonl                  # all: an hour
    ./scripts/run python scripts/mutate_kernel.py --sample 500 --results mutants.jsonl              # some, by chance
    ./scripts/run python scripts/mutate_kernel.py --file cells/bounds.h --lines 30-85               # all of some lines
    ./scripts/run python scripts/mutate_kernel.py --results mutants.jsonl --report                  # what is known

A mutant is a header of ``engines/cells/kernel`` or ``engines/branch/kernel`` with one operator, constant, comparison,
rounding term, index, word or statement changed (``mutation/changes.py``). All are compiled at once, as choices that a
number makes (``mutation/switches.py``), but for those where the language wants a constant, and a process is forked for
each (``mutation/session.py``). It is killed by

* an answer: a test fails, or a question of ``tests/engines/cells/exams.py`` is answered otherwise than by the twin, or
  it does not end, or crashes; arrays of mutants are checked, so that it does;
* a law: an example is found for which a bound does not hold, or an index that is not the one that is listed;
* an effort: all answers are right, but more signs are decided exactly, more generators solved again, fewer cells
  pruned, fewer points known or other cuts made than by the kernel as it is; or a bound is larger.

A mutant that the compiler makes the same code of is no mutant (--settle compiles each survivor to see, eight seconds
each), nor is one that does not compile. The score is killed / (all - equivalent), with a confidence interval if it is
of a sample; equivalent are those that scripts/mutants/ says are, with the reason. Mutants come in an order by
chance (--seed), results are kept as lines of JSON, and a run that is begun again goes on: results follow lines that
moved, and mutants of changed lines are new; --again judges those again that survived unexplained. Exits with 1 if a
mutant survives that scripts/mutants/ does not explain.

Cost: a minute of a core to compile, another for the tests without a mutant, then a tenth to a fifth of a second for a
mutant that is switched; three for one that is compiled by itself; two for one that survives.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import json
import math
import os
import random
import re
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(Path(__file__).resolve().parent))

from mutation import checkout  # noqa: E402
from mutation.changes import Mutant, files, mutants_of  # noqa: E402
from mutation.switches import renumbered  # noqa: E402

NOTES = Path(__file__).with_name("mutants")
EXAMS = (
    "tests/engines/cells/exams.py",
    *(f"tests/engines/cells/test_{name}.py" for name in ("kernel", "interval_cells", "extents", "corners", "boxes")),
    *(f"tests/engines/cells/test_{name}.py" for name in ("skeleton", "words", "forms", "numbers", "solving", "reach")),
    *(f"tests/engines/cells/test_{name}.py" for name in ("patches", "pauses", "module", "handed_out", "memory", "run")),
    *(f"tests/engines/cells/test_{name}.py" for name in ("rows", "order", "tiles", "found", "evidence", "listed")),
    *(f"tests/engines/cells/test_{name}.py" for name in ("bounds", "clock")),
    *(
        f"tests/engines/cells/test_{name}.py"
        for name in ("zonotope", "zonotope_errors", "boxes_search", "boxes_module")
    ),
    "tests/engines/branch/exams.py",
    *(f"tests/engines/branch/test_{name}.py" for name in ("engine", "facets", "library", "affine")),
    *(f"tests/engines/branch/test_{name}.py" for name in ("forms", "program", "looking", "walk", "steps")),
)
KILLED = ("answer", "law", "effort")
NO_MUTANTS = ("same code", "does not compile")


def selected(options: argparse.Namespace) -> list[Mutant]:
    """The mutants that the command line asks for, in an order by chance."""
    every = [mutant for file in options.file or files() for mutant in mutants_of(file)]
    if options.lines:
        first, _, last = options.lines.partition("-")
        every = [m for m in every if int(first) <= m.line <= int(last or first)]
    random.Random(options.seed).shuffle(every)
    return every[: options.sample]


def run(mutants: list[Mutant], options: argparse.Namespace) -> None:
    """Judge mutants, and add what became of them to the results."""
    folder = options.checkout.resolve()
    kept = folder / "switched.json"
    if not kept.exists():
        folder.mkdir(parents=True, exist_ok=True)
        numbered = renumbered(mutant for file in files() for mutant in mutants_of(file))
        there = checkout.prepare(folder, numbered)
        checkout.switch_library(folder)
        checkout.quiet_compiler(folder)
        kept.write_text(json.dumps({numbered[number].name: (number, place) for number, place in sorted(there.items())}))
    checkout.renew_tests(folder)
    switched: dict[str, tuple[int, int]] = json.loads(kept.read_text())
    print(f"{len(switched)} mutants are switched, {len(mutants)} are asked", flush=True)
    asked = [(*switched.get(mutant.name, (0, 0)), vars(mutant)) for mutant in mutants]
    (folder / "mutants.json").write_text(json.dumps(asked))
    arguments = ["-o", "addopts=", "-q", "-s", "-p", "no:xdist", "-p", "no:cacheprovider", "-p", "mutation.session"]
    arguments += ["--assert=plain", "--tb=native", "-p", "no:faulthandler"]  # what a failure looks like is not asked
    arguments += [
        f"--basetemp={folder / 'temporary'}",
        "--jobs",
        str(options.jobs),
        "--enough",
        str(options.enough),
        "--mutants",
        str(folder / "mutants.json"),
    ]
    arguments += ["--verdicts", str(options.results.resolve()), *EXAMS]
    variables = {
        **os.environ,
        "PYTHONPATH": checkout.python_path(folder),
        "POLYRELU_ORIGINAL": str(folder / checkout.ORIGINAL),
        "POLYRELU_PLAIN": str(ROOT),
        "POLYRELU_SWITCH": str(folder / "switch.so"),
        "CXX": str(folder / "compiler"),
        "OPENBLAS_NUM_THREADS": "1",
    }
    subprocess.run([sys.executable, "-m", "pytest", *arguments], cwd=folder, env=variables, check=True)


def settle(results: dict[str, Any], options: argparse.Namespace) -> None:
    """Find out which survivors are the same code to the compiler."""
    notes = read_notes()
    mutants = [Mutant(**told["mutant"]) for told in results.values() if _is_unexplained(told, notes)]
    left = [own for own in mutants if not results[own.name].get("is other code")]
    usual = {engine: _hash_of_usual(engine) for engine in {own.file.partition("/")[0] for own in left}}
    with ThreadPoolExecutor(options.jobs) as pool, options.results.open("a") as log:
        for own, code in zip(left, pool.map(_hash_of, left), strict=True):
            told = results[own.name]
            if code == usual[own.file.partition("/")[0]]:
                told["verdict"] = "same code"
            told["is other code"] = told["verdict"] == "survived"
            log.write(json.dumps({"name": own.name, **told}) + "\n")


@functools.cache
def _hash_of_usual(engine: str) -> str | None:
    first = next(mutant for file in files() if file.startswith(engine) for mutant in mutants_of(file))
    return _hash_of(Mutant(first.file, first.line, first.column, first.old, first.old, first.text))


def _hash_of(mutant: Mutant) -> str | None:
    with tempfile.TemporaryDirectory() as name:
        library = checkout.alone(mutant, Path(name), checkout.WELL)
        return None if library is None else code_hash(library)


def code_hash(library: Path) -> str:
    """Of what the processor runs, and of its constants."""
    sections = library.with_suffix(".code")
    chosen = ["--only-section=.text", "--only-section=.rodata*"]
    subprocess.run(["objcopy", "-O", "binary", *chosen, str(library), str(sections)], capture_output=True, check=True)
    return hashlib.sha256(re.sub(rb"[0-9a-f]{64}", b"", sections.read_bytes())).hexdigest()


# What is known


def explanation(mutant: Mutant, notes: list[dict[str, str]]) -> dict[str, str] | None:
    """The first note that is about a mutant."""
    pairs = (("old", mutant.old.strip()), ("new", mutant.new.strip()))
    for note in notes:
        about = note["file"] in ("*", mutant.file) and note["line"] in mutant.text
        if about and all(re.fullmatch(note.get(key, ".*"), text, re.DOTALL) for key, text in pairs):
            return note
    return None


def _is_unexplained(told: dict[str, Any], notes: list[dict[str, str]]) -> bool:
    """Whether a result is of a survivor that no note is about."""
    own = Mutant(**told["mutant"])
    return told["verdict"] == "survived" and explanation(own, notes) is None


def read_notes() -> list[dict[str, str]]:
    """The notes on mutants that survive, one for each part of a line that is told.

    A file of NOTES is about the header of its name, and every.toml about all. A note has "lines", parts of the lines
    it is about; "old" and "new", regular expressions that the whole of what is changed matches (any, if there is
    none); the kind, "equivalent" if no question is answered otherwise or with other bounds, "survives" if a test could
    notice and none does; and the reason.
    """
    found = []
    for path in sorted(NOTES.rglob("*.toml")):
        name = path.relative_to(NOTES).with_suffix(".h").as_posix()
        for note in tomllib.loads(path.read_text())["note"]:
            parts = note.pop("lines")
            found += [{"file": "*" if name == "every.h" else name, "line": part, **note} for part in parts]
    return found


def read_results(path: Path) -> dict[str, Any]:
    """What became of mutants, by their names; the last line about one counts."""
    lines = path.read_text().splitlines() if path.exists() else []
    return {told["name"]: told for told in map(json.loads, lines)}


def carried_over(results: dict[str, Any]) -> dict[str, Any]:
    """The results of mutants that there are, wherever their lines are by now.

    Lines with the same text are told apart by their places only. What a change of other lines does to a mutant is not
    known before it is asked again.
    """
    now = defaultdict[Any, list[Mutant]](list)
    for mutant in (mutant for file in files() for mutant in mutants_of(file)):
        now[replace(mutant, line=0)].append(mutant)
    found: dict[str, Any] = {}
    for told in results.values():
        own = Mutant(**told["mutant"])
        same = now.get(replace(own, line=0), [])
        for mutant in same if len(same) == 1 else {own} & set(same):
            found[mutant.name] = {**told, "name": mutant.name, "mutant": vars(mutant)}
    return found


def interval(killed: int, every: int) -> tuple[float, float]:
    """Where the share of all mutants lies by that of a sample, with 95 % confidence (Wilson)."""
    z, share = 1.96, killed / every
    middle, half = share + z * z / (2 * every), z * math.sqrt(share * (1 - share) / every + z * z / (4 * every * every))
    return (middle - half) / (1 + z * z / every), (middle + half) / (1 + z * z / every)


def report(results: dict[str, Any], by_file: bool = True) -> bool:
    """Show the score and the survivors; whether all of them are explained."""
    notes = read_notes()
    survivors = sorted((name, told) for name, told in results.items() if told["verdict"] == "survived")
    known = {name: explanation(Mutant(**told["mutant"]), notes) for name, told in survivors}
    for name, told in survivors:
        note = known[name]
        print(f"{note['kind'] if note else 'SURVIVED'}: {name}\n    {told['mutant']['text']}")
        if note:
            print(f"    {note['reason']}")
    real = [
        told
        for name, told in results.items()
        if told["verdict"] not in NO_MUTANTS and (known.get(name) or {}).get("kind") != "equivalent"
    ]
    if by_file:
        for file in files():
            _say(file, (told for told in real if told["mutant"]["file"] == file))
    print(dict(Counter(told["verdict"] for told in results.values())))
    is_all = results.keys() >= {mutant.name for file in files() for mutant in mutants_of(file)}
    _say("score", real, is_all)
    return all(known.values())


def _say(what: str, results: Iterable[dict[str, Any]], is_all: bool = False) -> None:
    verdicts = Counter(told["verdict"] for told in results)
    killed, every = sum(verdicts[kind] for kind in KILLED), verdicts.total()
    if every:
        low, high = interval(killed, every)
        hard = (verdicts["answer"] + verdicts["law"]) / every
        where = "all" if is_all else f"{low:.1%} to {high:.1%}"
        print(f"{what} {killed / every:.1%} of {every} ({where}; {hard:.1%} by answers and laws alone)")


def main() -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--file", action="append", choices=files(), help="only this file; may be given again")
    parser.add_argument("--lines", help="only these lines, 30 or 30-85")
    parser.add_argument("--sample", type=int, help="so many")
    parser.add_argument("--seed", type=int, default=0, help="of the order")
    parser.add_argument("--jobs", type=int, default=1, help="how many at a time")
    parser.add_argument("--enough", type=float, default=2.0, help="seconds of tests after which a mutant survives")
    parser.add_argument("--settle", action="store_true", help="compile survivors well: some are the same code")
    parser.add_argument("--results", type=Path, help="a file to keep results in, and to go on from")
    parser.add_argument("--checkout", type=Path, help="a folder to build in, or where that is done")
    parser.add_argument("--again", action="store_true", help="judge those again that survived, unexplained")
    parser.add_argument("--list", action="store_true", help="only show the mutants")
    parser.add_argument("--report", action="store_true", help="only report on the results there are")
    options = parser.parse_args()
    if options.list:
        print("\n".join(mutant.name for mutant in selected(options)))
        return 0
    with tempfile.TemporaryDirectory() as name:
        options.results = options.results or Path(name) / "results.jsonl"
        options.checkout = options.checkout or Path(name) / "checkout"
        if not options.report:
            known = carried_over(read_results(options.results))
            if options.again:
                notes = read_notes()
                known = {name: told for name, told in known.items() if not _is_unexplained(told, notes)}
            if left := [mutant for mutant in selected(options) if mutant.name not in known]:
                run(left, options)
            if options.settle:
                settle(carried_over(read_results(options.results)), options)
        return 0 if report(carried_over(read_results(options.results))) else 1


if __name__ == "__main__":
    sys.exit(main())
