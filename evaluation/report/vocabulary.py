"""The vocabulary of programs as the page has it."""

from dataclasses import asdict
from typing import Any

from evaluation.report.texts import mask_names
from sandbox.parsing import MAX_LENGTH
from surrogates.language.program import MAX_CONSTANTS, MAX_DEPTH, MAX_NODES, MAX_VALUES
from surrogates.language.terms import MAX_TERMS
from surrogates.language.vocabulary import FEATURES, FITTED, FUNCTIONS, MAX_KNOTS, MAX_STRINGS, MAX_WORDS


def vocabulary_value(causal: bool, clusters: tuple[str, ...]) -> dict[str, Any]:
    """Features, functions and limits, by the names of their tables; ``classes`` are those ``weights`` takes here.

    Args:
        causal: whether queries see only keys at or before them.
        clusters: of the run's words.
    """
    return {
        "features": [asdict(feature) for feature in FEATURES],
        "functions": [asdict(function) for function in FUNCTIONS.values()],
        "fitted": [asdict(call) for call in FITTED.values()],
        "classes": mask_names(causal, clusters),
        "clusters": list(clusters),
        "limits": {
            "strings": MAX_STRINGS,
            "knots": MAX_KNOTS,
            "words": MAX_WORDS,
            "values": MAX_VALUES,
            "constants": MAX_CONSTANTS,
            "terms": MAX_TERMS,
            "nodes": MAX_NODES,
            "depth": MAX_DEPTH,
            "characters": MAX_LENGTH,
        },
    }
