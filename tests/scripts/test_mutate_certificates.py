import mutate_certificates

from polyrelu.certificates import checker


def test_some_mutants_are_rejected_or_true():
    counts, wrong = mutate_certificates.run(600, seed=17, each=30)
    assert not wrong
    assert counts["rejected"] > 400
    assert counts["accepted, the same claim"] > 10


def test_there_are_kinds_enough():
    assert len(mutate_certificates.EVIDENCE) + len(mutate_certificates.QUESTION) >= 30


def test_a_false_claim_is_found(monkeypatch):
    """A checker that proves something else each time is found out."""
    claims = iter(range(10**6))
    monkeypatch.setattr(checker, "check", lambda question, paths: f"regions: {next(claims)}")
    assert mutate_certificates.run(5, seed=1)[1]
