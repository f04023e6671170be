"""Cells by their inequalities in any dimension, decided by floats that prove what they say."""
