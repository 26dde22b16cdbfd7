"""Vectorised programs drawn at random, most of them absurd: what the contract allows, whatever it computes."""

import random

from surrogates.language.vocabulary import CLASSES, PAIR_FEATURES, TOKEN_FEATURES

_NUMBERS = ("0.0", "1.0", "-1.0", "0.5", "3", "7.25", "1e30", "-1e30", "1e-38", "inf", "-inf", "100.0")
_KNOTS = ("-1e30", "-40", "-1.5", "0", "1e-3", "2", "7.25", "1000", "1e30")
_VALUES = (0.0, 1.0, -1.0, 2.5, 1e30, -1e30, 1e-38, 40.0, -0.001)


class RandomPrograms:
    """Draws sources; equal seeds give equal sources."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._constants: list[str] = []
        self._names: list[str] = []

    def source(self) -> str:
        self._constants = [f"c{number}" for number in range(self._random.randint(0, 4))]
        self._names = []
        lines = []
        for number in range(self._random.randint(0, 3)):
            lines.append(f"x{number} = {self._number(3)}")
            self._names.append(f"x{number}")
            if self._random.random() < 0.3:
                lines.append(f"x{number} {self._random.choice(['+=', '-=', '*=', '/=', '**='])} {self._number(2)}")
        lines.append(f"return {self._number(4)}")
        given = "".join(f", {name}={self._random.choice(_VALUES)!r}" for name in self._constants)
        body = "".join(f"    {line}\n" for line in lines)
        return f'def attend(query, key, pair{given}):\n    """At random."""\n{body}'

    def _number(self, depth: int) -> str:
        pick = self._random.random()
        if depth == 0 or pick < 0.15:
            return self._leaf()
        a, b = self._number(depth - 1), self._number(depth - 1)
        if pick < 0.65:
            return f"({a} {self._random.choice(['+', '-', '*', '/', '**'])} {b})"
        if pick < 0.75:
            return f"where({self._mask(depth - 1)}, {a}, {b})"
        if pick < 0.87:
            return f"{self._random.choice(['exp', 'log', 'log1p', 'sqrt', 'abs', '-'])}({a})"
        if pick < 0.96:
            return f"{self._random.choice(['minimum', 'maximum', 'logaddexp'])}({a}, {b})"
        return f"clip({a}, {b}, {self._leaf()})" if pick < 0.975 else self._curve(a)

    def _leaf(self) -> str:
        pick = self._random.random()
        if self._constants and pick < 0.35:
            return self._random.choice(self._constants)
        if self._names and pick < 0.45:
            return self._random.choice(self._names)
        if pick < 0.6:
            return self._random.choice(_NUMBERS)
        return self._feature("number") if pick < 0.95 else self._weights()

    def _curve(self, x: str) -> str:
        places = sorted(self._random.sample(range(len(_KNOTS)), self._random.randint(2, 4)))
        return f"curve({x}, {{{', '.join(f'{_KNOTS[place]}: {self._value()}' for place in places)}}})"

    def _weights(self) -> str:
        words = [f'"{word}": {self._value()}' for word in ("the", "dog", "\\n") if self._random.random() < 0.5]
        classes = self._random.sample(CLASSES, self._random.randint(0 if words else 1, 2))
        named = "".join(f", {name}={self._value()}" for name in classes)
        return f"weights({self._random.choice(['query', 'key', 'key.previous'])}, {{{', '.join(words)}}}{named})"

    def _value(self) -> str:
        return repr(self._random.choice(_VALUES))

    def _mask(self, depth: int) -> str:
        pick = self._random.random()
        if depth == 0 or pick < 0.4:
            return self._feature("mask")
        if pick < 0.6:
            return f"({self._number(depth - 1)} {self._random.choice(['<', '<=', '==', '!=', '>'])} {self._leaf()})"
        if pick < 0.8:
            return f"({self._mask(depth - 1)} {self._random.choice('&|')} {self._mask(depth - 1)})"
        return f"~{self._mask(depth - 1)}"

    def _feature(self, type_: str) -> str:
        owner = self._random.choice(["query", "key", "key.previous", "pair", "pair"])
        table = PAIR_FEATURES if owner == "pair" else TOKEN_FEATURES
        found = self._random.choice([f for f in table.values() if f.type == type_])
        argument = {"count": str(self._random.randint(0, 5)), "strings": '"the", "dog"', "mask": "key.is_word_start"}
        return f"{owner}.{found.name}" + (f"({argument[found.argument]})" if found.argument else "")
