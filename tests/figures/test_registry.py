import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from matplotlib import pyplot
from matplotlib.animation import FuncAnimation
from matplotlib.image import imread

import polyrelu as pr
from polyrelu.cli import cli
from polyrelu.figures import registry
from polyrelu.figures.animate import write_animation
from polyrelu.figures.registry import FIGURES, Entry, main, write_figures

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "papers" / "latent-spaces"


def diagram():
    figure, axes = pyplot.subplots(figsize=(1, 1))
    axes.fill([0, 1, 1], [0, 0, 1], color="#D55E00")
    return figure


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(registry, "FIGURES", {"small": Entry("A triangle", f"{__name__}:diagram")})


@pytest.mark.parametrize("name", FIGURES)
def test_every_entry_has_a_function_a_script_and_a_picture(name):
    entry = FIGURES[name]
    assert callable(entry.load())
    assert entry.load().__doc__
    assert entry.kind in ("figure", "animation")
    script = ROOT / "scripts" / "figures" / f"{name.replace('-', '_')}.py"
    assert f'main("{name}")' in script.read_text()
    image = PAGE / f"{name}.{'png' if entry.kind == 'figure' else 'gif'}"
    assert image.stat().st_size < (160_000 if entry.kind == "figure" else 400_000)


def test_every_script_is_of_a_figure():
    scripts = {path.stem for path in (ROOT / "scripts" / "figures").glob("*.py")}
    assert scripts == {name.replace("-", "_") for name in FIGURES}


def test_every_picture_is_of_a_figure_and_the_story_shows_all_but_single_test_pictures():
    assert {path.stem for path in PAGE.iterdir() if path.suffix in (".png", ".gif")} == set(FIGURES)
    story = (PAGE / "README.md").read_text()
    told = [name for name in FIGURES if f"]({name}.png)" in story or f"]({name}.gif)" in story]
    assert told == [name for name in FIGURES if not name.startswith("test_")]


def test_an_entry_may_have_an_argument():
    entry = Entry("A triangle", f"{__name__}:named", argument="three")
    assert entry.load()() == "three"


def named(name):
    return name


def test_files_are_the_same_each_time(tmp_path, small):
    first = write_figures(tmp_path / "first" / "folder", progress=False)
    second = write_figures(tmp_path / "second", ["small", "small"], progress=False)
    assert [path.name for path in first] == ["small.png", "small.svg"] == [path.name for path in second]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert b"<dc:date>" not in first[1].read_bytes()
    assert not pyplot.get_fignums()


def test_fills_keep_their_colours(tmp_path, small):
    (path,) = write_figures(tmp_path, formats=["png"], progress=False)
    pixels = (imread(path)[..., :3] * 255).round().astype(int).reshape(-1, 3)
    assert {(255, 255, 255), (0xD5, 0x5E, 0x00)} <= set(map(tuple, pixels.tolist()))


def moving():
    figure, axes = pyplot.subplots(figsize=(1, 1))
    (line,) = axes.plot([0, 1], [0, 0])
    return FuncAnimation(figure, lambda frame: line.set_ydata([0, frame]), frames=3)


@pytest.mark.parametrize("with_ffmpeg", [False, True])
def test_animations_are_gifs_and_with_ffmpeg_films(tmp_path, monkeypatch, small, with_ffmpeg):
    asked = []
    write = write_animation

    def written(animation, path):
        asked.append(path.name)
        return write(animation, path) if path.suffix == ".gif" else path

    monkeypatch.setitem(registry.FIGURES, "moving", Entry("It moves", f"{__name__}:moving", "animation"))
    monkeypatch.setattr(registry, "writes_mp4", lambda: with_ffmpeg)
    monkeypatch.setattr(registry, "write_animation", written)
    paths = write_figures(tmp_path, ["moving"], progress=False)
    assert asked == [path.name for path in paths] == ["moving.gif", "moving.mp4"][: 1 + with_ffmpeg]
    assert paths[0].read_bytes().startswith(b"GIF8")
    assert not pyplot.get_fignums()


def test_unknown_names_are_answered_with_the_known_ones(tmp_path):
    with pytest.raises(pr.InputError, match=r"unknown figure 'groth'; choose from network-diagram, .*growth"):
        write_figures(tmp_path / "new", ["growth", "groth"])
    with pytest.raises(pr.InputError, match="unknown format 'bmp'; choose from png, svg"):
        write_figures(tmp_path / "new", ["growth"], formats=["bmp"])
    assert not (tmp_path / "new").exists()


def test_the_command(tmp_path, small, monkeypatch):
    monkeypatch.setattr("polyrelu.cli.pictures.FIGURES", registry.FIGURES)
    listed = CliRunner().invoke(cli, ["figures", "--list"], catch_exceptions=False)
    assert listed.stdout == "small  figure     A triangle\n"
    made = CliRunner().invoke(cli, ["figures", "--out", str(tmp_path), "small"], catch_exceptions=False)
    assert made.stdout.splitlines() == [str(tmp_path / "small.png"), str(tmp_path / "small.svg")]
    one = CliRunner().invoke(cli, ["figures", "--out", str(tmp_path), "--format", "svg"], catch_exceptions=False)
    assert one.stdout.splitlines() == [str(tmp_path / "small.svg")]


def test_a_script_writes_its_figure(tmp_path, small, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["small.py", "--out", str(tmp_path)])
    main("small")
    assert capsys.readouterr().out.splitlines() == [str(tmp_path / "small.png"), str(tmp_path / "small.svg")]
    (tmp_path / "file").touch()
    monkeypatch.setattr(sys, "argv", ["small.py", "--out", str(tmp_path / "file")])
    with pytest.raises(SystemExit, match=r"small: .*exists"):
        main("small")


def test_listing_imports_no_figure():
    code = (
        "import sys; from polyrelu.figures.registry import FIGURES; list(FIGURES.items()); "
        "print([m for m in sys.modules if m == 'matplotlib' or m.startswith('polyrelu.figures.')])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "['polyrelu.figures.animate', 'polyrelu.figures.registry']"
