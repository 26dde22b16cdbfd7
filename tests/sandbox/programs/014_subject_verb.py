import numpy as np

AUXILIARIES = {"is", "are", "was", "were", "has", "have", "had", "does", "do", "did", "will", "would", "can", "could"}
VERBS = AUXILIARIES | {"said", "told", "sat", "works", "liked", "bought", "went", "made", "know"}
DETERMINERS = {"the", "a", "an", "this", "that", "these", "those"}


def is_verb(token):
    t = token.lower()
    return t in VERBS or t.endswith("ed") or t.endswith("ing")


def is_noun_candidate(tokens, j):
    if not tokens[j].isalpha():
        return False
    return j > 0 and tokens[j - 1].lower() in DETERMINERS or tokens[j][0].isupper()


def attend(query, key, pair, subject=4.5, previous=1.5, sink=2.0):
    """Verbs attend to their subject: the nearest noun-like token to the left within the sentence."""
    tokens = query.text
    n = len(tokens)
    scores = np.zeros((n, n))
    for i in range(n):
        scores[i][0] += sink
        if i > 0:
            scores[i][i - 1] += previous
        if is_verb(tokens[i]):
            j = i - 1
            while j >= 0:
                if tokens[j] in (".", "!", "?"):
                    break
                if is_noun_candidate(tokens, j):
                    scores[i][j] += subject
                    break
                j -= 1
    return scores
