"""scripts/packaging: recipes that say what pyproject.toml says."""

import re
import tomllib

import pytest

from tests.test_architecture import ROOT

PACKAGING = ROOT / "scripts" / "packaging"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
RECIPE = (PACKAGING / "conda" / "recipe.yaml").read_text()
DOCKERFILE = (PACKAGING / "Dockerfile").read_text()


def test_the_recipe_has_the_version_and_the_requirements():
    assert f"  version: {PROJECT['version']}\n" in RECIPE
    run = RECIPE.partition("  run:\n")[2].partition("\n\n")[0]
    needs = {line.strip("- ").replace(" ", "") for line in run.splitlines()}
    assert needs == {*PROJECT["dependencies"], f"python{PROJECT['requires-python']}"}
    assert f"license: {PROJECT['license']}\n" in RECIPE
    assert PROJECT["urls"]["Source"] in RECIPE
    (entry,) = PROJECT["scripts"].items()
    assert f"- {entry[0]} = {entry[1]}\n" in RECIPE


def test_the_recipe_is_one_document():
    yaml = pytest.importorskip("yaml")
    recipe = yaml.safe_load(RECIPE)
    assert list(recipe) == [
        "schema_version",
        "context",
        "package",
        "source",
        "build",
        "requirements",
        "tests",
        "about",
        "extra",
    ]


def test_the_container_has_extras_and_files_that_there_are():
    extras = re.search(r"'\.\[([\w,]+)\]'", DOCKERFILE)[1].split(",")
    assert set(extras) <= set(PROJECT["optional-dependencies"])
    for path in re.findall(r"scripts/[\w./]+", DOCKERFILE):
        assert (ROOT / path).exists(), path
    version = re.search(r"python:(3\.\d+)-", DOCKERFILE)[1]
    assert f"Programming Language :: Python :: {version}" in PROJECT["classifiers"]


@pytest.mark.parametrize("name", ["wrong_answer", "idea"])
def test_issues_ask_for_what_the_selftest_prints(name):
    text = (ROOT / ".github" / "ISSUE_TEMPLATE" / f"{name}.md").read_text()
    assert text.startswith("---\nname: ")
    assert "polyrelu selftest --json" in text
    for path in re.findall(r"\]\(([^)#:]+)\)", (ROOT / ".github" / "CONTRIBUTING.md").read_text()):
        assert (ROOT / ".github" / path).exists(), path


def test_the_version_has_its_changes():
    text = (ROOT / "papers" / "project" / "CHANGELOG.md").read_text()
    assert re.findall(r"^## (.*)$", text, re.MULTILINE)[:2] == ["Next", PROJECT["version"]]


def test_the_extra_all_is_all_but_pytorch():
    extras = PROJECT["optional-dependencies"]
    (all_of,) = extras["all"]
    named = set(re.fullmatch(r"polyrelu\[([\w,]+)\]", all_of)[1].split(","))
    assert named == set(extras) - {"all", "docs", "lint", "notebook", "quality", "test", "torch"}
