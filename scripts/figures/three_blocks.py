"""The figure three-blocks: three blocks: the last features in gamma-, alpha- and beta-space.

./scripts/run python scripts/figures/three_blocks.py --out DIR
"""

from polyrelu.figures.registry import main

if __name__ == "__main__":
    main("three-blocks")
