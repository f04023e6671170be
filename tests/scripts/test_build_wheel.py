"""scripts/build_wheel.py: what it builds, and that it sees what is missing."""

import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile

import build_wheel
import pytest
import source_archive

from tests.kernel_checkout import CELLS, python, small_checkout
from tests.test_architecture import ROOT

KEPT = (".ci/run", "papers/page/figure.png", "scripts/run", "tests/corpus/damaged/1.onnx", "polyrelu/page.md")
MADE = ("tests/__pycache__/a.pyc", "polyrelu/pages/front/node_modules/d3/index.js", "polyrelu/_kernel.so", "out/1.txt")
LOAD = "from polyrelu.engines.cells.library import kernel_library as k; print(k().__file__)"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A checkout, its source distribution, and the wheel of that."""
    folder = tmp_path_factory.mktemp("made")
    root = small_checkout(folder / "checkout")
    for name in (*KEPT, *MADE):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("as it is")
    (root / "README.md").write_text("![A picture](papers/page/figure.png) [x](#x)\n```\n[0](1)\n```\n")
    archive = build_wheel.built_archive(folder / "archive", root)
    return root, archive, build_wheel.built_wheel(archive, folder / "wheel", "--no-build-isolation")


@pytest.mark.long
def test_a_wheel_of_a_source_distribution_works_without_sources(made, tmp_path):
    root, archive, wheel = made
    assert build_wheel.missing_sources(archive, root) == build_wheel.wrong_contents(wheel) == []
    command = [sys.executable, "-m", "pip", "-q", "install", "--no-deps", "--no-index", "--target", tmp_path, wheel]
    subprocess.run(command, check=True)
    assert python(tmp_path, LOAD).startswith(str(tmp_path))
    assert not (tmp_path / CELLS / "kernel").exists()


def test_a_source_distribution_has_what_a_checkout_has(made):
    _, archive, _ = made
    with tarfile.open(archive) as opened:
        there = {name.partition("/")[2] for name in opened.getnames()}
        readme, known = (
            opened.extractfile(f"{archive.name.removesuffix('.tar.gz')}/{name}").read().decode()
            for name in ("README.md", "PKG-INFO")
        )
    assert set(KEPT) <= there
    assert not set(MADE) & there
    for text in (readme, known):
        assert "![A picture](https://" in text
        assert "/raw/main/papers/page/figure.png) [x](#x)\n```\n[0](1)\n```\n" in text


def test_nothing_that_is_versioned_is_left_out():
    if not shutil.which("git") or not (ROOT / ".git").exists():
        pytest.skip("this is no checkout, or nothing here can tell what is versioned")
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    sources = {path.relative_to(ROOT).as_posix() for path in source_archive.sources()}
    assert {name for name in listed.stdout.splitlines() if (ROOT / name).exists()} <= sources


def test_what_is_missing_is_seen(made, tmp_path):
    root, archive, _ = made
    less = tmp_path / "less.tar.gz"
    with tarfile.open(archive) as old, tarfile.open(less, "w:gz") as new:
        for member in old:
            if not member.name.endswith("machine.h"):
                new.addfile(member, old.extractfile(member) if member.isfile() else None)
    assert build_wheel.missing_sources(less, root) == [f"less.tar.gz has no {CELLS}/kernel/machine.h"]
    other = tmp_path / "polyrelu-0.1.0-cp311-cp311-linux_x86_64.whl"
    with zipfile.ZipFile(other, "w") as opened:
        opened.writestr(build_wheel.LIBRARIES[0], "")
        opened.writestr(f"{build_wheel.CELLS}/kernel/machine.h", "")
        opened.writestr(f"{build_wheel.FAST}/module.cpp", "")
    tag, *libraries, kernel, checker = build_wheel.wrong_contents(other)
    assert "-cp311-abi3-" in tag
    assert [library for said, library in zip(libraries, build_wheel.LIBRARIES[1:], strict=True) if library in said]
    assert "machine.h" in kernel
    assert "module.cpp" in checker


def test_each_wheel_is_built_once_and_tested_twice():
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["cibuildwheel"]["build"]
    versions, platforms = zip(*(name.split("-") for name in stated), strict=True)
    assert set(versions) == {"cp311", "cp314"}
    assert set(platforms) == {"manylinux_x86_64", "manylinux_aarch64", "macosx_x86_64", "macosx_arm64"}
    assert len(stated) == 8
