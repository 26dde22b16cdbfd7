"""A cloze task of the demo: which word ends a sentence of a story that nothing was trained on or fitted to."""

import random
import re

from synth.demo import TEST_SEED, words
from synth.demo.stories import generate_stories
from synth.task_items import Item

_ITEMS = 400
_CHOICES = 4
_PLACES = [noun for _, noun in words.PLACES if " " not in noun]
_KINDS = (words.GIRLS + words.BOYS, words.THINGS, words.ANIMALS, words.FOODS, words.JOBS, _PLACES)
_KIND_OF = {word: kind for kind in _KINDS for word in kind}
_LAST_WORD = re.compile(r" (\w+)[.?!]")


def cloze_items() -> list[Item]:
    """400 items, each of another story: the last word that ends a sentence and was said before.

    It is told apart from three others of its kind: people, things, animals, foods, jobs or places. Those that the story
    names before come first, so that it takes more than to know which words were said.
    """
    rng = random.Random("headsynth demo cloze")
    items: list[Item] = []
    for story in generate_stories(2 * _ITEMS, TEST_SEED):
        if len(items) < _ITEMS and (item := _item(story, rng)) is not None:
            items.append(item)
    return items


def _item(story: str, rng: random.Random) -> Item | None:
    for found in reversed(list(_LAST_WORD.finditer(story))):
        query, word = story[: found.start()], found[1]
        said = re.findall(r"\w+", query)
        if word not in _KIND_OF or word not in said:
            continue
        others = [other for other in _KIND_OF[word] if other != word]
        rng.shuffle(others)
        others.sort(key=lambda other: other not in said)
        choices = [word, *others[: _CHOICES - 1]]
        rng.shuffle(choices)
        return Item(query=query, choices=choices, gold=choices.index(word))
    return None
