import numpy as np


def attend(query, key, pair, link=4.5, inside=1.5, sink=1.5):
    """Relative pronouns attend to the noun they modify; the words of the clause attend to the relative pronoun."""
    RELATIVE = ["who", "which", "that", "whom", "whose", "where"]
    tokens = query.text
    n = len(tokens)
    scores = np.zeros((n, n))
    opener = None
    for i in range(n):
        word = tokens[i].lower()
        scores[i, 0] += sink
        if word in RELATIVE:
            opener = i
            for j in range(i - 1, -1, -1):
                if tokens[j].isalpha() and len(tokens[j]) > 1:
                    scores[i, j] += link
                    break
        elif opener is not None:
            if key.is_comma[i] or key.is_sentence_end[i]:
                opener = None
            else:
                scores[i, opener] += inside
    return scores
