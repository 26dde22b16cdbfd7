"""How many tokens a text may cost, before anything is sent: an estimate from above, with no vocabulary at hand."""

import re

_PIECES = re.compile(r"(?P<letters>[A-Za-z]+)|(?P<space>\s+)|(?P<other>.)", re.DOTALL)
_MESSAGE = 8
"""Role, separators and the like around each message; the known chat templates need 3 to 6."""


def estimate_tokens(text: str) -> int:
    """Tokens of a text, rounded up.

    A run of ASCII letters counts a token for every 3 letters begun, other characters one token for each UTF-8 byte
    (vocabularies may split digits singly and spell rare characters in bytes), a lone space nothing since it joins the
    next word, and longer white space or a line break one token for every 4 characters begun. OpenAI's vocabularies
    (o200k_base, cl100k_base) come to 0.55 to 0.65 of this on English, code and lists of edges, to 0.8 on numbers
    alone; only letters drawn at random need more than this.
    """
    count = 0
    for piece in _PIECES.finditer(text):
        length = piece.end() - piece.start()
        if piece["letters"]:
            count += -(-length // 3)
        elif piece["other"]:
            count += len(piece["other"].encode("utf-8", "surrogatepass"))
        elif piece["space"] != " ":
            count += -(-length // 4)
    return count


def estimate_prompt(contents: list[str]) -> int:
    """Tokens of a conversation of messages with these contents, rounded up."""
    return sum(estimate_tokens(content) + _MESSAGE for content in contents)
