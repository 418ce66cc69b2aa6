"""The figures: a module a figure."""
