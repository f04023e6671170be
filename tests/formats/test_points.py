import io
from fractions import Fraction

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.formats.points import load_points


def test_tables_and_arrays_are_read_exactly(tmp_path):
    (tmp_path / "a.csv").write_text("# three\n1/3, 0.1\n\n-2;1e-3\n7 8\n")
    assert load_points(tmp_path / "a.csv") == (
        (Fraction(1, 3), Fraction(1, 10)),
        (-2, Fraction(1, 1000)),
        (7, 8),
    )
    for kind in (np.float32, np.float64, np.int16):
        values = np.array([[1, 2], [0.1, -3]]).astype(kind)
        np.save(tmp_path / "a.npy", values)
        assert load_points(tmp_path / "a.npy") == tuple(tuple(Fraction(float(v)) for v in row) for row in values)


@pytest.mark.parametrize(
    ("name", "content", "error", "message"),
    [
        ("a.npy", b"PK", pr.InputError, "not a readable array"),
        ("a.npy", np.zeros(3), pr.InputError, "1 axes"),
        ("a.npy", np.array([[np.inf]]), pr.InexactError, "row"),
        ("a.csv", b"1,2\n3\n", pr.DimensionError, r"row\[1\]"),
        ("a.csv", b"1,two\n", pr.InexactError, "two"),
        ("a.png", b"1", pr.InputError, "rename"),
    ],
)
def test_what_is_no_table(tmp_path, name, content, error, message):
    if isinstance(content, np.ndarray):
        stream = io.BytesIO()
        np.save(stream, content)
        content = stream.getvalue()
    (tmp_path / name).write_bytes(content)
    with pytest.raises(error, match=message):
        load_points(tmp_path / name)
