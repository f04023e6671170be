"""What every room stands on: arguments and their checks, limits of time, files, numbers as text; no mathematics."""
