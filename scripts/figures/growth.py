"""The figure growth: faces 2^n against cells actually met.

./scripts/run python scripts/figures/growth.py --out DIR
"""

from polyrelu.figures.registry import main

if __name__ == "__main__":
    main("growth")
