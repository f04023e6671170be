"""Evidence shares nothing with what it judges: verdicts stay right when what engines decide by is wrong or missing."""

import dataclasses
import inspect
import sys
from fractions import Fraction

import pytest

import polyrelu as pr
from polyrelu.arithmetic import lp
from polyrelu.polyhedra import cddlib, cell, double_description
from polyrelu.polyhedra import region as regions
from polyrelu.polyhedra.halfspace import Halfspace
from polyrelu.polyhedra.polyhedron import Polyhedron
from polyrelu.polyhedra.region import Region
from tests.certificates.test_check_tiling import ABSOLUTE, CROSS, as_lists, confirm, with_tile
from tests.test_architecture import MODULES, name_of, own_imports, room

DEEP = pr.Network(
    [
        ([[1, -1, 2], [0, 2, -1], [-1, 1, 1]], [0, Fraction(1, 3), -1]),
        ([[1, -1, 1], [2, 0, -1]], [Fraction(1, 2), 0]),
        ([[1, -1]], [0]),
    ]
)
READ_BY_EVIDENCE = {
    "polyrelu.errors",
    "polyrelu.arithmetic.exact",
    "polyrelu.polyhedra.halfspace",
    "polyrelu.polyhedra.polyhedron",
    "polyrelu.networks.layer",
    "polyrelu.networks.network",
    "polyrelu.networks.questions",  # what is asked, not what is answered
    "polyrelu.tilings.table",
    "polyrelu.tilings.tile",
    "polyrelu.tilings.tiling",
}


@pytest.mark.parametrize("path", [p for p in MODULES if "certificates" in p.parts], ids=name_of)
def test_evidence_reads_data_and_imports_nothing_that_decides(path):
    for target in own_imports(path):
        assert target in READ_BY_EVIDENCE or room(target) in {"support", "certificates"}, f"{path} imports {target}"


# -- right tilings, wrong ones, and what is wrong with them ---------------------------------------------------------


def questions():
    """Two targets; unbounded and strict; flat; and two layers in space, with vertices on many rows."""
    box = Polyhedron.box([-3, -3], [3, 3])
    yield CROSS, [pr.parse("y0 >= 2", dim=1), pr.parse("y0 >= 1", dim=1)], box
    yield CROSS, [pr.parse("y0 > 0", dim=1)], None
    yield CROSS, [pr.parse("y0 == 0", dim=1)], None
    yield ABSOLUTE, [pr.parse("y0 >= 1", dim=1)], None
    yield DEEP, [pr.parse("y0 >= 0", dim=1)], Polyhedron.box([-1] * 3, [1] * 3)


def enlarged(tiling):
    """Each tile without its last row in turn."""
    for number, tile in enumerate(tiling):
        rows = tile.polyhedron.halfspaces[:-1]
        larger = Polyhedron.from_halfspaces(rows, tiling.domain.ambient_dim)
        yield with_tile(tiling, number, lambda bits, _, larger=larger: [(bits, larger)])


def flipped(tiling):
    """Each tile with the other sign of a neuron that is not zero on it."""
    for number, tile in enumerate(tiling):
        (first, *others) = tile.bits
        changed = ((not first[0], *first[1:]), *others)
        yield with_tile(tiling, number, lambda _, P, changed=changed: [(changed, P)])


def wrong_tilings(tiling):
    """Tilings that are wrong in one way each, with the network that was asked and the kinds of verdict that fit."""
    net, last, dim = tiling.network, tiling.network.layers[-1], tiling.domain.ambient_dim
    is_flat = all(tile.dim < dim for tile in tiling)
    for number in range(len(tiling)):
        rest = [k for k in range(len(tiling)) if k != number]
        yield tiling.select(rest), net, {"missing"}
        doubled = with_tile(tiling, number, lambda bits, P: [(bits, P), (bits, P)])
        yield doubled, net, {"contained" if is_flat else "overlap"}
    inner = tiling[0].polyhedron.relative_interior_point()
    cut = Halfspace.of([1, *[0] * (dim - 1)], inner[0])
    yield with_tile(tiling, 0, lambda bits, P: [(bits, P & Polyhedron.from_halfspaces([cut], dim))]), net, {"missing"}
    yield with_tile(tiling, 0, lambda bits, P: [(bits, Polyhedron.empty(dim)), (bits, P)]), net, {"empty"}
    for wrong in enlarged(tiling):
        yield wrong, net, {"domain", "pattern", "target", "affine map", "earlier target"}
    for wrong in flipped(tiling):
        yield wrong, net, {"pattern"}
    double = pr.Layer([[2 * v for v in row] for row in last.weight], last.bias, last.relu)
    if not is_flat:  # twice zero is zero
        yield tiling, pr.Network([*net.layers[:-1], double]), {"affine map"}
    (index, source), *others = tiling.parts
    yield dataclasses.replace(tiling, parts=((index + 7, source), *others)), net, {"target"}
    if others:
        yield dataclasses.replace(tiling, parts=((index + 1, source), *others)), net, {"earlier target"}
        swapped = ((others[0][0] - 1, others[0][1]),)
        yield dataclasses.replace(tiling, parts=((index, source), *swapped)), net, {"target"}


def specimens():
    """(tiling, network, kinds): all is found and all tiles are written down before anything is replaced."""
    for net, targets, domain in questions():
        tiling = as_lists(pr.preimage(net, targets, domain, method="unrelu"))
        yield tiling, net, {"verified"}
        yield from wrong_tilings(tiling)


# -- what engines decide by, replaced -------------------------------------------------------------------------------


def replace(patch, original, replacement):
    """Put a function in the place of another wherever a module of the package knows that by name."""
    found = [
        (module, name)
        for key, module in list(sys.modules.items())
        if key.startswith("polyrelu")
        for name, value in list(vars(module).items())
        if value is original
    ]
    assert found
    for module, name in found:
        patch.setattr(module, name, replacement)


def regions_lose_a_generator(patch):
    """Regions are cut to less than they are, and so are those that start anew."""

    def smaller(region):
        if region is None or region.generators.nrows() < 2:
            return region
        kept = region.generators.table()[:-1]
        return Region._generated(region.rows, [[int(v) for v in row] for row in kept], region.is_pointed)

    cut, of = Region.cut, Region.of
    patch.setattr(Region, "cut", lambda self, *rows: smaller(cut(self, *rows)))
    patch.setattr(Region, "of", lambda rows, ambient_dim: smaller(of(rows, ambient_dim)))
    square = Region.of(Polyhedron.box([0, 0], [1, 1]).halfspaces, 2)
    assert square is None or square.generators.nrows() == 3


def double_descriptions_lose_a_generator(patch):
    """The last ray of a cone, the last vertex of a polyhedron and the second half of a cell are forgotten."""
    cone, vertices, split = (
        double_description.cone_generators,
        cddlib.generators_from_halfspaces,
        cell.split,
    )

    def fewer_rays(*args):
        rays, lines = cone(*args)
        return rays[:-1], lines

    def fewer_vertices(*args):
        whole = vertices(*args)
        return whole._replace(vertices=whole.vertices[:-1])

    replace(patch, cone, fewer_rays)
    replace(patch, vertices, fewer_vertices)
    replace(patch, split, lambda *args: (split(*args)[0], None))
    assert len(Polyhedron.box([0, 0], [1, 1]).vertices) == 3


def nothing_decides(patch):
    """Every function of these modules and of the engines, and every method of their classes, refuses to work."""

    def refuse(*_, **__):
        raise AssertionError("evidence asks what it judges")

    engines = [module for name, module in sorted(sys.modules.items()) if name.startswith("polyrelu.engines")]
    for module in [regions, double_description, cell, cddlib, lp, *engines]:
        for value in list(vars(module).values()):
            if getattr(value, "__module__", None) != module.__name__:
                continue
            if inspect.isfunction(value):
                replace(patch, value, refuse)
            elif inspect.isclass(value):
                for name, method in list(vars(value).items()):
                    if inspect.isfunction(method) and not name.startswith("__"):
                        patch.setattr(value, name, refuse)
    for name in ("generators", "dim", "is_empty", "canonical", "irredundant", "contains", "is_subset"):
        patch.setattr(Polyhedron, name, refuse)
    with pytest.raises(AssertionError, match="judges"):
        pr.preimage(ABSOLUTE, pr.parse("y0 >= 1", dim=1))


SABOTAGE = {
    "nothing": lambda patch: None,
    "regions": regions_lose_a_generator,
    "double descriptions": double_descriptions_lose_a_generator,
    "everything": nothing_decides,
}


@pytest.mark.long
@pytest.mark.parametrize("sabotage", SABOTAGE.values(), ids=SABOTAGE.keys())
def test_the_truth_about_tilings(sabotage):
    cases = list(specimens())
    assert len(cases) > 100
    with pytest.MonkeyPatch.context() as patch:
        sabotage(patch)
        verdicts = [pr.check_tiling(tiling, net) for tiling, net, _ in cases]
    seen = set()
    for verdict, (tiling, net, kinds) in zip(verdicts, cases, strict=True):
        assert verdict.kind in kinds, verdict
        seen.add(verdict.kind)
        if not verdict:
            confirm(verdict, tiling, net)
    assert seen >= {"verified", "empty", "pattern", "affine map", "target", "earlier target", "overlap"}
    assert seen >= {"contained", "missing"}
