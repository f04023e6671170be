"""Questions about an answer: to a number, a graph, another tiling, a verdict."""
