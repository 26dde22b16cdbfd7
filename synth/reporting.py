"""The explorer of a run: a page that holds all that the run knows of its heads' programs."""

import os
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from evaluation.report.detail import LIMIT, Detail
from evaluation.report.fitting import fitting
from evaluation.report.heads import HeadContent
from evaluation.report.packing import packed
from evaluation.report.page import write_page
from evaluation.report.texts import mask_names, number_names, text_value
from sandbox.plain_text import one_line
from surrogates.errors import InputError
from surrogates.language.features import Texts
from surrogates.library.heads import Head
from surrogates.library.ranking import Ranked
from synth.engine import Engine, Local
from synth.head_faithfulness import beginnings
from synth.material import HeadData, Material
from synth.progress import Reporter
from synth.regular_files import check_regular, mend_writing
from synth.report_heads import ReportedHead, head_text, program_value, reported_head
from synth.report_overview import overview
from synth.run import Run

_SAMPLE = 8
"""Heads on which a page's size is estimated."""
_SAMPLE_TEXTS = 2
"""Texts of each of these."""
FILE_NAME = "report.html"
_ANOTHER = "name another place with --output"


@dataclass(frozen=True, repr=False)
class Report:
    """A page that needs nothing else; a notebook shows it. It is in no file until it is written.

    Attributes:
        path: where :meth:`write` puts it, unless told otherwise.
        notices: what is not in it and why, a sentence each.
        opens: the view that a notebook begins with, such as ``L3H7``.
    """

    path: Path
    notices: Sequence[str]
    _pieces: Sequence[str] = field(repr=False)
    opens: str = ""

    @property
    def html(self) -> str:
        return "".join(self._pieces)

    def __repr__(self) -> str:
        return f"Report({str(self.path)!r})"

    def _repr_html_(self) -> str:
        # Links within the page would otherwise lead to the notebook's own address.
        start = f'<base href="about:srcdoc"><script>location.hash = "{self.opens}";</script>'
        html = self.html.replace("<head>", f"<head>{start}", 1)
        return f'<iframe srcdoc="{escape(html)}" style="width:100%;height:800px;border:0"></iframe>'

    def write(self, path: Path | None = None) -> int:
        """Write the page whole or not at all, in the place of what was there; its size in bytes is given.

        Raises:
            InputError: it cannot be written.
        """
        path = path or self.path
        unfinished = _unfinished(path)
        with _writing(path):
            try:
                with unfinished.open("w", encoding="utf-8", newline="") as file:
                    file.writelines(self._pieces)
                unfinished.replace(path)
            finally:
                unfinished.unlink(missing_ok=True)
        return _bytes(self._pieces)


def report(
    run: Run, head: str | Head | None = None, *, engine: Engine | None = None, reporter: Reporter | None = None
) -> Report:
    """The explorer of a run, or of one of its heads alone.

    Args:
        run: a finished run.
        head: such as ``L3H7``; all heads that have a program by default.
        engine: where heads are worked on; by default processes of this machine, one a core, or this one for one head.
        reporter: where progress is shown.

    Raises:
        InputError: no head has a program yet, or something of the run is missing or damaged.
    """
    reporter = reporter or Reporter()
    only = None if head is None else run[head].head
    ranked = {head: own for head in ([only] if only else run.heads) if (own := run.library.ranked(head))}
    if not ranked:
        raise InputError(f"{run.path} has no scored program yet; run `headsynth synthesize` again to finish it")
    title = f"{only or 'Attention heads'} of {run.settings.model}"
    engine = engine or Local(1 if only else 0)
    for detail in _fitting(run.material, ranked, _bytes(write_page(title, {}, "", []))):
        heads = _heads(run, ranked, detail, engine, reporter)
        view = overview(run, heads, detail, only)
        texts = packed(_texts_value(run.material, {number for own in heads.values() for number in own.texts}, detail))
        pieces = list(write_page(title, view, texts, [(str(head), own.packed) for head, own in heads.items()]))
        notices = view["notices"]
        if _bytes(pieces) <= LIMIT:
            break
    else:
        notices = [*notices, f"Even so it is larger than {LIMIT // 1_000_000} MB: there are many heads."]
    return Report(run.path / FILE_NAME, notices, pieces, str(only or ""))


def check_writable(path: Path) -> None:
    """Find out before the work whether a page can be written there.

    Raises:
        InputError: it cannot.
    """
    with _writing(path):
        _unfinished(path).touch()
        _unfinished(path).unlink()


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    check_regular(path, _ANOTHER)
    try:
        yield
    except OSError as error:
        raise InputError(
            f"cannot write {one_line(str(path))}: {error.strerror}; {mend_writing(error)}, or {_ANOTHER}"
        ) from error


def _unfinished(path: Path) -> Path:
    return path.with_name(f"{path.name}.{os.getpid()}.unfinished")


def _bytes(pieces: Iterable[str]) -> int:
    return sum(len(piece.encode()) for piece in pieces)


def _fitting(material: Material, ranked: Mapping[Head, Sequence[Ranked]], fixed: int) -> Iterator[Detail]:
    """The details to try, one after the other; ``fixed`` are the bytes of a page that holds nothing."""
    sample = [_sampled(material, head, ranked[head]) for head in list(ranked)[:: -(-len(ranked) // _SAMPLE)]]
    test = material.splits["test"]

    def others(detail: Detail) -> float:
        some = test[:_SAMPLE_TEXTS]
        texts = min(len(test), detail.texts + 2 * detail.own * len(ranked))
        return fixed + texts * len(packed(_texts_value(material, some, detail))) / len(some)

    return fitting(sample, len(ranked), max(len(material.ids[number]) for number in test), others)


def _sampled(material: Material, head: Head, ranked: Sequence[Ranked]) -> HeadContent:
    """A head with its first texts, without figures."""
    data = HeadData(material, head)
    texts = [head_text(data, ranked, number, 0.0) for number in material.splits["test"][:_SAMPLE_TEXTS]]
    return HeadContent(str(head), material.windows[head.layer], list(map(program_value, ranked)), texts, {})


def _heads(
    run: Run, ranked: Mapping[Head, Sequence[Ranked]], detail: Detail, engine: Engine, reporter: Reporter
) -> dict[Head, ReportedHead]:
    shared = (run.material, beginnings(run.texts), detail)
    ceilings = run.ceilings
    items = [(head, own, ceilings.get(head)) for head, own in ranked.items()]
    found: dict[Head, ReportedHead] = {}
    # What heads leave behind in the allocator passes for a leak with joblib, which starts another worker and warns.
    with reporter.stage("report") as step, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "A worker stopped", UserWarning)
        for head, own in zip(ranked, engine.map(reported_head, shared, items), strict=True):
            found[head] = own
            if len(items) > 1:  # of one a notebook need not hear
                step(len(found), len(items))
    return found


def _texts_value(material: Material, numbers: Iterable[int], detail: Detail) -> dict[str, Any]:
    """What programs see of texts."""
    found = {}
    for number in sorted(numbers):
        texts = Texts.from_lists([material.ids[number]], material.table, causal=material.causal)
        found[str(number)] = text_value(texts, 0, detail.tokens)
    return {"masks": mask_names(material.causal, material.clusters.names), "numbers": number_names(), "texts": found}
