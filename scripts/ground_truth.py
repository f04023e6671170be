"""Ground truth for this and other tools: small questions, their exact answers, and certificates of these.

    ./scripts/run python scripts/ground_truth.py                  # look whether all that is stored is so
    ./scripts/run python scripts/ground_truth.py --write          # write questions, certificates and table anew
    ./scripts/run python scripts/ground_truth.py --public DIR     # the answers about public networks, from their files

All numbers are multiples of powers of two that float32 holds, so a tool in floats asks the same question. Answers are
counts, and volumes as fractions. tests/ground_truth/README.md says what is in the files. Exits with 1 if something
differs.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import sys
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import polyrelu as pr
from polyrelu.certificates import checker

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "tests" / "ground_truth"
TABLE, PUBLIC_TABLE = "answers.json", "public.json"

Layers = list[tuple[list[list[Any]], list[Any]]]


class Question(NamedTuple):
    """A question, and what it is there for; without a target it asks for the linear regions."""

    name: str
    about: str
    network: pr.Network
    target: str | None
    domain: pr.Polyhedron


def box(dim: int, side: int = 1) -> pr.Polyhedron:
    """The cube [-side, side]^dim."""
    return pr.Polyhedron.box([-side] * dim, [side] * dim)


def drawn(seed: int, *widths: int, zero_biases: bool = False) -> pr.Network:
    """A network of the given widths whose numbers are eighths, at most 2 in size."""
    choose = random.Random(seed)

    def number() -> Fraction:
        return Fraction(choose.randint(-16, 16), 8)

    layers: Layers = [
        ([[number() for _ in range(a)] for _ in range(b)], [0 if zero_biases else number() for _ in range(b)])
        for a, b in itertools.pairwise(widths)
    ]
    return pr.Network(layers)


def layer(seed: int, *widths: int) -> pr.Network:
    """One such layer, whose neurons have ReLUs."""
    (only,) = drawn(seed, *widths).layers
    return pr.Network([pr.Layer(only.weight, only.bias, True)])


def arrangement(rows: list[list[Any]], offsets: list[Any] | None = None) -> pr.Network:
    """A layer of ReLU neurons, which cut their inputs like hyperplanes."""
    return pr.Network([(rows, offsets or [0] * len(rows))], relu=[True])


def questions() -> Iterator[Question]:
    """All questions that are stored."""
    space = pr.Polyhedron.whole_space
    absolute = pr.Network([([[1], [-1]], [0, 0]), ([[1, 1]], [0])])
    wedges = pr.Network([([[1, 0], [-1, 0], [0, 1], [0, -1]], [0] * 4), ([[1, 1, -1, -1]], [0])])
    braid = [[(k == i) - (k == j) for k in range(4)] for i in range(4) for j in range(i)]
    three = [[1, 0], [0, 1], [1, 1]]
    yield Question("absolute", "two tiles that do not touch", absolute, "y0 >= 1/2", box(1))
    yield Question("wedges", "two zones that meet in a point, each of two tiles", wedges, "y0 >= 0", box(2))
    yield Question("ridge", "a preimage without area: the diagonals of a square", wedges, "y0 == 0", box(2))
    yield Question("line", "a flat preimage of a neuron and its opposite", absolute, "y0 <= 0", box(1))
    yield Question("braid", "x_i = x_j in four dimensions: 4! chambers", arrangement(braid), None, space(4))
    yield Question(
        "cube",
        "four coordinates: 2^4 orthants",
        arrangement([[int(i == j) for j in range(4)] for i in range(4)]),
        None,
        space(4),
    )
    yield Question(
        "generic-lines", "eight lines in the plane, of which no three meet: 1 + 8 + 28", layer(5, 2, 8), None, space(2)
    )
    yield Question("generic-planes", "six planes in space: 1 + 6 + 15 + 20", layer(3, 3, 6), None, space(3))
    yield Question("concurrent", "three lines through a point: six regions", arrangement(three), None, box(2))
    yield Question(
        "nearly-concurrent",
        "the third line misses the point by 2^-40: seven",
        arrangement(three, [0, 0, Fraction(1, 2**40)]),
        None,
        box(2),
    )
    yield Question(
        "sliver", "a strip 2^-60 wide", arrangement([[1, 0]]), "y0 <= 1/1152921504606846976 and y0 > 0", box(2)
    )
    yield Question(
        "parallel",
        "parallel and repeated neurons",
        arrangement([[1, 1], [2, 2], [1, 1], [-1, -1], [1, 1]], [0, 0, -1, 1, "1/2"]),
        None,
        box(2),
    )
    yield Question("cones", "no biases: all regions are cones", drawn(1, 2, 6, 6, 1, zero_biases=True), None, space(2))
    yield Question("plane-regions", "2-8-8-1, linear regions", drawn(19, 2, 8, 8, 1), None, box(2, 2))
    yield Question(
        "plane-preimage", "2-8-8-1, where the output is positive", drawn(19, 2, 8, 8, 1), "y0 > 0", box(2, 2)
    )
    yield Question("plane-unbounded", "the same, on the whole plane", drawn(19, 2, 8, 8, 1), "y0 > 0", space(2))
    yield Question("space", "3-6-6-2, where the first class wins", drawn(3, 3, 6, 6, 2), "y0 > y1", box(3))
    yield Question("four", "4-6-5-1, a band of values", drawn(3, 4, 6, 5, 1), "y0 >= -1 and y0 <= 1", box(4))
    yield Question(
        "flat-domain",
        "a plane in four dimensions",
        drawn(3, 4, 6, 5, 1),
        "y0 >= 0",
        box(4) & pr.Polyhedron([[1, 1, 0, -1], [0, 1, -1, 0]], [0, 0], equalities=[0, 1]),
    )


def answer(question: Question, place: Path) -> dict[str, Any]:
    """Write a question and its certificate; the answer, in numbers."""
    statement = pr.Statement.of(question.network, question.target, question.domain)
    statement.save(place / f"{question.name}.question.txt")
    statement.certify(place / f"{question.name}.cert.gz", form="cells", progress=False)
    return {
        "about": question.about,
        "widths": list(question.network.widths),
        "target": question.target,
        "hash": statement.hash,
        **numbers(question),
        "claim": claim(place, question.name),
    }


def claim(place: Path, name: str) -> str:
    """What the small checker says of a certificate."""
    check: Callable[..., str] = checker.check  # a program of its own, without types
    return check((place / f"{name}.question.txt").read_bytes(), [place / f"{name}.cert.gz"])


def numbers(question: Question, method: str = "auto") -> dict[str, Any]:
    """The answer by an engine: how many tiles, how many of them flat, how many zones, and their volume."""
    network, target, domain = question[2:]
    if target is None:
        tiling = pr.linear_regions(network, domain, method, progress=False)
        return {"regions": len(tiling)}
    tiling = pr.preimage(network, target, domain, method, progress=False)
    flat = sum(tile.dim < domain.dim for tile in tiling)
    found: dict[str, Any] = {"tiles": len(tiling) - flat, "flat": flat}
    if domain.is_bounded() and domain.is_full_dimensional():
        found["volume"] = str(sum((tile.polyhedron.volume() for tile in tiling), Fraction(0)))
    return found


def differences(place: Path = FOLDER) -> Iterator[str]:
    """What is stored and is not so."""
    table = json.loads((place / TABLE).read_text(encoding="utf-8"))
    asked = {question.name: question for question in questions()}
    if list(asked) != list(table):
        yield f"{TABLE} has {', '.join(table)}; there are {', '.join(asked)}"
    for name in asked.keys() & table.keys():
        stored, question = table[name], asked[name]
        statement = pr.Statement.of(question.network, question.target, question.domain)
        if statement.text != (place / f"{name}.question.txt").read_text(encoding="utf-8"):
            yield f"{name}: the question is another one"
        found = {"hash": statement.hash, **numbers(question), "claim": claim(place, name)}
        yield from (
            f"{name}: {key} is {value}, stored is {stored.get(key)}"
            for key, value in found.items()
            if stored.get(key) != value
        )


def public_questions(folder: Path) -> Iterator[Question]:
    """Questions about public networks, from their files, which are not part of this project."""
    for name, (network, prop, about) in PUBLIC.items():
        loaded = pr.load_network(folder / f"{network}.onnx")
        (case,) = pr.load_property(folder / f"{prop}.vnnlib", loaded.input_dim, loaded.output_dim).disjuncts
        yield Question(name, about, loaded, None, case.domain)


PUBLIC = {
    "parking": ("auto_park_20", "auto_park_20", "vehicle parking, 2-20-4, the box of its property"),
    "vcas": ("vcas_21_1", "vcas_21_1", "VCAS, 4-21-9, the box of its property"),
    "pendulum": ("rpm_pendulum", "rpm_pendulum", "pendulum of RPM, 2-12-2, the box of its property"),
    "van-der-pol": ("rpm_vanderpol", "rpm_vanderpol", "van der Pol of RPM, 2-20-20-2, the box of its property"),
    "acasxu-2-2-property-3": ("acasxu_2_2", "acasxu_prop_3", "ACAS Xu N2_2, 5-50x6-5, the box of property 3"),
    "acasxu-2-2-property-4": ("acasxu_2_2", "acasxu_prop_4", "ACAS Xu N2_2, 5-50x6-5, the box of property 4"),
}


def public_answers(folder: Path) -> dict[str, dict[str, Any]]:
    """The linear regions of public networks, and the hash of each question as a statement."""
    return {
        question.name: {
            "about": question.about,
            "files": [f"{PUBLIC[question.name][0]}.onnx", f"{PUBLIC[question.name][1]}.vnnlib"],
            "hash": pr.Statement.of(question.network, None, question.domain).hash,
            **numbers(question),
        }
        for question in public_questions(folder)
    }


def main() -> None:
    """Write, or look."""
    options = _options()
    if options.write:
        FOLDER.mkdir(exist_ok=True)
        table = {question.name: answer(question, FOLDER) for question in questions()}
        (FOLDER / TABLE).write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    wrong = list(differences())
    if options.public:
        stored = json.loads((FOLDER / PUBLIC_TABLE).read_text(encoding="utf-8")) if not options.write else None
        found = public_answers(options.public)
        if options.write:
            (FOLDER / PUBLIC_TABLE).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        elif stored != found:
            wrong.append(f"{PUBLIC_TABLE} differs: {json.dumps(found)}")
    print("\n".join(wrong) or "all that is stored is so")
    sys.exit(bool(wrong))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write questions, certificates and the table anew")
    parser.add_argument("--public", type=Path, metavar="DIR", help="the answers about public networks, too, from DIR")
    return parser.parse_args()


if __name__ == "__main__":
    main()
