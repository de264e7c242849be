"""Variational auto-encoders and hierarchical VAEs, with the ELBO split layer by layer."""
