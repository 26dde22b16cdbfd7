"""Programs on disk, and which of them stands in for each head."""
