"""The figure library-example-plot: the example plot of the library.

./scripts/run python scripts/figures/library_example_plot.py --out DIR
"""

from polyrelu.figures.registry import main

if __name__ == "__main__":
    main("library-example-plot")
