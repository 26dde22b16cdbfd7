"""Running a model with surrogates in the place of some of its attention heads."""

import inspect
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, get_args

import torch
from torch import nn
from transformers import Cache, PreTrainedModel, PreTrainedTokenizerBase

from surrogates.errors import InputError
from surrogates.language.clusters import NO_CLUSTERS
from surrogates.language.program import Program
from surrogates.language.tokens import TokenTable
from surrogates.language.vocabulary import SIMILARITY
from surrogates.running.architectures.calls import Handler, open_cells
from surrogates.running.architectures.kinds import is_causal
from surrogates.running.assignment import Assignment, Surrogate, check_assignment
from surrogates.running.facts import LayerFacts, intercepted, layer_facts
from surrogates.running.forward_pass import Failures, ForwardPass, Read
from surrogates.running.history import Context, Filling, follow, recall, remember
from surrogates.running.layers import Layer, Replaced
from surrogates.running.plan import OnError, Plan

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

    Heads that are not assigned compute as ever (under flash attention as under SDPA). The patterns that an eager model
    returns on request are the ones in use. The mask is the model's own; only the scores come from programs. One forward
    pass of a patched model at a time; different models may be patched at once.

    Args:
        model: a model in memory.
        tokenizer: its tokenizer.
        assignment: what stands in for which head.
        table: facts of the tokens; built once a model and kept when left out. Give one if the model's input embeddings
            change between patches.
        on_error: what happens when a program fails on a text: ``raise``, or ``neural``, which leaves the head its own
            pattern on that text.

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
    reader = _Reader(plan, table, causal=is_causal(model.config))
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
        undo.enter_context(intercepted(model, layers))
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
    facts: Sequence[LayerFacts], places: Mapping[int, Mapping[int, int]], reader: "_Reader"
) -> dict[nn.Module, Handler]:
    """The layers with replaced heads, by the module that computes their attention."""
    found: dict[nn.Module, Handler] = {}
    for number, heads in places.items():
        own = facts[number]
        assert own.module is not None
        replaced = Replaced(list(heads), own.reads)
        found[own.module] = Layer(number, replaced, list(heads.values()), own.window, reader.current)
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


class _Reader:
    """Follows what a patched model reads, through hooks around its forward."""

    def __init__(self, plan: Plan, table: TokenTable, *, causal: bool) -> None:
        self.failures = Failures()
        self._plan = plan
        self._table = table
        self._causal = causal
        self._module: nn.Module | None = None  # the one whose forward is running, outermost
        self._read: Read | None = None
        self._filling: Filling | None = None
        self._pass: ForwardPass | None = None

    def current(self) -> ForwardPass:
        """The forward pass the model is in."""
        if self._pass is None:
            raise InputError("a part of a patched model was run by itself; call the model that was patched")
        return self._pass

    def ran(self, layer: int) -> Callable[..., None]:
        """A hook that notes that a layer's attention runs."""

        def note(*_: object) -> None:
            if self._pass is not None:
                self._pass.ran.add(layer)

        return note

    # A model compiled inside the patch is compiled around what follows.
    @torch.compiler.disable
    def before(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if self._module is not None:
            return
        if torch.is_grad_enabled() and module.training and _runs_layers_again(module):
            raise InputError(
                "gradient (activation) checkpointing runs layers a second time, outside of the model; turn it off first"
            )
        given = _arguments(module, args, kwargs)
        read = _read(given, weights=self._asks_for_weights(module, given))
        self._module, self._read = module, read
        self._filling = follow(given.get("past_key_values"))
        self._pass = ForwardPass(read, self._table, self._plan, self.failures, causal=self._causal)

    @torch.compiler.disable
    def after(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        if self._module is not module:
            return
        done, read, filling = self._pass, self._read, self._filling
        self._module = self._read = self._pass = self._filling = None
        if filling is not None:
            filling.end()
        if output is None or done is None or read is None:
            return  # the forward raised
        if done.ran != done.replaced:
            raise InputError(
                f"{len(done.replaced)} of {len(done.ran)} layers had their heads replaced: the attention "
                "implementation was changed inside the patch; leave it as it is"
            )
        done.check()
        cache = _cache(_arguments(module, args, kwargs), output)
        if cache is not None:
            remember(cache, read.tokens)

    @staticmethod
    def _asks_for_weights(module: nn.Module, given: Mapping[str, Any]) -> bool:
        asked = given.get("output_attentions")
        return bool(getattr(module.config, "output_attentions", False) if asked is None else asked)


def _runs_layers_again(model: nn.Module) -> bool:
    return any(getattr(module, "gradient_checkpointing", False) for module in model.modules())


def _arguments(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    names = inspect.signature(module.forward).parameters if args else ()
    return dict(zip(names, args, strict=False)) | kwargs


def _cache(given: Mapping[str, Any], output: Any) -> Cache | None:
    """The cache a forward pass used: the one it was given, or one that it made."""
    if given.get("past_key_values") is not None:
        return given["past_key_values"]
    values = output.values() if isinstance(output, Mapping) else output
    return next((value for value in values if isinstance(value, Cache)), None) if values is not None else None


def _read(given: Mapping[str, Any], *, weights: bool) -> Read:
    """All tokens the queries of this pass may see, from the cache's first to the newest."""
    ids = given.get("input_ids")
    if ids is None:
        raise InputError("a patched model must be given input_ids: programs read the tokens, not their embeddings")
    past = recall(given.get("past_key_values"))
    if past is not None and past.ids.shape[0] != ids.shape[0]:
        raise InputError(f"the cache holds {past.ids.shape[0]} texts but input_ids has {ids.shape[0]}")
    queries, mask = ids.shape[1], given.get("attention_mask")
    if isinstance(mask, Mapping):
        mask = next((of_kind for of_kind in mask.values() if of_kind is not None), None)
    if mask is not None and mask.dim() == 4:
        new = Context(ids, _real_queries(mask, 0 if past is None else past.ids.shape[1], ids.shape))
        return Read(new if past is None else past.followed_by(new), queries, may_be_packed=True, weights=weights)
    everything = ids if past is None else torch.cat([past.ids.to(ids.device), ids], dim=1)
    if mask is None:
        # Where positions begin anew, transformers may take documents to begin.
        packed = past is None and given.get("position_ids") is not None
        return Read(Context(everything, None), queries, may_be_packed=packed, weights=weights)
    if mask.dim() != 2 or mask.shape[0] != ids.shape[0] or mask.shape[1] < everything.shape[1]:
        raise InputError(
            f"attention_mask has shape {tuple(mask.shape)} but there are {everything.shape[1]} tokens, "
            "those in the cache included; it must cover them all"
        )
    real = mask[:, : everything.shape[1]].to(ids.device) != 0
    # Features are cheaper to compute when nothing is padded.
    tokens = Context(everything, None if bool(real.all()) else real)
    return Read(tokens, queries, may_be_packed=False, weights=weights)


def _real_queries(mask: torch.Tensor, past: int, shape: torch.Size) -> torch.Tensor:
    """Which of the new tokens are real, (texts, queries): a real token sees itself, padding does not.

    ``generate`` hands a static cache's mask over in four dimensions, in which only that tells padding.
    """
    texts, queries = shape
    keys = mask.shape[-1]
    first = past if keys >= past + queries else keys - queries
    cells = open_cells(mask)[:, 0, :, first : first + queries]
    return cells.diagonal(dim1=-2, dim2=-1).expand(texts, queries)
