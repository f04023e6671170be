"""Numbers and their errors: rationals, rounding, linear programs; knows no geometry."""
