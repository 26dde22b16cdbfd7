# tries: a future statement, which switches the meaning of annotations
# verdict: refused or ok
from __future__ import annotations


def helper(x: open("@CANARY@", "w")) -> float:
    return 1.0


def attend(query, key, pair):
    """Tokens attend within their sentence."""
    return pair.zeros() + helper(1)
