"""Mirrors of the history that need a word more than Lightning's own loggers."""
