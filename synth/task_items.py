"""The items of a task that is a file: a text, what may follow it, and which of that is right."""

from pathlib import Path
from typing import Any, TypedDict

from surrogates.errors import InputError
from synth.corpus import checked_text, json_lines
from synth.regular_files import reading

_FORM = '{"query": "…", "choices": ["…", "…"], "gold": 0}'


class Item(TypedDict):
    """A text, what may follow it after a space, and the place of what is right among that."""

    query: str
    choices: list[str]
    gold: int


def read_items(path: Path) -> list[Item]:
    """The items of a ``.jsonl`` file, one a line.

    Raises:
        InputError: it cannot be read, holds none, or a line is no item; the message names the line.
    """
    with reading(path, "check the path"):
        items = [_item(f"{path}, line {number}", record) for number, record in json_lines(path)]
    if not items:
        raise InputError(f"{path} holds no item; write {_FORM} a line")
    return items


def _item(place: str, record: dict[str, Any]) -> Item:
    if missing := [field for field in Item.__annotations__ if field not in record]:
        raise InputError(f"{place}: no field {missing[0]!r}; write {_FORM}")
    choices, gold = record["choices"], record["gold"]
    if not isinstance(choices, list) or len(choices) < 2:
        raise InputError(f"{place}: choices is no list of two or more; write {_FORM}")
    texts = [checked_text(choice, f"{place}, choices") for choice in choices]
    if not all(text.strip() for text in texts):
        raise InputError(f"{place}: a choice is empty; write what may follow the query")
    if type(gold) is not int or not 0 <= gold < len(texts):
        raise InputError(f"{place}: gold is {gold!r}, no place among {len(texts)} choices; they count from 0")
    return Item(query=checked_text(record["query"], f"{place}, query"), choices=texts, gold=gold)
