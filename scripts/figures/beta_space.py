"""The figure beta-space: beta-space of the worked example with its three directions.

./scripts/run python scripts/figures/beta_space.py --out DIR
"""

from polyrelu.figures.registry import main

if __name__ == "__main__":
    main("beta-space")
