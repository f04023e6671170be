"""The libraries of the kernel: built from these sources, by a compiler that does what is written, or refused."""

import os
import platform
import re
import shutil
import subprocess
import sysconfig
from types import SimpleNamespace

import pytest

from polyrelu.engines.cells import library
from polyrelu.engines.cells.library import checked_library, kernel_library
from polyrelu.engines.cells.sources import KERNEL, digest, sources
from polyrelu.errors import InputError
from tests import kernel_checkout
from tests.float_modes import MODES, float_mode
from tests.kernel_checkout import CELLS, build, python, small_checkout

LOAD = "from polyrelu.engines.cells.library import kernel_library as k; print(k().__name__, k().as_written())"
NAMES = ("_kernel", "_kernel_avx2")


@pytest.fixture
def fresh():
    kernel_library.cache_clear()
    yield
    kernel_library.cache_clear()


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    root = small_checkout(tmp_path_factory.mktemp("built"))
    assert build(root).returncode == 0
    return root


@pytest.fixture
def checkout(built, tmp_path):
    """One that may be changed."""
    return shutil.copytree(built, tmp_path / "checkout")


def test_the_libraries_are_those_of_the_sources():
    baseline = checked_library("_kernel")
    assert baseline.SOURCES == kernel_library().SOURCES == digest()
    assert baseline.as_written()
    assert kernel_library().__name__.endswith("_kernel_avx2" if baseline.has_avx2() else "_kernel")
    assert kernel_library() is kernel_library()


@pytest.mark.parametrize("mode", MODES)
def test_a_compiler_is_not_blamed_for_the_mode_of_the_processor(mode):
    with float_mode(mode):
        assert checked_library("_kernel").as_written()


def test_the_processor_decides(fresh, monkeypatch):
    for has_it, expected in ((False, "_kernel"), (True, "_kernel_avx2")):
        there = {"SOURCES": digest(), "has_avx2": lambda has_it=has_it: has_it, "as_written": lambda: True}
        monkeypatch.setattr(library, "_loaded", lambda name, _, there=there: SimpleNamespace(__name__=name, **there))
        kernel_library.cache_clear()
        assert kernel_library().__name__ == expected


def test_other_sources_are_refused(checkout):
    assert python(checkout, LOAD).split()[1] == "True"
    header = checkout / CELLS / "kernel" / "machine.h"
    header.write_text(header.read_text() + "// one line more\n")
    os.utime(header, (0, 0))  # as if it were older than the libraries
    said = python(checkout, LOAD)
    assert "InputError: _kernel in " in said
    assert "was built from other sources" in said
    assert f"./scripts/run does, and so does pip install --editable {checkout}" in said
    assert build(checkout).returncode == 0
    assert python(checkout, LOAD).split()[1] == "True"


def test_a_new_source_and_a_lost_one_are_other_sources(checkout):
    kernel = checkout / CELLS / "kernel"
    (kernel / "more.h").write_text("")
    assert "other sources" in python(checkout, LOAD)
    (kernel / "more.h").unlink()
    assert "other sources" not in python(checkout, LOAD)
    (kernel / "machine.h").rename(kernel / "engine.h")
    assert "other sources" in python(checkout, LOAD)


def test_without_sources_there_is_nothing_to_compare(checkout):
    shutil.rmtree(checkout / CELLS / "kernel")
    assert python(checkout, LOAD).split()[1] == "True"


def test_what_is_not_built_or_damaged_is_refused(checkout):
    (path,) = (checkout / CELLS).glob("_kernel.*.so")
    path.write_bytes(b"not a library")
    assert "cannot be loaded" in python(checkout, LOAD)
    path.unlink()
    said = python(checkout, LOAD)
    assert "InputError: there is no compiled kernel _kernel in" in said
    assert "pip install --editable" in said
    (checkout / "pyproject.toml").unlink()
    assert "install polyrelu again" in python(checkout, LOAD)


def test_another_folder_may_be_named(checkout, tmp_path):
    for name in NAMES:
        (path,) = (checkout / CELLS).glob(f"{name}.*.so")
        (tmp_path / path.name).write_bytes(path.read_bytes())
        path.unlink()
    assert "no compiled kernel" in python(checkout, LOAD)
    assert python(checkout, LOAD, POLYRELU_KERNEL=str(tmp_path)).split()[1] == "True"
    header = checkout / CELLS / "kernel" / "machine.h"
    header.write_text(header.read_text() + "\n")
    assert "other sources" in python(checkout, LOAD, POLYRELU_KERNEL=str(tmp_path))


def test_no_flag_of_the_environment_makes_a_compiler_do_what_is_not_written(checkout):
    assert build(checkout, CXXFLAGS="-ffast-math -ffp-contract=fast -march=native").returncode == 0
    assert python(checkout, LOAD).split()[1] == "True"


@pytest.mark.skipif(not checked_library("_kernel").has_avx2(), reason="fused operations come with AVX2")
@pytest.mark.parametrize("flags", ['"-ffp-contract=fast", "-mfma"', '"-fassociative-math", "-fno-signed-zeros"'])
def test_a_compiler_that_does_what_is_not_written_is_refused(checkout, flags):
    path = checkout / CELLS / "kernel" / "build.py"
    path.write_text(path.read_text().replace('"-ffp-contract=off", "-fno-fast-math"', flags + ', "-fno-trapping-math"'))
    assert build(checkout).returncode == 0
    assert "fused or reordered operations" in python(checkout, LOAD)


def test_sources_that_change_meanwhile_are_built_again(checkout):
    path = checkout / CELLS / "kernel" / "build.py"
    changes = "super().build_extensions()\n        (HERE / 'late.h').write_text('')"
    path.write_text(path.read_text().replace("super().build_extensions()", changes))
    done = build(checkout)
    assert done.returncode != 0
    assert "changed while it was built" in done.stderr


def test_a_source_without_its_digest_is_not_compiled(checkout):
    path = checkout / CELLS / "kernel" / "build.py"
    path.write_text(path.read_text().replace("POLYRELU_SOURCES", "POLYRELU_OTHERS"))
    assert "build with: python polyrelu" in build(checkout).stderr


def test_the_digest_is_of_names_and_contents(tmp_path):
    def of(**files):
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        for name, content in files.items():
            (folder / name.replace("_", ".")).write_text(content)
        return digest(folder)

    assert of(a_h="1", b_h="2") == of(b_h="2", a_h="1", notes_txt="")
    found = {of(), of(a_h=""), of(b_h=""), of(a_h="1", b_h="2"), of(a_h="2", b_h="1"), of(a_h="12"), of(a_cpp="12")}
    assert len(found) == 7
    assert sources(tmp_path / "none") == []


def test_what_is_not_the_kernels_own_is_included_for_every_processor():
    """The linker may take it from either library, so no part of it may be compiled for AVX2."""
    included = re.compile(r"^#include (<\S+>)", re.MULTILINE)
    before, _, _ = (KERNEL / "avx2.cpp").read_text().partition("#pragma")
    for path in sources():
        if path.suffix == ".h":
            assert set(included.findall(path.read_text())) <= set(included.findall(before)), path.name


@pytest.mark.skipif(shutil.which("c++") is None, reason="needs a compiler of that name")
@pytest.mark.parametrize("name", ["baseline.cpp", "avx2.cpp"])
def test_compilers_have_nothing_to_say(name):
    defined = ["-DPy_LIMITED_API=0x030B0000", '-DPOLYRELU_SOURCES="x"', "-I", sysconfig.get_path("include")]
    command = ["c++", "-std=c++17", "-fsyntax-only", "-Wall", "-Wextra", *defined, str(KERNEL / name)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(
    shutil.which("objdump") is None or platform.machine() != "x86_64", reason="needs objdump, of x86-64"
)
def test_the_library_for_avx2_has_its_instructions():
    path = KERNEL.with_name("_kernel_avx2.abi3.so")
    done = subprocess.run(["objdump", "-d", str(path)], capture_output=True, text=True, check=True)
    assert {"pext", "pdep", "vmovmskpd"} <= set(re.findall(r"\t([a-z]\w+)", done.stdout))


def test_small_checkouts_have_what_the_build_reads():
    taken = {name.rpartition("/")[2] for name in kernel_checkout.TAKEN}
    assert {path.name for path in sources() if path.suffix != ".h"} <= taken


def test_a_library_of_this_checkout_that_is_none_is_refused(tmp_path):
    with pytest.raises(InputError, match="no compiled kernel _kernel in"):
        checked_library("_kernel", tmp_path)
