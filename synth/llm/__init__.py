"""A language model behind a server or a file: what is sent, stored and paid; nothing here knows what a head is."""
