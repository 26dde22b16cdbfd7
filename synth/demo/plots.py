"""Plots of the demo stories: each a row of steps, each step a few ways to say what happens next.

The names in braces are those of ``cast.cast``. An empty way leaves the step out.
"""

import random
from itertools import pairwise
from typing import Any

from synth.demo import words
from synth.demo.cast import Thing, people, places, sentence, things

Plot = tuple[tuple[str, ...], ...]

OPENINGS = (
    "One {weather} {moment}, {a} was {p.at}.",
    "It was a {weather} {moment}, and {a} had nothing to do.",
    "On a {weather} {moment}, {a} walked to {p}.",
    "{a} and {b} lived near {p}.",
    "{a} worked for the {job} near {p}.",
    "Once there was a {job} called {a}, who lived near {p}.",
    "Early one {moment}, {a} met {b} {p.at}.",
    "{a} had a friend called {b}.",
    "Nobody {p.at} had ever seen a {weather} {moment} like this one.",
)

LOST: Plot = (
    OPENINGS,
    (
        "{a} had {x.one} and took it everywhere.",
        "{a} never went out without {a.hers} {x}.",
        "In {a.hers} bag was {x.one}.",
    ),
    (
        "But when {a.she} came to {q}, the {x} was gone.",
        "That day, somewhere near {q}, the {x} fell out of {a.hers} bag.",
        "Then, {q.at}, {a.she} looked for the {x} and could not find it.",
    ),
    (
        '"Have you seen my {x}?" {a} {asked}. "No," {said} {b}, "but I have seen {y.one}."',
        '"I have lost my {x.noun}," {said} {a}. "What colour is it?" {asked} {b}. '
        '"It is the {x.kind} one," {said} {a}.',
        '"{b}, help me!" {said} {a}. "My {x} is lost!" "When did you last have it?" {asked} {b}.',
    ),
    (
        "They looked {p.at}. They looked {r.at}.",
        "First they went to {p}, and then to {r}.",
        "They asked the {animal}, but the {animal} only blinked.",
    ),
    (
        "In the end {b} found the {x} {hiding}.",
        "It was {c} who found it: the {x} lay {hiding}, next to {y.one}.",
        "At last they met {c}, and {c} was holding the {x}.",
    ),
    (
        '"Here is your {x}," {said} {b}. "Thank you, {b}!" {said} {a}.',
        "{a} laughed and held the {x} close.",
        "From that day {a} tied the {x} to {a.hers} belt.",
    ),
    ("", "And the {y.noun}? {b} kept the {y}.", "Then {a} and {b} walked home from {q}."),
)

GIFT: Plot = (
    OPENINGS,
    (
        "Soon it would be {b}'s birthday, and {a} wanted to give {b.her} {x.one}.",
        "{b} was turning {number}, and what {b.she} wished for was {x.one}.",
        '"What shall I give {b}?" {a} {asked}. "{b} would like {x.one}," {said} {c}.',
    ),
    (
        "But {x.one} cost {number} coins.",
        "There was {x.one} {q.at}, but it was not for sale.",
        "The {job} had {x.one}, but would not part with it.",
    ),
    (
        "So {a} swapped {a.hers} own {y} for it.",
        "So {a} carried {food} to {q} for {number} days, until the {job} gave {a.her} the {x}.",
        "{a} sold {a.hers} {y} to {c} and bought the {x}.",
    ),
    ("{a} hid the {x} {hiding}.", "{a} wrapped the {x} in paper.", "All night the {x} lay {hiding}."),
    (
        '"Is this for me?" {asked} {b}. "Yes, {b}," {said} {a}. "It is {x.one}."',
        "When {b} opened the parcel and saw the {x}, {b.she} could not speak.",
        '"{x.one}!" {b} {said}. "How did you know, {a}?"',
    ),
    (
        "But {b} had something too: {b.she} gave {a} {z.one}.",
        '"But {a}, where is your {y}?" {asked} {b}. {a} only smiled.',
        "{b} put the {x} on the table, and there it stands still.",
    ),
    ("So {a} had {z.one} and {b} had {x.one}.", "They ate {food} with {other_food} until it was dark.", ""),
)

ANIMAL: Plot = (
    OPENINGS,
    (
        "A small {animal} sat {q.at}.",
        "There {a.she} found {animal_one}, wet and cold.",
        "Suddenly {animal_one} ran across the road.",
    ),
    (
        '"What do you need, little {animal}?" {a} {asked}. "I am hungry," {said} the {animal}.',
        '"Please," {said} the {animal}, "do you have any {food}?" "I only have {other_food}," {said} {a}.',
        '"I am looking for the {other_animal}," {said} the {animal}. "Have you seen it, {a}?"',
    ),
    (
        "{a} gave the {animal} some {food}, and the {animal} ate all of it.",
        "So {a} put the {animal} under {a.hers} coat and carried it to {r}.",
        "{a} called {b}, and {b} brought {food} and a blanket for the {animal}.",
    ),
    (
        '"Thank you, {a}," {said} the {animal}. "Now I will show you something."',
        "The {animal} slept {hiding}, and {a} sat beside it.",
        "After that the {animal} followed {a} wherever {a.she} went.",
    ),
    (
        "The {animal} dug {hiding} and came back with {x.one}.",
        "The next {moment} the {animal} brought {a} {x.one}.",
        "The {animal} led {a} to {p}, where {x.one} lay in the grass.",
    ),
    (
        '"This {x.noun} belonged to the {other_animal}," {said} the {animal}. "Now it is yours."',
        '"Look, {b}!" {a} {said}. "The {animal} found {x.one}!"',
        "{a} took the {x}, and the {animal} was gone.",
    ),
    (
        "",
        "And if you ask {a} about the {x}, {a.she} will tell you about the {animal}.",
        "{a} still has the {x.noun}. The {animal} still likes {food}.",
    ),
)

CONTEST: Plot = (
    OPENINGS,
    (
        "Every year there was a race from {q} to {r}, and the prize was {x.one}.",
        "The {job} promised {x.one} to whoever could catch the {animal}.",
        "There was a contest {q.at}: who could make the best {food} soup?",
    ),
    (
        '"I shall win," {said} {b}. "We shall see," {said} {a}.',
        "{a} wanted to win, and so did {b}.",
        '"{c} always wins," {said} {b}. "Not this time," {said} {a}.',
    ),
    (
        "{b} began well, but then {b.she} dropped {b.hers} {y}.",
        "At first {c} was ahead, then {b}, and {a} came last.",
        "{a} went slowly. {b} went fast, much too fast.",
    ),
    (
        "When {a} saw {b} fall, {a.she} stopped and helped {b.her} up.",
        "Near {p} {b} took the wrong path, and the {animal} laughed.",
        '"Wait!" cried {b}. "I have lost my {y}!" So {a} turned back and found the {y}.',
    ),
    (
        "In the end it was {c} who won the {x}.",
        "So {a} won, and the {job} gave {a.her} the {x}.",
        "{b} won, and got the {x}, but {b.she} was not glad.",
    ),
    (
        '"You should have it, {a}," {said} {b}. "No, {b}," {said} {a}, "let us share."',
        '"Without {a} I would still be sitting there," {b} {said}.',
        '"Next year," {said} {b}, "I shall bring {z.one}."',
    ),
    ("So the {x} stands {q.at}, where all can see it.", "", "They shared the {food}, and the {animal} got the rest."),
)

QUARREL: Plot = (
    OPENINGS,
    ("{a} had {x.one} and {b} had {y.one}.", "{b} owned {y.one}; {a} owned {x.one}."),
    (
        '"My {x.noun} is better than your {y.noun}," {said} {a}. "No, my {y.noun} is better," {said} {b}.',
        '"Give me the {x.noun}," {said} {b}, "and I will give you the {y.noun}." "Never!" {said} {a}.',
        '"I want the {x}," {said} {b}. "And I want the {y}," {said} {a}.',
    ),
    (
        "So they did not speak for {number} days.",
        "{a} went to {p} and {b} went to {q}.",
        "They went to {c}, who was wise.",
    ),
    (
        '"What do you do with {x.one}?" {asked} {c}. "I keep it {hiding}," {said} {a}.',
        '"One of you has {x.one} and one has {y.one}," {said} {c}. "Why not swap for a day?"',
        'Then {c} came along with {z.one}. "Who will trade with me?" {c} {asked}.',
    ),
    (
        "So {b} took the {x} and {a} took the {y}.",
        "That night {a} left the {x} at {b}'s door.",
        "{b} was sorry first, and brought the {y} to {a}.",
    ),
    (
        '"Keep it," {said} {b}. "You keep it," {said} {a}, and they laughed.',
        "And because of the {x} and the {y} they were friends again.",
        '"It is only {x.one}," {said} {a}. "And this is only {y.one}," {said} {b}.',
    ),
    ("", "{c} went home with {z.one}, as before.", "Now the {x} and the {y} lie side by side {hiding}."),
)

VISITOR: Plot = (
    OPENINGS,
    (
        "There was a knock, and at the door stood {c_job}, whose name was {c}.",
        "In the evening a stranger came from {q}. {c} was the stranger's name.",
        'A letter came for {a}. "I am coming to {q}," it said. "Yours, {c}."',
    ),
    (
        '"I have walked from {q} to {r}," {said} {c}. "May I sleep here?" "You may," {said} {a}.',
        '"Are you {a}?" {asked} {c}. "I am {b}," {said} {b}. "{a} is {q.at}."',
        '"What is in your bag?" {asked} {b}. "{x.one} and {y.one}," {said} {c}.',
    ),
    (
        "They gave {c} {food} and {other_food}.",
        "{c} sat by the fire and ate {food}.",
        "{b} brought the {food}, and {a} brought the {other_food}.",
    ),
    (
        'Then {c} told them of a {job} who had {x.one} that could sing. "Where is the {x.noun} now?" {asked} {a}.',
        '"Where I come from," {said} {c}, "people dance with the {animal} and wear {x.one}."',
        "{c} told a story about the {animal} and the {other_animal}, and the {animal} won.",
    ),
    (
        "In the morning {c} was gone, but on the table lay {x.one}.",
        "Before {c} left, {c.she} gave {x.one} to {b} and {y.one} to {a}.",
    ),
    (
        '"{c} has left us the {x}," {said} {a}. "It was the best thing {c.she} had," {said} {b}.',
        "Under the {x} was a note: for {a} and {b}, from {c}.",
        '"Will {c} come back?" {asked} {b}. "When the {animal} sings," {said} {a}.',
    ),
    ("", "They hung the {x} {p.at}.", "Years later, {q.at}, {a} met {c} again, and showed {c.her} the {x}."),
)

MAKING: Plot = (
    OPENINGS,
    (
        "{a} wanted to build a boat.",
        "{a} had an idea: a machine that could peel {food}.",
        "{a} and {b} were making a monster for the fair.",
    ),
    (
        "For that {a.she} needed {x.one}, {y.one} and {z.one}.",
        '"What do we need?" {asked} {b}. "{x.one}, {y.one} and {z.one}," {said} {a}.',
    ),
    (
        "The {x} was {p.at}, the {y} was {q.at}, and the {z} was {r.at}.",
        "{b} lent the {x}. The {job} sold them the {y}. The {z} lay {hiding}.",
        "{a} already had the {x}, so {b} fetched the {y} and the {z}.",
    ),
    ("They put the {x} at the bottom and the {z} on top.", "First came the {x}, then the {y}, then the {z}."),
    (
        '"Does it work?" {asked} {c}. "Not without the {y.noun}," {said} {a}.',
        "It made a noise like {animal_one}, and {c} ran away.",
        'But the {animal} ran off with the {y}. "Come back with our {y.noun}!" {b} cried.',
    ),
    (
        "In the end it worked, and everyone {p.at} clapped.",
        "It fell over at once. They put the {x} and the {z} away and ate {food}.",
        '"Next time," {said} {b}, "we shall use two of them, one {x.kind} and one {y.kind}."',
    ),
    ("", "The {x} was a little bent, that was all.", '"I knew it," {said} {a}.'),
)

PLOTS = (LOST, GIFT, ANIMAL, CONTEST, QUARREL, VISITOR, MAKING)


def told(rng: random.Random, plot: Plot, names: dict[str, Any]) -> list[str]:
    """The sentences of a plot, one way of every step."""
    chosen = (rng.choice(step) for step in plot)
    return [sentence(template, names) for template in chosen if template]


def passed_on(rng: random.Random) -> list[str]:
    """An object goes from hand to hand, and the end asks who has it."""
    owners = people(rng, rng.randint(4, 6))
    thing, other = things(rng, 2)
    told_so_far = [f"{owners[0]} had {thing.one}."]
    keeper = owners[-1]
    told_so_far.append(f"{keeper} had {other.one} and kept it {rng.choice(words.HIDING_PLACES)}.")
    for giver, taker in pairwise(owners[:-1]):
        where = places(rng, 1)[0].at
        ways = (
            f"{giver} gave the {thing} to {taker}.",
            f"{where}, {giver} lent {taker} the {thing}.",
            f"{taker} bought the {thing} from {giver} for {rng.choice(words.NUMBERS)} coins.",
            f"{giver} lost the {thing} {where}, and {taker} found it.",
            f'{giver} met {taker} {where}. "Do you want my {thing.noun}?" asked {giver}. {taker} took it.',
        )
        told_so_far.append(sentence(rng.choice(ways), {}))
    holder = owners[-2]
    told_so_far.append(f'"Who has the {thing} now?" asked {owners[0]}. "{holder} has it," said {keeper}.')
    told_so_far.append(f'"And who has the {other}?" "{keeper} has it," said {holder}. "{holder} has the {thing.noun}."')
    return told_so_far


def hidden(rng: random.Random) -> list[str]:
    """Things are hidden, and the end asks where each of them is."""
    first, second = people(rng, 2)
    hoard: list[Thing] = things(rng, rng.randint(3, 4))
    spots = rng.sample(words.HIDING_PLACES, len(hoard))
    where = places(rng, 1)[0].at
    told_so_far = [f"{first} and {second} played a game {where}. {first} hid everything, and {second} looked on."]
    told_so_far += [f"{first} put the {thing} {spot}." for thing, spot in zip(hoard, spots, strict=True)]
    moved, spare = rng.randrange(len(hoard)), rng.choice([s for s in words.HIDING_PLACES if s not in spots])
    if rng.random() < 0.5:
        told_so_far.append(f"Then {first} took the {hoard[moved]} away again and hid it {spare}.")
        spots[moved] = spare
    for number in rng.sample(range(len(hoard)), len(hoard)):
        told_so_far.append(f'"Where is the {hoard[number]}?" asked {first}. "It is {spots[number]}," said {second}.')
    told_so_far.append(rng.choice((f"{second} was right every time.", f'"You know it all, {second}," said {first}.')))
    return told_so_far
