"""The search: programs that made a pattern are found again, and programs come whatever the texts are."""

import ast
import re
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch

from surrogates.errors import InputError
from surrogates.language.program import Program
from surrogates.library.heads import Head
from synth.corpus import Split
from synth.material import HeadData, Material
from synth.proposers.additive.compression import Draft
from synth.proposers.additive.model import CPU, Model
from synth.proposers.additive.parts import CLASSES, DISTANCE, EVERYWHERE, Curve, family
from synth.proposers.additive.phrases import Written, phrase
from synth.proposers.additive.proposing import Proposed, propose
from synth.proposers.additive.rows import training_rows
from synth.proposers.additive.sharing import share
from synth.proposers.additive.writing import write_draft
from synth.proposers.layout import layout, repr_string
from tests.pretended_device import PRETENDED, pretended_device
from tests.synth.planted import TABLE, batch, iou, material_with, parse, random_lists

AWKWARD = [text for text in TABLE.texts if text != "<s>"]
MOST = 4
SEED = 0


def splits_of(train: int, others: int = 6) -> list[Split]:
    return [*["train"] * train, *["validation"] * others, *["test"] * others]  # type: ignore[list-item]


@dataclass(frozen=True)
class Searched:
    """A model whose heads attend as some programs say, and what was found for these."""

    material: Material
    heads: list[Head]
    found: list[Proposed]

    @classmethod
    def on(cls, material: Material, heads: list[Head], most: int = MOST) -> "Searched":
        rows = training_rows(material, heads[0].layer, SEED)
        return cls(material, heads, propose(material, rows, heads, most, SEED))

    def programs(self, place: int) -> list[Program]:
        """Those of a head; each was read and is written as a source should be."""
        found = []
        for label, source in self.found[place].programs:
            assert label.isidentifier()
            assert max(map(len, source.splitlines())) <= 120
            found.append(Program.parse(source))
            assert found[-1].kind == "vectorised"
        return found

    def best(self, place: int) -> float:
        """Greatest validation IoU of a head's programs."""
        head = self.heads[place]
        numbers = self.material.splits["validation"]
        target = HeadData(self.material, head).patterns(numbers)
        lists = [list(self.material.ids[number]) for number in numbers]
        texts = batch(lists, causal=self.material.causal, table=self.material.table)
        visible = self.material.visible(head.layer, lists)
        return max(iou(program, texts, target, visible) for program in self.programs(place))


PLANTED = {
    "previous token after a comma": "4.0 * query.is_comma * pair.offset(1) - 0.3 * pair.distance",
    "a sink by word": 'weights(query, {"dog": 3.0, "girl": -2.0}, is_punctuation=2.0) * key.is_first',
    "words of keys": f"weights(key, {{{', '.join(f'{repr_string(word)}: 2.5' for word in AWKWARD[5:14])}}})",
    "words of left neighbours": 'weights(key.previous, {"ran": 3.0, "é": 2.5, ".": -2.0})',
    "a pairing": 'weights(query, {"dog": 1.0, "girl": -1.0}) * weights(key, {"ran": 4.0, "of": -3.0})',
    "induction": "3.0 * pair.follows_same_token",
    "nothing": "0.0 * pair.distance",
}


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Searched:
    heads = [parse(body) for body in PLANTED.values()]
    material = material_with(tmp_path_factory.mktemp("planted"), [heads], random_lists(132), splits_of(120))
    return Searched.on(material, [Head(0, index) for index in range(len(heads))])


@pytest.mark.parametrize("place", range(len(PLANTED)), ids=list(PLANTED))
def test_a_planted_program_is_found(searched: Searched, place: int) -> None:
    best = searched.best(place)
    assert best > 0.97
    ceiling = searched.found[place].ceiling
    assert ceiling.validation_iou > best - 0.05
    assert ceiling.iou == pytest.approx(ceiling.validation_iou, abs=0.03)
    assert sum(ceiling.shares) == pytest.approx(1, abs=1e-4)
    assert min(ceiling.shares) >= 0


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("a sink by word", "first token"),
        ("words of left neighbours", "key words"),
        ("a pairing", "pairings"),
        ("induction", "what followed it"),
    ],
)
def test_a_planted_part_contributes_most(searched: Searched, name: str, group: str) -> None:
    groups = searched.found[list(PLANTED).index(name)].ceiling.groups
    assert sum(groups.values()) == pytest.approx(1, abs=1e-4)
    assert list(groups.values()) == sorted(groups.values(), reverse=True)
    assert next(iter(groups)) == group
    assert groups[group] > 0.5


def test_what_is_avoided_is_called_so(tmp_path: Path) -> None:
    planted = {
        "avoids itself": "-4.0 * pair.offset(0)",
        "avoids repeated token": "-3.0 * (pair.same_token & ~pair.offset(0))",
        "repeated token": "3.0 * (pair.same_token & ~pair.offset(0))",
        "avoids recency": "0.5 * pair.distance",
        "recency": "-0.5 * pair.distance",
        "one back": "4.0 * pair.offset(1)",
        "itself": "3.0 * pair.offset(0)",
    }
    bodies = planted.values()
    material = material_with(tmp_path, [list(map(parse, bodies))], random_lists(60), splits_of(48))
    found = Searched.on(material, [Head(0, index) for index in range(len(bodies))]).found
    groups = [own.ceiling.groups for own in found]
    assert [next(iter(own)) for own in groups] == list(planted)


def test_words_of_keys_are_names_punctuation_or_others(tmp_path: Path) -> None:
    bodies = (
        'weights(key, {"Tom": 3.0})', "weights(key, {}, is_punctuation=3.0)", 'weights(key, {"dog": 3.0, "ran": 3.0})',
        "weights(key, {}, is_punctuation=-3.0)", "3.0 * pair.latest(key.is_comma)",
    )  # fmt: skip
    material = material_with(tmp_path, [list(map(parse, bodies))], random_lists(60), splits_of(48))
    found = Searched.on(material, [Head(0, index) for index in range(len(bodies))]).found
    groups = [own.ceiling.groups for own in found]
    assert [next(iter(own)) for own in groups] == ["names", "punctuation", "key words", "key words", "punctuation"]


@pytest.mark.parametrize(
    ("curve", "says"),
    [
        # The far end is at zero, and lies above the rest of a curve whose keys are liked for other parts.
        ({0: -1.97, 1: -0.32, 2: -1.74, 3: -3.13, 32: -1.56, 63: 0.0}, "the previous token"),
        ({0: 1.0, 8: 0.5, 63: 0.0}, "itself and the nearest keys"),
        ({0: -3.0, 3: -1.0, 8: -2.0, 63: 0.0}, "keys about 3 back"),
        ({0: -3.0, 8: -2.0, 32: -1.0, 63: 0.0}, "keys far back"),
        ({0: -3.0, 63: 0.0}, "keys far back"),
        ({-8: 0.0, -1: -0.5, 0: -3.0, 1: -2.0, 8: 0.0}, "the next token"),
    ],
)
def test_what_a_curve_of_the_distance_says(curve: dict[int, float], says: str) -> None:
    assert phrase(Written(Curve(DISTANCE, EVERYWHERE), "", curve=curve)) == says


def literals(source: str) -> int:
    """Numbers, words and names of classes that a program's parts hold."""
    (function,) = ast.parse(source).body
    assert isinstance(function, ast.FunctionDef)
    nodes = [node for part in function.body[1:] for node in ast.walk(part)]
    classes = sum(len(node.keywords) for node in nodes if isinstance(node, ast.Call))
    numbers = sum(isinstance(node, ast.Constant) for node in nodes)
    return numbers - classes + len(function.args.defaults)  # a class's name and its weight count as one


def test_programs_come_from_one_part_up(searched: Searched) -> None:
    for place in range(len(PLANTED)):
        programs = searched.programs(place)
        sizes = [len(program.terms) for program in programs]
        assert min(sizes) == 1
        assert max(sizes) <= MOST
        # The last ones are readable, one for each number of parts; rounding may leave fewer.
        for most, program in zip(range(1, MOST + 1), reversed(programs), strict=False):
            assert len(program.terms) <= most
            assert literals(program.source) <= 14 * most
    assert {len(program.terms) for program in searched.programs(0)} == set(range(1, MOST + 1))


def test_awkward_words_survive(searched: Searched) -> None:
    planted = set(AWKWARD[5:14])
    assert {'"', "\\", "\n"} <= planted
    for program in searched.programs(list(PLANTED).index("words of keys"))[:2]:
        calls = [node for node in ast.walk(ast.parse(program.source)) if isinstance(node, ast.Call)]
        by_key = [
            ast.literal_eval(node.args[1])
            for node in calls
            if ast.unparse(node.func) == "weights" and ast.unparse(node.args[0]) == "key"
        ]
        assert any(planted <= weights.keys() and all(weights[word] > 0.5 for word in planted) for weights in by_key), (
            program.source
        )


@pytest.mark.parametrize(
    "text", [*AWKWARD, "'", "'\"", "\\'", '\\"', "a\\", "\r\n", "\x00", "\ud7ff", "”", '"' * 3, ", "]
)
def test_strings_are_written_as_python_reads_them(text: str) -> None:
    written = repr_string(text)
    assert written[0] == written[-1] == '"'
    assert ast.literal_eval(written) == text


def test_a_long_source_is_broken_between_strings() -> None:
    words = {text * 3: place + 0.5 for place, text in enumerate([*AWKWARD, ", ", '"', "(,", "#"])}
    weights = ", ".join(f"{repr_string(word)}: {value}" for word, value in words.items())
    source = layout({}, "a line, " * 40, [f"weights(key, {{{weights}}})"] * 2)
    assert max(map(len, source.splitlines())) <= 120
    assert [ast.literal_eval(node) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Dict)] == [words] * 2


def test_an_encoder_looks_ahead(tmp_path: Path) -> None:
    heads = [parse("4.0 * pair.offset(-1) - 0.2 * abs(pair.distance)"), parse("3.0 * query.is_comma * pair.offset(-2)")]
    material = material_with(tmp_path, [heads], random_lists(132), splits_of(120), causal=False)
    searched = Searched.on(material, [Head(0, 0), Head(0, 1)], 2)
    assert min(searched.best(0), searched.best(1)) > 0.95
    _, shortest = searched.found[0].programs[-1]
    assert "next token" in shortest


def test_a_layer_with_a_window(tmp_path: Path) -> None:
    far, near = parse("9.0 * pair.offset(6) + 3.0 * pair.offset(1)"), parse("3.0 * pair.offset(1)")
    material = material_with(tmp_path, [[near], [far]], random_lists(52), splits_of(40), windows=(None, 4))
    searched = Searched.on(material, [Head(1, 0)], 2)
    assert searched.best(0) > 0.97


TEXTS = {
    "two tokens": ([[0, 1 + number % 5] for number in range(52)], splits_of(40), True),
    "four for training": (random_lists(8), splits_of(4, 2), False),
    "many lengths": (
        [tokens[: 2 + number % 18] for number, tokens in enumerate(random_lists(44))],
        splits_of(32),
        True,
    ),
    "longer ones not for training": ([*random_lists(40, length=8), *random_lists(12)], splits_of(40), False),
}
"""Texts, their splits, and whether those of a decoder."""


@pytest.mark.parametrize("name", TEXTS)
def test_programs_come_whatever_the_texts_are(tmp_path: Path, name: str) -> None:
    lists, splits, causal = TEXTS[name]
    heads = [parse("2.0 * key.is_first"), None]
    material = material_with(tmp_path, [heads], lists, splits, causal=causal)
    searched = Searched.on(material, [Head(0, 0), Head(0, 1)], 1)
    for place in (0, 1):
        assert searched.best(place) > 0.8
        assert 0.5 < searched.found[place].ceiling.iou <= 1


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Searched:
    """Three heads, the first two of which do the same, one more strongly."""
    bodies = ("2.0 * pair.offset(1) + 1.0 * key.is_comma", "3.0 * pair.offset(1) + 2.0 * key.is_comma")
    heads = [*map(parse, bodies), parse(PLANTED["a sink by word"])]
    material = material_with(tmp_path_factory.mktemp("small"), [heads], random_lists(40), splits_of(28))
    return Searched.on(material, [Head(0, index) for index in range(3)], 3)


def test_the_same_input_gives_the_same_programs(small: Searched) -> None:
    assert Searched.on(small.material, small.heads, 3).found == small.found


def test_a_device_finds_the_same_and_everything_is_there(small: Searched) -> None:
    rows = training_rows(small.material, 0, SEED)
    with pretended_device() as device:
        found = propose(small.material, rows, small.heads, 3, SEED, PRETENDED)
        operations = device.operations
        together = shared(small, [0, 1], [2], device=PRETENDED)
        assert device.operations > operations > 1000
    assert found == small.found
    assert together == shared(small, [0, 1], [2])


def shared(searched: Searched, *groups: list[int], device: torch.device = CPU) -> list[list[tuple[str, str]]]:
    rows = training_rows(searched.material, 0, SEED)
    heads = [[searched.heads[place] for place in places] for places in groups]
    models = [[searched.found[place].ceiling.model for place in places] for places in groups]
    return share(searched.material, rows, heads, models, 3, SEED, device)


def test_heads_that_share_have_one_structure(small: Searched) -> None:
    found = shared(small, [0, 1, 2])
    assert [len(own) for own in found] == [2, 2, 2]
    for programs in zip(*found, strict=True):
        sources = [source for _, source in programs]
        assert len({skeleton(source) for source in sources}) == 1
        assert len(set(sources)) == 3
        assert len({Program.parse(source).structure for source in sources}) == 1
        assert all(len(Program.parse(source).terms) <= 3 for source in sources)
    *alike, other = shared(small, [0, 1], [2])
    structures = [{Program.parse(source).structure for _, source in own} for own in (*alike, other)]
    assert structures[0] == structures[1] != structures[2]
    together = Searched(small.material, small.heads[:2], [Proposed(own, small.found[0].ceiling) for own in alike])
    assert together.best(0) > 0.9
    assert together.best(1) > 0.9


def skeleton(source: str) -> str:
    """A source without its docstring, line breaks and numbers."""
    tree = ast.parse(source)
    assert isinstance(tree.body[0], ast.FunctionDef)
    tree.body[0].body = tree.body[0].body[1:]
    return re.sub(r"-?\b\d+(\.\d+)?(e-?\d+)?\b", "0", ast.unparse(tree))


def test_a_dense_model_is_kept_to_half_precision(small: Searched) -> None:
    rows = training_rows(small.material, 0, SEED)
    saved = small.found[1].ceiling.model
    model = Model(family(rows.n, causal=True, masks=rows.masks), 2, len(rows.words), len(rows.class_names), seed=5)
    assert model.saved(0) != saved
    model.restore(0, saved)
    assert model.saved(0) == saved
    assert model.saved(1) != saved


@pytest.mark.parametrize("damage", ["empty", "cut", "a byte", "no archive", "other words"])
def test_a_damaged_dense_model_is_told(small: Searched, damage: str) -> None:
    rows = training_rows(small.material, 0, SEED)
    saved = small.found[0].ceiling.model
    words = len(rows.words) + (damage == "other words")
    model = Model(family(rows.n, causal=True, masks=rows.masks), 1, words, len(rows.class_names), seed=5)
    middle = len(saved) // 2
    given = {
        "empty": b"",
        "cut": saved[:middle],
        "a byte": saved[:middle] + bytes([saved[middle] ^ 1]) + saved[middle + 1 :],
        "no archive": b"no archive",
        "other words": saved,
    }[damage]
    with pytest.raises(InputError, match="holds a dense model that cannot be read"):
        model.restore(0, given)


@pytest.mark.parametrize("alike", [False, True])
def test_a_part_of_which_no_word_and_no_class_is_left_is_left_out(alike: bool) -> None:
    parts = family(6, causal=True, masks=())
    model = Model(parts, 2, 3, len(CLASSES), 0)
    words = torch.zeros_like(model.words)
    words[0, :, len(parts.queries)] = 1.0  # of the key's words alone
    chosen = replace(model.chosen, words=words, classes=torch.zeros_like(model.classes))
    curves = tuple(torch.arange(len(knots)).float().repeat(2, 1) for knots in parts.knots)
    draft = Draft(
        chosen, curves, torch.zeros(2, 0), words * 0.5, model.classes.detach(), torch.ones(2, len(parts.parts))
    )
    for _, source in write_draft(parts, ("a", "b", "c"), CLASSES, draft, alike=alike):
        assert Program.parse(source).parts == 3
