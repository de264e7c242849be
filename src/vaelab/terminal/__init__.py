"""A run as text in a terminal. What `vaelab watch` takes from here reads the run folder alone, without torch."""
