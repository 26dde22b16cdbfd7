"""Measures what becomes of the embeddings of an encoder that has no masked-language head."""

from collections.abc import Mapping, Sequence

from evaluation.arms import Arm, content
from evaluation.baselines import PLAIN
from evaluation.controls import CONTROLS, layers_dropped
from evaluation.embeddings import Embedded, embed
from evaluation.measuring import PatchedModel
from evaluation.orders import CANDIDATES, Order, greedy, ordered
from evaluation.sweep import first_heads
from surrogates.errors import InputError
from surrogates.library.heads import Head
from synth.asked import LEAST_TEXTS, Asked
from synth.evaluation_rows import REPLACEMENTS, EmbeddingEvaluation, EmbeddingRow, OnCorpus, Replacement
from synth.evaluator import ORDERED_BY, known_of
from synth.models import LoadedModel
from synth.other_corpora import OtherCorpus, fresh_iou
from synth.progress import Reporter, Step
from synth.run import Run

_WORK = 4e13
"""Operations that are affordable for a table, some five minutes on two cores."""


class EmbeddingEvaluator:
    """Measures a run's programs. Figures are not kept: a pass of each text is all that an arm takes.

    Args:
        run: it.
        loaded: its model.
        corpora: further texts.
        reporter: where progress is shown.
        asked: what is measured.

    Raises:
        InputError: a search or a time is asked for, which are about perplexity.
    """

    def __init__(
        self,
        run: Run,
        loaded: LoadedModel,
        corpora: Sequence[OtherCorpus],
        reporter: Reporter,
        asked: Asked,
    ) -> None:
        without = f"{loaded.name} has no masked-language head, and its embeddings"
        if asked.max_increase is not None:
            raise InputError(f"{without} have no perplexity to stay within; leave out --max-increase")
        if asked.minutes is not None:
            raise InputError(f"{without} are compared whatever time it takes; choose --texts instead of --time")
        self._run, self._loaded, self._corpora = run, loaded, corpora
        self._reporter, self._asked = reporter, asked
        self._patched = PatchedModel(loaded.model, loaded.tokenizer, asked.on_error)
        self._programs = run.assigned(asked.assignment)
        self._left_out: list[str] = ["effects of single heads, which are about masked tokens"] if asked.effects else []

    def evaluation(self) -> EmbeddingEvaluation:
        """Everything, in the order in which one thing needs another."""
        asked = self._asked
        effects = self._own_effects() if {"effect", "greedy"} & set(asked.orders) else {}
        orders = {
            order: ordered(order, self._programs, effects, lambda: self._greedy(effects))
            for order in dict.fromkeys(asked.orders)
        }
        arms: dict[tuple[str, str, float], Arm] = {
            (order, replacement, share): self._arm(replacement, first_heads(heads, share))
            for order, heads in orders.items()
            for replacement in REPLACEMENTS
            for share in asked.fractions
        }
        first = asked.orders[0]
        controls = self._controls(orders[first]) if asked.controls else {}
        ids = self._texts("sweep", self._run.ids("test"), "test texts", len(arms) + len(controls), asked.texts)
        rows = self._rows("sweep", ids, arms | controls)
        return EmbeddingEvaluation(
            len(ids),
            rows[: len(arms)],
            rows[len(arms) :],
            asked.controls or 0.0,
            [self._on_corpus(corpus, first, orders[first]) for corpus in self._corpora],
            tuple(self._left_out),
        )

    def _rows(
        self, stage: str, ids: Sequence[Sequence[int]], arms: Mapping[tuple[str, str, float], Arm]
    ) -> list[EmbeddingRow]:
        rows = []
        known: dict[str, Embedded] = {}  # all heads are the same ones in any order
        with self._reporter.stage(stage) as step:
            unpatched = embed(self._patched, ids, {})
            for done, ((order, replacement, share), arm) in enumerate(arms.items(), start=1):
                name = content(arm)
                own = known[name] = known.get(name) or embed(self._patched, ids, arm)
                cosine, neighbour = own.cosine(unpatched), own.same_neighbour(unpatched)
                rows.append(EmbeddingRow(order, replacement, share, len(arm), *cosine, *neighbour, own.kept, len(ids)))
                step(done, len(arms), f"{order}, {replacement}, {len(arm)} heads: cosine {cosine.mean:.3f}")
        return rows

    def _own_effects(self) -> dict[Head, float]:
        """How far each head, replaced alone, turns the embeddings of validation texts."""
        arms = [{head: program} for head, program in self._programs.items()]
        ids = self._texts("own effects", self._run.ids("validation"), "validation texts", len(arms), ORDERED_BY)
        with self._reporter.stage("own effects") as step:
            found = self._turned(ids, arms, step)
        return dict(zip(self._programs, found, strict=True))

    def _greedy(self, effects: Mapping[Head, float]) -> list[Head]:
        stage = "greedy order"
        count = max(len(first_heads(list(self._programs), share)) for share in self._asked.fractions)
        arms = count * CANDIDATES
        ids = self._texts(stage, self._run.ids("validation"), "validation texts", arms, ORDERED_BY)
        with self._reporter.stage(stage) as step:

            def goes_on(done: int) -> bool:
                step(done, count)
                return True

            return greedy(self._programs, effects, count, lambda tried: self._turned(ids, tried), goes_on)

    def _dropped_layers(self) -> dict[int, float]:
        """The same with each layer's attention dropped alone."""
        layers = layers_dropped(self._loaded.heads)
        stage = "layers dropped"
        ids = self._texts(stage, self._run.ids("validation"), "validation texts", len(layers), ORDERED_BY)
        with self._reporter.stage(stage) as step:
            return dict(zip(layers, self._turned(ids, list(layers.values()), step), strict=True))

    def _turned(self, ids: Sequence[Sequence[int]], arms: Sequence[Arm], step: Step | None = None) -> list[float]:
        """How far embeddings turn under each arm: 1 - cosine, mean over texts."""
        unpatched = embed(self._patched, ids, {})
        found = []
        for arm in arms:
            found.append(1 - embed(self._patched, ids, arm).cosine(unpatched).mean)
            if step:
                step(len(found), len(arms))
        return found

    def _controls(self, order: Sequence[Head]) -> dict[tuple[str, str, float], Arm]:
        share = self._asked.controls
        assert share is not None
        layers = self._dropped_layers()
        known = known_of(self._run, first_heads(order, share), self._programs, layers, self._loaded.heads)
        found: dict[tuple[str, str, float], Arm] = {}
        for name, control in CONTROLS.items():
            arm = control(known)
            if arm is None:
                self._left_out.append(f"control {name}: nothing to make it of")
            else:
                found["control", name, share] = arm
        return found

    def _on_corpus(self, corpus: OtherCorpus, order: Order, heads: Sequence[Head]) -> OnCorpus:
        name = f"texts of {corpus.name}" if corpus.name else "test texts"
        ids = self._texts("corpora", corpus.ids, name, len(self._asked.fractions), self._asked.texts)
        arms: dict[tuple[str, str, float], Arm] = {
            (order, "program", share): self._arm("program", first_heads(heads, share))
            for share in self._asked.fractions
        }
        rows = self._rows(f"embeddings of {name}", ids, arms)
        with self._reporter.stage(f"IoU on {name}") as step:
            iou = fresh_iou(self._loaded, self._programs, ids, self._asked.on_error, step)
        return OnCorpus(corpus.name, len(ids), corpus.in_run, *iou, rows)

    def _arm(self, replacement: Replacement, heads: Sequence[Head]) -> Arm:
        if replacement == "program":
            return {head: self._programs[head] for head in heads}
        return dict.fromkeys(heads, PLAIN[replacement])

    def _texts(
        self, stage: str, of: Sequence[list[int]], name: str, arms: int, most: int | None
    ) -> Sequence[list[int]]:
        """The most texts that are asked for, or else that are affordable."""
        ids = of[:most]
        if self._asked.texts is None:
            each = 2 * self._loaded.model.num_parameters() * sum(map(len, ids)) / len(ids) * arms
            ids = ids[: max(LEAST_TEXTS, int(_WORK / each))]
        if len(ids) < len(of):
            self._left_out.append(f"{stage}: {len(ids)} of {len(of)} {name}")
        return ids
