import fuzz_certificates

from polyrelu.certificates import checker


def test_what_covers_is_accepted_and_nothing_else():
    counts, wrong = fuzz_certificates.run(planar=40, spatial=5, seed=3)
    assert not wrong
    assert min(counts.values()) > 5


def test_a_checker_that_does_not_look_behind_facets_is_found(monkeypatch):
    monkeypatch.setattr(checker.Target, "behind", lambda target, facet, cell: 0)
    monkeypatch.setattr(checker, "bisect", lambda listed, behind: 0)
    monkeypatch.setattr(checker, "any", lambda found: True, raising=False)
    assert fuzz_certificates.run(planar=20, spatial=0, seed=3)[1]
