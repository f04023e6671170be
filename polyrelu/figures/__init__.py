"""The figures of the write-ups, each computed from weights by a function that returns a matplotlib Figure."""
