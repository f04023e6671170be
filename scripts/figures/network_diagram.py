"""The figure network-diagram: a network of two blocks, in full and simplified.

./scripts/run python scripts/figures/network_diagram.py --out DIR
"""

from polyrelu.figures.registry import main

if __name__ == "__main__":
    main("network-diagram")
