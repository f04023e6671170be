"""The answer as data: tiles, the columns they are kept in, and their facets."""
