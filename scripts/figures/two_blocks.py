"""The figure two-blocks: two blocks, the later features in the earlier latent space.

./scripts/run python scripts/figures/two_blocks.py --out DIR
"""

from polyrelu.figures.registry import main

if __name__ == "__main__":
    main("two-blocks")
