"""Analyses of a whole split: pure functions, with thin metrics and commands over them."""
