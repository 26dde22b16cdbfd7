"""Two continuations of a prompt, and where they part."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import takewhile
from typing import NamedTuple

from transformers import PreTrainedTokenizerBase

from sandbox.plain_text import plain
from surrogates.library.heads import Head

_WORD = 30
"""Most characters of a word's beginning that are shown twice; in some scripts words do not end."""


@dataclass(frozen=True)
class Continuation:
    """What a model wrote after a prompt.

    Attributes:
        text: with special tokens spelled out, such as the one that ends it.
        ids: its tokens.
        marked: where in the text the first token stands that the other continuation has not, from and to; None where
            the two are the same.
        tokens_per_second: see :func:`synth.generating.generate`.
    """

    text: str
    ids: tuple[int, ...]
    marked: tuple[int, int] | None
    tokens_per_second: float


class Row(NamedTuple):
    """A piece of the texts as it may be shown: its name, and what is marked in it, with what stands around that."""

    name: str
    before: str
    marked: str = ""
    after: str = ""


@dataclass(frozen=True, repr=False)
class Continuations:
    """What a model wrote after a prompt as it is, and with heads replaced by their programs.

    Attributes:
        heads: those that were replaced, highest validation IoU first.
        model_heads: how many the model has.
        parts_at: how many tokens the two share at their beginning; None where they are the same.
        kept_neural: (forward pass, head) pairs in which the head computed its own pattern, its program having failed.
    """

    prompt: str
    heads: tuple[Head, ...]
    model_heads: int
    neural: Continuation
    patched: Continuation
    parts_at: int | None
    kept_neural: int

    @property
    def speed(self) -> float:
        """Tokens per second of the patched model, as a multiple of those of the neural one."""
        return self.patched.tokens_per_second / self.neural.tokens_per_second

    @property
    def rows(self) -> list[Row]:
        """The prompt, what both wrote, and how each went on, from the beginning of the word in which they part."""
        sides = (("neural", self.neural), ("patched", self.patched))
        parted = [(name, side.text, *side.marked) for name, side in sides if side.marked]
        both = self.neural.text[: self.neural.marked[0]] if self.neural.marked else self.neural.text
        within = any(text[start:end][:1].isalnum() for _, text, start, end in parted)
        word = "".join(takewhile(str.isalnum, both[: -_WORD - 1 : -1]))[::-1] if within else ""
        both = both.removesuffix(word)
        rows = [Row("prompt", plain(self.prompt))] + [Row("both", plain(both))] * bool(both.strip())
        return rows + [_visible(name, word, text[start:end], text[end:]) for name, text, start, end in parted]

    @property
    def figures(self) -> str:
        """Speed, heads and the place of parting, in a line."""
        neural, patched = self.neural.tokens_per_second, self.patched.tokens_per_second
        if self.parts_at is None:
            parting = f"the {len(self.neural.ids)} new tokens are the same"
        else:
            parting = f"they part at new token {self.parts_at + 1}"
        return (
            f"tokens per second: {neural:.1f} neural, {patched:.1f} patched ({self.speed:.2f} times as many); "
            f"{len(self.heads)} of the model's {self.model_heads} heads replaced; {parting}"
        )

    def __repr__(self) -> str:
        rows = [f"{row.name}: {row.before}{f'⟨{row.marked}⟩' * bool(row.marked)}{row.after}" for row in self.rows]
        return "\n".join([*rows, self.figures])

    def _repr_html_(self) -> str:
        cell = '<td style="text-align:left;vertical-align:top;white-space:pre-wrap">'
        rows = [
            f"<tr>{cell}{name}</td>{cell}{escape(before)}<b><u>{escape(marked)}</u></b>{escape(after)}</td></tr>"
            for name, before, marked, after in self.rows
        ]
        return f"<table>{''.join(rows)}</table>{escape(self.figures)}"


Marked = tuple[str, tuple[int, int] | None]
"""A text and what is marked in it, from and to."""


def part(
    tokenizer: PreTrainedTokenizerBase, prompt: Sequence[int], first: Sequence[int], second: Sequence[int]
) -> tuple[int | None, Marked, Marked]:
    """Where two continuations of a prompt part.

    Args:
        tokenizer: of the model that wrote them.
        prompt: its tokens.
        first: tokens of one continuation.
        second: those of the other.

    Returns:
        How many tokens they share at their beginning, None if all, and their texts. Marked in each is the token after
        those, from the same place on; where a character takes several tokens, some of them shared, it is marked whole.
    """

    def read(ids: Sequence[int]) -> str:
        return tokenizer.decode([*prompt, *ids], clean_up_tokenization_spaces=False)

    # How a token reads may depend on those before it and, within a character, on those after. So the texts are read
    # with the prompt, and what some tokens make up of them is what they have in common with those tokens alone.
    texts = [read(first), read(second)]
    begin = _common(read([]), *texts)
    if list(first) == list(second):
        return None, (texts[0][begin:], None), (texts[1][begin:], None)
    shared = _common(first, second)
    start = _common(read(first[:shared]), *texts)

    def marked(ids: Sequence[int], text: str) -> Marked:
        ends = (_common(read(ids[:count]), text) for count in range(shared + 1, len(ids)))
        end = next((end for end in ends if end > start), len(text))
        return text[begin:], (start - begin, end - begin)

    return shared, marked(first, texts[0]), marked(second, texts[1])


def _common(*rows: Sequence[object]) -> int:
    """How many items rows share at their beginning."""
    return sum(1 for _ in takewhile(lambda items: len(set(items)) == 1, zip(*rows, strict=False)))


def _visible(name: str, word: str, marked: str, after: str) -> Row:
    """A row whose mark can be seen: without the space before a word, and with line feeds written out."""
    marked = plain(marked)
    space = marked[: len(marked) - len(marked.lstrip())] if marked.strip() else ""
    marked = marked[len(space) :]
    broken = "\n" if marked.endswith("\n") else ""
    return Row(name, word + space, marked.replace("\n", "\\n"), broken + plain(after))
