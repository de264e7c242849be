"""Sweeps: many runs by one command, each in a folder and a process of its own."""
