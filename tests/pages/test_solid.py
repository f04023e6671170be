"""Pages in space, without a browser: what goes into them. What a browser makes of it: test_solid_browser.py."""

import base64
import html
import json
import re
import zlib
from fractions import Fraction
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pytest

import polyrelu as pr
from polyrelu.latent.windows import LatentCube
from polyrelu.pages.page import packed
from polyrelu.pages.solid import cube_page, solid_page, solids_page
from tests.pages.test_complexes import BOX, NET, PREIMAGE, REGIONS, network

_TYPES = {"f64": "<f8", "u8": "u1", "u16": "<u2", "u32": "<u4"}
CUBE = LatentCube(None, [[1, 0, 0], [1, 1, 1], [-1, "1/2", 0]], [0, "-1/2", "-1/4"], 1)


def read(page):
    """The document of a page."""
    return json.loads(re.search(r'id="polyrelu-document">(.*?)</script>', page)[1])


def unpacked(column):
    """What :func:`polyrelu.pages.page.packed` packed."""
    kind = np.dtype(_TYPES[column["type"]])
    planes = np.frombuffer(zlib.decompress(base64.b64decode(column["data"])), dtype=np.uint8)
    return np.ascontiguousarray(planes.reshape(kind.itemsize, -1).T).view(kind).ravel()


def members(document):
    """The tiles of each body."""
    counts, numbers = (unpacked(document["members"][key]).tolist() for key in ("counts", "numbers"))
    starts = np.cumsum([0, *counts]).tolist()
    return [numbers[a:b] for a, b in pairwise(starts)]


def test_columns_come_back():
    for numbers in (np.array([1.5, -2.0, 1e-300]), np.array([3, 70000], dtype=np.uint32), np.empty(0)):
        assert (unpacked(packed(numbers)) == numbers).all()


def test_zones_are_bodies():
    document = read(solid_page(PREIMAGE))
    zones = PREIMAGE.zones()
    assert [body["name"] for body in document["bodies"]] == [f"zone {i}" for i in range(len(zones))]
    assert [[PREIMAGE.patterns[i] for i in own] for own in members(document)] == [list(z.patterns) for z in zones]
    for zone, body in zip(zones, document["bodies"], strict=True):
        tiles, volume = re.match(r"(\d+) tiles? · (.*)", body["note"]).groups()
        assert int(tiles) == len(zone)
        assert float(volume) == float(f"{float(zone.volume(exact=True)):.6g}")
    assert document["shades"] is None
    assert document["box"] == {"low": [-2] * 3, "high": [2] * 3, "names": ["x0", "x1", "x2"]}


def test_corners_are_the_nearest_floats():
    document = read(solid_page(PREIMAGE))
    found = set(map(tuple, unpacked(document["complex"]["corners"]).reshape(-1, 3).tolist()))
    assert found == {tuple(map(float, v)) for tile in PREIMAGE for v in tile.polyhedron.vertices}


def test_regions_differ_in_colour_from_their_neighbours():
    document = read(solid_page(REGIONS))
    assert len(document["bodies"]) == 1
    shades = unpacked(document["shades"])
    assert shades.max() < len(document["palette"])
    assert all(shades[i] != shades[j] for i, j in REGIONS.adjacency().edges)


def test_groups_may_be_given():
    document = read(solid_page(PREIMAGE, groups=[[0], range(1, 3)]))
    assert members(document) == [[0], [1, 2]]


def test_several_tilings_are_bodies_that_may_overlap():
    tilings = {name: pr.preimage(NET, pr.parse(name, dim=1), BOX) for name in ("y0 > 0", "y0 > -1/2")}
    document = read(solids_page(tilings))
    one, other = map(len, tilings.values())
    assert members(document) == [list(range(one)), list(range(one, one + other))]
    assert [body["name"] for body in document["bodies"]] == list(tilings)
    assert document["kind"] == "tilings"
    with pytest.raises(pr.InputError, match="no tilings"):
        solids_page({})


def test_a_cube_has_the_cells_of_its_features():
    document = read(cube_page(CUBE))
    cells = CUBE.cells()
    assert document["complex"]["tiles"] == len(cells)
    tiling = pr.linear_regions(pr.Network([CUBE.layer]), CUBE.cube)
    for i, (body, own) in enumerate(zip(document["bodies"], members(document), strict=True)):
        assert sum((tiling[k].polyhedron.volume() for k in own), Fraction(0)) == CUBE.active(i).volume()
        assert float(body["note"]) == pytest.approx(float(CUBE.active(i).volume()), rel=1e-5)
    named = read(cube_page(CUBE, ["a", "b", "<c>"]))
    assert [body["name"] for body in named["bodies"]] == ["a", "b", "<c>"]
    with pytest.raises(pr.DimensionError, match="2 names for 3 features"):
        cube_page(CUBE, ["a", "b"])


def test_an_unbounded_tiling_has_a_window_with_round_ends():
    tiling = pr.preimage(network((3, 4, 1), 1), pr.parse("y0 >= 0", dim=1))
    document = read(solid_page(tiling))
    low, high = (np.array(document["box"][end]) for end in ("low", "high"))
    vertices = np.array([v for tile in tiling for v in tile.polyhedron.vertices], dtype=float)
    assert (low < vertices.min(axis=0)).all()
    assert (high > vertices.max(axis=0)).all()
    assert any("unbounded" in body["note"] for body in document["bodies"])
    smaller = read(solid_page(tiling, window=pr.Polyhedron.box([-1] * 3, [1] * 3)))
    assert smaller["box"]["low"] == [-1] * 3
    assert np.abs(unpacked(smaller["complex"]["corners"])).max() == 1


def test_what_cannot_be_shown():
    flat = pr.linear_regions(network((2, 3, 1)), pr.Polyhedron.box([0, 0], [1, 1]))
    for page in (lambda: solid_page(flat), lambda: solids_page({"flat": flat})):
        with pytest.raises(pr.DimensionError, match=r"R\^2; the page in space is of R\^3"):
            page()
    far = pr.Polyhedron.box([0] * 3, [10**400] * 3)
    with pytest.raises(pr.InputError, match="beyond the range of floats"):
        solid_page(pr.linear_regions(pr.Network([(np.eye(3), [0, 0, 0])], [False]), far))


def test_ten_thousand_tiles_take_two_and_a_half_megabytes():
    tiling = pr.linear_regions(network((3, 10, 10, 1), 3), BOX)
    page, least = solid_page(tiling), solid_page(tiling[:1])
    assert len(tiling) > 300
    assert len(least) + 10_000 * (len(page) - len(least)) / len(tiling) < 2_500_000


class _Elements(HTMLParser):
    def __init__(self):
        super().__init__()
        self.scripts, self.inside = [], False

    def handle_starttag(self, tag, attrs):
        assert not {"src", "href"} & {name for name, _ in attrs}, "a page asks nobody for anything"
        self.scripts += [tag] if tag == "script" else []

    def handle_endtag(self, tag):
        self.inside = False


def test_tilings_of_space_and_cubes_show_themselves(tmp_path):
    for shown in (PREIMAGE, PREIMAGE.zones(sort="volume"), CUBE):
        shown.save(tmp_path / "page.html")
        text = (tmp_path / "page.html").read_text(encoding="utf8")
        document = read(text)
        assert "complex" in document
        assert html.escape(text) in shown._repr_html_()
    largest = PREIMAGE.zones(sort="volume")[0]
    PREIMAGE.zones(sort="volume").save(tmp_path / "page.html")
    document = read((tmp_path / "page.html").read_text(encoding="utf8"))
    assert len(members(document)[0]) == len(largest)


def test_names_end_no_script():
    elements = _Elements()
    elements.feed(cube_page(CUBE, ["</script><script>alert(1)</script>", "<!--", "&amp;"]))
    assert len(elements.scripts) == 2
