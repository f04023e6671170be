"""The colours of zones, the same in drawings and in files, which colour-blind readers can tell apart.

They are Okabe and Ito's (Color Universal Design, 2008) without black and yellow, which vanish on ink and on paper.
"""

PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9")


def colour(index: int) -> str:
    """The palette's colour number ``index``, cyclically."""
    return PALETTE[index % len(PALETTE)]
