"""Programs that a language model writes: what it is asked in each round, and what becomes of its answers."""
