"""The figure gamma-space: one block further back: gamma-space of the worked example.

./scripts/run python scripts/figures/gamma_space.py --out DIR
"""

from polyrelu.figures.registry import main

if __name__ == "__main__":
    main("gamma-space")
