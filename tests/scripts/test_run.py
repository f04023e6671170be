"""scripts/run sets up what a command needs, once; here with a Python that only notes what it is asked to do."""

import os
import shutil
import stat
import subprocess
import sys

import pytest

from tests.kernel_checkout import CELLS, KERNEL
from tests.test_architecture import ROOT

FAST = "polyrelu/certificates/fast"
WALK = "polyrelu/engines/branch/kernel"
LIBRARIES = (
    f"{CELLS}/_kernel.abi3.so",
    f"{CELLS}/_kernel_avx2.abi3.so",
    "polyrelu/engines/branch/_walk.abi3.so",
    "polyrelu/certificates/_checker.abi3.so",
)
# A Python, and the one in the .venv that it makes. Questions (-c, and programs by standard input) the real one answers.
PYTHON = f"""#!/bin/bash
case $1 in
    -V) echo Python 3.11.0 ;;
    -c | -) exec {sys.executable} "$@" ;;
    *) echo "$*" >>"$NOTES" ;;
esac
case "$*" in
    "-m venv"*)
        mkdir -p "$3/bin" && cp "$0" "$3/bin/python"
        cp "$TOOL" "$3/bin/polyrelu" && cp "$TOOL" "$3/bin/pytest" ;;
    *kernel/build.py | *--editable*) touch {" ".join(LIBRARIES)} ;;
esac
case "$*" in *"$FAILING"*) echo "it is broken"; exit 1 ;; esac
"""
TOOL = '#!/bin/bash\necho "$(basename "$0") $*, in $PWD" >>"$NOTES"\n'
NEEDED = ("bash", "basename", "cat", "cksum", "cp", "dirname", "env", "grep", "id", "mkdir", "rm", "touch", "uname")


class Checkout:
    def __init__(self, root):
        self.root, self.notes, self.bin = root / "checkout", root / "notes", root / "bin"
        for name in ("pyproject.toml", "setup.cfg", "scripts/constraints.txt", "scripts/run"):
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, self.root / name)
        for folder in (KERNEL, WALK, FAST):
            (self.root / folder).mkdir(parents=True)
            (self.root / folder / "module.h").write_text("1")
        (self.root / CELLS / "sources.py").write_text("1")
        self.bin.mkdir()
        for name in NEEDED:
            (self.bin / name).symlink_to(shutil.which(name))
        self.tool("python3", PYTHON)
        self.tool("dpkg-query", '#!/bin/bash\necho "install ok installed"\n')
        self.tool("apt-get", '#!/bin/bash\necho "apt-get $*" >>"$NOTES"\n')
        self.tool("sudo", '#!/bin/bash\nexec "$@"\n')
        for name in ("cc", "c++", "chromium"):
            self.tool(name, "#!/bin/bash\n")
        self.tool("tool", TOOL)

    def tool(self, name, text):
        path = self.bin / name
        path.write_text(text)
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def run(self, *command, failing="nothing", cwd=None):
        """What scripts/run did, in few words, and what it said."""
        self.notes.write_text("")
        variables = {"PATH": self.bin, "NOTES": self.notes, "FAILING": failing, "TOOL": self.bin / "tool"}
        script = [str(self.root / "scripts" / "run"), *command]
        done = subprocess.run(script, cwd=cwd or self.root, env=variables, capture_output=True, text=True, check=False)
        self.code = done.returncode
        return sorted(map(in_few_words, self.notes.read_text().splitlines())), done.stderr


def in_few_words(note):
    """The step of a note; what the command was told stays as it is."""
    steps = {
        "-m venv": "make .venv",
        "pycddlib": "install pycddlib",
        "--editable .": "install polyrelu",
        "requirements.txt": "install requirements",
        "polyrelu[test,lint]": "install tools",
        "compileall": "compile modules",
        "kernel/build.py": "build the kernel",
        "setuptools": "install setuptools",
    }
    return next((step for words, step in steps.items() if words in note), note)


SET_UP = ["install polyrelu", "install pycddlib", "install requirements", "make .venv"]
TOOLS = ["compile modules", "install tools"]


@pytest.fixture
def checkout(tmp_path):
    return Checkout(tmp_path)


def test_the_demo_waits_for_no_tool(checkout):
    demo = f"polyrelu demo, in {checkout.root}"
    steps, said = checkout.run("polyrelu", "demo")
    assert steps == sorted([*SET_UP, demo])
    assert "setting up .venv with Python 3.11.0" in said
    assert checkout.run("polyrelu", "demo") == ([demo], "")


def test_other_commands_have_the_tools(checkout, tmp_path):
    tests = f"pytest -x a b, in {tmp_path}"
    steps, said = checkout.run("pytest", "-x", "a b", cwd=tmp_path)
    assert steps == sorted([*SET_UP, *TOOLS, tests])
    assert "adding all extras" in said
    assert checkout.run("pytest", "-x", "a b", cwd=tmp_path) == ([tests], "")
    assert checkout.run("polyrelu", "demo")[0] == [f"polyrelu demo, in {checkout.root}"]


def test_tools_may_come_later(checkout):
    checkout.run("polyrelu", "demo")
    assert checkout.run("polyrelu", "preimage")[0] == sorted([*TOOLS, f"polyrelu preimage, in {checkout.root}"])


@pytest.mark.long
@pytest.mark.parametrize("folder", [KERNEL, WALK, FAST])
@pytest.mark.parametrize("change", ["edit", "add", "remove", *LIBRARIES])
def test_other_sources_of_what_is_compiled_are_built_and_nothing_else(checkout, folder, change):
    checkout.run("polyrelu", "demo")
    source = checkout.root / folder / "module.h"
    if change == "edit":
        source.write_text("2")
        os.utime(source, (0, 0))
    elif change == "add":
        (checkout.root / folder / "more.h").write_text("")
    elif change == "remove":
        source.rename(source.with_name("other.h"))
    else:
        (checkout.root / change).unlink()
    demo = f"polyrelu demo, in {checkout.root}"
    steps, said = checkout.run("polyrelu", "demo")
    assert steps == ["build the kernel", "install setuptools", demo]
    assert "compiling them again" in said
    assert checkout.run("polyrelu", "demo") == ([demo], "")


@pytest.mark.parametrize("name", ["pyproject.toml", "setup.cfg", "scripts/constraints.txt", "scripts/run"])
def test_what_decides_on_packages_sets_up_again(checkout, name):
    checkout.run("pytest")
    path = checkout.root / name
    path.write_text(path.read_text() + "\n")
    assert checkout.run("polyrelu", "demo")[0] == sorted([*SET_UP, f"polyrelu demo, in {checkout.root}"])
    assert checkout.run("pytest")[0] == sorted([*TOOLS, f"pytest , in {checkout.root}"])


@pytest.mark.parametrize("failing", ["pycddlib", "--editable", "requirements.txt"])
def test_what_fails_is_shown_and_done_again(checkout, failing):
    steps, said = checkout.run("polyrelu", "demo", failing=failing)
    assert checkout.code != 0
    assert "it is broken\nscripts/run: setting up failed at" in said
    assert set(steps) <= set(SET_UP)
    assert checkout.run("polyrelu", "demo")[0] == sorted([*SET_UP, f"polyrelu demo, in {checkout.root}"])


def test_a_kernel_that_does_not_compile_is_not_used(checkout):
    checkout.run("polyrelu", "demo")
    (checkout.root / KERNEL / "module.h").write_text("2")
    for _ in range(2):
        steps, said = checkout.run("polyrelu", "demo", failing="build.py")
        assert (steps, checkout.code != 0) == (["build the kernel", "install setuptools"], True)
        assert "it is broken" in said


def test_a_compiler_is_installed_where_there_is_none(checkout):
    (checkout.bin / "c++").unlink()
    checkout.run("polyrelu", "demo")
    assert "apt-get install -y -qq --no-install-recommends g++\n" in checkout.notes.read_text()


def test_check_is_a_script(checkout):
    steps, _ = checkout.run("check", "suite", "lint")
    assert f"{checkout.root}/scripts/check.py suite lint" in steps


def test_a_browser_is_installed_for_tests_where_there_is_none(checkout):
    (checkout.bin / "chromium").unlink()
    install = "apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core"
    assert install not in checkout.run("pytest")[0]
    assert install in checkout.run("pytest", "-m", "browser")[0]
    checkout.tool("chrome", TOOL)
    assert checkout.run("pytest", "-m", "browser")[0] == [f"pytest -m browser, in {checkout.root}"]
