"""A head on two small texts in numbers that every machine writes alike, and programs to go with it."""

import numpy as np

from prompts.edges import HeadText
from prompts.messages import Compared, Evidence, Shown, propose_prompt, refine_prompt, repair_prompt
from prompts.summary import summary_lines

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
EVIDENCE = [Evidence("pair.offset(1)", 0.5), Evidence("-pair.distance", 0.25), Evidence("key.is_first", 0.125)]
PROMPTS = {
    "propose": propose_prompt(
        summary_lines(TEXTS), TEXTS, causal=True, evidence=EVIDENCE, best=[Shown(PROGRAM, 0.5)], programs=3
    ),
    "refine": refine_prompt(
        Shown(PROGRAM, 0.5),
        worst=[Compared(TEXTS[0], uniform(TEXTS[0]), 0.25)],
        best=[Compared(TEXTS[1], uniform(TEXTS[1]), 0.75)],
        causal=True,
        evidence=EVIDENCE[2:],
        ideas=["pair.latest(key.is_sentence_start)", "log1p(query.index) * key.is_first"],
    ),
    "repair": repair_prompt(BROKEN, ERROR, causal=True),
}
"""One prompt of each purpose."""
