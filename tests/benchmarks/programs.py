"""Programs of the kind and size the search finds, with distinct structures."""

from surrogates.language.program import Program

_TERMS = (
    "{} * key.is_first",
    "{} * pair.log_distance",
    "{} * query.is_comma * pair.offset(1)",
    "{} * pair.same_token",
    "{} * pair.follows_same_token",
    "{} * key.is_capitalised * pair.within(8)",
    "{} * query.is_word_start * key.is_punctuation",
    "{} * pair.same_sentence",
    "{} * key.previous.is_comma * pair.within(4)",
    "{} * log1p(pair.word_distance)",
    '{} * key.is_one_of("the", "a", "and", "was") * pair.log_distance',
    "{} * query.previous.is_word_start * pair.offset(2)",
    "{} * pair.latest(key.is_sentence_start)",
    "{} * key.length * pair.same_word",
)


def programs(count: int, terms: int = 8) -> list[Program]:
    """``count`` programs of ``terms`` terms, each a different choice."""
    found = []
    for number in range(count):
        chosen = [_TERMS[(number + step * (1 + number // len(_TERMS))) % len(_TERMS)] for step in range(terms)]
        constants = ", ".join(f"c{i}={(-1) ** i * (0.3 + 0.1 * (number % 7)):.1f}" for i in range(terms))
        body = " + ".join(term.format(f"c{i}") for i, term in enumerate(chosen))
        source = f'def attend(query, key, pair, {constants}):\n    """Number {number}."""\n    return {body}\n'
        found.append(Program.parse(source))
    return found
