"""Pages that are not run where the site is built: their pictures are those of their examples, and PyTorch agrees."""

import io

import numpy as np
import pytest
from website.drawn import pages, ran_elsewhere
from website.running import Differs, run_page

ALIKE = 0.95  # of the pixels: where a module is trained, other processors come to other last digits
NAMES = list(pages())


def test_there_is_a_page_of_pytorch():
    assert NAMES == ["start/torch.md"]


@pytest.mark.parametrize("name", NAMES)
def test_a_page_has_the_pictures_of_its_examples(name):
    ran = ran_elsewhere(pages()[name], name)
    assert sorted(ran.files) == ["ring.dark.png", "ring.png"]
    assert "torch/ring.png#only-light" in ran.text
    assert "torch/ring.dark.png#only-dark" in ran.text


@pytest.mark.parametrize("name", NAMES)
def test_other_examples_want_other_pictures_and_other_words_do_not(name):
    text = pages()[name]
    assert ran_elsewhere(text.replace("five minutes", "ten minutes"), name).files
    with pytest.raises(Differs, match="draw them again"):
        ran_elsewhere(text.replace("range(300)", "range(200)"), name)


@pytest.mark.torch
@pytest.mark.parametrize("name", NAMES)
def test_what_comes_out_is_what_is_kept(name):
    pytest.importorskip("torch")
    imread = pytest.importorskip("matplotlib.image").imread
    text = pages()[name]
    kept, drawn = ran_elsewhere(text, name).files, run_page(text, name).files
    assert kept.keys() == drawn.keys()
    for file, content in drawn.items():
        one, other = (imread(io.BytesIO(picture)) for picture in (content, kept[file]))
        assert one.shape == other.shape, file
        assert (np.abs(one - other).max(axis=2) < 1 / 8).mean() > ALIKE, file
