"""Others that find linear regions: edge subdivision and relucent, in an environment that has PyTorch."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from pathlib import Path

from measuring.engines import environment

EDGE_SUBDIVISION = Path(__file__).parent.parent / "peers" / "edge_subdivision.py"
METHODS = ("published", "hashed")
PEERS = ("relucent==1.0.0", "torch")
RELUCENT = """
import sys, json, time, numpy, torch, relucent
widths, regions = json.loads(sys.argv[1]), int(sys.argv[2])
rng, layers = numpy.random.default_rng(0), []
for a, b in zip(widths, widths[1:]):
    layer = torch.nn.Linear(a, b, dtype=torch.float64)
    layer.weight.data = torch.tensor(rng.normal(0, (2 / a) ** 0.5, (b, a)))
    layer.bias.data = torch.tensor(rng.normal(0, 0.5, b))
    layers += [layer, torch.nn.ReLU()]
relucent.Complex(torch.nn.Sequential(*layers)).bfs(max_polys=5, nworkers=1, verbose=0)
complex = relucent.Complex(torch.nn.Sequential(*layers))
began = time.perf_counter()
complex.bfs(max_polys=regions, nworkers=1, verbose=0)
print((time.perf_counter() - began) / len(complex))
"""


def peer_python(given: str | None, wanted: bool) -> str | None:
    """The interpreter of an environment with relucent and torch; None when not asked for, or not to be had."""
    if given or not wanted:
        return given
    python = environment("benchmark-peers", PEERS)
    if python is None:
        print("they could not be installed; their columns are left out", file=sys.stderr)
    return python


class EdgeSubdivision:
    """The peer of scripts/peers, in a process of its own that waits for networks."""

    def __init__(self, python: str) -> None:
        command = [python, str(EDGE_SUBDIVISION), "--count", *(f"--method={method}" for method in METHODS)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def seconds(self, widths: tuple[int, ...], expected: int) -> dict[str, float] | None:
        """The seconds of each method, which must find the expected number of regions; None when it does not answer."""
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin is not None
        assert stdout is not None
        try:
            print("-".join(map(str, widths)), file=stdin, flush=True)
        except BrokenPipeError:
            return None
        line = stdout.readline()
        if not line:
            return None
        found = json.loads(line)
        assert all(found[method]["regions"] == expected for method in METHODS), f"{line}expected {expected}"
        return {method: found[method]["seconds"] for method in METHODS}

    def close(self) -> None:
        """Let the process end."""
        with contextlib.suppress(BrokenPipeError):
            self.process.communicate()


def edge_subdivision(python: str | None) -> EdgeSubdivision | None:
    """The peer, warm, or None and a message."""
    if python is None:
        return None
    peer = EdgeSubdivision(python)
    if peer.seconds((2, 1), 2) is None:
        peer.close()
        print(f"edge subdivision is not measured: {python} cannot run {EDGE_SUBDIVISION.name}", file=sys.stderr)
        return None
    return peer


def relucent_seconds(python: str, widths: tuple[int, ...], regions: int) -> float | None:
    """Seconds per region of relucent; None when it fails on this network."""
    done = subprocess.run(
        [python, "-c", RELUCENT, json.dumps(widths), str(regions)], capture_output=True, text=True, check=False
    )
    return float(done.stdout.split()[-1]) if done.returncode == 0 else None
