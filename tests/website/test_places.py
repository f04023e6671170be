import pytest
from website import places
from website.places import BrokenLink, place_of, relink

HERE = "papers/site/pages/guide/zones.md"


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("README.md", "index.md"),
        ("papers/site/pages/choosing.md", "choosing.md"),
        ("papers/speed/README.md", "papers/speed/README.md"),
        ("papers/demo.png", "papers/demo.png"),
        ("papers/certificates/question.txt", "source/papers/certificates/question.txt.md"),
        ("papers/notebooks/image-slices.ipynb", "notebooks/image-slices.md"),
        ("polyrelu/ARCHITECTURE.md", "source/polyrelu/ARCHITECTURE.md"),
        ("polyrelu/errors.py", "source/polyrelu/errors.py.md"),
        (".github/CONTRIBUTING.md", "source/github/CONTRIBUTING.md"),
        (".github/ISSUE_TEMPLATE", "source/github/ISSUE_TEMPLATE/index.md"),
        ("scripts/pruning", "source/scripts/pruning/README.md"),
        ("scripts/pruning/heuristics", "source/scripts/pruning/heuristics/index.md"),
    ],
)
def test_every_kind_of_file_has_its_place(path, place):
    assert place_of(path) == place


def relinked(text, made=()):
    noted: list[str] = []
    return relink(text, HERE, place_of(HERE), noted.append, made), noted


def test_links_lead_from_place_to_place():
    assert relinked("see [speed](../../../speed/README.md#zones), now") == (
        "see [speed](../papers/speed/README.md#zones), now",
        ["papers/speed/README.md"],
    )
    assert relinked("![a [b]](../../../demo.png)")[0] == "![a [b]](../papers/demo.png)"


@pytest.mark.parametrize("text", ["[x](https://a.b/c)", "[x](#here)", "```\n[x](nowhere.md)\n```\n", "f(x)[0](1, 2)"])
def test_what_is_no_link_between_files_stays(text):
    assert relinked(text) == (text, [])


def test_a_link_to_nothing_is_an_error_that_names_both():
    with pytest.raises(BrokenLink, match=r"zones\.md: there is no nowhere\.md"):
        relinked("[x](nowhere.md)")
    assert relinked("[x](zones/drawn.png)", made={"zones/drawn.png"})[1] == []


def test_sources_can_be_linked_by_their_modules_and_contain_no_fence_of_their_own():
    page = places.source_page("polyrelu/errors.py")
    assert "{ #polyrelu.errors }" in page
    assert page.count("````") == 2
    assert "[`README.md`](README.md)" in places.source_page("papers/speed")


def test_every_link_of_every_page_and_essay_leads_to_a_file():
    pages = [*places.ROOT.glob("papers/**/*.md"), *places.ROOT.glob("*.md")]
    assert len(pages) > 30
    noted: list[str] = []
    for page in pages:
        path = str(page.relative_to(places.ROOT))
        text = page.read_text()
        drawn = {found for found in _names(text) if (page.parent / found).suffix in {".png", ".html"}}
        made = {name for name in drawn if path.startswith("papers/site/") and not (page.parent / name).exists()}
        relink(text, path, place_of(path), noted.append, made)


def _names(text):
    return [found.group(2) for found in places._LINK.finditer(text)]
