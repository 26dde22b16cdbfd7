"""What a program is: its vocabulary, parts and constants, and how it becomes a pattern."""
