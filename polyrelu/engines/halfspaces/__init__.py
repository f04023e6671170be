"""Cells by their inequalities, in exact arithmetic."""
