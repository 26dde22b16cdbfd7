"""A causal language model in memory as lm-evaluation-harness sees it: something that gives texts log-likelihoods.

The harness' own class for such models puts no BOS in front where a tokenizer does not, hides no padding, fills caches
and gives the tokenizer a padding token. Here a text is read as the run's texts were, and nothing is changed.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from lm_eval.api.instance import Instance
from lm_eval.api.model import TemplateLM
from lm_eval.utils import get_rolling_token_windows, make_disjoint_window
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from surrogates.errors import InputError

_LOGITS = 64_000_000
"""Logits held at once: bounds memory for large vocabularies."""
_CELLS = 1_000_000
"""Cells (texts x queries x keys) worked on at once: programs keep several arrays of this size each."""
_LONGEST = 2048
"""Tokens read at once at most, as the harness reads with models that set no limit."""

Request = tuple[tuple[str, str], list[int], list[int]]
"""A context and its continuation as texts, and the token ids of each."""
LogLikelihood = tuple[float, bool]
"""Of a continuation, nats, and whether each of its tokens is the likeliest."""


class HarnessModel(TemplateLM):
    """Log-likelihoods of continuations, by a model as it stands, patched or not.

    Args:
        model: a causal language model in memory.
        tokenizer: its tokenizer.
        encode: token ids of a text, without a BOS.
        start: what every text starts with: a BOS, or nothing.
        prefix: what stands before a text of which all tokens are predicted; a BOS, or else what parts documents.
        context: the most tokens the model reads, None where it sets no limit.

    Attributes:
        cut: requests so far that were longer than the model reads, which lost tokens after the start.
        progress: told the requests done and their number.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        encode: Callable[[str], list[int]],
        start: Sequence[int],
        prefix: int | None,
        context: int | None,
    ) -> None:
        super().__init__()
        self.model = model
        self.tokenizer = tokenizer
        self._encode = encode
        self._start = list(start)
        self._prefix = prefix
        self._longest = min(context or _LONGEST, _LONGEST)
        self.cut = 0
        self.progress: Callable[[int, int], None] = lambda _done, _total: None

    @property
    def eot_token_id(self) -> int:
        if self._prefix is None:
            raise InputError(
                "the tokenizer has no special token to put before a text whose first token is predicted; choose tasks "
                "that have a context"
            )
        return self._prefix

    def tok_encode(self, string: str, add_special_tokens: bool | None = None, **_: object) -> list[int]:
        start = [] if add_special_tokens is False else self._start
        return [*start, *self._encode(string)]

    def loglikelihood(self, requests: list[Instance], disable_tqdm: bool = True) -> list[LogLikelihood]:
        found: list[LogLikelihood] = super().loglikelihood(requests, disable_tqdm=disable_tqdm)
        return found

    def loglikelihood_rolling(self, requests: list[Instance], disable_tqdm: bool = True) -> list[float]:
        """Log-likelihoods of whole texts, cut into windows of which each but the first sees one token more."""
        windows: list[Request] = []
        text_of: list[int] = []
        for number, (text,) in enumerate(request.args for request in requests):
            ids = self._encode(text)
            for window in get_rolling_token_windows(ids, self.eot_token_id, self._longest, context_len=1):
                windows.append((("", text), *make_disjoint_window(window)))
                text_of.append(number)
        sums = [0.0] * len(requests)
        found = self._loglikelihood_tokens(windows)
        for number, (value, _) in zip(text_of, found, strict=True):
            sums[number] += value
        return sums

    def generate_until(self, requests: list[Instance], disable_tqdm: bool = False) -> list[str]:
        raise InputError("a task has the model write texts; choose tasks that compare choices or measure likelihood")

    @torch.inference_mode()
    def _loglikelihood_tokens(self, requests: Sequence[Request], **_: object) -> list[LogLikelihood]:
        # Choices of one token share what is read before them.
        readings: dict[tuple[int, ...], list[int]] = {}
        for number, request in enumerate(requests):
            readings.setdefault(self._read(request), []).append(number)
        found: list[LogLikelihood] = [(0.0, False)] * len(requests)
        done = 0
        for batch in self._batches(sorted(readings, key=len)):
            for reading, logits in zip(batch, self._logits(batch), strict=True):
                for number in readings[reading]:
                    found[number] = _score(logits[: len(reading)], requests[number][2])
                    done += 1
            self.progress(done, len(requests))
        return found

    def _read(self, request: Request) -> tuple[int, ...]:
        """What the model reads to foretell a continuation: all but its last token, cut on the left after the start."""
        (before, text), context, continuation = request
        if not continuation:
            raise InputError(f"a continuation of {before[-40:]!r} adds no token to it: {text[:40]!r}; leave it out")
        whole = [*(context or [self.eot_token_id]), *continuation]
        kept = self._longest + 1 - len(self._start)
        if len(continuation) >= kept:
            raise InputError(
                f"a continuation of {len(continuation)} tokens is longer than the {self._longest} that the model "
                f"reads: {text[:40]!r}; leave it out"
            )
        if len(whole) > self._longest + 1:
            self.cut += 1
            whole = [*self._start, *whole[-kept:]]
        return tuple(whole[:-1])

    def _batches(self, readings: Sequence[tuple[int, ...]]) -> Iterator[list[tuple[int, ...]]]:
        """Readings in order of length, as many at once as memory is to hold."""
        vocabulary = self.model.get_input_embeddings().num_embeddings
        batch: list[tuple[int, ...]] = []
        for reading in readings:
            count, length = len(batch) + 1, len(reading)
            if batch and (count * length * vocabulary > _LOGITS or count * length**2 > _CELLS):
                yield batch
                batch = []
            batch.append(reading)
        if batch:
            yield batch

    def _logits(self, batch: Sequence[tuple[int, ...]]) -> torch.Tensor:
        """Next-token logits, shape (texts, tokens, vocabulary), padded on the right."""
        width = max(map(len, batch))
        ids = torch.zeros(len(batch), width, dtype=torch.long)
        mask = torch.zeros_like(ids)
        for row, reading in enumerate(batch):
            ids[row, : len(reading)] = torch.tensor(reading)
            mask[row, : len(reading)] = 1
        model: Any = self.model
        return model(input_ids=ids.to(model.device), attention_mask=mask.to(model.device), use_cache=False).logits


def _score(logits: torch.Tensor, continuation: Sequence[int]) -> LogLikelihood:
    """Of the tokens that follow the last of a text's: logits of shape (tokens, vocabulary)."""
    logs = logits[-len(continuation) :].float().log_softmax(-1)
    wanted = torch.tensor(continuation, device=logs.device)
    value = logs.gather(1, wanted[:, None]).double().sum()
    return float(value), bool((logs.argmax(-1) == wanted).all())
