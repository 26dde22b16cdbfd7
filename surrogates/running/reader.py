"""Follows what a patched model reads, forward pass by forward pass."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from transformers import Cache

from surrogates.errors import InputError
from surrogates.language.tokens import TokenTable
from surrogates.running.architectures.calls import open_cells
from surrogates.running.compiled import Begun, begin, enrol
from surrogates.running.forward_pass import Failures, ForwardPass, Read
from surrogates.running.history import Context, Filling, follow, recall, remember
from surrogates.running.plan import Plan


class Reader:
    """Follows what a patched model reads, through hooks around its forward."""

    def __init__(self, plan: Plan, table: TokenTable, intact: Callable[[], bool], *, causal: bool) -> None:
        self._intact = intact
        self.failures = Failures()
        self._plan = plan
        self._table = table
        self._causal = causal
        self._whole = False  # whether whole texts are read, without a cache
        self._module: nn.Module | None = None  # the one whose forward is running, outermost
        self._read: Read | None = None
        self._filling: Filling | None = None
        self._pass: ForwardPass | None = None
        self.number = enrol(self)
        self.begun: Begun | None = None  # in the place of a pass, while a model is compiled in one piece

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

    def before(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Begin a forward pass; a hook."""
        if self._module is not None:
            return
        # What fails is told text by text, and what was changed inside the patch is found out, outside of a graph.
        compiling = torch.compiler.is_compiling() and not torch.is_grad_enabled()
        if compiling and self._plan.on_error == "raise" and self._intact():
            given = _arguments(module, args, kwargs)
            if _reads_whole_texts(module, given, causal=self._causal):
                mask, positions = given.get("attention_mask"), given.get("position_ids")
                self._module, self._whole = module, True
                self.begun = begin(self, given["input_ids"], mask, packed=mask is None and positions is not None)
                return
        self._before(module, args, kwargs)

    def needs_weights(self) -> bool:
        """Whether the model is asked for its patterns."""
        return self._read is not None and self._read.weights

    def needs_queries(self) -> bool:
        """Whether queries are needed where all heads are replaced: for weights, and where a part is run by itself."""
        return self._module is None or self.needs_weights()

    def needs_keys(self) -> bool:
        """Whether keys are needed where all heads are replaced: for a cache too, which outlives the patch."""
        return self.needs_queries() or not self._whole

    def read_whole(self, ids: Tensor, mask: Tensor | None, *, packed: bool) -> ForwardPass:
        """A forward pass of texts that are read whole, without a cache."""
        real = None if mask is None or bool(mask.all()) else mask != 0
        read = Read(Context(ids, real), ids.shape[1], may_be_packed=packed, weights=False)
        return ForwardPass(read, self._table, self._plan, self.failures, causal=self._causal)

    # A model compiled inside the patch is compiled around what follows.
    @torch.compiler.disable
    def _before(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if torch.is_grad_enabled() and module.training and _runs_layers_again(module):
            raise InputError(
                "gradient (activation) checkpointing runs layers a second time, outside of the model; turn it off first"
            )
        given = _arguments(module, args, kwargs)
        read = _read(given, weights=_asks_for_weights(module, given))
        self._module, self._read = module, read
        self._whole = _reads_whole_texts(module, given, causal=self._causal)
        self._filling = follow(given.get("past_key_values"))
        self._pass = ForwardPass(read, self._table, self._plan, self.failures, causal=self._causal)

    def after(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        """End a forward pass; a hook."""
        if self._module is not module:
            return
        if self.begun is not None:
            self._module = self.begun = None
            return
        self._after(module, args, kwargs, output)

    @torch.compiler.disable
    def _after(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
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
            remember(cache, replace(read.tokens, known=done.known()))


def _asks_for_weights(module: nn.Module, given: Mapping[str, Any]) -> bool:
    asked = given.get("output_attentions")
    return bool(getattr(module.config, "output_attentions", False) if asked is None else asked)


def _reads_whole_texts(module: nn.Module, given: Mapping[str, Any], *, causal: bool) -> bool:
    """Whether a pass reads token ids alone, under a mask of padding at most."""
    mask = given.get("attention_mask")
    cached = causal and given.get("use_cache", getattr(module.config, "use_cache", False))
    plain = mask is None or (isinstance(mask, Tensor) and mask.dim() == 2)
    whole = given.get("past_key_values") is None and not cached and given.get("input_ids") is not None
    return plain and whole and not _asks_for_weights(module, given)


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
    if past is None:
        ids = ids.clone()  # they are remembered with a cache, while a caller may write the next tokens over them
    if past is not None and past.ids.shape[0] != ids.shape[0]:
        raise InputError(f"the cache holds {past.ids.shape[0]} texts but input_ids has {ids.shape[0]}")
    queries, mask = ids.shape[1], given.get("attention_mask")
    if isinstance(mask, Mapping):
        mask = next((of_kind for of_kind in mask.values() if of_kind is not None), None)
    if mask is not None and mask.dim() == 4:
        new = Context(ids, _real_queries(mask, 0 if past is None else past.ids.shape[1], ids.shape))
        tokens = new if past is None else past.followed_by(new)
        return Read(tokens, queries, may_be_packed=True, weights=weights, past=past)
    everything = ids if past is None else torch.cat([past.ids.to(ids.device), ids], dim=1)
    if mask is None:
        # Where positions begin anew, transformers may take documents to begin.
        packed = past is None and given.get("position_ids") is not None
        return Read(Context(everything, None), queries, may_be_packed=packed, weights=weights, past=past)
    if mask.dim() != 2 or mask.shape[0] != ids.shape[0] or mask.shape[1] < everything.shape[1]:
        raise InputError(
            f"attention_mask has shape {tuple(mask.shape)} but there are {everything.shape[1]} tokens, "
            "those in the cache included; it must cover them all"
        )
    real = mask[:, : everything.shape[1]].to(ids.device) != 0
    # Features are cheaper to compute when nothing is padded.
    tokens = Context(everything, None if bool(real.all()) else real)
    return Read(tokens, queries, may_be_packed=False, weights=weights, past=past)


def _real_queries(mask: Tensor, past: int, shape: torch.Size) -> Tensor:
    """Which of the new tokens are real, (texts, queries): a real token sees itself, padding does not.

    ``generate`` hands a static cache's mask over in four dimensions, in which only that tells padding.
    """
    texts, queries = shape
    keys = mask.shape[-1]
    first = past if keys >= past + queries else keys - queries
    cells = open_cells(mask)[:, 0, :, first : first + queries]
    return cells.diagonal(dim1=-2, dim2=-1).expand(texts, queries)
