"""The figure fact-check: 10,000 samples against the un-ReLU-ed regions.

./scripts/run python scripts/figures/fact_check.py --out DIR
"""

from polyrelu.figures.registry import main

if __name__ == "__main__":
    main("fact-check")
