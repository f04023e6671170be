"""Pages as files: what is in them, and that nothing in them ends them early."""

import html
import json
import re
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from polyrelu.errors import WriteError
from polyrelu.pages import page
from tests.browser import opened

HOSTILE = "</script><script>alert(1)</script><!-- \u2028 & é ]]>"


def body(text):
    return re.search(r'<script type="application/json" id="polyrelu-document">(.*?)</script>', text, re.DOTALL)[1]


def test_a_document_comes_out_as_it_went_in():
    text = page.document("planar", {"a": [1, HOSTILE]}, HOSTILE)
    assert json.loads(body(text)) == {"a": [1, HOSTILE]}
    assert text.lower().count("<script") == text.lower().count("</script") == 2
    assert html.unescape(re.search("<title>(.*?)</title>", text)[1]) == HOSTILE
    assert "default-src 'none'" in text
    assert not re.search(r"""(src|href)=["']?https?:""", text)


def test_numbers_that_json_has_not_are_refused():
    with pytest.raises(ValueError, match="not JSON compliant"):
        page.document("planar", {"a": float("inf")}, "")


@pytest.mark.parametrize("dtype", ["f8", "f4", "u1", "u2", "u4", "i4", ">f8", ">u2"])
def test_browsers_unpack_what_is_packed(browser, tmp_path, dtype):
    values = np.array([0, 1, 255, 3, 77], dtype=dtype)
    if np.dtype(dtype).kind == "f":
        values = values * values.dtype.type(1 / 3) - 7
    sent = {"packed": page.packed(values), "none": page.packed(values[:0])}
    path = tmp_path / "packed.html"
    path.write_text("<title>packed</title>")
    script = """async packed => {
        const bytes = Uint8Array.from(atob(packed.data), c => c.charCodeAt(0));
        const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
        return [...new Uint8Array(await new Response(stream).arrayBuffer())];
    }"""
    with opened(browser, path) as seen:
        planes = np.array(seen.evaluate(script, sent["packed"]), dtype=np.uint8)
        assert seen.evaluate(script, sent["none"]) == []
    little = values.dtype.newbyteorder("<")
    again = planes.reshape(values.dtype.itemsize, -1).T.copy().view(little).ravel()
    assert np.array_equal(again, values)
    assert sent["packed"]["type"] == {"f": "f", "u": "u", "i": "i"}[little.kind] + str(8 * little.itemsize)


def test_counts_take_the_least_room():
    kinds = [page.packed_counts(np.array([0, most]))["type"] for most in (255, 256, 65_536)]
    assert kinds == ["u8", "u16", "u32"]


def test_an_iframe_holds_a_whole_page(browser, tmp_path):
    inner = f"<!doctype html><title>x</title><p id=p>{html.escape(HOSTILE)}</p><script>p.dataset.ran = 1</script>"
    path = tmp_path / "outer.html"
    path.write_text(f"<meta charset=utf-8><title>x</title>{page.iframe(inner)}", encoding="utf8")
    with opened(browser, path) as seen:
        inside = seen.page.frame_locator("iframe").locator("#p")
        assert inside.inner_text() == HOSTILE.replace(
            "\u2028", inside.inner_text()[len("</script><script>alert(1)</script><!-- ")]
        )
        assert inside.get_attribute("data-ran") == "1"


def test_show_opens_a_browser_or_displays(monkeypatch, tmp_path):
    visited, displayed = [], []
    monkeypatch.setattr(page.webbrowser, "open", visited.append)
    monkeypatch.setattr(page.tempfile, "tempdir", str(tmp_path))
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    page.show("<p>é")
    (written,) = tmp_path.iterdir()
    assert visited == [written.as_uri()]
    assert written.read_text(encoding="utf8") == "<p>é"
    display = SimpleNamespace(HTML=lambda text: text, display=displayed.append)
    for shell, shows in ((SimpleNamespace(kernel=1), True), (SimpleNamespace(), False), (None, False)):
        monkeypatch.setitem(
            sys.modules, "IPython", SimpleNamespace(get_ipython=lambda shell=shell: shell, display=display)
        )
        monkeypatch.setitem(sys.modules, "IPython.display", display)
        visited.clear()
        displayed.clear()
        page.show("<p>")
        assert (displayed, len(visited)) == ([page.iframe("<p>")] if shows else [], int(not shows))


def test_a_page_is_written_whole_or_not_at_all(tmp_path):
    page.write("é", tmp_path / "a.html")
    assert (tmp_path / "a.html").read_text(encoding="utf8") == "é"
    with pytest.raises(WriteError):
        page.write("", tmp_path / "no" / "a.html")
    assert [path.name for path in tmp_path.iterdir()] == ["a.html"]
