"""The figure cube-half-space: a cube of h-space, cut by the condition.

./scripts/run python scripts/figures/cube_half_space.py --out DIR
"""

from polyrelu.figures.registry import main

if __name__ == "__main__":
    main("cube-half-space")
