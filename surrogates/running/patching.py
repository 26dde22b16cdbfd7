"""Running a model with surrogates in the place of some of its attention heads."""

import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, get_args

from torch import nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from surrogates.errors import InputError
from surrogates.language.clusters import NO_CLUSTERS
from surrogates.language.program import Program
from surrogates.language.tokens import TokenTable
from surrogates.language.vocabulary import SIMILARITY
from surrogates.running.architectures import interface
from surrogates.running.architectures.calls import Handler
from surrogates.running.architectures.intercepting import intercepted
from surrogates.running.architectures.kinds import is_causal
from surrogates.running.architectures.layer import LayerFacts
from surrogates.running.assignment import Assignment, Surrogate, check_assignment
from surrogates.running.facts import layer_facts
from surrogates.running.forward_pass import Failures
from surrogates.running.layers import Kept, Layer, Replaced
from surrogates.running.plan import OnError, Plan
from surrogates.running.projections import apart, idle
from surrogates.running.reader import Reader

_patched: "weakref.WeakSet[PreTrainedModel]" = weakref.WeakSet()
_tables: "weakref.WeakKeyDictionary[PreTrainedModel, tuple[weakref.ref[Any], TokenTable]]" = weakref.WeakKeyDictionary()


@contextmanager
def patch(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    assignment: Assignment,
    *,
    table: TokenTable | None = None,
    on_error: OnError = "raise",
) -> Iterator[Failures]:
    """Replace attention heads while the context lasts; forward passes and ``generate`` work as ever.

    Heads that are not assigned compute as ever (under flash attention as under SDPA). The mask is the model's own; only
    the scores come from programs. The patterns that the model returns on request are the ones in use, for which all
    attention is computed eagerly. One forward pass of a patched model at a time; different models may be patched at
    once.

    Args:
        model: a model in memory.
        tokenizer: its tokenizer.
        assignment: what stands in for which head.
        table: facts of the tokens; built once a model and kept when left out. Give one if the model's input embeddings
            change between patches.
        on_error: what happens when a program fails on a text: ``raise``, or ``neural``, which leaves the head its own
            pattern on that text. With a cache each pass is judged by itself, so that a program may fail at one token
            and stand in at the next.

    Returns:
        The failures met so far, which fill up as the model runs; always empty unless ``on_error`` is ``neural``.

    Raises:
        InputError: the attention cannot be intercepted, the assignment does not fit the model, or the model is patched
            already; within the context, on inputs from which the tokens cannot be told.
        ProgramFailed: within the context, when a program fails or its scores are not numbers.
    """
    facts = layer_facts(model)
    check_assignment(assignment, [layer.heads for layer in facts])
    if model in _patched:
        raise InputError("the model is patched already; leave that patch first, or join the two assignments")
    surrogates = list(dict.fromkeys(assignment.values()))
    if table is None:
        table = token_table(model, tokenizer, surrogates)
    if on_error not in get_args(OnError):
        raise InputError(f"on_error is {on_error!r}; choose 'raise' or 'neural'")
    places = _places(assignment, surrogates)
    plan = Plan(surrogates, {layer: list(heads.values()) for layer, heads in places.items()}, on_error)
    looked_up = [own.module for own in facts if own.module is not None and interface.modules(own.module)]
    reader = Reader(plan, table, lambda: all(map(interface.is_intact, looked_up)), causal=is_causal(model.config))
    layers = _layers(facts, places, reader)
    with ExitStack() as undo:
        if layers:
            # Some architectures' outer model calls past its base model, and callers may use either.
            for module in dict.fromkeys((model, model.base_model)):
                undo.callback(module.register_forward_pre_hook(reader.before, with_kwargs=True).remove)
                undo.callback(module.register_forward_hook(reader.after, with_kwargs=True, always_call=True).remove)
            for number, module in enumerate(layer.module for layer in facts):
                if module in layers:
                    undo.callback(module.register_forward_pre_hook(reader.ran(number)).remove)
            for own in facts:
                if own.idle and on_error == "raise" and own.module in layers and not layers[own.module].replaced.kept:
                    query, key = apart(own).values()
                    undo.enter_context(idle(query, reader.needs_queries))
                    undo.enter_context(idle(key, reader.needs_keys))
        handlers: dict[nn.Module, Handler] = {own.module: Kept(reader) for own in facts if own.module and layers}
        undo.enter_context(intercepted(model, handlers | layers))
        _patched.add(model)
        undo.callback(_patched.discard, model)
        yield reader.failures


def is_patched(model: PreTrainedModel) -> bool:
    """Whether the model is within a patch."""
    return model in _patched


def _places(assignment: Assignment, surrogates: Sequence[Surrogate]) -> dict[int, dict[int, int]]:
    """By layer and head, the place of what stands in for it among the surrogates."""
    place = {surrogate: number for number, surrogate in enumerate(surrogates)}
    found: dict[int, dict[int, int]] = {}
    for head in sorted(assignment):
        found.setdefault(head.layer, {})[head.index] = place[assignment[head]]
    return found


def _layers(
    facts: Sequence[LayerFacts], places: Mapping[int, Mapping[int, int]], reader: Reader
) -> dict[nn.Module, Layer]:
    """The layers with replaced heads, by the module that computes their attention."""
    found: dict[nn.Module, Layer] = {}
    for number, heads in places.items():
        own = facts[number]
        assert own.module is not None
        replaced = Replaced(list(heads), own.reads)
        found[own.module] = Layer(number, replaced, list(heads.values()), own.window, reader)
    return found


def token_table(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, surrogates: Sequence[Surrogate]
) -> TokenTable:
    """Facts of a model's tokens, built on first use; with embeddings, which are large, once a program asks for them.

    Raises:
        InputError: a program names clusters of words that none of them brings along, or those of another model.
    """
    table = _table(model, tokenizer, surrogates)
    programs = [surrogate for surrogate in surrogates if isinstance(surrogate, Program) and surrogate.cluster_names]
    if not programs:
        return table
    clusters = next((program.clusters for program in programs if program.clusters.names), NO_CLUSTERS)
    for program in programs:
        if missing := sorted(program.cluster_names - set(clusters.names)):
            raise InputError(
                f"{program.name} names {missing[0]}, a cluster of its run's words, and comes without it; read programs "
                "by load_library, from the run or from a folder that has its clusters.json"
            )
        if not program.clusters.same_as(clusters):
            raise InputError("the programs come with clusters of words of different runs; take those of one run")
    if not clusters.fit(table.texts):
        raise InputError("the programs' clusters of words are of another model's tokens; take programs of this model")
    return table.with_clusters(clusters.for_rows(len(table.texts)))


def _table(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, surrogates: Sequence[Surrogate]) -> TokenTable:
    similar = any(isinstance(surrogate, Program) and SIMILARITY in surrogate.features for surrogate in surrogates)
    if model in _tables:
        owner, table = _tables[model]
        if owner() is tokenizer and (table.embeddings is not None or not similar):
            return table
    weight = model.get_input_embeddings().weight.detach()
    embeddings = weight.float().cpu().numpy() if similar else None
    table = TokenTable.from_tokenizer(tokenizer, weight.shape[0], embeddings)
    _tables[model] = (weakref.ref(tokenizer), table)
    return table
