"""The heuristics of scripts/pruning/heuristics, by name, and questions to ask them."""

import importlib
from pathlib import Path

import polyrelu as pr
from polyrelu.engines.search import FaceProblem, FaceSearch, Heuristic

FOLDER = Path(__file__).parents[2] / "scripts" / "pruning" / "heuristics"
LIMIT = 2**16

THREE = pr.Layer([[1, 0], [0, 1], [1, 1]], [0, 0, -1], True)  # three half-planes: x0 > 0, x1 > 0, x0 + x1 > 1


def makers():
    """For each heuristic of each file its name and what makes a fresh one."""
    found = {}
    for path in sorted(FOLDER.glob("*.py")):
        module = importlib.import_module(f"heuristics.{path.stem}")
        own = [
            each
            for each in vars(module).values()
            if isinstance(each, type) and issubclass(each, Heuristic) and each.__module__ == module.__name__
        ]
        for make in getattr(module, "HEURISTICS", own):
            name = make().name
            assert name not in found, f"{path.name}: {name} is in another file too"
            found[name] = make
    return found


def search(layer, heuristic, wanted=None, domain=None, limit=LIMIT):
    wanted = pr.Polyhedron.whole_space(layer.output_dim) if wanted is None else wanted
    return FaceSearch(FaceProblem(layer, wanted, domain), heuristic, limit, False)
