"""The figure library-half-plane-pair: one hyperplane parts a plane in space in two half-planes.

./scripts/run python scripts/figures/library_half_plane_pair.py --out DIR
"""

from polyrelu.figures.registry import main

if __name__ == "__main__":
    main("library-half-plane-pair")
