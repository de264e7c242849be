"""Lightning modules, the optimiser, checkpoints, and `build`: the one place that wires."""
