"""``headsynth evaluate``: perplexity with heads replaced."""
