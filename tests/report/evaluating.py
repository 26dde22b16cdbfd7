"""Programs evaluated in a page, beside Python."""

import json
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from playwright.sync_api import Page

from evaluation.report.packing import packed
from evaluation.report.texts import SIMILARITY_SCALE, mask_names, number_names, text_value
from evaluation.report.vocabulary import vocabulary_value
from surrogates.language import patterns
from surrogates.language.features import Texts
from surrogates.language.program import Program

_EVALUATE = """async ({ text, masks, numbers, vocabulary, causal, window, targets, mass, sources }) => {
  const { unpack } = await import("report/data.js");
  const { Text } = await import("report/language/text.js");
  const { read } = await import("report/language/program.js");
  const { scores, termScores } = await import("report/language/evaluate.js");
  const { visible, softmax, decode, iou, crossEntropy } = await import("report/pattern.js");
  const bytes = (array) => btoa([...new Uint8Array(array.buffer)].map((byte) => String.fromCharCode(byte)).join(""));
  const known = new Text(1, await unpack(text), masks, numbers, { causal });
  const { n } = known;
  const seen = visible(n, causal, window);
  const head = targets ? await unpack(targets) : null;
  const decoded = head ? decode(head.shares, seen, n, head.mass, 255) : null;
  const found = JSON.parse(sources).map((source) => {
    const program = read(source, vocabulary, { causal });
    const own = scores(program, known);
    let pattern = null;
    try {
      pattern = softmax(own, seen, n);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
    return {
      scores: bytes(own),
      terms: termScores(program, known).map(bytes),
      pattern: pattern && bytes(pattern),
      iou: pattern && head ? [iou(pattern, head.pattern), iou(pattern, decoded)] : null,
      crossEntropy: pattern && head ? crossEntropy(pattern, head.pattern, n) : null,
    };
  });
  return found;
}"""


@dataclass(frozen=True)
class Target:
    """A head's pattern on a text, float32, shape (n, n), and the cells that its queries see, a mask of that shape."""

    pattern: np.ndarray
    visible: np.ndarray

    def packed(self) -> str:
        """Exactly and as a report has it: square roots in 255 steps, and what each row sums to."""
        shares = np.rint(np.sqrt(self.pattern[self.visible]) * 255).astype(np.uint8)
        mass = self.pattern.sum(-1).astype(np.float32)
        return packed({"pattern": self.pattern.astype(np.float32).ravel(), "shares": shares, "mass": mass})


@dataclass(frozen=True)
class Evaluated:
    """What a page makes of a program on a text of n tokens.

    Attributes:
        scores: float32, shape (n, n).
        terms: those of each of its terms.
        pattern: shape (n, n); None where a score is not a number.
        iou: with a head's pattern as it is, and as it travels.
        cross_entropy: with it as it is.
    """

    scores: np.ndarray
    terms: list[np.ndarray]
    pattern: np.ndarray | None
    iou: tuple[float, float] | None
    cross_entropy: float | None


def in_page(
    page: Page, texts: Texts, sources: Sequence[str], *, window: int | None = None, target: Target | None = None
) -> list[Evaluated]:
    """Programs on the one text of a batch, which travels to the page as it does in a report."""
    clusters = texts.table.clusters
    given = {
        "text": packed(text_value(texts, 0)),
        "masks": mask_names(texts.causal, clusters),
        "numbers": number_names(),
        "vocabulary": vocabulary_value(texts.causal, clusters),
        "causal": texts.causal,
        "window": window,
        "targets": None if target is None else target.packed(),
        "sources": json.dumps(list(sources)),
    }
    n = texts.n

    def cells(text: str) -> np.ndarray:
        return np.frombuffer(b64decode(text), dtype=np.float32).reshape(n, n)

    def value(found: dict[str, Any]) -> Evaluated:
        pattern = None if found["pattern"] is None else cells(found["pattern"])
        return Evaluated(
            cells(found["scores"]), [*map(cells, found["terms"])], pattern, found["iou"], found["crossEntropy"]
        )

    return [value(found) for found in page.evaluate(_EVALUATE, given)]


def in_python(texts: Texts, source: str) -> np.ndarray:
    """A program's scores on the one text of a batch in NumPy, shape (n, n)."""
    found = patterns.scores(Program.parse(source), texts)
    return np.broadcast_to(np.asarray(found, dtype=np.float32), (1, texts.n, texts.n))[0]


def as_it_travels(texts: Texts) -> Texts:
    """The texts with their tokens' similarities rounded as in a report: absurd programs make much of little."""
    if texts.table.embeddings is not None:
        rounded = np.rint(texts.pair.similarity * SIMILARITY_SCALE) / SIMILARITY_SCALE
        fresh = Texts(texts.ids, texts.table, causal=texts.causal)
        fresh.keep(("pair", "similarity"), lambda: rounded.astype(np.float32))
        return fresh
    return texts
