import click
import pytest
from website.docstrings import in_markdown
from website.names import public_names, window_names
from website.reference import command_nav, grouped, nav, pages

import polyrelu as pr
from polyrelu._conveniences import MAKERS, METHODS
from polyrelu.cli import cli


def test_every_public_name_and_command_has_a_page():
    """Whatever ``polyrelu`` has, what upper rooms make methods of its classes, and each command."""
    places = dict(pages())
    assert {f"reference/{name}.md" for name in pr.__all__} <= set(places)
    methods = {
        f"reference/{owner.__name__}.{name}.md"
        for owner, names in (*METHODS.items(), *MAKERS.items())
        for name in names
        if owner.__name__ in pr.__all__ and not name.startswith("_")
    }
    assert len(methods) > 25
    assert methods <= set(places)
    assert isinstance(cli, click.Group)
    assert {f"command-line/{name}.md" for name in cli.commands} <= set(places)


def test_every_page_says_a_claim_and_is_in_the_menu_and_in_the_index():
    places = dict(pages())
    listed = {place for part in nav() for place in _places(part)} | {p for part in command_nav() for p in _places(part)}
    assert listed == set(places)
    for name in public_names():
        assert name.claim.endswith((".", "?", ":")) or name.is_class, name
        assert f"({name.place.removeprefix('reference/')})" in places["reference/index.md"]
        assert f"::: {name.path}\n" in places[name.place] or "another name of" in places[name.place]
    assert len([name for _, names in grouped() for name in names]) == len(public_names())


def _places(part):
    if isinstance(part, str):
        yield part
    elif isinstance(part, dict):
        for each in part.values():
            yield from _places(each)
    else:
        for each in part:
            yield from _places(each)


def test_a_new_name_has_a_page_at_once(monkeypatch):
    """The page is made of the name, and is missed if it is not."""
    monkeypatch.setattr(pr, "__all__", [*pr.__all__, "novel"])
    monkeypatch.setattr(pr, "novel", window_names, raising=False)
    public_names.cache_clear()
    try:
        with_it = {name.place for name in public_names()}
    finally:
        monkeypatch.undo()
        public_names.cache_clear()
    assert with_it - {name.place for name in public_names()} == {"reference/novel.md"}


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("see :func:`~polyrelu.engines.preimage.preimage`.", "see [`preimage`][polyrelu.engines.preimage.preimage]."),
        ("in :mod:`polyrelu.errors`", "in [`polyrelu.errors`][polyrelu.errors]"),
        ("as :func:`math.fsum`", "as `math.fsum`"),
        ("of :func:`zones`", "of [`zones`][polyrelu.analysis.zones.zones]"),
        ("Cost: little.", "**Cost:** little."),
        (">>> 1\n1", "```pycon\n>>> 1\n1\n```"),
    ],
)
def test_docstrings_become_markdown(said, shown):
    assert in_markdown(said, "polyrelu.analysis.zones") == shown


def test_formulas_become_mathml():
    pytest.importorskip("latex2mathml", reason="it comes with the extra docs")
    text = in_markdown(r"for :math:`a = \rho(z)`.", "polyrelu.errors")
    assert text.startswith('for <span class="math"><math')
    assert "<mi>&#x003C1;</mi>" in text
    assert 'display="block"' in in_markdown(".. math:: x\n\nso", "polyrelu.errors")
