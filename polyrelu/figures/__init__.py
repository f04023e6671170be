"""The figures of the papers, and the demonstration."""
