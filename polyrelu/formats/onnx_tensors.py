"""Numbers stored in an ONNX file, or in a file beside it.

PyTorch's exporter writes the weights of larger models into a file of their own. Such a file is read from the model's
own folder only: what a downloaded model may name is no reason to open anything else.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from polyrelu.errors import InputError, PolyreluError
from polyrelu.formats.operators import Constant
from polyrelu.formats.packed import LARGEST_FILE, check_numbers

_EXTERNAL = 1  # TensorProto.EXTERNAL


class Tensors:
    """Reads tensors, and counts their numbers.

    Args:
        onnx: the package.
        path: of the model.

    Raises:
        InputError: a tensor is damaged, of a kind that is not read, or in a file that may not be.
        BudgetExceeded: more numbers in all than exact arithmetic has room for.
    """

    def __init__(self, onnx: Any, path: Path) -> None:
        self._onnx, self._path, self._numbers = onnx, path, 0

    def array(self, tensor: Any, what: str) -> Constant:
        """The numbers of a TensorProto, which errors call ``what``."""
        where = f"{self._path}: {what}"
        if min(tensor.dims, default=0) < 0:
            raise InputError(f"{where} has the shape {list(tensor.dims)}")
        self._numbers += math.prod(tensor.dims)
        check_numbers(self._numbers, self._path)
        if tensor.data_location == _EXTERNAL or tensor.external_data:
            tensor = self._with_data(tensor, where)
        try:
            array = np.asarray(self._onnx.numpy_helper.to_array(tensor))
        except PolyreluError:
            raise
        except Exception as error:  # of a damaged tensor; numpy_helper promises no class
            raise InputError(f"{where} is damaged ({error})") from error
        if array.dtype.kind not in "fiub" and str(array.dtype) != "bfloat16":
            raise InputError(f"{where} is of type {array.dtype}; only plain numbers are supported")
        return array

    def _with_data(self, tensor: Any, where: str) -> Any:
        """A copy of the tensor with the bytes that are kept in another file."""
        said = {entry.key: entry.value for entry in tensor.external_data}
        file = self._file_beside(said.get("location", ""), where)
        try:
            size = np.dtype(self._onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type)).itemsize
            begin, length = int(said.get("offset", "0")), int(said.get("length", "-1"))
        except (TypeError, ValueError, KeyError) as error:
            raise InputError(f"{where} says of its data what is not understood ({error})") from None
        needed = math.prod(tensor.dims) * size
        there = file.stat().st_size
        if length not in {-1, needed} or begin < 0 or begin + needed > there or needed > LARGEST_FILE:
            raise InputError(
                f"{where} takes {needed} bytes, but the file says {said.get('length', 'nothing')[:20]}, from byte "
                f"{begin} of the {there} bytes of {file.name}"
            )
        with file.open("rb") as stream:
            stream.seek(begin)
            content = stream.read(needed)
        whole = self._onnx.TensorProto()
        whole.CopyFrom(tensor)
        del whole.external_data[:]
        whole.data_location = 0
        whole.raw_data = content
        return whole

    def _file_beside(self, location: str, where: str) -> Path:
        """A file of the model's folder, or of a folder in it, links followed."""
        folder = self._path.resolve().parent
        try:
            file = (folder / location).resolve()
            is_inside = bool(location) and not Path(location).is_absolute() and file.is_relative_to(folder)
            is_there = is_inside and file.is_file()
        except (OSError, ValueError, RuntimeError):  # of names that are none, or links that go round
            is_inside = is_there = False
        if not is_inside:
            raise InputError(
                f"{where} is kept in {location[:100]!r}, which is not in the model's folder, and only files there are "
                "read; copy it there and save the model again"
            )
        if not is_there:
            raise InputError(
                f"{where} is kept in {location[:100]!r}, which is not there; put it beside {self._path.name}"
            )
        return file
