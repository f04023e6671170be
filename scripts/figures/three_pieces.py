"""The figure three-pieces: three pieces form one half-plane.

./scripts/run python scripts/figures/three_pieces.py --out DIR
"""

from polyrelu.figures.registry import main

if __name__ == "__main__":
    main("three-pieces")
