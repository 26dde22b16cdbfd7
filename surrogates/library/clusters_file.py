"""Clusters of words as a file beside the programs that name them, ``clusters.json``: name -> ids of its tokens."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from surrogates.errors import InputError
from surrogates.language.clusters import Clusters, is_cluster
from surrogates.language.program import Program
from surrogates.library.heads import Head

FILE_NAME = "clusters.json"


def clusters_text(clusters: Clusters) -> str:
    """What the file holds."""
    members = {name: np.flatnonzero(mask).tolist() for name, mask in clusters.masks.items()}
    return json.dumps({"tokens": len(clusters.places), "vocabulary": clusters.vocabulary, "clusters": members})


def with_clusters(programs: Mapping[Head, Program], folder: Path) -> dict[Head, Program]:
    """Programs with the clusters of a folder, if any of them names one.

    Raises:
        InputError: the file is missing or damaged, or lacks a cluster that is named.
    """
    named = {name for program in programs.values() for name in program.cluster_names}
    if not named:
        return dict(programs)
    clusters = _read(folder / FILE_NAME)
    if missing := sorted(named - set(clusters.names)):
        raise InputError(f"{folder / FILE_NAME} lacks {missing[0]}, which a program names; copy it from the run")
    return {
        head: replace(program, clusters=clusters) if program.cluster_names else program
        for head, program in programs.items()
    }


def _read(path: Path) -> Clusters:
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        if type(stored["tokens"]) is not int or type(stored["vocabulary"]) is not str:
            raise ValueError("it does not say of which tokens it is")
        places = np.full(stored["tokens"], -1, dtype=np.int16)
        for place, (name, tokens) in enumerate(stored["clusters"].items()):
            if not is_cluster(name) or any(type(token) is not int or token < 0 for token in tokens):
                raise ValueError(f"{name!r} is no cluster")
            places[tokens] = place
        return Clusters(tuple(stored["clusters"]), places, stored["vocabulary"])
    except FileNotFoundError as error:
        raise InputError(
            f"{path} is missing, which holds clusters of words that the programs name; copy it from the run's "
            "programs, or run `headsynth synthesize` again to have it written"
        ) from error
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}; change its permissions") from error
    except Exception as error:  # of JSON and NumPy, all of which a damaged file can bring
        raise InputError(f"{path} cannot be read ({error}); copy it from the run's programs") from error
