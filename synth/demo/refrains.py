"""Stories that say a list, a song or a spell again word for word.

Its words are random, so that only copying foretells them.
"""

import random
from collections.abc import Callable

from synth.demo import words
from synth.demo.cast import cast, sentence
from synth.demo.plots import OPENINGS

ANY_WORD = [
    *words.COLOURS,
    *words.QUALITIES,
    *words.THINGS,
    *words.ANIMALS,
    *words.FOODS,
    *words.JOBS,
    *words.WEATHER,
    *words.NUMBERS,
]

# Each: how the refrain comes up, what is said between two times, how it ends. The refrain is set in by ``story``.
Frame = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]


def made_up_word(rng: random.Random) -> str:
    """A word nobody has heard: one to three syllables."""
    syllables = rng.choice((1, 2, 2, 3))
    return "".join(rng.choice(words.STARTS) + rng.choice(words.MIDDLES) for _ in range(syllables)) + (
        rng.choice(words.ENDS) if rng.random() < 0.6 else ""
    )


def made_up_words(rng: random.Random, count: int) -> list[str]:
    """Words nobody has heard."""
    return [made_up_word(rng) for _ in range(count)]


def shopping(rng: random.Random) -> str:
    """Things to buy, some of them counted."""
    wares = rng.sample(words.FOODS + words.THINGS, rng.randint(9, 15))
    return ", ".join(
        f"{rng.choice(words.NUMBERS)} {ware}s" if ware in words.THINGS and rng.random() < 0.4 else ware
        for ware in wares
    )


def song(rng: random.Random) -> str:
    """Lines of a song, in made-up words or in real ones that make no sense."""
    lines = []
    for _ in range(rng.randint(3, 4)):
        count = rng.randint(4, 6)
        line = made_up_words(rng, count) if rng.random() < 0.5 else rng.sample(ANY_WORD, count)
        lines.append(" ".join(line).capitalize())
    return "\n".join(lines)


def spell(rng: random.Random) -> str:
    """Words of magic, some of them of hyphenated syllables."""
    magic = made_up_words(rng, rng.randint(7, 11))
    if rng.random() < 0.4:
        magic = ["-".join(made_up_words(rng, rng.randint(2, 3))) for _ in magic[:6]]
    return " ".join(magic)


def names(rng: random.Random) -> str:
    """Names in the order in which they are called."""
    called = rng.sample(words.GIRLS + words.BOYS, rng.randint(9, 16))
    return rng.choice((", ", " ", "\n")).join(called)


def random_words(rng: random.Random) -> str:
    """A password of words that have nothing to do with each other."""
    chosen = rng.sample(ANY_WORD + words.GIRLS + words.BOYS, rng.randint(10, 20))
    return rng.choice((" ", " ", ", ", " - ")).join(chosen)


def code(rng: random.Random) -> str:
    """Figures and letters that open a lock."""
    signs = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ" if rng.random() < 0.5 else "0123456789"
    groups = ("".join(rng.choices(signs, k=rng.randint(1, 4))) for _ in range(rng.randint(7, 12)))
    return " ".join(groups)


def way(rng: random.Random) -> str:
    """Places that one passes, in order."""
    return ", ".join(f"the {noun}" for _, noun in rng.sample(words.PLACES, rng.randint(6, 9)))


KINDS: dict[Callable[[random.Random], str], Frame] = {
    shopping: (
        (
            "{a} sent {b} to the market with a list:",
            "Before the feast {a} wrote down what was missing:",
            "{b} had to remember what to buy:",
        ),
        (
            "At the market {b} read the list again:",
            "{a} asked {b} to say it once more, and {b} said:",
            "On the way {b} said it over and over:",
        ),
        ("{b} forgot nothing, and {a} was glad.", "It all fitted into {x.one}.", "They carried everything to {p}."),
    ),
    song: (
        (
            "{a} sang an old song:",
            "Every {moment} the {job} sang to the {animal}:",
            "There is a rhyme that is sung {p.at}:",
        ),
        (
            "Then {b} sang it too:",
            "The {animal} liked it so much that {a} sang it again:",
            "And once more, a little louder:",
        ),
        ("Nobody knows what it means.", "Then it was quiet {p.at}.", '"What a song!" {said} {b}.'),
    ),
    spell: (
        (
            "{a} opened the book and read the spell:",
            "To open {x.one} one has to say:",
            '"Say this after me, {b}," said {a}:',
        ),
        (
            "Nothing happened, so {a} said it again:",
            "{b} repeated every word:",
            "The {animal} came closer. {a} tried again:",
        ),
        (
            "And {x.one} turned into {y.one}.",
            "There was a flash, and the {animal} could speak.",
            '"It works!" cried {b}.',
        ),
    ),
    names: (
        ("In the morning {a} read out the names:", "On the list {p.at} stood:", "{a} called the children one by one:"),
        (
            "In the evening {a} called them again, in the same order:",
            "{b} learned the names by heart:",
            "To be sure, {a} counted again:",
        ),
        ("All of them were there.", "Nobody was missing, not even {c}.", "Then they went to {p}."),
    ),
    random_words: (
        (
            "The secret password was:",
            "{a} and {b} played the word game. {a} began:",
            "On the back of {x.one} were these words:",
        ),
        ("{b} had to say it back:", "{a} learned it by heart and whispered:", "The next {moment} {b} still knew it:"),
        ("Not one word was wrong.", "{c} could not remember any of it.", "So they were let in."),
    ),
    code: (
        ("The lock of {x.one} needs a code:", "{a} found a number {hiding}:", "{b} gave {a} a secret code:"),
        ("{a} wrote it down once more:", "{a} tried it on the lock:", "{b} read the code out again:"),
        ("With a click it opened.", "Inside was {y.one}.", "{c} never learned the code."),
    ),
    way: (
        ("The way to the treasure goes past", "{a} told {b} how to walk: past", "{b} drew a map that led past"),
        ("So {b} walked past", "{a} went just that way, past", "When {c} asked, {a} told it again: past"),
        ("There, at the end, lay {x.one}.", "It took {b} {number} hours.", "{a} was home again before it was dark."),
    ),
}


# What may happen between two times, so that they are never a fixed number of words apart.
ASIDES = (
    "{a} looked at {b}.",
    "Outside it was {weather}.",
    "The {animal} came in and lay down {hiding}.",
    '"Listen, {c}," {said} {a}.',
    '"Was that right?" {asked} {b}. "I think so," {said} {a}.',
    "For a while they ate {food} and said nothing.",
    "{c} was not listening.",
    "{b} thought of {x.one} that {b.she} had seen {q.at}.",
    "The {job} came by with {y.one} and stopped to listen.",
    "It took {number} minutes.",
)


def story(rng: random.Random) -> str:
    """A story that says its refrain two or three times."""
    kind = rng.choice(list(KINDS))
    before, between, after = KINDS[kind]
    refrain = kind(rng)
    roles = cast(rng)
    # A path belongs into its sentence; lines belong below it; the rest goes either way, or into quotes.
    if kind is way:
        opening, closing = " ", ".\n"
    elif "\n" in refrain:
        opening, closing = "\n", "\n"
    else:
        opening, closing = rng.choice(((" ", ".\n"), ("\n", "\n"), (' "', '." '), (' "', '!"\n')))
    # A third time is for shorter refrains, so that the whole stays within what the model sees.
    again = rng.sample(between, 2 if len(refrain) < 90 else 1)
    told = [sentence(rng.choice(OPENINGS), roles)] if rng.random() < 0.7 else []
    for lead in (rng.choice(before), *again):
        told.append(sentence(lead, roles) + opening + refrain + closing)
        told += [sentence(aside, roles) for aside in rng.sample(ASIDES, rng.choice((0, 0, 1, 2)))]
    told.append(sentence(rng.choice(after), roles))
    return "".join(part if part[-1] in "\n " else part + " " for part in told).strip()
