"""What ``--json`` prints, against the published schema, command by command."""

import json
import math

import numpy as np
import pytest

from polyrelu.analysis.lipschitz import Lipschitz
from polyrelu.analysis.measure import Enclosure
from polyrelu.cli import main
from polyrelu.cli.slopes import lipschitz_document
from polyrelu.errors import InputError
from polyrelu.export.schema import commands, schema

jsonschema = pytest.importorskip("jsonschema")

PROPERTY = """(declare-const X_0 Real) (declare-const X_1 Real) (declare-const Y_0 Real)
(assert (<= X_0 1)) (assert (>= X_0 -1)) (assert (<= X_1 1)) (assert (>= X_1 -1)) (assert (>= Y_0 {}))
"""
DOCUMENTS = {
    "preimage MODEL --output y0>0 --box -1 1": 0,
    "preimage MODEL --output y0>0 --output y0<-1/2": 0,
    "preimage MODEL --output y0==0 --box -1 1 --order largest": 0,
    "preimage MODEL --output y0>9 --box -1 1 --tiles 0": 0,
    "preimage MODEL --output y0>0 --box -1 1 --timeout 1e-9": 130,
    "regions MODEL --box -1 1": 0,
    "regions MODEL --property HOLDS": 0,
    "zones MODEL --output y0>0": 0,
    "zones MODEL --output y0<=0 --box -1 1": 0,
    "boundary MODEL --box -1 1": 0,
    "verify MODEL HOLDS": 0,
    "verify MODEL BROKEN": 1,
    "verify MODEL BROKEN --timeout 1e-9": 3,
    "info MODEL": 0,
    "range MODEL --box -1 1 --check": 0,
    "range MODEL": 0,
    "nearest MODEL --output y0>0 --point 0,0 --box -2 2": 0,
    "nearest MODEL --output y0>99 --point 0,0 --box -2 2": 0,
    "nearest MODEL --output y0>0 --point 0,0 --box -2 2 --norm l2 --check": 0,
    "point MODEL --output y0>0 --box -2 2": 0,
    "point MODEL --output y0>99 --box -2 2": 0,
    "lipschitz MODEL --box -1 1": 0,
    "lipschitz MODEL --norm l2 --form y0": 0,
    "margin CLASSES --class 1 --box -1 1": 0,
    "stats MODEL CLASSES --box -1 1": 0,
    "stats MODEL": 0,
    "batch LIST --out RESULTS": 0,
    "count MODEL --box -1 1": 0,
    "count MODEL --output y0>0 --output y0<-1 --box -1 1 --measure": 0,
    "run FOLDER MODEL --regions --box -1 1 --measure": 0,
    "selftest": 0,
}


@pytest.fixture
def files(tmp_path, model):
    classes, holds, broken, questions = (
        tmp_path / name for name in ("c.npz", "holds.vnnlib", "broken.vnnlib", "list.csv")
    )
    np.savez(classes, W0=[[1.0, 0.0], [0.0, 1.0]], b0=[0.0, 0.0], W1=[[1.0, 1.0], [1.0, -1.0]], b1=[-1.0, 0.0])
    holds.write_text(PROPERTY.format("2.5"))
    broken.write_text(PROPERTY.format("0.5"))
    questions.write_text(f"{model},{holds},10\n{model},{broken},10\n")
    return {
        "MODEL": model,
        "CLASSES": str(classes),
        "HOLDS": str(holds),
        "BROKEN": str(broken),
        "LIST": str(questions),
        "RESULTS": str(tmp_path / "results.csv"),
        "FOLDER": str(tmp_path / "run"),
    }


def printed(line, files, monkeypatch, capsys):
    words = [files.get(word, word) for word in line.split()]
    monkeypatch.setattr("sys.argv", ["polyrelu", *words, "--json"])
    with pytest.raises(SystemExit) as ended:
        main()
    return json.loads(capsys.readouterr().out), ended.value.code


def validator(command):
    own = schema(command)
    jsonschema.Draft202012Validator.check_schema(own)
    return jsonschema.Draft202012Validator(own)


@pytest.mark.parametrize("line", DOCUMENTS)
def test_every_document_is_as_the_schema_says(line, files, monkeypatch, capsys):
    document, code = printed(line, files, monkeypatch, capsys)
    validator(line.split()[0]).validate(document)
    assert code == DOCUMENTS[line] or (DOCUMENTS[line] in (130, 3) and code in (3, 124, 130, 0, 1))


def test_a_constant_of_which_little_is_known():
    found = Lipschitz("linf", None, Enclosure(0.0, math.inf), None, None, False, {"boxes": 0})
    validator("lipschitz").validate(json.loads(json.dumps(lipschitz_document(found))))


def test_every_command_with_json_has_a_schema():
    from polyrelu.cli.program import cli

    with_json = {name for name, own in cli.commands.items() if any(p.name == "as_json" for p in own.params)}
    assert with_json == set(commands()) == {line.split()[0] for line in DOCUMENTS}


@pytest.mark.parametrize(
    "line", ["preimage MODEL --output y0>0 --box -1 1", "info MODEL", "lipschitz MODEL --box -1 1"]
)
def test_what_is_missing_or_unknown_is_found(line, files, monkeypatch, capsys):
    document, _ = printed(line, files, monkeypatch, capsys)
    judge = validator(line.split()[0])
    for name in list(document):
        without = {key: value for key, value in document.items() if key != name}
        assert not judge.is_valid(without)
    assert not judge.is_valid(document | {"more": 1})


def test_it_is_printed(monkeypatch, capsys):
    for words, expected in ((["schema"], schema()), (["schema", "range"], schema("range"))):
        monkeypatch.setattr("sys.argv", ["polyrelu", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 0
        assert json.loads(capsys.readouterr().out) == expected
    with pytest.raises(InputError, match="schema: unknown command 'demo'"):
        schema("demo")
