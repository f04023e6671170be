"""scripts/packaging: recipes that say what pyproject.toml says."""

import re
import shutil
import subprocess
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


def test_what_is_built_is_not_copied_into_the_container():
    """BuildKit looks for a file of this name, and where the Dockerfile is."""
    left_out = (PACKAGING / "Dockerfile.dockerignore").read_text().splitlines()
    versioned = (ROOT / ".gitignore").read_text().splitlines()
    assert {line.strip("/") for line in versioned} | {".git"} == {line.removeprefix("**/") for line in left_out[1:]}
    assert left_out[0].startswith("#")


def test_a_recipe_is_read_and_rendered_by_its_builder():
    """The C library and the compiler are chosen by conda-forge's own variants, of which these are some."""
    rattler_build = pytest.importorskip("rattler_build")
    variants = {"c_stdlib": ["sysroot"], "c_stdlib_version": ["2.17"], "cxx_compiler": ["gxx"]}
    recipe = rattler_build.Stage0Recipe.from_file(str(PACKAGING / "conda" / "recipe.yaml"))
    (rendered,) = recipe.render(rattler_build.VariantConfig(variants))
    read = rendered.recipe.to_dict()
    assert read["package"] == {"name": "polyrelu", "version": PROJECT["version"]}
    assert len(read["requirements"]["run"]) == len(PROJECT["dependencies"]) + 1
    assert any(need.startswith("gxx") for need in read["requirements"]["build"])


def test_the_linter_of_containers_has_nothing_to_say():
    if not shutil.which("hadolint"):
        pytest.skip("hadolint is not installed; it comes with the extra quality")
    made = subprocess.run(["hadolint", PACKAGING / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (made.returncode, made.stdout) == (0, "")


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
