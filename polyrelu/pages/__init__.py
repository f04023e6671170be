"""Drawings that show themselves: HTML that one can turn and touch."""
