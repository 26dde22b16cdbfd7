"""Clusters of words: found, named, kept with a run, and the same in the model as in fitting."""

import copy
import pickle
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from surrogates import load_library, patch
from surrogates.errors import InputError, ProgramFailed
from surrogates.language.features import Texts
from surrogates.language.patterns import pattern
from surrogates.language.program import Program
from surrogates.language.tokens import TokenTable
from surrogates.library.heads import Head
from synth.run import Run, open_run
from synth.word_clusters import word_clusters
from tests.synth.tiny_runs import call, copy_run

HEAD = Head(0, 3)
ANIMALS = ("dog", "cat", "cow", "hen", "pig", "bee", "ant", "owl")
VERBS = ("ran", "sat", "ate", "saw", "hid", "dug", "let", "put")
MARKS = (".", "!", ";", ":", "?", ",", "-", "(")
SURFACES = ["<s>", *(f" {word}" for word in (*ANIMALS, *VERBS)), *MARKS, " sang", " elk"]


def planted() -> tuple[TokenTable, torch.Tensor]:
    """Animals, verbs and marks, each about a centre of its own; the special token lies among the animals."""
    generator = np.random.default_rng(0)
    kinds = [0, *[0] * 8, *[1] * 8, *[2] * 8, 1, 0]
    vectors = np.eye(3, 12)[kinds] * 3 + generator.normal(size=(len(SURFACES), 12)) * 0.2
    return TokenTable.from_surfaces(SURFACES, {0}), torch.from_numpy(vectors)


def test_words_that_are_alike_are_together_and_named_by_the_most_frequent() -> None:
    table, embeddings = planted()
    animals, verbs, marks = range(1, 9), range(9, 17), range(17, 25)
    texts = [[0, *animals, *verbs, *marks], [0, 3, 3, 3, 12, 12, 17], [0, 9]]
    clusters = word_clusters(table, embeddings, texts * 2)
    masks = clusters.masks
    # Marks make no name, and " sang" and " elk", which no text holds, go to the nearest.
    assert set(masks) <= {"like_cow", "like_saw"}
    assert len(masks) == 2
    assert np.flatnonzero(masks["like_cow"]).tolist() == [*animals, 26]
    assert np.flatnonzero(masks["like_saw"]).tolist() == [*verbs, 25]


def test_few_words_have_no_clusters() -> None:
    table, embeddings = planted()
    assert word_clusters(table, embeddings, [[0, 1, 2, 3]]).names == ()


def test_a_cluster_is_a_feature_and_a_class() -> None:
    table, embeddings = planted()
    clusters = word_clusters(table, embeddings, [[*range(len(SURFACES))]] * 2)
    name = clusters.names[0]
    table = table.with_clusters(clusters)
    as_feature = f"2.0 * key.{name} + 1.0 * (key.previous.{name} & query.is_first)"
    as_class = f"weights(key, {{}}, {name}=2.0) + weights(key.previous, {{}}, {name}=1.0) * query.is_first"
    ids = [[0, 3, 9, 17, 16, 15], [0, 9, 9, 3]]
    for causal in (True, False):
        for torch_tensors in (True, False):
            texts = Texts.from_lists(ids, table, causal=causal, torch_tensors=torch_tensors)
            found = []
            for body in (as_feature, as_class):
                program = Program.parse(f'def attend(query, key, pair):\n    """x"""\n    return {body}\n')
                script = Program.parse(
                    f'{program.as_script("known")}\n\ndef attend(query, key, pair):\n    """x"""\n'
                    "    return known(query, key, pair)\n"
                )
                assert program.families == script.families
                assert "meaning" in program.families
                found += [np.asarray(pattern(program, texts)), np.asarray(pattern(script, texts))]
            for other in found[1:]:
                np.testing.assert_allclose(other, found[0], atol=1e-5)
            assert np.ptp(found[0][0, 5]) > 0.1


def test_a_cluster_that_the_run_does_not_have_fails_by_name() -> None:
    table, _ = planted()
    for body in ("key.like_xyz * 1.0", "weights(key, {}, like_xyz=1.0)"):
        program = Program.parse(f'def attend(query, key, pair):\n    """x"""\n    return {body}\n')
        with pytest.raises(ProgramFailed, match="like_xyz is no cluster of this run's words"):
            pattern(program, Texts.from_lists([[0, 1, 2]], table, causal=True))


def run_program(run: Run, program: Program) -> Program:
    """A program as the run gives those that it holds."""
    (entry, *_) = run[HEAD].ranked
    return replace(program, clusters=entry.program.clusters)


def naming(run: Path) -> tuple[Program, str]:
    """A program that names a cluster of the run, and the cluster."""
    name = open_run(run).material.clusters.names[0]
    return Program.parse(
        f'def attend(query, key, pair, a=3.0):\n    """x"""\n    return a * key.{name} - pair.log_distance\n'
    ), name


def test_what_stands_in_sees_the_clusters_that_were_fitted(finished: Path, tmp_path: Path) -> None:
    """In the running model, from the run and from its folder of programs, on texts of the run and on others."""
    run = copy_run(finished, tmp_path / "run")
    program, _ = naming(run)
    (kept,) = (run / "programs" / HEAD.folder).glob("01_*.py")
    shutil.rmtree(run / "programs" / HEAD.folder)
    (run / "programs" / HEAD.folder).mkdir()
    kept.write_text(program.source)
    with open_run(run) as opened:
        loaded = opened.model()
        (loaded_program,) = (p for head, p in load_library(run / "programs").items() if head == HEAD)
        for number in (0, 5):
            ids = torch.tensor([opened.material.model_ids()[number]])
            with patch(loaded.model, loaded.tokenizer, {HEAD: loaded_program}):
                found = loaded.model(ids, output_attentions=True).attentions[0][0, HEAD.index]
            expected = opened.patterns(HEAD, number, program).of_program.weights
            np.testing.assert_allclose(found.detach().numpy(), expected, atol=1e-5)
        text = "Tom liked the red ball and the dog ran to the park ."
        on_text = opened.patterns(HEAD, text, program).of_program.weights
        ids = torch.tensor([loaded.tokenizer(text)["input_ids"]])[:, :14]
        with patch(loaded.model, loaded.tokenizer, {HEAD: loaded_program}):
            found = loaded.model(ids, output_attentions=True).attentions[0][0, HEAD.index]
        np.testing.assert_allclose(found.detach().numpy(), on_text, atol=1e-5)
        # A program of the run comes with its clusters.
        found = run_program(opened, program).pattern(text, loaded.tokenizer).weights[:14, :14]
        np.testing.assert_allclose(found, on_text, atol=1e-5)
        with (
            pytest.raises(InputError, match=r"comes without it; read programs by load_library"),
            patch(loaded.model, loaded.tokenizer, {HEAD: program}),
        ):
            pass


def test_a_program_keeps_its_clusters_whatever_is_made_of_it(finished: Path) -> None:
    bare, _ = naming(finished)
    text = "Tom liked the red ball."
    with open_run(finished) as run:
        tokenizer = run.model().tokenizer
        program = run_program(run, bare)
        copies = [pickle.loads(pickle.dumps(program)), copy.deepcopy(program), program.with_constants({"a": 3.0})]
        copies += [run.score(bare, HEAD).program]
        for other in copies:
            found, expected = (one.pattern(text, tokenizer).weights for one in (other, program))
            np.testing.assert_array_equal(found, expected)
        assert run.score(bare, HEAD, fitted=True).program.pattern(text, tokenizer).weights.size


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (None, "is missing, which holds clusters of words"),
        ("{", "cannot be read"),
        ('{"tokens": 4, "vocabulary": "x", "clusters": {"like_x": [9]}}', "cannot be read"),
        ('{"tokens": [4, 4], "vocabulary": "x", "clusters": {"like_x": [1]}}', "does not say of which tokens"),
        ('{"tokens": 9, "vocabulary": "x", "clusters": {"like_zzz": [1]}}', "lacks like_"),
    ],
)
def test_a_folder_without_its_clusters_is_refused(
    damage: str | None, said: str, finished: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "programs"
    (folder / "L00H03").mkdir(parents=True)
    program, _ = naming(finished)
    (folder / "L00H03" / "01_x.py").write_text(program.source)
    if damage is not None:
        (folder / "clusters.json").write_text(damage)
    with pytest.raises(InputError, match=said):
        load_library(folder)


def test_programs_of_another_model_are_refused(finished: Path, tmp_path: Path) -> None:
    folder = tmp_path / "programs"
    (folder / "L00H03").mkdir(parents=True)
    program, name = naming(finished)
    (folder / "L00H03" / "01_x.py").write_text(program.source)
    (folder / "clusters.json").write_text(f'{{"tokens": 9, "vocabulary": "other", "clusters": {{"{name}": [1]}}}}')
    with open_run(finished) as run:
        loaded = run.model()
        with (
            pytest.raises(InputError, match="clusters of words are of another model"),
            patch(loaded.model, loaded.tokenizer, load_library(folder)),
        ):
            pass


def test_inspect_tells_the_words_of_the_clusters_that_a_program_names(
    run: Path, again: Any, tmp_path: Path, capsys: Any
) -> None:
    program, name = naming(run)
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "mine.py").write_text(program.source)
    with open_run(run) as opened:
        words = opened.material.alike[name]
    assert name.removeprefix("like_") in words
    assert call(capsys, *again(run, "--programs", tmp_path / "own")).code == 0
    for head in ("L0H3", "L1H2"):
        document = call(capsys, "inspect", run, head, "--json").document
        (surrogate,) = (p for p in document["programs"] if p["stands_in"])
        assert set(document["clusters"]) == set(re.findall(r"\blike_\w+", surrogate["source"]))
        shown = call(capsys, "inspect", run, head).out
        for cluster, members in document["clusters"].items():
            first = [word if word.strip() else repr(word) for word in members[:8]]
            assert f"{cluster}: {', '.join(first)}" in shown
