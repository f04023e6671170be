from types import SimpleNamespace

import fuzz_kernel
import pytest

from tests.engines.cells import differential


def test_a_few_questions_show_no_difference(capsys):
    assert fuzz_kernel.main(["--seconds", "20", "--count", "12"]) == 0
    assert capsys.readouterr().out == "12 questions: no difference\n"


def test_a_difference_is_told_with_its_seed(capsys, monkeypatch):
    monkeypatch.setattr(differential, "right_answer", lambda question: SimpleNamespace(tiles=None))
    assert fuzz_kernel.main(["--seed", "7"]) == 1
    assert "1 questions: seed 7: " in capsys.readouterr().out


def test_a_run_goes_on_where_its_log_ends(capsys, monkeypatch, tmp_path):
    seeds, log = list[int](), tmp_path / "log"
    monkeypatch.setattr(fuzz_kernel, "difference", seeds.append)
    for count in (100, 250):
        assert fuzz_kernel.main(["--seed", "3", "--count", str(count), "--log", str(log)]) == 0
    assert seeds == list(range(3, 253))
    assert capsys.readouterr().out == "100 questions: no difference\n250 questions: no difference\n"
    assert log.read_text() == "200 questions\n"


@pytest.mark.parametrize("kind", differential.SMALL)
def test_all_kinds_are_asked_in_both_sizes(kind):
    places = [seed for seed in range(fuzz_kernel.TURN * 10) if differential.SMALL[seed % 10] == kind]
    assert {seed % fuzz_kernel.TURN == 0 for seed in places} == {True, False}
    few = [fuzz_kernel.question_of(seed).network for seed in places if seed % fuzz_kernel.TURN]
    if kind not in ("magnitudes", "missed"):
        assert max(network.input_dim for network in few) <= 2
