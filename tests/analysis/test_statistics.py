"""Statistics of regions, against counting them one by one."""

import pytest
from hypothesis import given, settings

import polyrelu as pr
from polyrelu.analysis import statistics
from tests import zoo
from tests.strategies import domains, networks


@settings(max_examples=25)
@given(networks(max_neurons=6).flatmap(lambda net: domains(net.input_dim).map(lambda domain: (net, domain))))
def test_neurons_and_regions_are_counted(question):
    network, domain = question
    (row,) = pr.region_statistics(network, domain)
    tiling = pr.linear_regions(network, domain, "twin")
    columns = list(zip(*(tile.bits.flat.tolist() for tile in tiling), strict=True))
    assert row.regions == len(tiling)
    assert row.neurons == network.neuron_count == row.dead + row.always_active + row.switching
    assert row.dead == sum(not any(signs) for signs in columns)
    assert row.always_active == sum(all(signs) for signs in columns)
    region = pr.Polyhedron.whole_space(network.input_dim) if domain is None else domain
    if row.density is None:
        assert region.is_empty() or not region.is_bounded() or not region.is_full_dimensional()
        assert row.largest is None
    else:
        sizes = [tile.polyhedron.volume() for tile in tiling]
        assert max(sizes) / sum(sizes) in row.largest
        assert row.density >= len(tiling) / sum(sizes) >= row.density * (1 - 2.0**-50)


def test_names_and_the_table():
    nets = {"first": zoo.NETWORKS["fan"], "second": zoo.NETWORKS["duplicate neurons"]}
    found = pr.region_statistics(nets, zoo.square())
    assert [row.name for row in found] == ["first", "second"]
    assert [row.name for row in pr.region_statistics(list(nets.values()), zoo.square())] == ["0", "1"]
    assert str(found).splitlines()[0].split() == [
        "name",
        "regions",
        "neurons",
        "dead",
        "always",
        "active",
        "switching",
        "density",
        "largest",
    ]
    table = pytest.importorskip("pandas") and found.to_pandas()
    assert table["regions"].tolist() == [row.regions for row in found]
    assert "-" in str(pr.region_statistics(zoo.NETWORKS["fan"]))


def test_errors_and_stops(monkeypatch):
    for wrong in ([], {}, 3, ["x"], {"a": 2}):
        with pytest.raises(pr.InputError, match="region_statistics: network"):
            pr.region_statistics(wrong)  # type: ignore[arg-type]
    with pytest.raises(pr.DimensionError, match=r"region_statistics: '1'"):
        pr.region_statistics([zoo.NETWORKS["fan"], zoo.NETWORKS["one neuron"]], zoo.square())
    asked = []

    def once(*args, **options):
        asked.append(args)
        if len(asked) == 2:
            raise KeyboardInterrupt
        return pr.linear_regions(*args, **options)

    monkeypatch.setattr(statistics, "linear_regions", once)
    with pytest.raises(pr.Interrupted, match="stopped with 1 of 3 rows") as stopped:
        pr.region_statistics([zoo.NETWORKS["fan"]] * 3, zoo.square())
    assert len(stopped.value.partial) == 1
