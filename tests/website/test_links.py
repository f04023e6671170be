from website.links import faults, main


def written(folder, **pages):
    for name, text in pages.items():
        (folder / f"{name}.html").write_text(text)
    return list(faults(folder))


def test_a_site_whose_links_lead_somewhere(tmp_path, capsys):
    one = '<h1 id="top">x</h1><a href="two.html#here">y</a><a href="#top">z</a><a href="https://a.b">e</a>'
    assert written(tmp_path, one=one, two='<a name="here" href="mailto:x">w</a>') == []
    assert main(tmp_path) == 0
    assert "2 pages, 0 faults" in capsys.readouterr().out


def test_each_fault_is_named(tmp_path, capsys):
    (tmp_path / "folder").mkdir()
    found = written(
        tmp_path,
        one='<a href="three.html">a</a><a href="#no">b</a><a href="folder">c</a><a href="/x">d</a>'
        '<img src="no.png"><script src="https://elsewhere/x.js"></script><link rel="canonical" href="https://a.b/">',
    )
    assert found == [
        "one.html: fetches https://elsewhere/x.js",
        "one.html: no.png is not there",
        "one.html: three.html is not there",
        "one.html: #no: there is no such place on that page",
        "one.html: folder is a folder, which only a server turns into a page",
        "one.html: /x begins at the root of a server",
    ]
    assert main(tmp_path) == 1
    assert "6 faults" in capsys.readouterr().out
