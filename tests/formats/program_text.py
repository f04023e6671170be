"""Programs of tensors as JSON: what torch.export says of a module, kept where torch is not installed.

``scripts/export_modules.py`` writes the files in ``exported/``, each with points, and the module's own values there.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from polyrelu.formats.aten_program import Call, Program, Ref

FOLDER = Path(__file__).parent / "exported"


def written(program: Program) -> dict[str, Any]:
    return {
        "input": program.input,
        "shape": list(program.shape),
        "constants": {name: _array_text(array) for name, array in program.constants.items()},
        "calls": [
            {"name": c.name, "operator": c.operator, "args": _text(c.args), "kwargs": _text(c.kwargs), "place": c.place}
            for c in program.calls
        ],
        "output": program.output.name,
    }


def read(text: dict[str, Any]) -> Program:
    calls = (
        Call(c["name"], c["operator"], tuple(_value(c["args"])), _value(c["kwargs"]), c["place"]) for c in text["calls"]
    )
    constants = {name: _array(own) for name, own in text["constants"].items()}
    return Program(text["input"], tuple(text["shape"]), constants, tuple(calls), Ref(text["output"]))


def stored(name: str) -> tuple[Program, Any, Any, Any]:
    """A program from its file; points, the module's values there, and how far they may be from the exact ones."""
    content = json.loads((FOLDER / f"{name}.json").read_text())
    points, values, bounds = (np.array(content[key]) for key in ("points", "values", "bounds"))
    return read(content["program"]), points, values, bounds


def _array_text(array: Any) -> dict[str, Any]:
    return {"type": str(array.dtype), "shape": list(array.shape), "numbers": array.ravel().tolist()}


def _array(text: dict[str, Any]) -> Any:
    return np.array(text["numbers"], dtype=text["type"]).reshape(text["shape"])


def _text(value: Any) -> Any:
    if isinstance(value, Ref):
        return {"ref": value.name}
    if isinstance(value, dict):
        return {"options": {key: _text(item) for key, item in value.items()}}
    return [_text(item) for item in value] if isinstance(value, (list, tuple)) else value


def _value(text: Any) -> Any:
    if isinstance(text, list):
        return [_value(item) for item in text]
    if not isinstance(text, dict):
        return text
    return Ref(text["ref"]) if "ref" in text else {key: _value(item) for key, item in text["options"].items()}
