"""The figures of the write-up, each computed from weights by a small function without required arguments."""
