"""The figure library-planes-in-space: a plane in space cut by each coordinate hyperplane, and by all.

./scripts/run python scripts/figures/library_planes_in_space.py --out DIR
"""

from polyrelu.figures.registry import main

if __name__ == "__main__":
    main("library-planes-in-space")
