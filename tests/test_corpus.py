"""Damaged files, each of a kind that once ended in a raw error, or would have; the first word says what it is not."""

from pathlib import Path

import pytest

import polyrelu as pr

CORPUS = sorted((Path(__file__).parent / "corpus").iterdir())
READERS = {"network": pr.load_network, "property": pr.load_property, "tiling": pr.load_tiling}
EXTRAS = {".onnx": "onnx", ".keras": "h5py", ".parquet": "pyarrow"}


def test_the_files_are_small_and_of_every_format():
    assert all(path.stat().st_size < 2**17 for path in CORPUS)
    suffixes = {path.name.partition(".")[2] for path in CORPUS}
    assert suffixes >= {"npz", "onnx", "keras", "nnet", "nnet.gz", "vnnlib", "vnnlib.gz", "parquet"}


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_damaged_files_are_refused_in_words(path):
    if path.suffix in EXTRAS:
        pytest.importorskip(EXTRAS[path.suffix])
    with pytest.raises(pr.PolyreluError) as caught:
        READERS[path.name.partition("-")[0]](path)
    message = str(caught.value)
    assert str(path) in message
    assert len(message) < 600
    assert message.isprintable() or "\n" in message
