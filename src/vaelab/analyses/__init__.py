"""What `vaelab diagnose` asks of a trained model: thin classes over the functions of `vaelab.diagnostics`."""

from vaelab.analyses.analysis import Analysis, Subject

__all__ = ["Analysis", "Subject"]
