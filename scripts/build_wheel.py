"""Build a wheel from a source distribution, and use it in a clean environment, far from this checkout.

    ./scripts/run python scripts/build_wheel.py                  # the wheel is left in dist/
    ./scripts/run python scripts/build_wheel.py --output DIR --python python3.13

The source distribution has to hold all that is compiled, and the wheel all that is run. The wheel is for one platform
and for every Python from 3.11 on (abi3). It is installed in a new environment, which is asked a few questions with known
answers, and `polyrelu selftest`. Exits with 1 if something is wrong.

Wheels for other platforms are made by cibuildwheel, which pyproject.toml has the settings of.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CELLS = "polyrelu/engines/cells"
LIBRARIES = (f"{CELLS}/_kernel.abi3.so", f"{CELLS}/_kernel_avx2.abi3.so")
TAG = "-cp311-abi3-"

QUESTIONS = """
from pathlib import Path
import polyrelu as pr
from polyrelu.engines.cells.library import checked_library, kernel_library

assert Path(pr.__file__).is_relative_to(Path({environment!r})), pr.__file__
assert kernel_library().SOURCES == {digest!r}
assert checked_library("_kernel").SOURCES == {digest!r}
net = pr.Network([([[1, 0], [0, 1], [1, 1]], [0, 0, -1]), ([[1, 1, -2]], [0])])
box = pr.Polyhedron.box([0, 0], [2, 2])
for method in ("cells", "twin", "unrelu"):
    zone = pr.preimage(net, pr.parse("y0 >= 1/2", dim=1), domain=box, method=method)
    assert sorted(tile.pattern for tile in zone) == ["110", "111"], method
    assert pr.check_tiling(zone).ok, method
regions = pr.linear_regions(net, box)
assert (len(regions), regions.volume()) == (2, 4), (len(regions), regions.volume())
print("questions: ok")
"""


def main() -> None:
    """Build, look, install and ask."""
    options = _options()
    options.output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="polyrelu-wheel-") as name:
        folder = Path(name)
        archive = built_archive(folder / "sdist")
        wrong = [f"{archive.name} has no {path}" for path in missing_sources(archive)]
        wheel = built_wheel(archive, options.output)
        wrong += wrong_contents(wheel)
        if wrong:
            sys.exit("\n".join(wrong))
        print(f"built {wheel} from {archive.name} ({wheel.stat().st_size // 1024} KiB)")
        if not options.unasked:
            use(wheel, folder, options.python)


def built_archive(folder: Path) -> Path:
    """The source distribution of this checkout, made as pip makes it."""
    folder.mkdir()
    _run([sys.executable, "-W", "ignore", "-c", _SDIST.format(folder=str(folder))], cwd=ROOT)
    (archive,) = folder.glob("*.tar.gz")
    return archive


_SDIST = "from setuptools import build_meta; build_meta.build_sdist({folder!r})"


def built_wheel(archive: Path, folder: Path) -> Path:
    """The wheel of a source distribution, compiled here."""
    before = set(folder.glob("*.whl"))
    for path in before:
        if path.name.startswith("polyrelu-"):
            path.unlink()
    _run([*_PIP, "wheel", "--no-deps", "--wheel-dir", str(folder), str(archive)])
    (wheel,) = folder.glob("polyrelu-*.whl")
    return wheel


def missing_sources(archive: Path) -> list[str]:
    """The sources of the kernel that are not in a source distribution."""
    with tarfile.open(archive) as opened:
        there = {member.partition("/")[2] for member in opened.getnames()}
    kernel = [path.relative_to(ROOT).as_posix() for path in sorted((ROOT / CELLS / "kernel").iterdir()) if path.is_file()]
    return [path for path in [*kernel, f"{CELLS}/sources.py", "pyproject.toml"] if path not in there]


def wrong_contents(wheel: Path) -> list[str]:
    """What a wheel has and should not have, or should have and has not."""
    wrong = [] if TAG in wheel.name else [f"{wheel.name} is not for all of Python's versions ({TAG})"]
    with zipfile.ZipFile(wheel) as opened:
        there = set(opened.namelist())
    wrong += [f"{wheel.name} has no {path}" for path in LIBRARIES if path not in there]
    wrong += [f"{wheel.name} has {path}" for path in sorted(there) if path.startswith(f"{CELLS}/kernel/")]
    return wrong


def use(wheel: Path, folder: Path, python: str) -> None:
    """Install a wheel in a new environment, and ask it what is known."""
    environment = folder / "environment"
    _run([python, "-m", "venv", str(environment)])
    own = str(environment / "bin" / "python")
    constraints = ["--constraint", str(ROOT / "scripts" / "constraints.txt")]
    _run([own, "-m", "pip", *_PIP[3:], "install", *constraints, str(wheel)])
    _run([own, "-I", "-c", QUESTIONS.format(environment=str(environment), digest=_digest())], cwd=folder)
    _run([str(environment / "bin" / "polyrelu"), "selftest"], cwd=folder)


def _digest() -> str:
    import runpy

    found: str = runpy.run_path(str(ROOT / CELLS / "sources.py"))["digest"]()
    return found


_PIP = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]


def _run(command: Iterable[str], cwd: Path | None = None) -> None:
    done = subprocess.run(list(command), cwd=cwd, check=False)
    if done.returncode:
        sys.exit(f"scripts/build_wheel.py: {' '.join(command)[:200]} failed")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=ROOT / "dist", help="where the wheel is left (dist)")
    parser.add_argument("--python", default=sys.executable, help="the Python of the clean environment (this one)")
    parser.add_argument("--unasked", action="store_true", help="build and look, install nothing")
    return parser.parse_args()


if __name__ == "__main__":
    main()
