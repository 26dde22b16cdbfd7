"""``headsynth demo``: every job on the bundled model."""
