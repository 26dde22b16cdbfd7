"""Little stories for the bundled demo model, made by a grammar from a seed.

Each has people, things and places that come back, so that foretelling it takes copying, looking back and keeping track.
About three in ten say a list, a song or a spell again word for word.
"""

import random

from synth.demo import refrains
from synth.demo.cast import cast
from synth.demo.plots import PLOTS, hidden, passed_on, told

REFRAIN_SHARE = 0.3


def one_story(rng: random.Random) -> str:
    """One story of some 50 to 130 words."""
    if rng.random() < REFRAIN_SHARE:
        return refrains.story(rng)
    chosen = rng.random()
    if chosen < 0.15:
        sentences = passed_on(rng)
    elif chosen < 0.3:
        sentences = hidden(rng)
    else:
        sentences = told(rng, rng.choice(PLOTS), cast(rng))
    # Paragraphs of random length, so that line breaks come at no fixed place.
    text = sentences[0]
    for following in sentences[1:]:
        text += ("\n" if rng.random() < 0.25 else " ") + following
    return text


def generate_stories(count: int, seed: int) -> list[str]:
    """``count`` different stories; the same for the same seed, and hardly any in common with another seed's."""
    rng = random.Random(f"headsynth demo stories {seed}")
    stories: dict[str, None] = {}
    while len(stories) < count:
        stories[one_story(rng)] = None
    return list(stories)


def longest_repeat(story: str) -> list[str]:
    """The longest run of words (split at white space) that the story says twice without overlap; empty if none."""
    words = story.split()
    longest: list[str] = []
    starts: dict[str, list[int]] = {}
    for position, word in enumerate(words):
        for start in starts.get(word, []):
            length = 1
            while (
                position + length < len(words)
                and start + length < position
                and words[start + length] == words[position + length]
            ):
                length += 1
            if length > len(longest):
                longest = words[start : start + length]
        starts.setdefault(word, []).append(position)
    return longest
