"""What a story is about: people, things and places, which write themselves into sentences through ``str.format``."""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from synth.demo import words


def with_article(phrase: str) -> str:
    """The phrase with "a" or "an" in front of it."""
    return f"{'an' if phrase[0] in 'aeiou' else 'a'} {phrase}"


@dataclass(frozen=True)
class Person:
    """Somebody with a name: ``{a}`` is the name, ``{a.she}``, ``{a.her}`` and ``{a.hers}`` are the pronouns."""

    name: str
    she: str
    her: str
    hers: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Thing:
    """An object: ``{x}`` is "red kite", ``{x.one}`` "a red kite", ``{x.noun}`` "kite", ``{x.kind}`` "red"."""

    kind: str
    noun: str

    def __str__(self) -> str:
        return f"{self.kind} {self.noun}"

    @property
    def one(self) -> str:
        """The thing with its article."""
        return with_article(str(self))


@dataclass(frozen=True)
class Place:
    """Somewhere: ``{p}`` is "the mill", ``{p.at}`` is "at the mill"."""

    preposition: str
    noun: str

    def __str__(self) -> str:
        return f"the {self.noun}"

    @property
    def at(self) -> str:
        """The place with its preposition."""
        return f"{self.preposition} the {self.noun}"


class Pick:
    """Writes another of its options every time that it is formatted."""

    def __init__(self, rng: random.Random, options: Sequence[str]) -> None:
        self.rng = rng
        self.options = options

    def __format__(self, spec: str) -> str:
        return self.rng.choice(self.options)


def people(rng: random.Random, count: int) -> list[Person]:
    """Different people, girls and boys in random order."""
    girls = [Person(name, "she", "her", "her") for name in rng.sample(words.GIRLS, count)]
    boys = [Person(name, "he", "him", "his") for name in rng.sample(words.BOYS, count)]
    return rng.sample(girls + boys, count)


def things(rng: random.Random, count: int) -> list[Thing]:
    """Different objects, each with a colour or another quality; no two share either word."""
    kinds = rng.sample(words.COLOURS + words.QUALITIES, count)
    return [Thing(kind, noun) for kind, noun in zip(kinds, rng.sample(words.THINGS, count), strict=True)]


def places(rng: random.Random, count: int) -> list[Place]:
    """Different places."""
    return [Place(preposition, noun) for preposition, noun in rng.sample(words.PLACES, count)]


def cast(rng: random.Random) -> dict[str, Any]:
    """All that the sentences of one story may name.

    ``a``, ``b``, ``c`` are people, ``x``, ``y``, ``z`` things, ``p``, ``q``, ``r`` places; the rest is below.
    """
    animals = rng.sample(words.ANIMALS, 2)
    job = rng.choice(words.JOBS)
    return {
        **dict(zip("abc", people(rng, 3), strict=True)),
        **dict(zip("xyz", things(rng, 3), strict=True)),
        **dict(zip("pqr", places(rng, 3), strict=True)),
        **dict(zip(("animal", "other_animal"), animals, strict=True)),
        "animal_one": with_article(animals[0]),
        **dict(zip(("food", "other_food"), rng.sample(words.FOODS, 2), strict=True)),
        "job": job,
        "c_job": with_article(job),
        "weather": rng.choice(words.WEATHER),
        "moment": rng.choice(words.MOMENTS),
        "number": rng.choice(words.NUMBERS),
        "said": Pick(rng, ("said", "said", "whispered", "answered", "called", "replied")),
        "asked": Pick(rng, ("asked", "asked", "wondered", "cried")),
        "hiding": rng.choice(words.HIDING_PLACES),
    }


# The first letter of a sentence: at the very start, after a full stop, or where a quotation starts after one.
SENTENCE_START = re.compile(r"""((?:^|[.?!]"? )"|^|[.?!] )([a-z])""")


def sentence(template: str, names: dict[str, Any]) -> str:
    """The template with its names filled in and every sentence in it started with a capital."""
    return SENTENCE_START.sub(lambda found: found[1] + found[2].upper(), template.format(**names))
