"""One HTML file with all that a report holds: styles, scripts, vendored libraries, and what the run knows."""

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

_PAGE = files("evaluation.report") / "page"
_CLASSIC = ("d3.min.js", "plot.umd.min.js")
"""Vendored libraries, in the order in which they are read."""
_STYLES = ("base", "head", "overview", "library")
"""Rules, in the same way."""
_MODULES = "report/"
"""What the name of each of the page's own modules begins with where another imports it."""


def import_map() -> dict[str, dict[str, str]]:
    """The page's modules by name, each as an address that holds it, as browsers want them: nothing is fetched."""
    held = {name: b64encode(source.encode()).decode() for name, source in _modules().items()}
    return {"imports": {name: f"data:text/javascript;base64,{source}" for name, source in held.items()}}


@cache
def _modules() -> dict[str, str]:
    folders = {"": _PAGE, "language/": _PAGE / "language"}
    return {
        f"{_MODULES}{prefix}{entry.name}": entry.read_text(encoding="utf-8")
        for prefix, folder in folders.items()
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".js")
    }


def write_page(title: str, overview: Mapping[str, Any], texts: str, heads: Iterable[tuple[str, str]]) -> Iterator[str]:
    """The page, piece by piece.

    Args:
        title: of the page.
        overview: what the page shows first, as JSON takes it.
        texts: as :func:`evaluation.report.packing.packed` gives them; read when first needed.
        heads: name of each head and what it is, in the same way.
    """
    before, after = _read("page.html").split("<!-- data -->")
    vendored = "".join(f"<script>{_read('vendor', name)}</script>\n" for name in _CLASSIC)
    parts = {
        "<!-- title -->": escape(title),
        "/* style */": "".join(_read("style", f"{name}.css") for name in _STYLES),
        "<!-- libraries -->": vendored,
        "<!-- modules -->": f'<script type="importmap">{_inert(import_map())}</script>',
    }
    for mark, text in parts.items():
        before = before.replace(mark, text)
    yield before
    yield f'<script type="application/json" id="overview">{_inert(overview)}</script>\n'
    yield _held("texts", texts)
    for name, value in heads:
        yield _held(name, value)
    yield after


def _read(*path: str) -> str:
    return _PAGE.joinpath(*path).read_text(encoding="utf-8")


def _held(name: str, value: str) -> str:
    return f'<script type="text/plain" id="{escape(name)}">{value}</script>\n'


def _inert(value: Any) -> str:
    """JSON in which nothing ends the element that holds it."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
