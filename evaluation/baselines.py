"""What explains nothing of a head, to compare its program with."""

from surrogates.language.program import Program


def _plain(hypothesis: str, scores: str) -> Program:
    return Program.parse(f'def attend(query, key, pair):\n    """{hypothesis}"""\n    return {scores}\n')


# Beside a score of 100 nothing else has a weight in single precision; where the key is not there, all are alike.
UNIFORM = _plain("Every visible key alike.", "0")
FIRST = _plain("The first token.", "100 * key.is_first")
PREVIOUS = _plain("The token before.", "100 * pair.offset(1)")
