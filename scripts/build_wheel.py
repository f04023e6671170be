"""Build a wheel from a source distribution, and use it in a clean environment, far from this checkout.

    ./scripts/run python scripts/build_wheel.py                  # the wheel is left in dist/
    ./scripts/run python scripts/build_wheel.py --output DIR --python python3.11 --python python3.14 --archive

The source distribution has to hold all that is compiled, and the wheel all that is run. The wheel is for one platform
and for every Python from 3.11 on (abi3). It is installed in a new environment of each Python that is named, which is
asked a few questions whose answers are known, and `polyrelu selftest`; so is the source distribution, if that is asked
for. Exits with 1 if something is wrong.

Wheels for other platforms are made by cibuildwheel, which pyproject.toml has the settings of.
"""

from __future__ import annotations

import argparse
import os
import runpy
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CELLS = "polyrelu/engines/cells"
FAST = "polyrelu/certificates/fast"
WALK = "polyrelu/engines/branch/kernel"
LIBRARIES = (
    f"{CELLS}/_kernel.abi3.so",
    f"{CELLS}/_kernel_avx2.abi3.so",
    "polyrelu/engines/branch/_walk.abi3.so",
    "polyrelu/certificates/_checker.abi3.so",
)
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
assert len(regions) == 2, regions
assert 4 in regions.volume(), regions.volume()
print("questions: ok")
"""


def main() -> None:
    """Build, look, install and ask."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="polyrelu-wheel-") as name:
        folder = Path(name)
        archive = built_archive(folder / "archive")
        built = built_wheel(archive, folder / "wheel")
        wrong = [*missing_sources(archive), *wrong_contents(built)]
        if wrong:
            sys.exit("\n".join(wrong))
        options.output.mkdir(parents=True, exist_ok=True)
        wheel = Path(shutil.copy(built, options.output))
        shutil.copy(archive, options.output)
        print(f"built {wheel} ({wheel.stat().st_size // 1024} KiB) from {archive.name}", flush=True)
        pythons = options.python or [sys.executable]
        for number, python in enumerate(pythons):
            use(wheel, folder / f"wheel-{number}", python)
        if options.archive:
            use(archive, folder / "from-archive", pythons[0])


def built_archive(folder: Path, root: Path = ROOT) -> Path:
    """The source distribution of a checkout, made in a new folder."""
    folder.mkdir()
    make = f"from setuptools import build_meta; build_meta.build_sdist({str(folder)!r})"
    _run([sys.executable, "-W", "ignore", "-c", make], cwd=root, stdout=subprocess.DEVNULL)
    (archive,) = folder.glob("*.tar.gz")
    return archive


def built_wheel(archive: Path, folder: Path, *options: str) -> Path:
    """The wheel of a source distribution, compiled here, with further options of pip."""
    _run([sys.executable, *_PIP, "wheel", "--no-deps", *options, "--wheel-dir", str(folder), str(archive)])
    (wheel,) = folder.glob("*.whl")
    return wheel


def missing_sources(archive: Path, root: Path = ROOT) -> list[str]:
    """What the libraries are built from and a source distribution does not have."""
    with tarfile.open(archive) as opened:
        there = {name.partition("/")[2] for name in opened.getnames()}
    compiled = (path for name in (f"{CELLS}/kernel", WALK, FAST) for path in (root / name).iterdir() if path.is_file())
    needed = sorted([*compiled, root / CELLS / "sources.py", root / "pyproject.toml", root / "setup.cfg"])
    names = (path.relative_to(root).as_posix() for path in needed)
    return [f"{archive.name} has no {name}" for name in names if name not in there]


def wrong_contents(wheel: Path) -> list[str]:
    """What a wheel has and should not have, or should have and has not."""
    wrong = [] if TAG in wheel.name else [f"{wheel.name} is not for all of Python's versions ({TAG})"]
    with zipfile.ZipFile(wheel) as opened:
        there = opened.namelist()
    wrong += [f"{wheel.name} has no {path}" for path in LIBRARIES if path not in there]
    wrong += [
        f"{wheel.name} has {path}" for path in there if path.startswith((f"{CELLS}/kernel/", f"{WALK}/", f"{FAST}/"))
    ]
    return wrong


def use(built: Path, folder: Path, python: str) -> None:
    """Install a wheel or a source distribution in a new environment in a new folder, and ask it what is known."""
    folder.mkdir()
    environment = folder / "environment"
    own = environment / "bin" / "python"
    digest = runpy.run_path(str(ROOT / CELLS / "sources.py"))["digest"]()
    _run([python, "-m", "venv", str(environment)])
    _run([str(own), *_PIP, "install", "--constraint", str(ROOT / "scripts" / "constraints.txt"), str(built)])
    print(f"{built.name} in an environment of {python}:", flush=True)
    _run([str(own), "-I", "-c", QUESTIONS.format(environment=str(environment), digest=digest)], cwd=folder)
    _run([str(own.with_name("polyrelu")), "selftest"], cwd=folder)


_PIP = ("-m", "pip", "--quiet", "--disable-pip-version-check")


def _run(command: Sequence[str], cwd: Path | None = None, stdout: int | None = None) -> None:
    alone = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}  # no other polyrelu in sight
    code = subprocess.run(command, cwd=cwd, stdout=stdout, env=alone, check=False).returncode
    if code:
        sys.exit(f"scripts/build_wheel.py: exit code {code} of {' '.join(command[:3])}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=ROOT / "dist", help="where both are left (dist)")
    parser.add_argument(
        "--python", action="append", help="the Python of a clean environment (this one); may be repeated"
    )
    parser.add_argument("--archive", action="store_true", help="install the source distribution, too")
    return parser.parse_args()


if __name__ == "__main__":
    main()
