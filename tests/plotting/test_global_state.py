"""Drawing changes nothing that matplotlib keeps for all of a program."""

import subprocess
import sys
from importlib import import_module, reload
from pathlib import Path
from pkgutil import walk_packages

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import animation, colors, pyplot, scale
from matplotlib.projections import get_projection_names

import polyrelu as pr

ROOT = Path(__file__).parent.parent.parent
SQUARE = pr.Polyhedron.box([-1, -1], [1, 1])
CUBE = pr.Polyhedron.box([-1] * 3, [1] * 3)
NETWORK = pr.Network([([[1, 0], [1, 1]], [0, "-1/2"])], relu=[True])
TARGET = pr.parse("y0 > 0", dim=2)


def global_state():
    return {
        "settings": dict(mpl.rcParams),
        "colours": dict(colors.get_named_colors_mapping()),
        "colormaps": set(mpl.colormaps),
        "sequences": {name: mpl.color_sequences[name] for name in mpl.color_sequences},
        "backend": mpl.get_backend(),
        "projections": get_projection_names(),
        "scales": scale.get_scale_names(),
        "writers": set(animation.writers.list()),
        "styles": set(pyplot.style.library),
        "interactive": mpl.is_interactive(),
    }


def changes(before):
    return [what for what, value in global_state().items() if value != before[what]]


def imported():
    """What importing every module that draws changes, for the first time or again; for a process of its own."""
    before = global_state()
    found = []
    for room in ("polyrelu.plotting", "polyrelu.figures"):
        for module in walk_packages(import_module(room).__path__, f"{room}."):
            known = sys.modules.get(module.name)
            reload(known) if known else import_module(module.name)
            found.append(module.name)
    assert len(found) > 20
    return changes(before)


def test_importing_changes_nothing():
    code = f"from {__name__} import imported; print(imported())"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert shown.stdout.strip() == "[]"


def tiling():
    return pr.preimage(NETWORK, TARGET, SQUARE, progress=False)


def latent(name):
    return getattr(import_module("polyrelu.latent.windows"), name)


def plane(rows):
    return latent("LatentPlane").from_coordinates([(-1, -1), (1, -1), (0, 1)], rows, [0] * len(rows))


def flat():
    return pyplot.subplots()[1]


def boundary():
    return pr.decision_boundary(NETWORK, domain=SQUARE, progress=False)


def chain():
    return pr.Network([([[1, 0], [1, 1]], [0, "-1/2"])], relu=[True])


def space_axes():
    return pyplot.figure().add_subplot(projection="3d")


DRAWINGS = {
    "cactus.plot_cactus": lambda draw: draw({"all": [0.1, 3, 0.02], "some": [0.1]}),
    "coverage.plot_coverage": lambda draw: draw(pr.coverage_curve(NETWORK, TARGET, SQUARE)),
    "chain.plot_chain": lambda draw: draw(chain(), [flat()], [SQUARE]),
    "chain.plot_folds": lambda draw: draw(NETWORK, flat(), SQUARE),
    "decision_boundary.plot_boundary": lambda draw: draw(boundary(), regions=True),
    "diagram.plot_network_diagram": lambda draw: [draw(NETWORK, flat()), draw(NETWORK, flat(), simplified=True)],
    "folded.plot_folded": lambda draw: draw(chain().layers[0], SQUARE, {}, space_axes()),
    "latent.plot_feature_zones": lambda draw: draw([tiling()]),
    "latent.plot_latent_plane": lambda draw: draw(plane([[1, 0], [0, 1]])),
    "planar.plot_samples": lambda draw: draw(NETWORK, TARGET, SQUARE, 10),
    "planar.plot_tiling": lambda draw: draw(tiling(), labels=True),
    "segmentable.segment_and_plot": lambda draw: draw([[1, 0], [0, 1], [-1, -1]], np.eye(2), np.eye(2), [0, 0]),
    "solid.plot_arrow": lambda draw: draw([1, 1, 1], pyplot.figure().add_subplot(projection="3d"), label="a"),
    "solid.plot_polyhedron": lambda draw: draw(CUBE),
    "solid.solid_axes": lambda draw: draw(([-1] * 3, [1] * 3)),
    "space.plot_latent_cube": lambda draw: draw(latent("LatentCube")(None, [[1, 1, 0]], [0]), 0),
    "space.plot_plane_in_space": lambda draw: draw(plane([[1, 0], [0, 1], [1, 1]]), hyperplanes=(0, 1)),
    "superposed.plot_superposed_cube": lambda draw: draw(latent("LatentCube")(None, [[1, 1, 0]], [0])),
    "superposition.plot_superposition": lambda draw: draw(
        import_module("polyrelu.latent.superposition").Superposition(NETWORK, SQUARE)
    ),
    "surfaces.plot_zone_surfaces": lambda draw: draw(pr.linear_regions(pr.Network([([[1, 1, 0]], [0])], [True]), CUBE)),
    "zones.plot_directions": lambda draw: draw([[1, 1]], flat(), ["a"]),
    "zones.plot_polyhedra": lambda draw: draw([SQUARE], flat(), SQUARE, labels=["a"]),
    "zones.plot_zones": lambda draw: draw([tiling()], flat(), SQUARE),
}


def test_no_kind_of_drawing_is_forgotten():
    functions = set()
    for module in walk_packages(import_module("polyrelu.plotting").__path__):
        content = vars(import_module(f"polyrelu.plotting.{module.name}"))
        functions |= {
            f"{module.name}.{name}"
            for name, value in content.items()
            if ("plot" in name or name == "solid_axes")
            and getattr(value, "__module__", "") == f"polyrelu.plotting.{module.name}"
        }
    assert set(DRAWINGS) == functions


@pytest.mark.parametrize("dark", [None, True])
@pytest.mark.parametrize("name", DRAWINGS)
def test_drawing_changes_nothing(name, dark, tmp_path):
    module, function = (import_module(f"polyrelu.plotting.{name.split('.')[0]}"), name.split(".")[1])
    before = global_state()
    if dark is None:
        DRAWINGS[name](getattr(module, function))
        pyplot.gcf().savefig(tmp_path / "drawn.svg")
    else:
        with import_module("polyrelu.plotting.style").style(dark):
            DRAWINGS[name](getattr(module, function))
            pyplot.gcf().savefig(tmp_path / "drawn.png")
    pyplot.close("all")
    assert not changes(before)
