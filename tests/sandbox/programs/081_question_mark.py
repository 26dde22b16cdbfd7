import numpy as np


def attend(query, key, pair, question=4.0, sink=1.0):
    """Question marks attend to the question word or auxiliary that began the question."""
    starters = {"who", "what", "when", "where", "why", "how", "is", "are", "was", "were", "do", "does", "did"}
    n = len(query)
    scores = np.zeros((n, n))
    for i, tok in enumerate(query.text):
        scores[i, 0] = sink
        if not tok.startswith("?"):
            continue
        found = [j for j in range(i) if key.text[j].lower() in starters and pair.same_sentence[i, j]]
        if found:
            scores[i, found[0]] += question
        else:
            scores[i, i] += question
    return scores
