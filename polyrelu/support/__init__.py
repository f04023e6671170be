"""What every room stands on: arguments, limits, files, numbers as text; no mathematics."""
