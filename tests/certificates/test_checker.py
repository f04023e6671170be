"""What the checker proves is what the package finds, and bad files end in a rejection (issue 17)."""

from __future__ import annotations

import gzip
import hashlib
import random
import subprocess
import sys
import time
import zlib
from itertools import pairwise
from pathlib import Path

import pytest

import polyrelu as pr
from polyrelu.certificates import checker
from polyrelu.polyhedra.polyhedron import Polyhedron
from tests.certificates import prover

SOURCE = Path(checker.__file__)


def proved(text: str, *evidence: str | bytes, folder: Path) -> str:
    """What is proved by evidence in files of a folder."""
    paths = []
    for number, content in enumerate(evidence):
        paths.append(folder / f"evidence{number}")
        paths[-1].write_bytes(content.encode() if isinstance(content, str) else content)
    return checker.check(text.encode(), [str(path) for path in paths])


def head_of(text: str) -> str:
    return f"polyrelu-cells 1 {hashlib.sha256(text.encode()).hexdigest()}\n"


# -- against the package --------------------------------------------------------------------------------------------

TARGETS = ["y0 <= 0", "y0 < 0", "y0 == 0", "y0 >= 1", "y0 > -1"]


def drawn(rng: random.Random, inputs: int) -> tuple[pr.Network, str]:
    """A degenerate network, and its layers as text; an affine layer comes last."""
    widths = [inputs, *(rng.randint(1, 4) for _ in range(rng.randint(1, 2))), 1]
    layers, lines = [], list[str]()
    for k, (a, b) in enumerate(pairwise(widths)):
        rows = [[rng.choice([-1, 0, 1]) for _ in range(a)] for _ in range(b)]
        offsets = [rng.choice([-1, 0, 1]) for _ in range(b)]
        layers.append((rows, offsets))
        lines.append("layer linear" if k == len(widths) - 2 else "layer relu")
        lines += [" ".join(map(str, [*row, offset])) for row, offset in zip(rows, offsets, strict=True)]
    return pr.Network(layers), "\n".join(lines)


def asked(layers: str, inputs: int, target: str) -> str:
    """The question in the box [-1, 1]^inputs."""
    box = [f"1 x{i} {side}" for i in range(inputs) for side in (">= -1", "<= 1")]
    lines = ["polyrelu-statement 1", f"inputs {inputs}", "domain", *box, layers]
    return "\n".join(lines + (["target", f"1 {target}"] if target else [])) + "\n"


@pytest.mark.parametrize("seed", range(40))
def test_tiles_flat_parts_and_zones_are_those_of_the_package(seed, tmp_path):
    rng = random.Random(seed)
    inputs = rng.choice([1, 2, 2, 3])
    network, layers = drawn(rng, inputs)
    target = rng.choice(TARGETS)
    text = asked(layers, inputs, target)
    tiling = pr.preimage(network, pr.parse(target, dim=1), Polyhedron.box([-1] * inputs, [1] * inputs))
    tiles = sum(tile.dim == inputs for tile in tiling)
    zones = sum(any(tile.dim == inputs for tile in zone) for zone in tiling.zones()) if tiles else 0
    found = f"preimage: target 0: {tiles} tiles, {len(tiling) - tiles} flat parts, {zones} zones"
    expected = found if len(tiling) else "holds: no point of the domain maps into a target"
    for stop in (prover.in_full, prover.early, prover.at_random(seed)):
        assert proved(text, prover.certificate(text, stop=stop), folder=tmp_path) == expected


@pytest.mark.parametrize("seed", range(20))
def test_linear_regions_are_those_of_the_package(seed, tmp_path):
    rng = random.Random(seed)
    inputs = rng.choice([1, 2, 3])
    network, layers = drawn(rng, inputs)
    text = asked(layers, inputs, "")
    regions = pr.linear_regions(network, Polyhedron.box([-1] * inputs, [1] * inputs))
    certificate = prover.certificate(text)
    assert proved(text, certificate, folder=tmp_path) == f"regions: {len(regions)}"


# -- questions that are hardly any ----------------------------------------------------------------------------------

HARDLY = [
    ("no inputs", "inputs 0\ntarget\n<= 1", [], "preimage: target 0: 1 tiles, 0 flat parts, 1 zones"),
    ("no inputs, missed", "inputs 0\ntarget\n< 0", [], "holds: no point of the domain maps into a target"),
    ("no rows", "inputs 1\ndomain\n1 x0 >= 0\ntarget", [], "preimage: target 0: 1 tiles, 0 flat parts, 1 zones"),
    ("no layers", "inputs 1\ndomain\n1 x0 >= 0\ntarget\n1 y0 > 1", [], "preimage: target 0: 1 tiles, 0 flat parts"),
    ("a constant", "inputs 1\ndomain\n1 x0 >= 0\n<= 3\ntarget\n1 x0 <= 0", [], "preimage: target 0: 0 tiles, 1 flat"),
    ("a strict end", "inputs 1\ndomain\n1 x0 > 0\ntarget\n1 x0 <= 0", [], "holds"),
    ("nothing seen", "inputs 2\nlayer relu\n1 1 0\ntarget", ["line 0", "line 1"], "preimage: target 0: 1 tiles"),
    ("a line", "inputs 2\nlayer relu\n1 1 0\ntarget\n1 y0 > 1", ["line 0 1 -1"], "preimage: target 0: 1 tiles"),
    ("an equation", "inputs 2\ndomain\n1 x0 1 x1 == 1\ntarget\n1 x0 > 1", ["eq 0 0 1 | 0 -1"], "preimage: target 0: 1"),
    (
        "an equation, of which the target reads the input",
        "inputs 2\ndomain\n1 x0 1 x1 == 1\n1 x1 >= 0\nlayer relu\n1 0 0\nlayer linear\n1 0\ntarget\n1 x0 1 y0 > 1",
        ["eq 0 0 1 | 0 -1"],
        "preimage: target 0: 1 tiles, 0 flat parts, 1 zones",
    ),
    (
        "along both",
        "inputs 2\ndomain\n1 x0 -2 x1 == 0\ntarget\n1 x0 -2 x1 >= 0",
        ["eq 0 0 1 | 0 -1", "line 1"],
        "preim",
    ),
    ("two of an edge", "inputs 1\ntarget\n1 x0 <= 0\n-1 x0 <= 0", [], "preimage: target 0: 0 tiles, 1 flat parts, 0"),
    ("linear only", "inputs 1\ndomain\n1 x0 >= 0\nlayer linear\n2 1", [], "regions: 1"),
]


@pytest.mark.parametrize(("name", "groups", "head", "claim"), HARDLY, ids=[one[0] for one in HARDLY])
def test_questions_that_are_hardly_any(name, groups, head, claim, tmp_path):
    text = f"polyrelu-statement 1\n{groups}\n"
    assert proved(text, prover.certificate(text, head), folder=tmp_path).startswith(claim)


def test_a_domain_without_points_is_shown_to_be_empty(tmp_path):
    text = "polyrelu-statement 1\ninputs 1\ndomain\n1 x0 < 0\n1 x0 >= 0\ntarget\n1 x0 <= 0\n"
    assert proved(text, head_of(text) + "empty 0 1 1 1\n", folder=tmp_path) == "empty: the domain has no points"


UNIT = "polyrelu-statement 1\ninputs 1\ndomain\n1 x0 >= 0\n1 x0 <= 1\nlayer relu\n1 -1/2\ntarget\n1 y0 > 1/4\n"


def test_parts_in_files_of_their_own(tmp_path):
    parts = [prover.certificate(UNIT, root=root) for root in "01"]
    assert proved(UNIT, *parts, folder=tmp_path) == "preimage: target 0: 1 tiles, 0 flat parts, 1 zones"
    with pytest.raises(checker.Rejected, match="nothing is at 11, behind 01"):
        proved(UNIT, parts[0], folder=tmp_path)


def test_a_zone_that_goes_through_parts_is_one(tmp_path):
    """A root may be a full pattern, and its tile comes after the crossing into it."""
    text = UNIT.replace("> 1/4", ">= 0")
    parts = [prover.certificate(text, root=root) for root in ("00", "01", "10", "11") if root != "01"]
    parts = [part for part in parts if "end 0" not in part]
    assert proved(text, *parts, folder=tmp_path).endswith("1 zones")


def test_a_point_is_evidence_to_the_contrary(tmp_path):
    point = head_of(UNIT).replace("cells", "point") + "x {}\n"
    assert proved(UNIT, point.format("0.9"), folder=tmp_path) == "violated: the point maps into target 0"
    with pytest.raises(checker.Rejected, match="maps into no target"):
        proved(UNIT, point.format("1/2"), folder=tmp_path)


# -- changes that people make ---------------------------------------------------------------------------------------


def changed(certificate: str, how: str) -> str:
    """A cell is dropped, doubled or enlarged, and the count of cells repaired."""
    lines = certificate.rstrip().split("\n")
    i = next(i for i, line in enumerate(lines) if line.startswith("c "))
    if how == "dropped":
        lines.pop(i)
    elif how == "doubled":
        lines.insert(i, lines[i])
    else:
        x, t = next(line for line in lines if line.startswith("v ")).split()[1:]
        lines = [line if line != f"v {x} {t}" else f"v {int(x, 16) - 1:x} {t}" for line in lines]
    lines[-1] = f"end {sum(line.startswith('c ') for line in lines):x}"
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("how", ["dropped", "doubled", "enlarged"])
def test_a_change_is_rejected_and_said_where(how, tmp_path):
    with pytest.raises(checker.Rejected, match=r"line [0-9]+: |the end: (nothing is at 11, behind 01|cells .* twice)"):
        proved(UNIT, changed(prover.certificate(UNIT), how), folder=tmp_path)


def test_a_network_with_another_weight_is_rejected(tmp_path):
    other = UNIT.replace("1 -1/2", "1 -1/3")
    certificate = prover.certificate(UNIT).replace(head_of(UNIT), head_of(other))
    with pytest.raises(checker.Rejected, match=r"line [0-9]+: "):
        proved(other, certificate, folder=tmp_path)
    with pytest.raises(checker.Rejected, match="another statement"):
        proved(other, prover.certificate(UNIT), folder=tmp_path)


# -- files that are none --------------------------------------------------------------------------------------------

GOOD = prover.certificate(UNIT)
BAD = {
    "nothing": b"",
    "binary": bytes(range(256)) * 40,
    "no UTF-8": head_of(UNIT).encode() + b"\xff\xfe\n",
    "an endless line": head_of(UNIT).encode() + b"1" * 2**21,
    "no last line's end": GOOD.encode()[:-1],
    "an empty line": head_of(UNIT).encode() + b"\n",
    "gzip, truncated": gzip.compress(GOOD.encode())[:-9],
    "gzip, damaged": gzip.compress(GOOD.encode())[:30] + b"\0\0\0" + gzip.compress(GOOD.encode())[33:],
    "gzip, and more": gzip.compress(GOOD.encode()) + b"polyrelu",
    "a bomb of zeros": gzip.compress(bytes(2**27), 1),
    "a bomb of vertices": gzip.compress(head_of(UNIT).encode() + b"cells 0 -\nb\n" + b"v 0 1\n" * 2**18, 1),
    "a bomb of equations": gzip.compress(head_of(UNIT).encode() + b"eq 0 0 1 | 0 1\n" * 2**18, 1),
    "a huge number": head_of(UNIT).encode() + b"cells 0 -\nb\nv " + b"f" * 2**17 + b" 1\n",
    "a huge exponent": head_of(UNIT).encode().replace(b"cells", b"point") + b"x 1e999999999\n",
    "a huge fraction": head_of(UNIT).encode() + b"line 0 0 1/" + b"9" * 2**16 + b"\ncells 0 -\n",
    "a huge root": head_of(UNIT).encode() + b"cells 0 " + b"1" * 2**19 + b"\nb\nend 1\n",
    "a huge cell": head_of(UNIT).encode() + b"cells 0 -\nb\nv 0 1\nc 2" + b" 1" * 2**18 + b"\n",
    "many points of one cell": head_of(UNIT).encode()
    + b"cells 0 -\nb\n"
    + b"".join(b"v %x 100000\n" % k for k in range(2**14))
    + b"c 0"
    + b"".join(b" %x" % k for k in range(1, 2**14))
    + b"\n",
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_rejected_soon(name, tmp_path):
    began = time.process_time()
    with pytest.raises(checker.Rejected) as rejected:
        proved(UNIT, BAD[name], folder=tmp_path)
    assert time.process_time() - began < 20
    assert len(str(rejected.value)) <= 500


def test_damage_at_any_byte_is_seen(tmp_path):
    """A certificate in gzip is not read on after damage."""
    packed = gzip.compress(GOOD.encode(), mtime=0)
    for place in range(10, len(packed), 7):
        damaged = packed[:place] + bytes([packed[place] ^ 255]) + packed[place + 1 :]
        with pytest.raises((checker.Rejected, zlib.error)):
            proved(UNIT, damaged, folder=tmp_path)


@pytest.mark.parametrize(
    ("limit", "small", "message"),
    [
        ("MOST_IN_LINE", 8, "a line or file"),
        ("MOST_IN_FILE", 100, "a line or file"),
        ("MOST_IN_BLOCK", 2**12, "a block that is too long"),
        ("A_VERTEX", 2**27, "a block that is too long"),
    ],
)
def test_limits_of_a_file(limit, small, message, tmp_path, monkeypatch):
    monkeypatch.setattr(checker, limit, small)
    with pytest.raises(checker.Rejected, match=message):
        proved(UNIT, GOOD, folder=tmp_path)


FLAT = "polyrelu-statement 1\ninputs 1\ndomain\n1 x0 == 1\ntarget\n1 x0 > 0\n"


def test_limits_of_the_head(tmp_path, monkeypatch):
    certificate = prover.certificate(FLAT, ["eq 0 0 1 | 0 -1"])
    assert proved(FLAT, certificate, folder=tmp_path).startswith("preimage")
    twice = certificate.replace("eq 0 0 1", "eq 0 0 2 | 0 3\neq 0 0 1")  # what was said before is forgotten
    assert proved(FLAT, twice, folder=tmp_path).startswith("preimage")
    with pytest.raises(checker.Rejected, match="out of its range"):
        proved(FLAT, certificate.replace("eq 0", "eq 1"), folder=tmp_path)
    monkeypatch.setattr(checker, "MOST_IN_HEAD", 5)
    with pytest.raises(checker.Rejected, match="a line that is too long"):
        proved(FLAT, certificate, folder=tmp_path)
    with pytest.raises(checker.Rejected, match="a line that is too long"):
        proved(UNIT, head_of(UNIT).replace("cells", "point") + "x 0.99999\n", folder=tmp_path)


def test_limit_of_the_faces_of_a_cell(tmp_path, monkeypatch):
    text = "polyrelu-statement 1\ninputs 2\ndomain\n1 x0 >= 0\n1 x1 >= 0\n1 x0 1 x1 >= 0\ntarget\n1 x0 <= 1\n"
    assert proved(text, prover.certificate(text), folder=tmp_path).startswith("preimage")
    monkeypatch.setattr(checker, "MOST_WORK", 5)
    with pytest.raises(checker.Rejected, match="very many faces"):
        proved(text, prover.certificate(text), folder=tmp_path)


# -- the program ----------------------------------------------------------------------------------------------------


def test_it_is_a_program_of_its_own(tmp_path):
    (tmp_path / "q").write_text(UNIT)
    (tmp_path / "good").write_bytes(gzip.compress(GOOD.encode()))
    (tmp_path / "bad").write_text(changed(GOOD, "dropped"))

    def ran(*names):
        command = [sys.executable, "-I", "-S", str(SOURCE), *(str(tmp_path / name) for name in names)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    good, bad, missing = ran("q", "good"), ran("q", "bad"), ran("q", "missing")
    assert (good.returncode, good.stdout.split()[0]) == (0, "VERIFIED")
    assert (bad.returncode, bad.stderr.split()[0]) == (1, "REJECTED")
    assert (missing.returncode, missing.stderr.split()[0]) == (1, "REJECTED")


def test_its_lines_can_be_read():
    lines = SOURCE.read_text(encoding="utf-8").splitlines()
    assert max(map(len, lines)) <= 100
    assert len(lines) <= 400


def test_zones_do_not_hang_together_by_what_is_not_in_the_target(tmp_path):
    """|x| > 0 is two zones, and |x| >= 0 is one."""
    for relation, zones in ((">", 2), (">=", 1)):
        text = (
            "polyrelu-statement 1\ninputs 1\ndomain\n1 x0 >= -1\n1 x0 <= 1\n"
            f"layer relu\n1 0\n-1 0\nlayer linear\n1 1 0\ntarget\n1 y0 {relation} 0\n"
        )
        (tmp_path / "answer").write_text(prover.certificate(text))
        proved = checker.check(text.encode(), [tmp_path / "answer"])
        assert proved == f"preimage: target 0: 2 tiles, 0 flat parts, {zones} zones"
