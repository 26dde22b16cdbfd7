"""What a page holds, read back without a browser."""

import base64
import gzip
import json
import re
from html.parser import HTMLParser
from typing import Any

import numpy as np

_TYPES = {"u1": "u1", "i2": "<i2", "i4": "<i4", "f4": "<f4"}


class Scripts(HTMLParser):
    """The text of each script of a page that has an id."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self.titles: list[str] = []
        self._open: str | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open = dict(attrs).get("id") if tag == "script" else tag if tag == "title" else None

    def handle_endtag(self, _tag: str) -> None:
        self._open = None

    def handle_data(self, data: str) -> None:
        if self._open == "title":
            self.titles.append(data)
        elif self._open is not None:
            self.found[self._open] = self.found.get(self._open, "") + data


class Unpacked:
    """A page's overview, its texts, and its heads by name."""

    def __init__(self, page: str) -> None:
        scripts = Scripts(page)
        self.title = "".join(scripts.titles)
        self.overview: dict[str, Any] = json.loads(scripts.found.pop("overview"))
        self.texts: dict[str, Any] = unpack(scripts.found.pop("texts"))
        self.heads = {name: unpack(text) for name, text in scripts.found.items() if re.fullmatch(r"L\d+H\d+", name)}


def unpack(text: str) -> Any:
    """What `evaluation.report.packing.packed` packed."""
    data = gzip.decompress(base64.b64decode(text))
    end = 4 + int.from_bytes(data[:4], "little")

    def read(part: dict[str, Any]) -> Any:
        if set(part) != {"$"}:
            return part
        kind, start, size = part["$"]
        return np.frombuffer(data, _TYPES[kind], size, end + start)

    return json.loads(data[4:end], object_hook=read)


def decoded(text: dict[str, Any], visible: np.ndarray, cells: np.ndarray | None = None) -> np.ndarray:
    """The pattern of a head's text, or one that lies beside it, shape (n, n)."""
    found = np.zeros(visible.shape)
    found[visible] = (text["pattern"] if cells is None else cells).astype(float) ** 2
    found /= np.maximum(found.sum(-1, keepdims=True), 1e-12)
    mass = text["mass"] if cells is None else None
    return found if mass is None else found * mass[:, None]
