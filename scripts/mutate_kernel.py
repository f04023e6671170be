"""Change the kernel's C++ in every small way, one at a time, and see whether a test notices.

    ./scripts/run python scripts/mutate_kernel.py --sample 200 --results mutants.json     # some, drawn at random
    ./scripts/run python scripts/mutate_kernel.py --file bounds.h --lines 30-85           # all of some lines
    ./scripts/run python scripts/mutate_kernel.py --list --file cut.h                     # only show them

A mutant is the kernel with one operator, constant, comparison, rounding term, index or statement changed; all of them
are found by this script. It is killed by

* an answer: a question of tests/engines/cells/differential.py is answered otherwise than by the twin, contradicts
  itself, does not end or crashes; arrays of mutants are checked, so that it does;
* a law: the laws of tests/engines/cells/proofs find an example for which a bound does not hold, or an index that is not
  the one that is listed (files of LAWFUL only);
* an effort: all answers are right, but more signs are decided exactly, more generators solved again, fewer cells
  pruned, fewer points known, other cuts made or fewer patches cut by skeletons than by the kernel as it is; or all
  laws hold, but a bound is larger.

A mutant that the compiler makes the same code of is no mutant, nor is one that does not compile. The score is killed /
(all - equivalent); equivalent are those that scripts/mutants.toml says are, with the reason. Results are kept in a
file, and a run that is begun again goes on. Exits with 1 if a mutant survives that mutants.toml does not explain.

Cost: about five seconds of a core for each, nearly all of it the compiler's.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import importlib.machinery
import importlib.util
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests.engines.cells import differential  # noqa: E402
from tests.engines.cells.proofs import laws  # noqa: E402

KERNEL = ROOT / "polyrelu" / "engines" / "cells" / "kernel"
NOTES = Path(__file__).with_name("mutants.toml")
FILES = tuple(
    f"{name}.h"
    for name in (
        *("bounds", "forms", "reach", "solving", "grid", "generators", "signs", "opening", "cut", "skeleton"),
        *("target", "finish"),
    )
)
LAWFUL = ("bounds.h", "forms.h", "reach.h", "solving.h", "grid.h")
# Places that are not there trap, so does arithmetic that is not defined; growing arrays leave no room to spare, and new
# room is full of what nobody wrote.
CHECKED = (
    (
        "std::size_t bytes = 128;\n        while (bytes < length * sizeof(Value)) bytes *= 2;",
        "const std::size_t bytes = (length * sizeof(Value) + LINE - 1) / LINE * LINE + LINE;",
    ),
    ("static_cast<Value *>(Blocks::all().take(bytes))", "static_cast<Value *>(std::aligned_alloc(LINE, bytes))"),
    ("if (longer == nullptr) throw std::bad_alloc();", "std::memset((void *)longer, 0xA5, bytes);"),
    ("~Array() { Blocks::all().give(start_, bytes_); }", "~Array() { check(); std::free(start_); }"),
    (
        "        Blocks::all().give(start_, bytes_);\n        start_ = longer;",
        "        check();\n        std::free(start_);\n        start_ = longer;",
    ),
    ("places_ = bytes / sizeof(Value);", "places_ = length;"),
    (
        "{ return start_[i]; }\n    const Value &",
        "{ if (i >= places_) __builtin_trap(); return start_[i]; }\n    const Value &",
    ),
    ("const { return start_[i]; }", "const { if (i >= places_) __builtin_trap(); return start_[i]; }"),
    (
        "  private:\n    POLYRELU_APART void grow",
        "  private:\n"
        "    static constexpr std::size_t LINE = 128;\n"
        "    void check() const {\n"
        "        const auto *bytes = reinterpret_cast<const unsigned char *>(start_);\n"
        "        if (places_ > 0)\n"
        "            for (std::size_t i = 0; i < LINE; i++)\n"
        "                if (bytes[places_ * sizeof(Value) + i] != 0xA5) __builtin_trap();\n"
        "    }\n"
        "    POLYRELU_APART void grow",
    ),
)
TRAPS = ("-fsanitize=bounds,integer-divide-by-zero,null", "-fsanitize-undefined-trap-on-error")
FLAGS = (*TRAPS, "-std=c++17", "-ffp-contract=off", "-w", "-fPIC", "-shared", "-DPy_LIMITED_API=0x030B0000")
IDENTITY = '-DPOLYRELU_SOURCES="mutant"'
QUICKLY, WELL = "-O0", "-O1"  # compiled well, more mutants turn out to be the same code
QUESTIONS = 150
SECONDS = 40.0  # of computing for all questions, of which the kernel as it is needs some
BYTES = 4 << 30


@dataclass(frozen=True)
class Mutant:
    """A file of the kernel with ``new`` for ``old`` at a place."""

    file: str
    line: int
    column: int
    old: str
    new: str
    text: str

    @property
    def name(self) -> str:
        """Shown, and the key among results."""
        return f"{self.file}:{self.line}:{self.column} {self.old!r} -> {self.new!r}"


# Where operators are surrounded by blanks they are binary, and `<` is no bracket of a template.
SWAPS = {
    " + ": (" - ",),
    " - ": (" + ",),
    " * ": (" / ",),
    " / ": (" * ",),
    " % ": (" * ",),
    " += ": (" -= ",),
    " -= ": (" += ",),
    " *= ": (" /= ",),
    " /= ": (" *= ",),
    " < ": (" <= ", " >= "),
    " > ": (" >= ", " <= "),
    " <= ": (" < ", " > "),
    " >= ": (" > ", " < "),
    " == ": (" != ",),
    " != ": (" == ",),
    " && ": (" || ",),
    " || ": (" && ",),
    " & ": (" | ",),
    " | ": (" & ",),
    " ^ ": (" | ",),
    " << ": (" >> ",),
    " >> ": (" << ",),
    " &= ": (" |= ",),
    " |= ": (" &= ",),
    " ^= ": (" |= ",),
    " >>= ": (" <<= ",),
    " <<= ": (" >>= ",),
}
WORDS = {
    "true": ("false",),
    "false": ("true",),
    "larger": ("smaller",),
    "smaller": ("larger",),
    "modulus": ("",),
    "FLOOR": ("0.0",),
    "TINY": ("0.0",),
    "HUGE_VAL": ("1.0",),
    "POSITIVE": ("NEGATIVE",),
    "NEGATIVE": ("POSITIVE",),
    "ON": ("OFF",),
    "OFF": ("ON",),
    "SILENT": ("OFF",),
    "lowest": ("ones",),
    "near": ("far",),
    "far": ("near",),
}
DECLARES = re.compile(
    r"\s*(const|constexpr|static|auto|using|template|return|struct|class|enum|public|private|int|bool|double|T|u\d+|i\d+"
    r"|u64|std::\w+|Generator<S>|Patch<S>|Waiting|Parts|Next|Question|Buffer|inline|explicit|virtual|Array<.*>|for)\b"
)


def code_of(text: str) -> str:
    """The text with blanks for comments, strings and lines for the preprocessor, of equal length."""
    blank = lambda match: re.sub(r"[^\n]", " ", match[0])  # noqa: E731
    return re.sub(r"//[^\n]*|^#[^\n]*|\"[^\"\n]*\"|'[^'\n]*'", blank, text, flags=re.MULTILINE)


def replacements(line: str) -> Iterator[tuple[int, str, str]]:
    """All small changes of a line of code: column, old and new."""
    for change in (_operators, _words, _constants, _roundings, _places, _statements):
        yield from change(line)


def _operators(line: str) -> Iterator[tuple[int, str, str]]:
    for old, news in SWAPS.items():
        for match in re.finditer(re.escape(old), line):
            yield from ((match.start(), old, new) for new in news)
    for match in re.finditer(r"(?<=[(\s=,])(!|~|-)(?=[\w(])", line):
        yield match.start(), match[0], " "
    for match in re.finditer(r"\+\+|--", line):
        yield match.start(), match[0], "--" if match[0] == "++" else "++"


def _words(line: str) -> Iterator[tuple[int, str, str]]:
    for match in re.finditer(r"\b[A-Za-z_]\w*\b", line):
        yield from ((match.start(), match[0], new) for new in WORDS.get(match[0], ()))


def _constants(line: str) -> Iterator[tuple[int, str, str]]:
    for match in re.finditer(r"(?<![\w.])\d+(?![\w.])", line):
        yield match.start(), match[0], str(int(match[0]) + 1)
        if int(match[0]) > 0:
            yield match.start(), match[0], str(int(match[0]) - 1)
    for match in re.finditer(r"(?<![\w.])(\d+\.\d+|0x[\dA-Fa-f.]+p-?\d+)", line):
        if float.fromhex(match[0]) == 0.0:
            yield match.start(), match[0], "1.0"
            continue
        yield match.start(), match[0], "0.0"
        yield match.start(), match[0], f"(2.0 * {match[0]})"


def _roundings(line: str) -> Iterator[tuple[int, str, str]]:
    for match in re.finditer(r"gamma_<T>\(([^()]*(?:\([^()]*\))?[^()]*)\)", line):
        yield match.start(), match[0], f"gamma_<T>(({match[1]}) - 1)"
        yield match.start(), match[0], "exactly<T>(0.0)"
    for match in re.finditer(r"raised<T>\(([^()]*)\)", line):
        yield match.start(), match[0], "exactly<T>(1.0)"


def _places(line: str) -> Iterator[tuple[int, str, str]]:
    for match in re.finditer(r"\[(?!&?\])([^\[\]]*[A-Za-z_)][^\[\]]*)(?<!\d)\]", line):
        for shift in (" + 1", " - 1"):
            yield match.start(), match[0], f"[({match[1]}){shift}]"


def _statements(line: str) -> Iterator[tuple[int, str, str]]:
    for match in re.finditer(r"\b(continue|break)\b", line):
        yield match.start(), match[0], ""
    statement = re.fullmatch(r"(\s*)([^\s].*;)\s*", line)
    if statement and not DECLARES.match(line) and statement[2].count("(") == statement[2].count(")"):
        yield len(statement[1]), statement[2], ";"


def mutants_of(file: str) -> list[Mutant]:
    """All mutants of a file, in the order of their places."""
    text = (KERNEL / file).read_text()
    lines, code = text.splitlines(), code_of(text).splitlines()
    found = [
        Mutant(file, number, column, old, new, line.strip())
        for number, (line, plain) in enumerate(zip(lines, code, strict=True), 1)
        for column, old, new in dict.fromkeys(replacements(plain))
    ]
    return sorted(found, key=lambda mutant: (mutant.line, mutant.column))


def changed(mutant: Mutant) -> str:
    """The text of a mutant's file."""
    lines = (KERNEL / mutant.file).read_text().splitlines(keepends=True)
    line = lines[mutant.line - 1]
    assert line[mutant.column :].startswith(mutant.old), mutant
    lines[mutant.line - 1] = line[: mutant.column] + mutant.new + line[mutant.column + len(mutant.old) :]
    return "".join(lines)


# Building and asking


def build(folder: Path, mutant: Mutant | None, level: str = QUICKLY) -> Path | None:
    """The kernel as a library, of the general shape and one that the compiler knows; None if it does not compile."""
    shutil.copytree(KERNEL, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.so"))
    if mutant is not None:
        (folder / mutant.file).write_text(changed(mutant))
    numbers = (folder / "numbers.h").read_text()
    for old, new in CHECKED:
        assert numbers.count(old) == 1, old
        numbers = numbers.replace(old, new)
    (folder / "numbers.h").write_text(numbers)
    run = folder / "run.h"
    run.write_text(re.sub(r"\n *case [4-9]: return new RunOf.*", "", run.read_text()))
    library = folder / "_kernel.so"
    include = sysconfig.get_path("include")
    command = [
        os.environ.get("CXX", "g++"),
        *FLAGS,
        IDENTITY,
        level,
        f"-I{include}",
        "-o",
        str(library),
        "baseline.cpp",
    ]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=300)
    return library if done.returncode == 0 else None


def code_hash(library: Path) -> str:
    """Of what the processor runs, and of its constants."""
    sections = library.with_suffix(".code")
    chosen = ["--only-section=.text", "--only-section=.rodata*"]
    subprocess.run(["objcopy", "-O", "binary", *chosen, str(library), str(sections)], capture_output=True, check=True)
    return hashlib.sha256(sections.read_bytes()).hexdigest()


def in_child(work: Callable[[], dict[str, Any]], seconds: float) -> dict[str, Any]:
    """What a function returns in a process of its own; it may crash, or never end."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 1)
            os.dup2(nowhere.fileno(), 2)
        resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds)))
        resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.alarm(int(4 * seconds))
        try:
            told = work()
        except BaseException as error:
            told = {"verdict": "answer", "by": f"{type(error).__name__}: {error}"[:200]}
        os.write(write, json.dumps(told).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as stream:
        told = stream.read()
    _, status = os.waitpid(pid, 0)
    return json.loads(told) if told else {"verdict": "answer", "by": f"ended with status {status}"}


def use(library: Path) -> None:
    """Make a library the package's kernel, in this process."""
    from polyrelu.engines.cells import run

    name = "polyrelu.engines.cells._kernel"
    loader = importlib.machinery.ExtensionFileLoader(name, str(library))
    spec = importlib.util.spec_from_file_location(name, library, loader=loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    run.kernel_library = lambda: module


class Asker:
    """The questions, what is right, and what the kernel as it is spends on them."""

    def __init__(self, library: Path) -> None:
        self.questions = differential.questions(QUESTIONS)
        self.right = [differential.right_answer(question) for question in self.questions]
        self.efforts: list[tuple[int, ...]] = []
        told = in_child(lambda: self._ask(library, measure=True), 4 * SECONDS)
        if "efforts" not in told:
            sys.exit(f"the kernel as it is fails: {told}")
        self.efforts = [tuple(own) for own in told["efforts"]]

    def ask(self, library: Path) -> dict[str, Any]:
        """How a library is killed, if it is."""
        return in_child(lambda: self._ask(library, measure=False), SECONDS)

    def _ask(self, library: Path, measure: bool) -> dict[str, Any]:
        use(library)
        efforts, worse = [], None
        for number, (question, right) in enumerate(zip(self.questions, self.right, strict=True)):
            answer = differential.kernel_answer(question)
            if answer.tiles != right.tiles:
                return {"verdict": "answer", "by": question.name}
            efforts.append(answer.efforts)
            if not measure and worse is None and is_worse(answer.efforts, self.efforts[number]):
                worse = f"{question.name}: {answer.efforts}, not {self.efforts[number]}"
        if measure:
            return {"efforts": efforts}
        return {"verdict": "effort", "by": worse} if worse else {"verdict": "survived"}


def is_worse(now: Sequence[int], before: Sequence[int]) -> bool:
    """Whether efforts, in the order of differential.EFFORTS, show a loss."""
    if not now:
        return False
    more = dict(zip(differential.EFFORTS, (a - b for a, b in zip(now, before, strict=True)), strict=True))
    return (
        any(more[name] != 0 for name in ("cuts", "discarded"))
        or any(more[name] > 0 for name in ("solves", "exact", "fallbacks", "points that are not known"))
        or any(more[name] < 0 for name in ("pruned", "skeletons"))
    )


def lawful_verdict(folder: Path) -> dict[str, Any] | None:
    """What the proofs say of the kernel in a folder, if they are against it."""
    told = in_child(lambda: {"told": laws.verdict(folder)}, 3 * SECONDS)
    if "told" not in told:
        return {"verdict": "law", "by": told["by"]}
    return None if told["told"] is None else dict(zip(("verdict", "by"), told["told"], strict=True))


def judge(mutant: Mutant, asker: Asker, usual: str) -> dict[str, Any]:
    """Build a mutant and say what became of it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        library = build(folder, mutant)
        if library is None:
            return {"verdict": "does not compile"}
        told = asker.ask(library)
        if told["verdict"] == "answer":
            return told
        against = lawful_verdict(folder) if mutant.file in LAWFUL else None
        if against is not None and (against["verdict"] == "law" or told["verdict"] == "survived"):
            return against
        if told["verdict"] == "survived":
            library = build(folder, mutant, WELL)
            if library is not None and code_hash(library) == usual:
                return {"verdict": "same code"}
        return told


# What is known


def explanation(mutant: Mutant, notes: list[dict[str, str]]) -> dict[str, str] | None:
    """The first note that is about a mutant."""
    pairs = (("old", mutant.old.strip()), ("new", mutant.new.strip()))
    for note in notes:
        about = note["file"] == mutant.file and note["line"] in mutant.text
        if about and all(re.fullmatch(note.get(key, ".*"), text, re.DOTALL) for key, text in pairs):
            return note
    return None


def read_notes() -> list[dict[str, str]]:
    """The notes on mutants that survive: file, line (a part), old and new (regular expressions), kind and reason."""
    return tomllib.loads(NOTES.read_text())["note"] if NOTES.exists() else []


def report(results: dict[str, Any]) -> bool:
    """Show the score and the survivors; whether all of them are explained."""
    notes, open_ones, known = read_notes(), [], Counter[str]()
    verdicts = Counter(told["verdict"] for told in results.values())
    for told in results.values():
        if told["verdict"] != "survived":
            continue
        mutant = Mutant(**told["mutant"])
        note = explanation(mutant, notes)
        known[note["kind"] if note else "unexplained"] += 1
        if note is None:
            open_ones.append(mutant)
    killed = sum(verdicts[kind] for kind in ("answer", "law", "effort"))
    every = killed + verdicts["survived"] - known["equivalent"]
    for name, told in sorted(results.items()):
        if told["verdict"] == "survived":
            note = explanation(Mutant(**told["mutant"]), notes)
            print(f"{note['kind'] if note else 'SURVIVED'}: {name}\n    {told['mutant']['text']}")
            if note:
                print(f"    {note['reason']}")
    print(dict(verdicts), dict(known))
    if every:
        hard = verdicts["answer"] + verdicts["law"]
        print(f"score {killed / every:.1%} of {every} ({hard / every:.1%} by answers and laws alone)")
    return not open_ones


def selected(options: argparse.Namespace) -> list[Mutant]:
    """The mutants that the command line asks for."""
    every = [mutant for file in options.file or FILES for mutant in mutants_of(file)]
    if options.lines:
        first, _, last = options.lines.partition("-")
        every = [m for m in every if int(first) <= m.line <= int(last or first)]
    if options.sample:
        every = random.Random(options.seed).sample(every, min(options.sample, len(every)))
    return every


def main() -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--file", action="append", choices=FILES, help="only this file; may be given again")
    parser.add_argument("--lines", help="only these lines, 30 or 30-85")
    parser.add_argument("--sample", type=int, help="so many, drawn at random")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1, help="how many at a time")
    parser.add_argument("--results", type=Path, help="a JSON file to keep results in, and to go on from")
    parser.add_argument("--list", action="store_true", help="only show the mutants")
    parser.add_argument("--report", action="store_true", help="only report on the results there are")
    options = parser.parse_args()
    if options.list:
        for mutant in selected(options):
            print(mutant.name)
        return 0
    results: dict[str, Any] = {}
    if options.results and options.results.exists():
        results = json.loads(options.results.read_text())
    if not options.report:
        run(selected(options), results, options)
    return 0 if report(results) else 1


def run(mutants: list[Mutant], results: dict[str, Any], options: argparse.Namespace) -> None:
    """Judge those that have no result yet."""
    with tempfile.TemporaryDirectory() as name:
        quick, good = (build(Path(name) / level, None, level) for level in (QUICKLY, WELL))
        assert quick is not None, "the kernel does not compile"
        assert good is not None, "the kernel does not compile well"
        asker, usual = Asker(quick), code_hash(good)
        left = [mutant for mutant in mutants if mutant.name not in results]
        if any(mutant.file in LAWFUL for mutant in left):
            laws.prepare()
        started = time.monotonic()
        with ThreadPoolExecutor(options.jobs) as pool:
            judged = pool.map(functools.partial(judge, asker=asker, usual=usual), left)
            for number, (mutant, told) in enumerate(zip(left, judged, strict=True), 1):
                results[mutant.name] = {**told, "mutant": asdict(mutant)}
                seconds = (time.monotonic() - started) / number
                print(
                    f"{number}/{len(left)} {seconds:.1f} s each: {mutant.name}: {told['verdict']} {told.get('by', '')}"[
                        :200
                    ],
                    flush=True,
                )
                if options.results:
                    options.results.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    sys.exit(main())
