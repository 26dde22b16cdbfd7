"""Python that strangers wrote, as a syntax tree, in time that its length bounds."""

import ast
import re
import unicodedata
import warnings

MAX_LENGTH = 40_000
"""Characters of the longest source that is read, whatever its kind: some twenty times what an explanation takes."""
MAX_MARKS = 1_000
"""Most marks that follow one another in a source. Names are normalised, and sorting the marks that stand on one letter
takes time that grows with the square of their number."""
_RUN = re.compile(rf"[^\x00-\x7f]{{{MAX_MARKS},}}+")


def parsed(source: str) -> ast.Module:
    """The syntax tree of a source that the caller has found to be no longer than ``MAX_LENGTH``.

    Python's parser cannot be interrupted, so what takes it long is kept from it. It refuses brackets and blocks nested
    deeper than 200 and 100 and remembers what it has tried; beside the marks of ``MAX_MARKS`` only f-strings of many
    values take time that grows with their square, a tenth of a second at ``MAX_LENGTH``.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: it is no Python, or not a kind that can be read.
    """
    for run in _RUN.finditer(source):
        marks = 0
        for character in run[0]:
            parts = unicodedata.normalize("NFKD", character)  # some marks are none by themselves, but made of two
            marks = marks + len(parts) if unicodedata.combining(parts[0]) else 0
            if marks > MAX_MARKS:
                what = f"over {MAX_MARKS:,} accents or other marks on one letter; leave them out"
                raise SyntaxError(what, ("<program>", source.count("\n", 0, run.start()) + 1, None, None))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of escapes in strings that Python does not know
        return ast.parse(source)
