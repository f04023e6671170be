"""The figure beta-space: the plane of y with the three directions.

./scripts/run python scripts/figures/beta_space.py --out DIR
"""

from polyrelu.figures.registry import main

if __name__ == "__main__":
    main("beta-space")
