"""Instructions of a call, counted by callgrind: the same on a busy machine as on a quiet one.

Its main() answers the regions of each network twice under callgrind, which dumps its counts whenever a function of
the C library is called that nothing else calls; what is counted is the second answer, Python included. Two things are
left out, since they take up to four times the largest answer, once in a while: Python's collection of garbage, as in
timeit, and the looks at limits and at the bar of progress that the engine takes every twentieth of a second.
"""

from __future__ import annotations

import gc
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from polyrelu.engines.cells import runner

from .networks import NETWORKS, box, network
from .verbs import regions

MARK = "cbrt*"
"""The function of the C library, which nothing else here calls."""


def counted() -> dict[str, int]:
    """For each network the instructions that its regions take. Cost: about two minutes."""
    with tempfile.TemporaryDirectory() as place:
        out = Path(place, "counts")
        tool = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", f"--dump-before={MARK}"]
        program = [sys.executable, "-c", f"from {__name__} import main; main()"]
        folder = Path(__file__).parents[len(__package__.split("."))]
        variables = {**os.environ, "PYTHONHASHSEED": "0"}
        subprocess.run([*tool, *program], cwd=folder, env=variables, check=True, capture_output=True)
        dumps = [Path(f"{out}.{k}") for k in range(1, 2 * len(NETWORKS) + 1)]
        totals = [int(re.findall(r"^(?:summary|totals): (\d+)", dump.read_text(), re.MULTILINE)[-1]) for dump in dumps]
    return dict(zip(NETWORKS, totals[1::2], strict=True))


class Instructions:
    """Instructions of a call that finds all linear regions."""

    params = tuple(NETWORKS)
    param_names = ("network",)
    timeout = 600
    unit = "instructions"

    def setup_cache(self) -> dict[str, int]:
        """All counts, from one process."""
        return counted() if shutil.which("valgrind") else {}

    setup_cache.timeout = 3600  # type: ignore[attr-defined]

    def track_regions(self, counts: dict[str, int], name: str) -> int | None:
        """How many instructions; nothing where there is no valgrind."""
        return counts.get(name)


Instructions.track_regions.unit = "instructions"  # type: ignore[attr-defined]


def main() -> None:
    """Answer each question twice, with a mark before and after the second time."""
    gc.disable()
    vars(runner)["SECONDS"] = 3600.0  # one turn, on a machine however slow
    for name in NETWORKS:
        net, domain = network(name), box(name)
        regions(net, domain)
        math.cbrt(2.0)
        regions(net, domain)
        math.cbrt(2.0)
