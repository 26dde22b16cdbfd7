"""The explorer: a run as one page that needs nothing else."""
