"""Faults of disk, files, memory and numbers, and what a run makes of each."""
