"""Points in files: tables of numbers as text, or arrays of numpy's."""

from __future__ import annotations

from pathlib import Path

from polyrelu.arithmetic.exact import ExactMatrix, exact_matrix
from polyrelu.errors import InputError
from polyrelu.formats.npz import plain_array
from polyrelu.formats.packed import check_numbers, read_bytes, read_text


def load_points(path: str | Path) -> ExactMatrix:
    """Points, one a row, exactly as a file has them.

    Args:
        path: of an array with two axes (``.npy``, never unpickled), or of a text (``.csv``, ``.txt``) with a point in
            each line, its numbers separated by commas, semicolons or spaces; ``1/3`` and ``0.1`` are what they say.
            Empty lines and those that begin with # are passed over.

    Raises:
        InputError: another kind of file, or not two axes; the message says which.
        InexactError: an entry is not a number; the message names its row and column.
        DimensionError: rows of different lengths.
        BudgetExceeded: more numbers than exact arithmetic has room for.
        OSError: there is no such file.
    """
    path = Path(path)
    kind = path.name.removesuffix(".gz").rpartition(".")[2].lower()
    if kind == "npy":
        try:
            array = plain_array(read_bytes(path))
        except ValueError as error:
            raise InputError(f"{path}: not a readable array of numpy ({error})") from None
        if array.ndim != 2:
            raise InputError(f"{path}: has {array.ndim} axes; points are an array with two, one point a row")
        check_numbers(array.size, path)
        return exact_matrix(array, f"{path}: row")
    if kind not in {"csv", "txt"}:
        raise InputError(f"{path}: points are read from .npy, .csv and .txt; rename the file if it is one of these")
    lines = [line.replace(",", " ").replace(";", " ").split() for line in read_text(path).splitlines()]
    rows = [line for line in lines if line and not line[0].startswith("#")]
    check_numbers(sum(map(len, rows)), path)
    return exact_matrix(rows, f"{path}: row")
