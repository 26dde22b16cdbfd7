"""Files of a task's items."""

import json
from pathlib import Path

import pytest

from surrogates.errors import InputError
from synth.task_items import read_items

ITEM = {"query": "The dog ran", "choices": ["home.", "blue."], "gold": 0}
WRONG = {
    "no field 'gold'": {"query": "a", "choices": ["b", "c"]},
    "no field 'query'": {"choices": ["b", "c"], "gold": 0},
    "choices is no list of two or more": ITEM | {"choices": ["b"]},
    "choices is no list of": ITEM | {"choices": "bc"},
    "choices: the text is a int; write a string": ITEM | {"choices": ["b", 3]},
    "a choice is empty": ITEM | {"choices": ["b", " "]},
    "gold is 2, no place among 2 choices; they count from 0": ITEM | {"gold": 2},
    "gold is -1, no place": ITEM | {"gold": -1},
    "gold is '0', no place": ITEM | {"gold": "0"},
    "gold is True, no place": ITEM | {"gold": True},
    "query: the text is a NoneType": ITEM | {"query": None},
    "query: the text has half a character": ITEM | {"query": "\ud800"},
}


def test_items_are_read_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl"
    other = {"query": "Where?\n", "choices": ["Here ", "There", "  Nowhere"], "gold": 2, "source": "mine"}
    path.write_text(f"{json.dumps(ITEM)}\n\n{json.dumps(other)}\n")
    assert read_items(path) == [ITEM, {name: other[name] for name in ITEM}]


@pytest.mark.parametrize("message", WRONG)
def test_what_is_no_item_is_refused_by_its_line(message: str, tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl"
    path.write_text(f"{json.dumps(ITEM)}\n{json.dumps(WRONG[message])}\n")
    with pytest.raises(InputError) as refused:
        read_items(path)
    assert message in str(refused.value)
    assert f"{path}, line 2" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "message"), [("", "holds no item"), ("[1]\n", "line 1: not an object"), ("{\n", "line 1: not JSON")]
)
def test_a_file_without_items_is_refused(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_items(path)
    with pytest.raises(InputError, match="check the path"):
        read_items(tmp_path / "none.jsonl")
