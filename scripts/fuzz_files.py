"""Damage files of every format that polyrelu reads, and see what their readers say.

    ./scripts/run python scripts/fuzz_files.py                        # 30,000 files
    ./scripts/run python scripts/fuzz_files.py --count 500 --seed 7 --formats npz,keras
    ./scripts/run python scripts/fuzz_files.py --only 1234 --keep DIR # one of them again, kept as a file

The files that are damaged are made by scripts/file_seeds.py: networks (.npz .onnx .keras .h5 .nnet .safetensors, and
.pt where torch is installed), properties (.vnnlib) and tilings (.npz .parquet), some packed by gzip. A file is read, or
refused with an error of polyrelu or of the system, in words. Anything else is a fault: another exception or warning, a
crash of the process, more than --seconds of computing for one file, or more memory than --megabytes, the documented
limit. Equal seeds make equal files. Exits with 1 if there are faults; each kind is shown with the number of its first
file.

What is foreseen is refused by the readers themselves. --strict also counts what only the last net catches
(polyrelu.formats.packed.refusing), which says less about what is wrong.
"""

from __future__ import annotations

import argparse
import faulthandler
import os
import random
import resource
import select
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from file_seeds import FORMATS, damaged, seeds, seeds_elsewhere
from tqdm import tqdm

import polyrelu as pr

_STALLED_SECONDS = 60  # of a process that does not even hear its alarm
_BATCH = 4000  # files a process, so that memory that leaks is given back


class Late(BaseException):
    """A file took too long; no Exception, so that no reader can catch it."""


class Options(NamedTuple):
    """What the command line says."""

    seed: int
    formats: tuple[str, ...]
    seconds: float
    megabytes: int
    strict: bool


def read(path: Path, kind: str) -> object:
    """Read a file as what it ought to be."""
    if kind == "property":
        return pr.load_property(path)
    if kind == "tiling":
        return pr.load_tiling(path)
    return pr.load_network(path).widths


def fault_of(path: Path, kind: str, strict: bool = False) -> str | None:
    """What is wrong with how a file is read, in a line; None if it is read, or refused in words."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", pr.RoundedWarning)
        try:
            read(path, kind)
        except (pr.PolyreluError, OSError) as error:
            cause = error.__cause__
            if path.name not in str(error):
                return f"the file is not named: {_where(error)}"
            if isinstance(cause, MemoryError):
                return "more memory than the limit"
            if strict and "that is understood (" in str(error):
                return f"caught by the last net only: {_where(cause or error)}"
            return None
        except Exception as error:
            return _where(error)
    return None


def _where(error: BaseException) -> str:
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "polyrelu" in f.filename]
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
    return f"{type(error).__name__} at {place}: {str(error)[:80]}"


def made(number: int, options: Options) -> tuple[str, str, bytes]:
    """The name, the kind and the content of the file with a number."""
    chosen = [seed for seed in seeds() if seed.format in options.formats]
    rng = random.Random(f"{options.seed} {number}")
    seed = chosen[number % len(chosen)]
    return f"file{seed.suffix}", seed.kind, damaged(seed, chosen, rng)


def _work(numbers: range, options: Options, out: int) -> None:
    """Read the files with these numbers, telling which one is next, and what is wrong with it."""

    def late(*_: object) -> None:
        raise Late

    faulthandler.disable()
    signal.signal(signal.SIGPROF, late)
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() if _LINUX else 0
    if size:
        limit = size + options.megabytes * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    with tempfile.TemporaryDirectory() as folder:
        for number in numbers:
            os.write(out, f"{number}\t\n".encode())
            name, kind, content = made(number, options)
            path = Path(folder) / name
            path.write_bytes(content)
            try:
                signal.setitimer(signal.ITIMER_PROF, options.seconds)
                fault = fault_of(path, kind, options.strict)
                signal.setitimer(signal.ITIMER_PROF, 0)
            except Late as error:
                fault = f"more than {options.seconds:g} seconds, {_where(error)}"
            if fault is not None:
                os.write(out, f"{number}\t{name}: {fault!r}\n".encode())


_LINUX = sys.platform.startswith("linux")


def faults(numbers: range, options: Options) -> Iterator[tuple[int, str | None]]:
    """Each number, and what is wrong with reading its file, from a process that may crash."""
    at = numbers.start
    while at < numbers.stop:
        source, out = os.pipe()
        child = os.fork()
        if not child:
            try:
                os.close(source)
                sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - what libraries print while they are refused
                os.dup2(sys.stderr.fileno(), 2)
                _work(range(at, numbers.stop), options, out)
            finally:
                os._exit(0)
        os.close(out)
        ended = ""
        buffer, last = b"", at - 1
        while True:
            if not select.select([source], [], [], _STALLED_SECONDS)[0]:
                os.kill(child, signal.SIGKILL)
                ended = f"no sign of life for {_STALLED_SECONDS} seconds"
            chunk = os.read(source, 2**16)
            if not chunk:
                break
            *lines, buffer = (buffer + chunk).split(b"\n")
            for line in lines:
                number, _, fault = line.decode().partition("\t")
                last = int(number)
                yield last, fault or None
        os.close(source)
        status = os.waitpid(child, 0)[1]
        at = max(last + 1, at + 1)
        if os.WIFSIGNALED(status):
            name = made(last, options)[0]
            yield last, f"{name}: {ended or f'the process dies of signal {os.WTERMSIG(status)}'}"
        elif last < numbers.stop - 1:
            yield last, f"{made(last, options)[0]}: the process ended"


def main() -> None:
    """Read damaged files and count what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=30_000, help="how many files (default: 30000)")
    parser.add_argument("--start", type=int, default=0, help="the number of the first (default: 0)")
    parser.add_argument("--seed", type=int, default=0, help="of the damage (default: 0)")
    parser.add_argument("--formats", default=",".join(FORMATS), help="separated by commas (default: all)")
    parser.add_argument("--seconds", type=float, default=5.0, help="of computing, the most for one file (default: 5)")
    parser.add_argument("--megabytes", type=int, default=4096, help="of memory beyond the start (default: 4096)")
    parser.add_argument("--strict", action="store_true", help="count what only the last net catches, too")
    parser.add_argument("--only", type=int, help="make and read the file with this number alone, in this process")
    parser.add_argument("--keep", type=Path, help="a directory for files with faults")
    given = parser.parse_args()
    options = Options(given.seed, tuple(given.formats.split(",")), given.seconds, given.megabytes, given.strict)
    if given.only is not None:
        name, kind, content = made(given.only, options)
        path = _kept(given.keep or Path(tempfile.mkdtemp()), given.only, name, content)
        print(path)
        print(read(path, kind))
        return
    seeds_elsewhere()
    numbers = range(given.start, given.start + given.count)
    found: Counter[str] = Counter()
    first: dict[str, int] = {}
    began = time.monotonic()
    with tqdm(total=given.count, unit=" files", disable=None) as bar:
        for begin in range(numbers.start, numbers.stop, _BATCH):
            for number, fault in faults(range(begin, min(begin + _BATCH, numbers.stop)), options):
                if fault is None:
                    bar.update()
                    continue
                found[fault] += 1
                if first.setdefault(fault, number) == number and given.keep is not None:
                    name, _, content = made(number, options)
                    _kept(given.keep, number, name, content)
    for fault, times in found.most_common():
        print(f"{times:6}  {fault}  (first: --only {first[fault]})")
    print(f"{sum(found.values())} faults in {given.count} files, {time.monotonic() - began:.0f} seconds")
    sys.exit(bool(found))


def _kept(folder: Path, number: int, name: str, content: bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{number}-{name}"
    path.write_bytes(content)
    return path


if __name__ == "__main__":
    main()
