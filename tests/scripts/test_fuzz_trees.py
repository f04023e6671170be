import fuzz_trees
import pytest

from polyrelu.certificates import tree_checker


def test_no_mutant_is_accepted_that_is_false():
    counts, wrong = fuzz_trees.run(questions=12, each=8, seed=0)
    assert not wrong
    assert counts["rejected"] > counts["accepted"] > 0


def test_a_checker_that_asks_for_nothing_is_found_out():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tree_checker, "need", lambda condition, message: None)
        assert fuzz_trees.run(questions=12, each=8, seed=0)[1]
