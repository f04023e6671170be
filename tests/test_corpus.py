"""Kinds of what once broke something: damaged files, and questions with right values; see tests/corpus/README.md."""

import json
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.engines.registry import METHODS
from tests.zoo import rows

CORPUS = Path(__file__).parent / "corpus"
DAMAGED = sorted((CORPUS / "damaged").iterdir())
QUESTIONS = {path.stem: json.loads(path.read_text()) for path in sorted((CORPUS / "questions").iterdir())}
READERS = {"network": pr.load_network, "property": pr.load_property, "tiling": pr.load_tiling}
pytestmark = pytest.mark.usefixtures("in_time")
EXTRAS = {".onnx": "onnx", ".keras": "h5py", ".parquet": "pyarrow"}


# -- damaged files ------------------------------------------------------------------------------------------------


def test_the_files_are_small_and_of_every_format():
    assert all(path.stat().st_size < 2**17 for path in DAMAGED)
    suffixes = {path.name.partition(".")[2] for path in DAMAGED}
    assert suffixes >= {"npz", "onnx", "keras", "nnet", "nnet.gz", "vnnlib", "vnnlib.gz", "parquet"}


@pytest.mark.parametrize("path", DAMAGED, ids=lambda path: path.name)
def test_damaged_files_are_refused_in_words(path):
    if path.suffix in EXTRAS:
        pytest.importorskip(EXTRAS[path.suffix])
    with pytest.raises(pr.PolyreluError) as caught:
        READERS[path.name.partition("-")[0]](path)
    message = str(caught.value)
    assert str(path) in message
    assert len(message) < 600
    assert message.isprintable() or "\n" in message


# -- questions ----------------------------------------------------------------------------------------------------


def number(text):
    """A number of a question: an integer, a fraction as text, or a float as hexadecimal text."""
    return Fraction(float.fromhex(text)) if isinstance(text, str) and "x" in text else text


def numbers(texts):
    return [number(text) for text in texts]


def network_of(question):
    return pr.Network(
        [
            pr.Layer(
                np.zeros((len(layer["bias"]), 0)) if layer["weight"] == [] else list(map(numbers, layer["weight"])),
                numbers(layer["bias"]),
                layer.get("relu", True),
            )
            for layer in question["network"]
        ]
    )


def domain_of(question, dim):
    given = question.get("domain")
    if isinstance(given, dict):
        return pr.Polyhedron.box(numbers(given["low"]), numbers(given["high"]))
    return rows(given, dim) if given is not None else None


def answer(question, method):
    network = network_of(question)
    domain, options = domain_of(question, network.input_dim), question.get("options", {})
    if question["targets"] is None:
        return pr.linear_regions(network, domain, method, **options)
    targets = [
        rows(text, network.output_dim) if text else pr.Polyhedron.whole_space(network.output_dim)
        for text in question["targets"]
    ]
    return pr.preimage(network, targets, domain, method, **options)


def places(tiling, points):
    """Where points are, asked exactly and, where they are floats, of all of them at once."""
    exact = [tuple(map(Fraction, numbers(point))) for point in points]
    found = [tiling.contains(x) for x in exact]
    xs = [x for x in exact if all(abs(v) < 2**1023 and Fraction(float(v)) == v for v in x)]
    array = np.array([list(map(float, x)) for x in xs], dtype=np.float64).reshape(len(xs), tiling.domain.ambient_dim)
    expected = [tiling.contains(x) for x in xs]
    assert tiling.contains(array).tolist() == expected
    inside = [tiling.domain.contains(x) for x in xs]
    mapped = pr.maps_into(tiling.network, list(tiling.targets), array).tolist()
    assert [a and b for a, b in zip(mapped, inside, strict=True)] == expected
    return found


def enclosed(exact, enclosure):
    return exact in enclosure and (math.isinf(enclosure.high) or enclosure.low <= enclosure.high)


def agrees(tiling, name, right):
    """Whether a tiling has a right value, by the name that the value has in the files."""
    if name == "patterns":
        return list(tiling.patterns) == right
    if name == "tiles":
        return len(tiling) == right
    if name == "dims":
        return [tile.dim for tile in tiling] == right
    if name == "target numbers":
        return [tile.target_index for tile in tiling] == right
    if name in ("volume", "share"):
        exact = getattr(tiling, name)(exact=True)
        return exact == Fraction(right) and enclosed(exact, getattr(tiling, name)())
    if name == "zones":
        return {contact: len(tiling.zones(None if contact == "facet" else int(contact))) for contact in right} == right
    if name == "merged":
        return len(tiling.merged()) == right
    if name == "betti numbers":
        return list(tiling.betti_numbers()) == right
    if name == "box":
        return [list(map(str, corner)) for corner in tiling.bounding_box(exact=True)] == right
    if name == "inside":
        return all(places(tiling, right))
    if name == "outside":
        return not any(places(tiling, right))
    if name == "nearest":
        return all(
            tiling.nearest(numbers(one["to"]), one["norm"]).squared_distance == Fraction(one["squared distance"])
            for one in right
        )
    assert name == "drawn", f"no such value: {name}"
    pytest.importorskip("matplotlib.pyplot").close("all")
    return right == (tiling.plot() is not None)


def methods_of(question):
    return [method for method in question.get("methods", METHODS) if method not in question.get("without", ())]


def test_there_are_questions_and_they_say_what_broke():
    assert len(QUESTIONS) >= 25
    for question in QUESTIONS.values():
        assert question["broke"].endswith(".")
        assert question["right"]
        assert set(methods_of(question)) <= set(METHODS)


ASKED = [
    (name, method)
    for name, question in QUESTIONS.items()
    if "property" not in question
    for method in methods_of(question)
]


@pytest.mark.parametrize(("name", "method"), ASKED)
def test_questions(name, method):
    question = QUESTIONS[name]
    right = dict(question["right"])
    if "error" in right:
        with pytest.raises(getattr(pr, right["error"]["class"])) as caught:
            answer(question, method)
        assert right["error"]["says"] in str(caught.value)
        return
    tiling = answer(question, method)
    for verb, error in right.pop("refused", {}).items():
        with pytest.raises(getattr(pr, error["class"])) as caught:
            getattr(tiling, verb)()
        assert error["says"] in str(caught.value)
    assert [name for name, value in right.items() if not agrees(tiling, name, value)] == []
    assert not question.get("checked", True) or pr.check_tiling(tiling)


@pytest.mark.parametrize("name", [name for name, question in QUESTIONS.items() if "property" in question])
def test_questions_about_properties(name, tmp_path):
    question = QUESTIONS[name]
    network, right = network_of(question), question["right"]
    path = tmp_path / "property.vnnlib"
    path.write_text(question["property"], encoding="utf-8")
    found = pr.verify(network, pr.load_property(path), **question.get("options", {}))
    assert found.status == right["status"]
    if "points" in right:
        assert list(map(str, found.point or ())) in right["points"]


def test_cells_find_what_the_twin_finds():
    """The questions about signs: not only the patterns are the same, but every tile."""
    alike = [name for name, question in QUESTIONS.items() if "patterns" in question["right"]]
    assert len(alike) > 10
    for name in alike:
        fast, exact = (answer(QUESTIONS[name], method) for method in ("cells", "twin"))
        assert [tile.polyhedron for tile in fast] == [tile.polyhedron for tile in exact], name
