"""Parts that a language model wrote join a head's program where they pay; what becomes of the others is told."""

import re
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.verdicts import Verdict
from surrogates.library.candidates import Candidate
from surrogates.library.heads import Head
from surrogates.library.library import Library
from synth.corpus import Split
from synth.fitting.scoring import score_candidates
from synth.llm.store import Exchange
from synth.material import HeadData, Material
from synth.proposers.language_model.archive import standing_of
from synth.proposers.language_model.plan import Plan
from synth.proposers.language_model.questions import questions
from synth.proposers.language_model.trying import Tried, try_answers
from tests.synth.planted import material_with, parse, random_lists

HEAD = Head(0, 0)
PLANTED = parse(
    "2.0 * pair.offset(1) - pair.log_distance + 3.0 * pair.latest(key.is_quote) * query.is_capitalised"
    " + 1.5 * pair.same_token"
)
KNOWN = parse("a * pair.offset(1) - b * pair.log_distance", a=1.0, b=1.0)
OPENER = '''def attend(query, key, pair, opener=0.5):
    """A quotation mark, from a capital."""
    return opener * pair.latest(key.is_quote) * query.is_capitalised
'''
SAME = '''def attend(query, key, pair, a=0.5):
    """The same token, by a loop."""
    s = pair.zeros()
    for i in range(len(query)):
        for j in range(i + 1):
            if query.text[i] == query.text[j]:
                s[i, j] = a
    return s
'''
BARE = 'def attend(query, key, pair):\n    """The same token."""\n    return pair.same_token\n'
USELESS = 'def attend(query, key, pair, w=1.0):\n    """Far away."""\n    return w * pair.offset(19) * key.length\n'
RAISES = 'def attend(query, key, pair, w=1.0):\n    """Breaks."""\n    return w * pair.distance[10 ** 6, 0]\n'
REFUSED = 'def attend(query, key, pair):\n    """Blue."""\n    return pair.blue\n'
NAME = 'def attend(query, key, pair):\n    """Looks one back and at what opened the quotation."""\n'


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Material:
    lists = random_lists(60)
    splits: list[Split] = [*["train"] * 30, *["validation"] * 15, *["test"] * 15]  # type: ignore[list-item]
    return material_with(tmp_path_factory.mktemp("planted"), [[PLANTED]], lists, splits)


@pytest.fixture(scope="module")
def known(material: Material) -> list[Candidate]:
    return score_candidates(HeadData(material, HEAD), [Candidate("search", "known", KNOWN.source, None)])


def tried(material: Material, known: list[Candidate], *sources: str, round_: int = 1) -> Tried:
    content = "\n".join(f"```python\n{source}```" for source in sources)
    reply = Exchange("the key", content, "stop", 1, 1, None, 0.0, "m")
    return try_answers(material, HEAD, known, [reply], "m", round_, 9)


def iou(candidate: Candidate) -> float:
    assert candidate.scores is not None
    return candidate.scores.validation_iou


def test_parts_that_pay_join_one_after_the_other(material: Material, known: list[Candidate]) -> None:
    found = tried(material, known, USELESS, BARE, OPENER)
    ious = [iou(candidate) for candidate in found.candidates]
    # The two, the one that gains more first, then all constants together, which are the planted ones.
    assert len(found.candidates) >= 3
    assert iou(known[0]) + 0.001 < ious[0] < ious[1] - 0.001
    assert max(ious) > 0.98
    last = found.candidates[-1]
    assert (last.origin, last.model, last.round, last.call) == ("llm", "m", 1, "the key")
    assert last.program.parts == 4
    assert last.program.hypothesis.startswith("Planted; ")
    assert [part.kind for part in found.unusable] == ["adds nothing"]
    assert "far_away adds +0.0000 IoU on validation texts" in found.unusable[0].reason
    assert not found.broken


def test_a_script_over_the_whole_text_joins(material: Material, known: list[Candidate]) -> None:
    (joined,) = tried(material, known, SAME).candidates
    assert joined.program.kind == "scripted"
    assert iou(joined) > iou(known[0]) + 0.01
    # The next part is added to that script.
    more = tried(material, [*known, joined], OPENER, round_=2).candidates
    assert more
    assert max(map(iou, more)) > iou(joined) + 0.01


def test_what_is_broken_is_told_and_goes_back(material: Material, known: list[Candidate]) -> None:
    found = tried(material, known, RAISES, REFUSED)
    assert [candidate.verdict for candidate in found.candidates] == [Verdict.RAISED, Verdict.REFUSED]
    assert [broken.source.strip() for broken in found.broken] == [RAISES.strip(), REFUSED.strip()]
    assert "IndexError" in found.broken[0].error


LONE = '''def attend(query, key, pair, base=0.5, one=1.0):
    """One back, never a comma."""
    return base + one * pair.offset(1) + where(key.is_comma & ~pair.offset(0), -inf, 0)
'''
LARGE = (
    'def attend(query, key, pair, one=1.0):\n    """Large."""\n    x = key.is_first * one\n'
    + "".join(f"    x = where(x > {k}, x, key.length + x * x)\n" for k in range(12))
    + "    return minimum(x, 1.0) + one * pair.offset(1)\n"
)


@pytest.mark.parametrize(("source", "parts"), [(LONE, 3), (LARGE, 0)])
def test_any_program_that_runs_can_be_asked_about_and_be_taken_apart(
    source: str, parts: int, material: Material, known: list[Candidate]
) -> None:
    standing = score_candidates(HeadData(material, HEAD), [Candidate("llm", "other", source, None)])
    assert standing[0].scores
    (ask,) = questions(material, HEAD, standing, [], 1, Plan("m", candidates=1))
    shown = re.findall(r"^\d+\. (\S+)%: ", ask.messages[-1].content, re.MULTILINE)
    assert len(shown) == parts
    assert all(0 <= int(share) <= 100 for share in shown)
    assert parts or source.strip() in ask.messages[-1].content
    assert tried(material, known, source, round_=3).candidates


LONG_WINDED = '''def attend(query, key, pair, one=1.0, base=0.5):
    """One back, WORDS."""
    return one * pair.offset(1)
'''.replace("WORDS", " ".join(f"word{number}" for number in range(4_000)))
COMMENTED = '''def attend(query, key, pair, one=1.0):
    """One back."""
    # WORDS
    return one * pair.offset(1) + 0 * len(query.text)
'''.replace("WORDS", " ".join(f"word{number}" for number in range(4_000)))


@pytest.mark.parametrize("source", [LONG_WINDED, COMMENTED])
def test_a_program_too_long_to_be_shown_leaves_its_place_to_the_next(source: str, material: Material) -> None:
    worse = parse("a * pair.offset(1) * key.length", a=0.25).source
    others = [Candidate("llm", "long", source, None), Candidate("search", "short", worse, None)]
    known = score_candidates(HeadData(material, HEAD), others)
    assert known[0].train_iou > known[1].train_iou
    for round_ in (1, 3):
        (ask,) = questions(material, HEAD, known, [], round_, Plan("m", candidates=1))
        assert "pair.offset(1) * key.length" in ask.messages[-1].content
        (ask,) = questions(material, HEAD, known[:1], [], round_, Plan("m", candidates=1))
        assert "Its hypothesis: Any key." in ask.messages[-1].content


def test_summands_of_whole_programs_are_parts_too(material: Material, known: list[Candidate]) -> None:
    whole = '''def attend(query, key, pair, opener=0.5, far=0.1):
    """Quotations, and what is far away."""
    quoted = pair.latest(key.is_quote) * query.is_capitalised
    return opener * quoted + far * pair.distance
'''
    found = tried(material, known, whole, round_=3)
    alone = [candidate for candidate in found.candidates if "pair.offset(1)" not in candidate.source]
    joined = [candidate for candidate in found.candidates if "pair.offset(1)" in candidate.source]
    assert alone
    assert joined
    assert max(map(iou, joined)) > max(iou(known[0]), *map(iou, alone)) + 0.01
    assert {candidate.call for candidate in found.candidates} == {"the key"}
    # Under a new name the head's own program has no summands that it lacks: those of what was written are tried.
    named = tried(material, known, NAME, whole, round_=3)
    assert max(map(iou, named.candidates)) == pytest.approx(max(map(iou, found.candidates)))
    assert not any(candidate.source.count("pair.offset(1)") > 1 for candidate in named.candidates)


SAID = "Looks one back and at what opened the quotation."


def test_a_better_hypothesis_names_the_program_that_was_shown(material: Material, known: list[Candidate]) -> None:
    (named,) = tried(material, known, NAME).candidates
    assert named.program.hypothesis == SAID
    assert (named.scores, named.program.structure) == (known[0].scores, known[0].program.structure)
    # It comes before the one that is the same but for its words, and what joins keeps them.
    assert standing_of([*known, named]) == named
    joined = tried(material, known, OPENER, NAME).candidates
    assert joined[0].program.hypothesis == SAID
    assert all(candidate.program.hypothesis.startswith(SAID[:-1]) for candidate in joined[1:])
    assert len(joined) > 1


def test_of_two_hypotheses_the_first_counts_and_the_other_is_told(material: Material, known: list[Candidate]) -> None:
    fenced = f"```python\n{NAME}```"
    replies = [Exchange(key, fenced, "stop", 1, 1, None, 0.0, "m") for key in ("first", "second")]
    found = try_answers(material, HEAD, known, replies, "m", 1, 9)
    assert [candidate.call for candidate in found.candidates] == ["first"]
    assert [(part.kind, part.call) for part in found.unusable] == [("more than asked", "second")]


def test_a_better_hypothesis_is_what_a_run_shows(material: Material, known: list[Candidate], tmp_path: Path) -> None:
    (named,) = tried(material, known, NAME).candidates
    with closing(Library(tmp_path, create=True)) as library:
        library.add(HEAD, "search", known)
        library.add(HEAD, "llm m 001", [named])
        assert library.surrogates()[HEAD].program.hypothesis == SAID


def test_a_new_name_hides_no_failure_on_test_texts(material: Material, known: list[Candidate]) -> None:
    failed = [replace(known[0], verdict=Verdict.RAISED, reason="on test texts alone: it broke")]
    (named,) = tried(material, failed, NAME).candidates
    assert (named.scores, named.verdict, named.reason) == (failed[0].scores, failed[0].verdict, failed[0].reason)


def test_without_a_program_parts_are_added_to_nothing(material: Material) -> None:
    found = tried(material, [], OPENER)
    assert max(map(iou, found.candidates)) > 0.1
