"""Numbers and their errors: exact rationals, certified rounding, linear programs; knows no geometry."""
