"""A text made of random tokens, and calls on it."""

import ast

import numpy as np

from sandbox import processes
from sandbox.pool import Call, Text

UNGUARDED = processes._MAIN.replace("sandbox.forkserver", "tests.sandbox.unguarded")
"""Starts a server whose workers take programs as plain Python."""

WORDS = ("<s>", "the", "dog", ",", "ran", ".", "She", '"', "\n", "7")


def text(n: int = 8, seed: int = 0, *, causal: bool = True) -> Text:
    """Tokens drawn from ``WORDS``; any token feature is a random mask, any pair feature a random number."""
    generator = np.random.default_rng(seed)
    masks = generator.random((64, n)) < 0.5
    numbers = generator.random((64, n, n)).astype(np.float32)

    def feature(side: str, name: str) -> np.ndarray:
        place = sum(map(ord, name)) % 64
        return masks[place] if side == "token" else numbers[place]

    return Text((n, seed, causal), tuple(generator.choice(WORDS, n).tolist()), causal, feature)


def call(source: str, on: Text | None = None, **constants: float) -> Call:
    """A call of the last function of a source, or of ``attend`` where it defines none."""
    functions = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    features = {("token", "is_comma"), ("token", "length"), ("pair", "distance")}
    entry = functions[-1].name if functions else "attend"
    return Call(source, entry, constants, on or text(), frozenset(features))


def body(lines: str) -> str:
    """A program of these lines."""
    inner = "\n".join("    " + line for line in lines.splitlines())
    return f"def attend(query, key, pair):\n{inner}\n"
