"""The figure cube-orthant: what of the orthant satisfies it.

./scripts/run python scripts/figures/cube_orthant.py --out DIR
"""

from polyrelu.figures.registry import main

if __name__ == "__main__":
    main("cube-orthant")
