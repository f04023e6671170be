"""The figure special-windows: six windows in special position.

./scripts/run python scripts/figures/special_windows.py --out DIR
"""

from polyrelu.figures.registry import main

if __name__ == "__main__":
    main("special-windows")
