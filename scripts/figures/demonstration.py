"""The figure demonstration: 2-10-2-10: samples and the exact zones.

./scripts/run python scripts/figures/demonstration.py --out DIR
"""

from polyrelu.figures.registry import main

if __name__ == "__main__":
    main("demonstration")
