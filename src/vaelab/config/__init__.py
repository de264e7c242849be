"""Everything that is known of a config before torch is imported."""
