"""Asking a language model for programs: what is sent and stored, what it costs, and how answers are read."""
