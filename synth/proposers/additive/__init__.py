"""The offline proposer: every head of a group as an additive model, compressed to programs that a person can read."""
