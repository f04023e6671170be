from polyrelu.support.palette import PALETTE, colour


def test_colours_repeat_after_the_palette():
    assert colour(0) == PALETTE[0] == colour(len(PALETTE))
    assert len(set(PALETTE)) == len(PALETTE)
