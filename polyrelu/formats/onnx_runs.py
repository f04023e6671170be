"""ONNX files as onnxruntime runs them, in floats: what a counterexample does in practice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import lru_cache
from os import PathLike
from typing import Any

import numpy as np

from polyrelu.arithmetic.exact import ExactVector
from polyrelu.errors import InputError
from polyrelu.formats.packed import read_bytes
from polyrelu.support.arguments import file_path
from polyrelu.support.extras import require

_TYPES = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(float16)": np.float16}


def float_run(path: str | PathLike[str]) -> Callable[[ExactVector], ExactVector | None]:
    """What onnxruntime returns at a point: all outputs, one after the other; None where one is not finite.

    Args:
        path: an ONNX file, which may be packed by gzip; open sizes of its inputs are taken for 1.

    Raises:
        InputError: onnxruntime does not run it.
        MissingExtraError: the package onnxruntime is not installed.
    """
    session, where = _session(str(file_path(path, "float_run"))), str(path)

    def run(point: ExactVector) -> ExactVector | None:
        given, begin = {}, 0
        for item in session.get_inputs():
            shape = [n if isinstance(n, int) and n > 0 else 1 for n in item.shape]
            size = int(np.prod(shape))
            numbers = [float(v) for v in point[begin : begin + size]]
            given[item.name] = np.array(numbers, dtype=_TYPES.get(item.type, np.float32)).reshape(shape)
            begin += size
        try:
            outputs: Sequence[Any] = session.run(None, given)
        except Exception as error:  # onnxruntime has many classes of its own
            raise InputError(f"{where}: onnxruntime cannot run it ({error})") from error
        values = np.concatenate([np.asarray(output, dtype=np.float64).ravel() for output in outputs])
        return tuple(map(Fraction, values.tolist())) if np.isfinite(values).all() else None

    return run


@lru_cache(maxsize=4)
def _session(path: str) -> Any:
    runtime = require("onnxruntime", "running a network in floats")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        content = path if not path.endswith(".gz") else read_bytes(file_path(path, "float_run"))
        return runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise InputError(f"{path}: onnxruntime cannot load it ({error})") from error
