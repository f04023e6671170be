"""Files of proofs that no input is nearer, or no value smaller or larger; and what checks them.

A proof is about a statement (:mod:`polyrelu.networks.statement`), whose SHA-256 it names. Its lines are JSON: a head,
which says what is claimed; for each tree a line that names it and one for each part, a part before those that it is
divided into; and for each end of a range without a tree a line that names it, and the lines of a certificate as texts.
Fractions are texts such as "1/3"; floats are what they are, written with as many digits as they need.

Reading decides nothing. Trees are checked by :meth:`polyrelu.analysis.optimality.Checker.check`, exactly, about the
statement; certificates by ``certificates/checker.py``, about the statement that the claim makes of it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import chain
from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from polyrelu.analysis.goals import NORMS, Evidence
from polyrelu.analysis.nearest_input import NearestInput, NearestProof
from polyrelu.analysis.output_range import Extreme, Form, OutputRange, RangeProof
from polyrelu.analysis.proof_trees import Claims, Part, WrongProof
from polyrelu.analysis.relaxed_rows import Split
from polyrelu.arithmetic.exact import ExactVector, FloatArray
from polyrelu.engines.evidence.certify import certify
from polyrelu.engines.evidence.files import lines_of, opened, question_beside
from polyrelu.errors import InputError
from polyrelu.networks.statement import Statement
from polyrelu.support.arguments import file_path
from polyrelu.support.files import write_whole
from polyrelu.support.limits import check

NEAREST, RANGE = "polyrelu-nearest 1", "polyrelu-range 1"
_ENDS = {1: "minimum", -1: "maximum"}


def save_proof(found: NearestInput | OutputRange, path: str | PathLike[str]) -> tuple[Path, Path]:
    """Write the proof of an answer, and beside it the statement that it is about.

    Args:
        found: an answer of :func:`polyrelu.nearest_input` or :func:`polyrelu.output_range`.
        path: where to; compressed if the name ends in ``.gz``. The statement of ``a.proof.gz`` is ``a.question.txt``.

    Returns:
        Both files: the proof, and the statement. Of an end that is infinite it proves nothing.

    Raises:
        InputError: the run was stopped, so that there is no proof.
        WriteError: a file cannot be written.

    Cost: microseconds for each number of the proof; that of certificates, see :func:`polyrelu.certify`.
    """
    place = file_path(path, "save_proof")
    if not found.complete:
        raise InputError("save_proof: the run was stopped, so there is no proof; ask again with more time")
    kind = NEAREST if isinstance(found, NearestInput) else RANGE
    certificates: Iterator[dict[str, int] | str] = iter(())
    if isinstance(found, NearestInput):
        statement = Statement.of(found.proof.network, list(found.proof.targets), found.proof.domain)
        head = _nearest_head(found)
    else:
        statement = Statement.of(found.proof.network, None, found.proof.domain)
        head, certificates = _range_head(found), _certificates(found)
        if not head["ends"]:
            raise InputError("save_proof: there is no end on either side, so there is nothing to prove; pass a box")
    head["statement"] = statement.hash

    def write(new: Path) -> None:
        with opened(new) as file:
            file.write(f"{kind}\n".encode())
            for line in chain((head,), _lines(found.proof.roots), certificates):
                check()
                file.write(f"{json.dumps(line, separators=(',', ':'))}\n".encode())

    write_whole(place, write)
    statement.save(question_beside(place))
    return place, question_beside(place)


def check_proof(question: str | PathLike[str], path: str | PathLike[str]) -> str:
    """Check the proof in a file against a statement, exactly; what it proves, as a sentence.

    Args:
        question: the file of the statement.
        path: the file of the proof.

    Raises:
        WrongProof: it does not prove that; the message says where.
        InputError: a file cannot be read.

    Cost: exact products of matrices for each part.
    """
    statement = Statement.load(file_path(question, "check_proof"))
    lines = lines_of(file_path(path, "check_proof"), "check_proof")
    kind = next(lines, b"").decode(errors="replace").strip()
    if kind not in (NEAREST, RANGE):
        raise InputError(f"check_proof: {path} does not begin like a proof, with {NEAREST!r} or {RANGE!r}")
    try:
        head = _object(next(lines, b""))
        if head["statement"] != statement.hash:
            raise WrongProof("the proof is about another statement")
        with TemporaryDirectory() as folder:
            trees, certificates = _read(lines, Path(folder))
            if kind == NEAREST:
                return _checked_nearest(statement, head, trees)
            return _checked_range(statement, head, trees, certificates)
    except (KeyError, IndexError, TypeError, ValueError, OverflowError, ZeroDivisionError) as error:
        if isinstance(error, WrongProof):
            raise
        raise WrongProof(f"{path} is no proof as save_proof writes them: {error}") from error


# -- what is claimed --------------------------------------------------------------------------------------------------


def _nearest_head(found: NearestInput) -> dict[str, Any]:
    assert found.point is not None
    return {
        "norm": found.norm,
        "start": _texts(found.proof.start),
        "point": _texts(found.point),
        "squared": str(found.squared_distance),
    }


def _checked_nearest(statement: Statement, head: Mapping[str, Any], trees: Mapping[int, Part]) -> str:
    norm, start, point = head["norm"], _fractions(head["start"]), _fractions(head["point"])
    squared = Fraction(head["squared"])
    dim = statement.network.input_dim
    if norm not in NORMS or len(start) != dim or len(point) != dim or statement.targets is None:
        raise WrongProof("the head does not fit the statement")
    proof = NearestProof(statement.network, statement.targets, statement.domain, start, trees)
    parts = proof.check(point, squared, norm)
    where = f"nearer in {norm} than {math.sqrt(squared):.9g}, the root of {squared}"
    return f"nothing that reaches the target is {where}, and a point of its closure is there ({parts} parts)"


def _ends(found: OutputRange) -> Iterator[tuple[int, Fraction, ExactVector]]:
    """The ends that are finite: the sign, the value, and where it is."""
    for sign, end in ((1, found.minimum), (-1, found.maximum)):
        if isinstance(end.value, Fraction) and end.point is not None:
            yield sign, end.value, end.point


def _range_head(found: OutputRange) -> dict[str, Any]:
    form = found.proof.form
    ends = {_ENDS[sign]: {"value": str(value), "point": _texts(point)} for sign, value, point in _ends(found)}
    return {"form": [_texts(form.coefficients), str(form.constant)], "ends": ends}


def _checked_range(
    statement: Statement, head: Mapping[str, Any], trees: Mapping[int, Part], certificates: Mapping[int, Path]
) -> str:
    coefficients, constant = _fractions(head["form"][0]), Fraction(head["form"][1])
    if len(coefficients) != statement.network.output_dim or not head["ends"]:
        raise WrongProof("the head does not fit the statement")
    proof = RangeProof(statement.network, Form(coefficients, constant), statement.domain, trees)
    said, parts = list[str](), 0
    for sign, name in _ENDS.items():
        if name not in head["ends"]:
            continue
        value, point = Fraction(head["ends"][name]["value"]), _fractions(head["ends"][name]["point"])
        if len(point) != statement.network.input_dim:
            raise WrongProof("the head does not fit the statement")
        if not (sign in trees or sign in certificates or proof.is_constant):
            raise WrongProof(f"nothing proves the {name}")
        end = Extreme(value, point, False, None, True, float(value))
        parts += proof.check(sign, end, certificates.get(sign))
        said.append(f"the {name} is {value}")
    return f"{' and '.join(said)} ({parts} parts)"


# -- trees ------------------------------------------------------------------------------------------------------------


def _lines(trees: Mapping[int, Part]) -> Iterator[dict[str, Any]]:
    for number, root in trees.items():
        yield {"tree": number}
        waiting = [root]
        while waiting:
            part = waiting.pop()
            yield _record(part)
            waiting += reversed(part.parts)


def _certificates(found: OutputRange) -> Iterator[dict[str, int] | str]:
    """For each end that has no tree a line that names it, and the lines of its certificate."""
    proof = found.proof
    for sign, value, _ in _ends(found):
        if sign in proof.roots or proof.is_constant:
            continue
        with TemporaryDirectory() as folder:
            path = Path(folder) / "below.cert"
            certify(proof.statement(sign, value), path, progress=False)
            yield {"certificate": sign}
            yield from (line.decode().rstrip("\n") for line in lines_of(path, "save_proof"))


def _read(lines: Iterator[bytes], folder: Path) -> tuple[dict[int, Part], dict[int, Path]]:
    """The trees of all lines that are left, and the certificates, which are written to files."""
    trees: dict[int, Part] = {}
    certificates: dict[int, Path] = {}
    record = _next(lines)
    while record is not None:
        if "certificate" in record:
            number = record["certificate"]
            if number not in _ENDS or number in certificates:
                raise WrongProof("a certificate comes twice, or is of no end")
            certificates[number] = folder / f"{len(certificates)}.cert"
            record = _copied(lines, certificates[number])
            continue
        number = record["tree"]
        if not isinstance(number, int) or number in trees:
            raise WrongProof("a tree comes twice, or has no number")
        trees[number] = _tree(lines)
        record = _next(lines)
    return trees, certificates


def _next(lines: Iterator[bytes]) -> dict[str, Any] | None:
    line = next(lines, None)
    return None if line is None else _object(line)


def _copied(lines: Iterator[bytes], path: Path) -> dict[str, Any] | None:
    """Write the lines of a certificate to a file; what comes after them, if anything."""
    with path.open("w") as file:
        for line in lines:
            check()
            text = json.loads(line)
            if not isinstance(text, str):
                return _object(line)
            file.write(f"{text}\n")
    return None


def _tree(lines: Iterator[bytes]) -> Part:
    """The next tree."""
    root, count = _part(_object(next(lines, b"")))
    open_ = [(root, count)] if count else []  # and how many parts each still waits for
    while open_:
        check()
        part, count = _part(_object(next(lines, b"")))
        above, missing = open_.pop()
        above.parts = (*above.parts, part)
        if missing > 1:
            open_.append((above, missing - 1))
        if count:
            open_.append((part, count))
    return root


def _record(part: Part) -> dict[str, Any]:
    evidence = part.evidence
    return {
        "box": [part.low.tolist(), part.high.tolist()],
        "splits": [[own.depth, own.neuron, own.is_active] for own in part.splits],
        "claims": [[own.places.tolist(), own.low.tolist(), own.high.tolist()] for own in part.claims],
        "parts": len(part.parts),
        "cut": part.cut,
        "order": [[own.depth, own.neuron, own.is_active] for own in part.order],
        "slopes": [own.tolist() for own in part.slopes],
        "evidence": evidence
        and [
            _texts(evidence.multipliers),
            None if evidence.support is None else _texts(evidence.support),
            evidence.is_empty,
        ],
    }


def _part(record: Mapping[str, Any]) -> tuple[Part, int]:
    """A part without those that it is divided into, and how many they are."""
    low, high = map(_floats, record["box"])
    claims = tuple(
        Claims(np.array([_whole(i) for i in places], dtype=np.intp), _floats(below), _floats(above))
        for places, below, above in record["claims"]
    )
    cut = None if record["cut"] is None else (_whole(record["cut"][0]), float(record["cut"][1]))
    evidence = None
    if record["evidence"] is not None:
        multipliers, support, is_empty = record["evidence"]
        evidence = Evidence(_fractions(multipliers), None if support is None else _fractions(support), is_empty is True)
    count = _whole(record["parts"])
    if count not in (0, 2):
        raise WrongProof(f"a part is divided into {count}")
    splits, order = _splits(record["splits"]), _splits(record["order"])
    slopes = tuple(map(_floats, record.get("slopes", ())))
    return Part(low, high, splits, claims, (), cut, evidence, order, slopes), count


def _splits(listed: Any) -> tuple[Split, ...]:
    return tuple(Split(_whole(depth), _whole(neuron), is_active is True) for depth, neuron, is_active in listed)


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise WrongProof(f"{value!r} is no number of anything")
    return value


def _floats(listed: Any) -> FloatArray:
    found = np.array([float(v) for v in listed], dtype=np.float64)
    if np.isnan(found).any():
        raise WrongProof("a float is no number")
    return found


def _texts(vector: ExactVector) -> list[str]:
    return list(map(str, vector))


def _fractions(listed: Any) -> ExactVector:
    return tuple(Fraction(text) for text in listed)


def _object(line: bytes) -> dict[str, Any]:
    found = json.loads(line or b"null")
    if not isinstance(found, dict):
        raise WrongProof("a line is missing, or says nothing")
    return found
