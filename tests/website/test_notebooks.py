import json

import pytest

pytest.importorskip("nbclient", reason="it comes with the tools of tests")

from website.notebooks import _joined, _output
from website.places import NOTEBOOKS, ROOT

NAMES = sorted((ROOT / NOTEBOOKS).glob("*.ipynb"))


@pytest.mark.parametrize("path", NAMES, ids=lambda path: path.stem)
def test_notebooks_are_kept_without_outputs(path):
    """So that a change of theirs is a change of words."""
    notebook = json.loads(path.read_text())
    cells = notebook["cells"]
    assert "".join(cells[0]["source"]).startswith("# ")
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)


def test_there_are_four():
    assert len(NAMES) >= 4


class Output(dict):
    __getattr__ = dict.__getitem__
    __setattr__ = dict.__setitem__


def test_outputs_are_shown_by_what_they_are():
    shown: dict[str, bytes] = {}
    said = _joined([Output(output_type="stream", text="a\n"), Output(output_type="stream", text="b\n")])
    assert [_output(each, "n", shown) for each in said] == ["``` { .text .printed }\na\nb\n```"]
    page = {"text/html": '<iframe srcdoc="&lt;p&gt;x&lt;/p&gt;"></iframe>', "text/plain": "T"}
    assert 'src="n/0.html"' in _output(Output(output_type="display_data", data=page), "n", shown)
    picture = {"image/png": "AAAA", "text/plain": "F"}
    assert "(n/1.png)" in _output(Output(output_type="display_data", data=picture), "n", shown)
    assert shown == {"n/0.html": b"<p>x</p>", "n/1.png": b"\0\0\0"}
    assert "<table>" in _output(Output(output_type="execute_result", data={"text/html": "<table>"}), "n", shown)
