"""From a program to an attention pattern: evaluate the scores, mask, softmax."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from sandbox.plain_text import one_line
from sandbox.pool import SandboxUnavailable
from sandbox.verdicts import Verdict
from surrogates.errors import InputError, ProgramFailed
from surrogates.language.backend import LOWEST, Array, backend_of
from surrogates.language.features import Texts
from surrogates.language.program import Program
from surrogates.language.scripted import scripted_scores
from surrogates.language.text_pattern import TextPattern
from surrogates.language.tokens import table_of
from surrogates.language.vocabulary import SIMILARITY, FeatureUnavailable


@contextmanager
def failing(program: Program) -> Iterator[None]:
    """Make whatever is raised while a program is evaluated or fitted the failure of that program: it ends no stage.

    Raises:
        ProgramFailed: something was raised.
    """
    try:
        yield
    except (ProgramFailed, InputError, SandboxUnavailable):
        raise
    except FeatureUnavailable as error:
        raise ProgramFailed(f"{program.name}: {error}") from error
    except Exception as error:
        verdict = Verdict.OUT_OF_MEMORY if _lacks_memory(error) else Verdict.RAISED
        reason = "needs more memory than there is" if _lacks_memory(error) else f"{type(error).__name__}: {error}"
        raise ProgramFailed(f"{program.name}: {one_line(reason)}", verdict) from error


def _lacks_memory(error: Exception) -> bool:
    # On the CPU torch reports a failed allocation as a plain RuntimeError.
    plainly = type(error) is RuntimeError and re.search(r"(not enough|can't allocate) memory", str(error)) is not None
    return plainly or isinstance(error, MemoryError | torch.OutOfMemoryError)


def scores(program: Program, texts: Texts, constants: Mapping[str, Array] | None = None) -> Array:
    """Scores of a program, float32, broadcastable to (b, q, n). Scripted programs run in the sandbox.

    Args:
        program: the program.
        texts: the batch.
        constants: values to use in place of the program's own, such as tensors that need gradients.

    Raises:
        ProgramFailed: the program failed, or a feature has no value for this model.
    """
    with failing(program), np.errstate(all="ignore"):
        if program.kind == "scripted":
            return scripted_scores(program, texts, {**program.constants, **(constants or {})})
        function = program.compiled[texts.backend.name]
        return function(texts.query, texts.key, texts.pair, program.values.on(texts.ids, constants))


def normalise(values: Array, visible: Array, *, empty_rows: bool = True) -> Array:
    """Softmax over the visible cells of each row.

    Args:
        values: scores, broadcastable to the shape of ``visible``; ``-inf`` excludes a cell.
        visible: mask, shape (…, q, n).
        empty_rows: whether a row may have no visible cell, as those of padding have; False saves the time to look.

    Returns:
        Pattern of the shape of ``visible``, float32: rows sum to one, invisible cells are 0. A row in which no visible
        score is finite is uniform over the visible cells; a row without visible cells is 0.
    """
    backend = backend_of(visible)
    # A floor far below any useful score keeps excluded cells apart from invisible ones, so that a row with nothing
    # else is uniform over them.
    floored = backend.where(visible, backend.at_least(values, LOWEST), backend.number(-np.inf))
    result = backend.softmax(floored)
    if not empty_rows:
        return result
    # Rows without visible cells are not a number by now, like those whose scores were not.
    return backend.where(visible.any(-1)[..., None], result, backend.number(0.0))


def check_finite(program: Program, pattern: Array) -> None:
    """Raise if a pattern holds NaN.

    Raises:
        ProgramFailed: a visible score was NaN or +inf; the softmax spreads either over its row.
    """
    total = pattern.sum()
    finite = torch.isfinite(total) if isinstance(pattern, torch.Tensor) else np.isfinite(total)
    if not finite:
        raise ProgramFailed(f"{program.name}: a score in a visible cell is not a number", Verdict.NOT_FINITE)


def pattern(
    program: Program, texts: Texts, visible: Array | None = None, constants: Mapping[str, Array] | None = None
) -> Array:
    """A program's pattern on a batch, float32, shape (b, q, n); see :func:`normalise`.

    Raises:
        ProgramFailed: a visible score is not a number, the program failed, or a feature has no value for this model.
    """
    values = scores(program, texts, constants)
    with failing(program), np.errstate(all="ignore"):  # NaN is reported below
        if visible is None:
            result = normalise(values, texts.visible, empty_rows=texts.padded)
        else:
            result = normalise(values, visible)
    check_finite(program, result)
    return result


def pattern_on_text(
    program: Program, text: str, tokenizer: Any, *, causal: bool, embeddings: Array | None
) -> TextPattern:
    """See :meth:`Program.pattern`."""
    ids = tokenizer(text)["input_ids"]
    if not ids:
        raise InputError("the text has no tokens; give a longer one")
    table = table_of(tokenizer)
    if program.cluster_names:
        if program.clusters.names and not program.clusters.fit(table.texts):
            raise InputError(f"the clusters of words that {program.name} comes with are of another tokenizer's tokens")
        table = table.with_clusters(program.clusters.for_rows(len(table.texts)))
    if SIMILARITY in program.features:
        if embeddings is None:
            raise InputError(
                f"{program.name} compares the model's input embeddings; give "
                "embeddings=model.get_input_embeddings().weight"
            )
        used = sorted(set(ids))
        vectors = torch.as_tensor(embeddings).detach()[used].float().cpu().numpy()
        table, ids = table.subset(used, vectors), [used.index(token) for token in ids]
    texts = Texts.from_lists([ids], table, causal=causal)
    return TextPattern(
        table.spell(ids), pattern(program, texts)[0], np.broadcast_to(texts.visible[0], (len(ids), len(ids)))
    )
