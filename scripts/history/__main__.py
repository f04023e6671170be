"""Speed over time: the same questions asked of older commits, with airspeed velocity (the extra ``quality``).

    ./scripts/run python scripts/history run COMMIT...        # build each, and count instructions of ten questions
    ./scripts/run python scripts/history run --clock COMMIT   # and time eight verbs on ten networks: an idle machine
    ./scripts/run python scripts/history compare OLD NEW      # the same for two commits, side by side
    ./scripts/run python scripts/history draw                 # papers/speed/history.md, of all that was ever run

Instructions (callgrind, which needs valgrind) are the same on a busy machine, and are what the curves show. What is
measured is kept in papers/speed/history.json, so that a commit is built once.
"""

from __future__ import annotations

import argparse
import datetime
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
RESULTS = ROOT / "build" / "history" / "results"
PAGE = ROOT / "papers" / "speed" / "history.md"
KEPT, PICTURE = PAGE.with_suffix(".json"), PAGE.with_suffix(".png")
COUNTED, TIMED = "instructions.Instructions.track_regions", "verbs.Verbs.time_call"


def main() -> None:
    """Run, compare, or draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    todo = parser.add_subparsers(dest="todo", required=True)
    for name, arity in (("run", "+"), ("compare", 2)):
        own = todo.add_parser(name)
        own.add_argument("commits", nargs=arity)
        own.add_argument("--clock", action="store_true", help="time the eight verbs, too")
    todo.add_parser("draw")
    options = parser.parse_args()
    known = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    if options.todo != "draw":
        commits = [git("rev-parse", "--verify", f"{name}^{{commit}}") for name in options.commits]
        ask([own for own in commits if options.clock or "instructions" not in known.get(own, {})], options.clock)
    known = {**known, **{commit: {**known.get(commit, {}), **found} for commit, found in measured()}}
    KEPT.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    if options.todo == "compare":
        print("\n".join(compared(*(known[commit] for commit in commits))))
    else:
        draw(known)


def git(*words: str) -> str:
    """What git says."""
    return subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def ask(commits: Iterable[str], clock: bool) -> None:
    """Build commits, and measure them."""
    if not (commits := list(commits)):
        return
    subprocess.run(["asv", "machine", "--yes"], cwd=HERE, check=True, stdout=subprocess.DEVNULL)
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(commits) + "\n")
        file.flush()
        only = [] if clock else ["--bench", "Instructions"]
        # asv exits with 2 where a verb is missing from an old commit, which is no fault
        subprocess.run(["asv", "run", f"HASHFILE:{file.name}", "--show-stderr", *only], cwd=HERE, check=False)


def measured() -> Iterator[tuple[str, dict[str, Any]]]:
    """Commits that asv has measured here, and what it found."""
    for path in sorted(RESULTS.glob("*/*-*.json")):
        read = json.loads(path.read_text(encoding="utf-8"))
        columns = read["result_columns"]
        rows = {name: dict(zip(columns, row, strict=False)) for name, row in read["results"].items()}
        found = {
            "instructions": _by_names(rows.get(COUNTED)),
            "seconds": _by_names(rows.get(TIMED)),
        }
        when, title = git("show", "--no-patch", "--format=%ct%n%s", read["commit_hash"]).split("\n")
        about = {"date": int(when), "title": title, "machine": read["params"].get("cpu", "")}
        yield read["commit_hash"], {**about, **{name: values for name, values in found.items() if values}}


def _by_names(row: dict[str, Any] | None) -> dict[str, float]:
    """Values by the names of their parameters."""
    if not row or not row.get("result"):
        return {}
    names = [""]
    for own in row["params"]:
        names = [f"{name} {one.strip(chr(39))}".strip() for name in names for one in own]
    return {name: value for name, value in zip(names, row["result"], strict=True) if value}


def compared(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    """A table of two commits, line by line."""
    for what, form in (("instructions", ",.0f"), ("seconds", ".4f")):
        both = [name for name in old.get(what, {}) if name in new.get(what, {})]
        if both:
            yield f"{what:40} {'old':>16} {'new':>16} {'new / old':>10}"
        for name in both:
            before, after = old[what][name], new[what][name]
            yield f"{name:40} {before:16{form}} {after:16{form}} {after / before:10.3f}"


def draw(known: dict[str, dict[str, Any]]) -> None:
    """The page and its picture: instructions of each question, commit by commit."""
    commits = sorted((own for own in known if known[own].get("instructions")), key=lambda own: known[own]["date"])
    if not commits:
        sys.exit("history: nothing is measured yet; run some commits first")
    names = list(known[commits[-1]]["instructions"])
    curves([known[own] for own in commits], names)
    lines = [
        "# Speed over time",
        "",
        "Written by `python scripts/history draw`. Instructions of a call that finds all linear regions of a network",
        "over [-1, 1]^d, Python included, in millions, counted by callgrind in the second call of a process,",
        "without collections of garbage and looks at the time: on one machine it is the same number each time.",
        "They depend on the compiler, on NumPy and on the machine's instructions, so curves are of one machine;",
        "commits are chosen by hand, and stand side by side whatever time lies between them.",
        "",
        "![Instructions of ten questions, commit by commit](history.png)",
        "",
        f"| commit | day | what came with it | {' | '.join(names)} |",
        f"|---|---|---|{'--:|' * len(names)}",
    ]
    for own in commits:
        about, counts = known[own], known[own]["instructions"]
        day = datetime.datetime.fromtimestamp(about["date"], datetime.UTC).strftime("%Y-%m-%d %H:%M")
        cells = [f"{counts[name] / 1e6:,.1f}" if name in counts else "-" for name in names]
        lines.append(f"| `{own[:7]}` | {day} | {about['title']} | {' | '.join(cells)} |")
    lines += [
        "",
        *verbs([known[own] | {"commit": own} for own in commits if known[own].get("seconds")]),
        "```bash",
        "./scripts/run python scripts/history run COMMIT...     # measures other commits",
        "./scripts/run python scripts/history compare OLD NEW   # two of them, side by side",
        "```",
        "",
    ]
    PAGE.write_text("\n".join(lines), encoding="utf-8")


def verbs(commits: list[dict[str, Any]]) -> Iterator[str]:
    """A table of what verbs took in commits, each over the networks that it was asked of in all of them."""
    if not commits:
        return
    both = [name for name in commits[-1]["seconds"] if all(name in own["seconds"] for own in commits)]
    names = list(dict.fromkeys(name.split()[0] for name in both))
    counts = [sum(name.split()[0] == verb for name in both) for verb in names]
    yield "Verbs by the clock on the wall, one thread, in milliseconds: geometric means over those of the ten networks,"
    yield "so many, that all of these commits were timed on. Times vary by a tenth from run to run."
    yield ""
    yield f"| commit | {' | '.join(f'{verb} ({count})' for verb, count in zip(names, counts, strict=True))} |"
    yield f"|---|{'--:|' * len(names)}"
    for own in commits:
        taken = [[own["seconds"][name] for name in both if name.split()[0] == verb] for verb in names]
        means = [f"{1e3 * statistics.geometric_mean(values):.2f}" for values in taken]
        yield f"| `{own['commit'][:7]}` | {' | '.join(means)} |"
    yield ""


def curves(commits: list[dict[str, Any]], names: list[str]) -> None:
    """A small picture for each question."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, all_axes = plt.subplots(2, 5, figsize=(11, 4.2), sharex=True, layout="constrained")
    for axes, name in zip(all_axes.flat, names, strict=False):
        values = [own["instructions"].get(name) for own in commits]
        places = [k for k, value in enumerate(values) if value]
        axes.plot(places, [values[k] / 1e6 for k in places], marker="o", markersize=4, color="#1f5fa8")
        axes.set_title(name, fontsize=9)
        axes.set_ylim(0, 1.1 * axes.dataLim.ymax)
        days = [_short(own) for own in commits]
        axes.set_xticks(range(len(commits)), days, rotation=60, fontsize=7, ha="right", rotation_mode="anchor")
        axes.tick_params(axis="y", labelsize=7)
        axes.spines[["top", "right"]].set_visible(False)
    figure.supylabel("million instructions", fontsize=9)
    figure.savefig(PICTURE, dpi=150)
    plt.close(figure)


def _short(commit: dict[str, Any]) -> str:
    return datetime.datetime.fromtimestamp(commit["date"], datetime.UTC).strftime("%d %b %H:%M")


if __name__ == "__main__":
    main()
