from types import SimpleNamespace

import fuzz_kernel

from tests.engines.cells import differential


def test_a_few_questions_show_no_difference(capsys):
    assert fuzz_kernel.main(["--seconds", "20", "--count", "12"]) == 0
    assert capsys.readouterr().out == "12 questions: no difference\n"


def test_a_difference_is_told_with_its_seed(capsys, monkeypatch):
    monkeypatch.setattr(differential, "right_answer", lambda question: SimpleNamespace(tiles=None))
    assert fuzz_kernel.main(["--seed", "7"]) == 1
    assert "1 questions: seed 7: " in capsys.readouterr().out
