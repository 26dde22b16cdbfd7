"""Texts of awkward shapes, and whether reading them takes time that grows faster than they do."""

import gc
import random
import time
from collections.abc import Callable, Iterable, Iterator

SIZES = (1_000, 8_000, 64_000)
"""Characters; a text that takes too long is found at the least of them that shows it."""
MEGABYTE = (2_000, 16_000, 128_000, 1_000_000)
"""The same for texts that may be as long, and for some of the pieces."""
LONG_RUNS = ("\n", " ", '"', "\\", "[", '\\"', "\x00", "9", "\r\n", "word\n", '{"a":')
_GROWTH = 24
"""Times as long that a text of eight times the length may take; 64 where time grows with the square."""
_SECONDS = 1.0
_MORE = 3
"""Times that what seems to grow too fast is measured again, of which the least counts."""

_CHARACTERS = (
    "\n \t\r\x0b\x0c\x00\x85\xa0'\"\\`~()[]{}<>9.,:;#-+*=@_axé\u0f73\u2028\u202e\ud800\ufeff\U0001f600"  # each alone
)
PIECES = (
    *_CHARACTERS,
    # White space and marks.
    "\r\n", "\n ", " \n", "\n\t \n", "\u0301\u0323", "a\u0301\u0323",
    # JSON.
    '\\"', "\\n", "\\ud83d", "\\u12", '{"a":', '["', '[{"', '"}]', '"a",', '{"program": "def f(', "1,", "1\n",
    '{"a":1}\n',
    # Python.
    "def f(", "def f(x):\n", "def f(query, key, pair", "def f(query, key, pair):\n return 1\n", "async ", "def ",
    "def\n", "return ", "if ", "if x:\n", "    x\n", "x\n", "x = 1\n", "x=x;", "x=\n", "import a\n", "@d\n",
    "class A:\n", "# a\n", "not ", "lambda: ", "1+", ".a", "f(", "x[", "()", "2**", "a<", "1 if x else ", "f'{",
    "{x}", "'a' ", '"""', "\\\n", "key.is_comma + ", "(\n", ")\n", "([{", "}])", "0x", "1e",
    # Markdown.
    "```\n", "```python\n", "``` ", "a ```b\n", "~~~\n", "> ```\n", "> ", ">\n", "1. ", "-*+ ", "`\n", "`def ", "` ",
    # Tags and words.
    "<think>", "</think>", "<t", "<|endoftext|>", " </s>", "</s>\n", "word ", "word\n", "a.",
)  # fmt: skip


def repeated(piece: str, length: int) -> str:
    """A piece over and over."""
    return (piece * (length // len(piece) + 1))[:length]


def mixed(seed: int, length: int) -> str:
    """Runs of a few pieces drawn at random, the same for a seed."""
    drawn = random.Random(seed)
    few = drawn.sample(PIECES, drawn.choice((2, 3, 5, 9)))
    runs: list[str] = []
    size = 0
    while size < length:
        runs.append(drawn.choice(few) * drawn.choice((1, 1, 2, 50, length // 20)))
        size += len(runs[-1])
    return "".join(runs)[:length]


def shapes(pieces: Iterable[str] = PIECES, mixtures: int = 10) -> Iterator[tuple[str, Callable[[int], str]]]:
    """Names of shapes, and what makes a text of a length of them."""
    for piece in pieces:
        yield repr(piece), lambda length, piece=piece: repeated(piece, length)  # type: ignore[misc]
    for seed in range(mixtures):
        yield f"mixture {seed}", lambda length, seed=seed: mixed(seed, length)  # type: ignore[misc]


def grows_too_fast(read: Callable[[str], object], made: Callable[[int], str], sizes: Iterable[int] = SIZES) -> str:
    """What is wrong with the time that texts of one shape take; nothing where that grows with their length.

    A slow or busy machine is no fault: it is processor time that counts, and only where it grows too fast as well, each
    time that it is measured. Nor are the objects of other tests, through which a collection of garbage would go.
    """
    before = 0.0
    for size in sizes:
        text = made(size)
        took = _seconds(read, text)
        for _ in range(_MORE):
            if _too_fast(before, took):
                took = min(took, _seconds(read, text))
        if _too_fast(before, took):
            return f"{size:,} characters take {took:.1f} s, an eighth of them {before:.3f} s"
        before = took
    return ""


def _too_fast(before: float, took: float) -> bool:
    return took > _SECONDS and took > _GROWTH * before


def _seconds(read: Callable[[str], object], text: str) -> float:
    """Processor time that it takes to read a text."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        start = time.process_time()
        read(text)
        return time.process_time() - start
    finally:
        if collecting:
            gc.enable()
