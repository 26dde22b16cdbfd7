"""``curve`` and ``weights`` as scripted programs call them: as in vectorised ones, but any numbers are values.

Their limits on how many knots and words there may be are left out: a script may hold a table of any size.
"""

from typing import Any

import numpy as np

from sandbox.views import Mask, TokenView


def curve(x: Any, knots: Any, /) -> np.ndarray:
    """A line through knots, straight between them in sign(x) * log1p(abs(x)) and flat beyond; the shape of x.

    Raises:
        TypeError: x or a knot is no number.
        ValueError: there are fewer than two knots, or they do not increase.
    """
    if not isinstance(knots, dict) or len(knots) < 2:
        raise ValueError("curve takes a number or an array, then two or more knots: curve(x, {0: 1.0, 8: -0.5})")
    places = np.array([_number(knot, "a knot of curve") for knot in knots])
    heights = np.array([_number(value, "a value of curve") for value in knots.values()])
    if not (np.diff(_log_scale(places)) > 0).all():
        raise ValueError(f"the knots of curve must increase, unlike {', '.join(f'{place:g}' for place in places)}")
    values = np.asarray(x)
    if values.dtype.kind not in "biuf":
        raise TypeError("curve takes a number or an array of numbers first")
    return np.interp(_log_scale(values.astype(np.float64)), _log_scale(places), heights)


def weights(token: Any, words: Any, /, **classes: Any) -> np.ndarray:
    """The weights of each token's text and of its classes added up: (n,).

    Raises:
        TypeError: the first argument is no token, a word no string or a weight no number.
        ValueError: a class is none.
    """
    if not isinstance(token, TokenView):
        raise TypeError("weights takes query, key or .previous of either first")
    if not isinstance(words, dict) or not all(isinstance(word, str) for word in words):
        raise TypeError('weights takes words and their weights second: weights(key, {"she": 1.2}, is_comma=0.8)')
    own = {word: _number(value, f"the weight of {word!r}") for word, value in words.items()}
    found = np.zeros(len(token.text))
    for name, value in classes.items():
        holds = token._features.get(name)
        if not isinstance(holds, Mask):
            raise ValueError(f"weights takes no class {name}: name a mask of the vocabulary that has no argument")
        found += _number(value, f"the weight of {name}") * np.asarray(holds)
    for place, text in enumerate(token.text):
        if text in own and token._here[place]:
            found[place] += own[text]
    return found


def _log_scale(x: np.ndarray) -> np.ndarray:
    return np.sign(x) * np.log1p(np.abs(x))


def _number(value: Any, what: str) -> float:
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value.item()
    if not isinstance(value, int | float | np.number | np.bool_):
        raise TypeError(f"{what} must be a number, not a {type(value).__name__}")
    return float(value)
