import numpy as np


def attend(query, key, pair, repeat=2.5, new=1.0, sink=1.0):
    """Repeated tokens look at repetitions, new tokens at new ones; rows are built as lists."""
    seen = set()
    status = []
    for token in query.text:
        status.append(token in seen)
        seen.add(token)
    rows = []
    for i, a in enumerate(status):
        row = []
        for j, b in enumerate(status):
            value = sink if j == 0 else 0.0
            if j <= i and a == b:
                value += repeat if a else new
            row.append(value)
        rows.append(row)
    return np.array(rows, dtype=np.float32)
