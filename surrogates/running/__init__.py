"""How programs stand in for heads in a running model."""
