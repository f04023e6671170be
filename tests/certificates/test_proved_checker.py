"""The proved checker: nothing is assumed, and it judges as the small checker does (papers/proved-checker; issue 23)."""

from __future__ import annotations

import hashlib
import importlib.util
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import polyrelu as pr
from polyrelu.certificates import checker, tree_checker
from polyrelu.engines.evidence.trees import write_trees
from tests.certificates.forgeries import question
from tests.certificates.test_tree_checker import HOSTILE, TRUE, of_truth
from tests.certificates.tree_forgeries import FORGERIES
from tests.engines.evidence.questions import KINDS, by_chance

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "papers" / "proved-checker"
PROOFS = {path.stem: path.read_text(encoding="utf-8") for path in sorted(PAGE.glob("*.v"))}
README = (PAGE / "README.md").read_text(encoding="utf-8")
FINISHED = 18  # theorems whose assumptions are printed


def module(path: Path) -> ModuleType:
    """A program of a file."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = found
    spec.loader.exec_module(found)
    return found


def without_comments(text: str) -> str:
    """A file of Coq without what it says to people."""
    return re.sub(r"\(\*.*?\*\)", "", text, flags=re.DOTALL)


# -- what is written ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROOFS)
def test_nothing_is_assumed_in_words(name):
    text = without_comments(PROOFS[name])
    assert not re.search(r"\b(Axiom|Axioms|Parameter|Conjecture|Admitted|admit|give_up|Unset|bypass_check)\b", text)
    libraries = set(re.findall(r"From (\w+)", text))
    assert libraries <= {"Coq", "Proved"}


def test_the_page_names_each_line_that_extraction_trusts():
    text = without_comments(PROOFS["Extract"])
    named = re.findall(r"Extract (?:Inlined Constant|Inductive) (\S+)", text)
    assert len(named) == 20
    assert all(f"`{name}`" in README for name in named)


def test_each_theorem_of_the_page_is_one_of_the_files():
    texts = PROOFS["Theorems"] + PROOFS["SecondTheorem"]
    theorems = re.findall(r"^(?:Theorem|Corollary) (\w+)", texts, flags=re.MULTILINE)
    assert all(f"`{name}`" in README for name in theorems)
    named = {*theorems, "preimage_of_rationals", "preimage_of_vertices_of_rationals"}
    assert set(re.findall(r"Print Assumptions (\w+)", PROOFS["Assumptions"])) == named


def test_the_comparison_of_questions_sees_each_change():
    same = module(PAGE / "same.py").same
    head = "polyrelu-statement 1\ninputs 1\ndomain\n"
    text = f"{head}0.5 x0 > 1\nlayer relu\n1 0\nlayer linear\n2 1/4\ntarget\n1 y0 < 3\n"
    printed = f"{head}-1/2 x0 < -1\nlayer 1\n1 0\nlayer 0\n2 1/4\ntarget\n1 h2.0 < 3\n"
    assert same(text, printed)
    changes = {"-1/2": "1/2", "x0 <": "x0 <=", "layer 1": "layer 0", "1/4": "1/5", "h2": "h1", "< 3": "< 2"}
    for old, new in changes.items():
        assert not same(text, printed.replace(old, new)), new


# -- what is proved, and what it says ----------------------------------------------------------------------------------


class Built:
    """The proved program, in a folder.

    Attributes:
        folder: where it was proved and compiled.
        said: what Coq printed.
    """

    def __init__(self, folder: Path, said: str) -> None:
        self.folder, self.said = folder, said

    def run(self, question: bytes, evidence: bytes, *options: str) -> tuple[str | None, list[str]]:
        """What is proved, or None; and what is printed before that."""
        (self.folder / "question").write_bytes(question)
        (self.folder / "evidence").write_bytes(evidence)
        files = (self.folder / name for name in ("proved-checker", "question", "evidence"))
        command = [*map(str, files), *options]
        shown = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        if shown.returncode:
            assert (shown.returncode, shown.stdout) == (1, "")
            assert shown.stderr.startswith("REJECTED ")
            return None, []
        *lines, last = shown.stdout.splitlines()
        assert last.startswith("VERIFIED ")
        return last.removeprefix("VERIFIED "), lines


def small(question: bytes, evidence: bytes, folder: Path) -> str | None:
    """What the small checker says is proved, or None."""
    (folder / "tree").write_bytes(evidence)
    try:
        return str(tree_checker.check(question, str(folder / "tree")))
    except tree_checker.Rejected:
        return None


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    if shutil.which("coqc") is None or shutil.which("ocamlfind") is None:
        pytest.skip("Coq is not installed; papers/proved-checker/build.sh does it")
    folder = tmp_path_factory.mktemp("proved")
    shown = subprocess.run([PAGE / "build.sh", folder], capture_output=True, text=True, check=True, timeout=900)
    return Built(folder, shown.stdout)


def trees(text: str) -> bytes:
    """The trees of a statement, as they are found."""
    parts = list[bytes]()
    write_trees(pr.Statement.parse(text), parts.append)
    return b"".join(parts)


@pytest.mark.slow
def test_nothing_is_assumed(built):
    assert built.said.splitlines() == ["Closed under the global context"] * FINISHED


@pytest.mark.slow
def test_a_proof_that_lacks_something_is_refused(built, tmp_path):
    for path in built.folder.glob("*.v*"):
        shutil.copy2(path, tmp_path)
    text = PROOFS["Checker"]
    old = "match relates c with Equal => Some 0%Q | _ => if at_most 0 s then Some 0%Q else None end"
    assert text.count(old) == 1
    (tmp_path / "Checker.v").write_text(text.replace(old, "Some 0%Q"))
    command = ["coqc", "-q", "-Q", ".", "Proved"]
    for name in ("Checker", "Soundness"):
        subprocess.run([*command, f"{name}.v"], cwd=tmp_path, check=True, capture_output=True)
    assert subprocess.run([*command, "Leaves.v"], cwd=tmp_path, check=False, capture_output=True).returncode == 1


@pytest.mark.slow
def test_it_judges_what_is_true_and_what_is_forged(built):
    for name in TRUE:
        forgery, proved = of_truth(name)
        assert built.run(*forgery.files())[0] == proved, name
    for forgery in FORGERIES:
        assert built.run(*forgery.files())[0] is None, forgery.name


@pytest.mark.slow
def test_it_judges_trees_of_degenerate_questions_and_prints_these(built, tmp_path):
    same = module(PAGE / "same.py").same
    proved = 0
    for text, _ in KINDS.values():
        try:
            evidence = trees(text)
        except pr.PolyreluError:
            continue
        claim, printed = built.run(text.encode(), evidence, "--print")
        assert claim == small(text.encode(), evidence, tmp_path)
        assert claim is None or same(text, "\n".join(printed))
        proved += claim is not None
    assert proved >= 20


def mutant(lines: list[str], rng: random.Random) -> list[str]:
    """Trees with a line left out, doubled, or changed in a word."""
    found, k = list(lines), rng.randrange(len(lines))
    words = found[k].split()
    at = rng.randrange(len(words))
    others = [word for line in lines for word in line.split()]
    match rng.randrange(4):
        case 0:
            del found[k]
        case 1:
            found.insert(k, rng.choice(lines))
        case _:
            words[at] = rng.choice([*others, "0", "1", "-1", "1/2", "2", "x0", "z1.0", "z2.0", "d0", "t0", "a1.0"])
            found[k] = " ".join(words)
    return found


@pytest.mark.slow
def test_it_judges_mutants_as_the_small_checker_does(built, tmp_path):
    accepted = rejected = 0
    for seed in range(60):
        text, rng = by_chance(seed).encode(), random.Random(seed)
        head, *lines = trees(text.decode()).decode().splitlines()
        for _ in range(20):
            evidence = "\n".join([head, *mutant(lines, rng), ""]).encode()
            claim = built.run(text, evidence)[0]
            assert claim == small(text, evidence, tmp_path), evidence.decode()
            accepted, rejected = accepted + (claim is not None), rejected + (claim is None)
    assert min(accepted, rejected) >= 100


@pytest.mark.slow
def test_it_evaluates_points(built):
    domain, target = "domain; 1 x0 >= -2; 1 x0 <= 2", "target; 1 y0 > 3/2"
    text = question(1, domain, "layer relu; 1 0; -1 0", "layer linear; 1 1 0", target)
    head = f"polyrelu-point 1 {hashlib.sha256(text.encode()).hexdigest()}\n"
    assert built.run(text.encode(), f"{head}x -7/4\n".encode())[0] == "violated: the point maps into a target"
    for point in ("3/2", "9/4", "7/4 0", ""):
        assert built.run(text.encode(), f"{head}x {point}\n".encode())[0] is None


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_rejected(built, name):
    text = question(1, "domain; 1 x0 >= 0; 1 x0 <= 1", "layer relu; 1 0", "target; 1 y0 > 1/2").encode()
    digest = hashlib.sha256(text).hexdigest().encode()
    assert built.run(text, HOSTILE[name].replace(b"HASH", digest))[0] is None


# -- certificates of vertices ------------------------------------------------------------------------------------------


def small_of_vertices(question: bytes, evidence: bytes, folder: Path) -> str | None:
    """What the small checker says of vertices, without the parts that have no inside; or None."""
    (folder / "cells").write_bytes(evidence)
    try:
        claim = checker.check(question, [str(folder / "cells")])
    except checker.Rejected:
        return None
    return inside(claim)


def inside(claim: str) -> str:
    """How many tiles or regions there are; that nothing is found is said as no tiles."""
    tiles = re.findall(r"target \d+: (\d+) tiles", claim)
    return claim if claim.startswith("regions") else f"tiles: {sum(map(int, tiles))}"


def cells(text: str, folder: Path) -> bytes:
    """The certificate of a statement by vertices."""
    pr.Statement.parse(text).certify(folder / "certificate")
    return (folder / "certificate").read_bytes()


def generic(seed: int, target: str) -> str:
    """A network 2-5-5-1 with weights at random."""
    rng = random.Random(seed)
    rows = [" ".join(str(rng.randint(-999, 999)) for _ in range(k)) for k in [3] * 5 + [6] * 5 + [6]]
    layers = "; ".join(["layer relu", *rows[:5]]), "; ".join(["layer relu", *rows[5:10]]), f"layer linear; {rows[10]}"
    domain = "domain; 1 x0 >= -2; 1 x0 <= 3; 1 x1 >= -2; 1 x1 < 3"
    return question(2, domain, *layers, *([target] if target else []))


@pytest.mark.slow
@pytest.mark.parametrize("target", ["", "target; 1 y0 > 0", "target; 1 y0 < 100"])
def test_it_judges_vertices_of_generic_networks(built, tmp_path, target):
    for seed in range(12):
        text = generic(seed, target)
        evidence = cells(text, tmp_path)
        claim = built.run(text.encode(), evidence)[0]
        assert claim is not None
        assert inside(claim) == small_of_vertices(text.encode(), evidence, tmp_path)


@pytest.mark.slow
def test_what_it_accepts_of_vertices_the_small_checker_accepts(built, tmp_path):
    accepted = rejected = 0
    for seed in range(24):
        text, rng = generic(seed, "target; 1 y0 > 0" if seed % 2 else "").encode(), random.Random(seed)
        head, *lines = cells(text.decode(), tmp_path).decode().splitlines()
        for _ in range(10):
            evidence = "\n".join([head, *mutant(lines, rng), ""]).encode()
            claim = built.run(text, evidence)[0]
            said = small_of_vertices(text, evidence, tmp_path)
            assert claim is None or inside(claim) == said, evidence.decode()
            accepted, rejected = accepted + (claim is not None), rejected + (claim is None)
    assert accepted >= 5
    assert rejected >= 100


@pytest.mark.slow
def test_of_degenerate_questions_it_proves_nothing_else(built, tmp_path):
    proved = 0
    for text, _ in KINDS.values():
        try:
            evidence = cells(text, tmp_path)
        except pr.PolyreluError:
            continue
        claim = built.run(text.encode(), evidence)[0]
        assert claim is None or inside(claim) == small_of_vertices(text.encode(), evidence, tmp_path)
        proved += claim is not None
    assert proved >= 2
