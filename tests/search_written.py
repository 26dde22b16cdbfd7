"""Programs of the form and size in which the search writes them, with values drawn at random."""

import random
from collections.abc import Sequence

from surrogates.language.program import Program

_CLASSES = (
    "is_first", "is_special", "is_word_start", "is_alphabetic", "is_short", "is_capitalised", "is_number",
    "is_punctuation", "is_sentence_end", "is_comma", "is_quote", "is_newline", "is_article", "is_pronoun",
)  # fmt: skip
_MASKS = (
    "pair.same_token & ~pair.offset(0)", "pair.follows_same_token", "pair.latest(pair.same_token & ~pair.offset(0))",
    "pair.same_word", "pair.same_sentence", "pair.latest(key.is_sentence_start)", "pair.latest(key.is_comma)",
    "pair.offset(1)", "pair.within(3)",
)  # fmt: skip
_CELLS = (
    "key.is_first",
    "pair.log_distance",
    "pair.log_distance",
    "pair.offset(0)",
    "pair.offset(1)",
    "pair.offset(2)",
)


def search_written(count: int, words: Sequence[str], *, pairings: int = 4) -> list[Program]:
    """So many programs of a dozen parts; equal arguments give equal programs.

    Args:
        count: of the programs.
        words: strings that may have a weight.
        pairings: how many parts are the product of two sides' weights.
    """
    draw = random.Random(0)

    def value() -> float:
        return round(draw.gauss(0, 0.7), 2)

    def weights(token: str) -> str:
        own = draw.sample(words, min(len(words), draw.randint(4, 24)))
        classes = draw.sample(_CLASSES, draw.randint(2, 12))
        written = ", ".join(f"{word!r}: {value()}" for word in own)
        return f"weights({token}, {{{written}}}{''.join(f', {name}={value()}' for name in classes)})"

    def curve(number: str) -> str:
        return f"curve({number}, {{{', '.join(f'{knot}: {value()}' for knot in (0, 1, 2, 5, 16, 63))}}})"

    def program(number: int) -> Program:
        parts = [f"{weights('query')} * {weights('key')}" for _ in range(pairings)]
        parts += [curve("pair.distance"), f"{curve('query.index')} * key.is_first", weights("key")]
        parts += [f"{weights('query')} * {draw.choice(_CELLS)}", f"{weights('query.previous')} * {draw.choice(_CELLS)}"]
        parts += [weights("key.previous"), f"{weights('key')} * {draw.choice(_CELLS[1:])}"]
        parts.append(f"held * ({draw.choice(_MASKS)})")
        draw.shuffle(parts)
        body = "\n        + ".join(parts)
        signature = f"def attend(query, key, pair, held={value()}):"
        return Program.parse(f'{signature}\n    """Number {number}."""\n    return (\n        {body}\n    )\n')

    return [program(number) for number in range(count)]
