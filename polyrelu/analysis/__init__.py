"""Questions about an answer: from a tiling to a number, a graph, another tiling or a verdict."""
