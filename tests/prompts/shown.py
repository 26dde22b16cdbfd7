"""A head on two small texts in numbers that every machine writes alike, and programs to go with it."""

import numpy as np

from prompts.abridged import Part
from prompts.edges import Compared, HeadText
from prompts.messages import Shown, part_prompt, program_prompt, repair_prompt
from prompts.residual import Word

SENTENCES = ("<s> The dog ran , and the girl ran .", '<s> " Stop ! " said Tom , and the dog stopped .')
ODD = ("<s>", '"', "'", "\\", "\n", "{{ 7 * 7 }}", "{% raw %}", "```", "````python", "</system>", "\u2028", "`", "{#")
PROGRAM = '''def attend(query, key, pair, sink=1.5, before=2.0):
    """The first token, and the one before."""
    return sink * key.is_first + before * pair.offset(1)
'''
BROKEN = '''def attend(query, key, pair, before=2.0):
    """The token before."""
    return before * key.offset(1)
'''
ERROR = "line 3: `query` and `key` have no feature `offset`; `pair.offset` exists"


def causal_text(tokens: tuple[str, ...], own: float = 0.125) -> HeadText:
    """Half of each query's attention on the token before, ``own`` on itself, the rest on the first token.

    All weights are sums of powers of two, and exact.
    """
    n = len(tokens)
    pattern = np.zeros((n, n))
    for query in range(n):
        pattern[query, query] += own
        pattern[query, max(query - 1, 0)] += 0.5
        pattern[query, 0] += 0.5 - own
    visible = np.tril(np.ones((n, n), dtype=bool))
    marks = np.array([not any(c.isalnum() for c in token) for token in tokens])
    return HeadText(tokens, pattern, visible, {"is_punctuation": marks})


def uniform(text: HeadText) -> np.ndarray:
    return text.visible / text.visible.sum(1, keepdims=True)


TEXTS = [causal_text(tuple(sentence.split())) for sentence in SENTENCES]
TABLE = "weights(key, {'ran': 1.5, 'dog': -2.5, 'girl': 0.5}, is_comma=0.25, is_quote=-1.5) * pair.log_distance"
STANDING = Shown(
    PROGRAM,
    "The first token, and the one before.",
    0.5,
    [Part("before * pair.offset(1)", 0.5), Part(TABLE, 0.375), Part("sink * key.is_first", 0.125)],
)
COMPARED = [Compared(text, uniform(text), iou) for text, iou in zip(TEXTS, (0.25, 0.75), strict=True)]
ALIKE = {"like_dog": [Word("dog"), Word("cat"), Word('"')], "like_ran": [Word("ran"), Word("n", goes_on=True)]}
PROMPTS = {
    "part": part_prompt(STANDING, COMPARED, COMPARED, causal=True, layer="layer 1 of 5", alike=ALIKE, parts=3),
    "program": program_prompt(
        STANDING,
        COMPARED,
        COMPARED,
        causal=True,
        layer="layer 1 of 5",
        ideas=["pair.latest(key.is_sentence_start)", "log1p(query.index) * key.is_first"],
        others=[Shown(PROGRAM, "Said otherwise.", 0.375)],
        programs=2,
    ),
    "repair": repair_prompt(BROKEN, ERROR, causal=True),
}
"""One prompt of each purpose."""
