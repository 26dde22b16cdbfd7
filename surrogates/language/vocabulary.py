"""The vocabulary of programs: every feature and function, in one table.

The validator, the evaluator and the documentation read this table; the search keeps its own list of what to combine.
"""

from dataclasses import dataclass
from typing import Literal

from surrogates.language.clusters import PREFIX, is_cluster

Type = Literal["mask", "number"]
Side = Literal["token", "pair"]
Argument = Literal["count", "strings", "mask"]
Family = Literal["position", "class", "words", "sentence", "repetition", "meaning"]
"""What a feature looks at: where a token stands, what kind it is, which it is, and so on."""


class FeatureUnavailable(ValueError):  # noqa: N818 - a verdict, not a mistake of ours
    """A feature that the vocabulary knows has no value for this model."""


MAX_STRINGS = 16
"""Most strings that ``is_one_of`` takes: a longer list is a lookup table, not an explanation."""
MAX_KNOTS = 9
"""Most knots of a curve."""
MAX_WORDS = 24
"""Most words that ``weights`` takes, classes aside."""


@dataclass(frozen=True)
class Feature:
    """One word of the vocabulary.

    A token feature is reached from either side (``query.is_comma``, ``key.is_comma``) and from the left neighbour of
    either (``key.previous.is_comma``); a pair feature from ``pair``.
    """

    name: str
    side: Side
    family: Family
    type: Type
    definition: str
    argument: Argument | None = None
    encoders_only: bool = False


def _token(family: Family, name: str, type_: Type, definition: str, **extra: object) -> Feature:
    return Feature(name, "token", family, type_, definition, **extra)  # type: ignore[arg-type]


def _pair(family: Family, name: str, type_: Type, definition: str, **extra: object) -> Feature:
    return Feature(name, "pair", family, type_, definition, **extra)  # type: ignore[arg-type]


FEATURES: tuple[Feature, ...] = (
    _token("position", "index", "number", "position in the text, from 0; padding does not count"),
    _token(
        "position",
        "is_first",
        "mask",
        "the text's first token, which is the beginning-of-text token where there is one",
    ),
    _token("position", "is_last", "mask", "the text's last token", encoders_only=True),
    _token("class", "is_special", "mask", "a special token such as <s> or [SEP]"),
    _token(
        "class",
        "is_word_start",
        "mask",
        "a word starts with it: white space, a special token or nothing stands before it, or the tokenizer cuts there",
    ),
    _token("class", "is_alphabetic", "mask", "letters only, marks on them included"),
    _token("class", "is_capitalised", "mask", "starts with an upper-case letter"),
    _token("class", "is_short", "mask", "letters only, at most three"),
    _token("class", "is_article", "mask", "a, an, the; at a word's start: after a space or with a capital"),
    _token("class", "is_pronoun", "mask", "personal, possessive, reflexive; at a word's start"),
    _token("class", "is_preposition", "mask", "one word, at its start"),
    _token("class", "is_conjunction", "mask", "one word, at its start"),
    _token("class", "is_auxiliary", "mask", "be, have, do, modals; at a word's start"),
    _token("class", "is_number", "mask", "digits only"),
    _token("class", "is_punctuation", "mask", "neither letters, digits nor white space: marks, symbols, emoji"),
    _token(
        "sentence", "is_sentence_end", "mask", "ends in a full stop, exclamation or question mark, closing quotes aside"
    ),
    _token("class", "is_comma", "mask", "a comma"),
    _token("class", "is_quote", "mask", "holds a double quotation mark"),
    _token("class", "is_newline", "mask", "holds a line break"),
    _token(
        "sentence",
        "is_sentence_start",
        "mask",
        "the first token, or the one after a sentence end or a line break that is none itself",
    ),
    _token(
        "class", "length", "number", "characters that end in it, the space before a word aside; 0 for special tokens"
    ),
    _token("repetition", "occurrences", "number", "how often the same token came earlier in the text"),
    _token("position", "word_position", "number", "how many tokens of its word come before it"),
    _token("sentence", "sentence_position", "number", "how many tokens of its sentence come before it"),
    _token(
        "words",
        "is_one_of",
        "mask",
        f"its text is one of the strings given, at most {MAX_STRINGS}; bytes that complete no character read <0xE2>",
        argument="strings",
    ),
    _pair("position", "distance", "number", "query index minus key index; signed for encoders"),
    _pair("position", "log_distance", "number", "log(1 + abs(distance))"),
    _pair(
        "position",
        "offset",
        "mask",
        "the key is exactly k tokens before the query; offset(0) is the query itself",
        argument="count",
    ),
    _pair("position", "within", "mask", "the key is at most k tokens away", argument="count"),
    _pair("repetition", "same_token", "mask", "key and query are the same token"),
    _pair("position", "same_word", "mask", "key and query belong to the same word"),
    _pair("position", "word_distance", "number", "words between key and query; 0 within a word; signed for encoders"),
    _pair("sentence", "same_sentence", "mask", "key and query belong to the same sentence"),
    _pair("sentence", "sentence_distance", "number", "sentences between key and query; signed for encoders"),
    _pair("repetition", "follows_same_token", "mask", "the key's left neighbour is the query's token (induction)"),
    _pair(
        "repetition",
        "follows_same_bigram",
        "mask",
        "the key's two left neighbours are the query's left neighbour and the query",
    ),
    _pair("repetition", "same_previous_token", "mask", "key and query have the same left neighbour"),
    _pair("meaning", "similarity", "number", "cosine of the model's input embeddings of key and query"),
    _pair(
        "position",
        "latest",
        "mask",
        "the nearest key at or before the query where the mask holds; nothing if none",
        argument="mask",
    ),
)

TOKEN_FEATURES = {feature.name: feature for feature in FEATURES if feature.side == "token"}


def token_feature(name: str) -> Feature | None:
    """The token feature of a name, those that are a run's own included; None if there is none."""
    if is_cluster(name):
        return _token("meaning", name, "mask", f"a token whose input embedding is like that of {name[len(PREFIX) :]}")
    return TOKEN_FEATURES.get(name)


SIMILARITY = ("pair", "similarity")
"""Side and name of the one feature that needs the model's input embeddings."""
PAIR_FEATURES = {feature.name: feature for feature in FEATURES if feature.side == "pair"}


@dataclass(frozen=True)
class Function:
    """A function of numbers. ``where`` takes a mask first."""

    name: str
    arguments: int
    definition: str


FUNCTIONS = {
    function.name: function
    for function in (
        Function("exp", 1, "e to the power of x"),
        Function("log", 1, "natural logarithm; x below 1e-6 counts as 1e-6"),
        Function("log1p", 1, "log(1 + x), floored in the same way"),
        Function("sqrt", 1, "square root; negative x counts as 0"),
        Function("abs", 1, "absolute value"),
        Function("minimum", 2, "the smaller of two"),
        Function("maximum", 2, "the larger of two"),
        Function("clip", 3, "clip(x, low, high)"),
        Function("where", 3, "where(mask, x, y): x where the mask holds, else y"),
        Function("logaddexp", 2, "log(exp(x) + exp(y)): either of two habits"),
    )
}


@dataclass(frozen=True)
class FittedCall:
    """A word whose call holds literal values that are fitted, as the constants are."""

    name: str
    form: str
    definition: str


FITTED = {
    call.name: call
    for call in (
        FittedCall(
            "curve",
            "curve(x, {0: 1.4, 4: 0.6})",
            f"through 2 to {MAX_KNOTS} knots, x: value, x increasing; straight in sign(x) * log1p(abs(x)), flat beyond",
        ),
        FittedCall(
            "weights",
            'weights(key, {"she": 1.2}, is_comma=0.8)',
            f"the weights of the token's text (of at most {MAX_WORDS}) and of its classes (masks above), added up",
        ),
    )
}
CLASSES = tuple(
    feature.name for feature in TOKEN_FEATURES.values() if feature.type == "mask" and feature.argument is None
)
"""Token features that ``weights`` takes as classes, next to clusters."""


def is_class(name: str) -> bool:
    """Whether ``weights`` takes a class of this name."""
    return name in CLASSES or is_cluster(name)


def vocabulary_table() -> str:
    """The vocabulary as Markdown, one row a word."""
    calls = {"count": "(k)", "strings": '("…", …)', "mask": "(mask)", None: ""}
    rows = ["| word | type | meaning |", "| --- | --- | --- |"]
    for feature in FEATURES:
        prefix = "pair." if feature.side == "pair" else "query. / key."
        note = " (encoders only)" if feature.encoders_only else ""
        rows.append(
            f"| `{prefix}{feature.name}{calls[feature.argument]}` | {feature.type} | {feature.definition}{note} |"
        )
    rows.append(
        "| `query.previous` / `key.previous` | | the left neighbour, with every token feature; "
        "nothing holds before the first |"
    )
    rows.append(
        f"| `query. / key.{PREFIX}…` | mask | the input embedding is in the cluster named by that word; "
        "only the clusters that are listed exist |"
    )
    rows += [f"| `{call.form}` | number | {call.definition} |" for call in FITTED.values()]
    rows += [f"| `{function.name}` | function | {function.definition} |" for function in FUNCTIONS.values()]
    return "\n".join(rows)
