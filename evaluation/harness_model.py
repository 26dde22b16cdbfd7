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
        cut: texts so far that were longer than the model reads, to whose ends it read no further back than it can.
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

    def loglikelihood(self, requests: list[Instance], **_: object) -> list[LogLikelihood]:
        """Log-likelihoods of continuations of contexts."""
        found: list[LogLikelihood] = super().loglikelihood(requests, disable_tqdm=True)
        return found

    def loglikelihood_rolling(self, requests: list[Instance], **_: object) -> list[float]:
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
        for number, (value, _greedy) in zip(text_of, found, strict=True):
            sums[number] += value
        return sums

    def generate_until(self, *_: object, **__: object) -> list[str]:
        raise InputError("a task has the model write texts; choose tasks that compare choices or measure likelihood")

    @torch.inference_mode()
    def _loglikelihood_tokens(self, requests: Sequence[Request], **_: object) -> list[LogLikelihood]:
        # Choices of one token share what is read before them.
        asked: dict[tuple[int, ...], list[tuple[int, Sequence[int]]]] = {}
        for number, request in enumerate(requests):
            for reading, foretold in self._readings(request):
                asked.setdefault(reading, []).append((number, foretold))
        values, greedy = [0.0] * len(requests), [True] * len(requests)
        done, total = 0, sum(map(len, asked.values()))
        for batch in self._batches(sorted(asked, key=len)):
            for reading, logits in zip(batch, self._logits(batch), strict=True):
                for number, foretold in asked[reading]:
                    value, likeliest = _score(logits[: len(reading)], foretold)
                    values[number] += value
                    greedy[number] &= likeliest
                done += len(asked[reading])
            self.progress(done, total)
        return list(zip(values, greedy, strict=True))

    def _readings(self, request: Request) -> Iterator[tuple[tuple[int, ...], Sequence[int]]]:
        """What the model reads to foretell a continuation, and the tokens foretold at the end of that.

        That is all up to the last token but one, cut on the left after the start where the model reads no more. A
        continuation that does not fit is foretold in pieces of half of what the model reads.
        """
        (before, text), context, continuation = request
        if not continuation:
            raise InputError(f"a continuation of {before[-40:]!r} adds no token to it: {text[:40]!r}; leave it out")
        whole = [*(context or [self.eot_token_id]), *continuation]
        most = self._longest - len(self._start)
        self.cut += len(whole) > self._longest + 1
        piece = len(continuation) if len(continuation) <= most else self._longest // 2
        for begin in range(len(whole) - len(continuation), len(whole), piece):
            read = whole[: begin + piece]
            if len(read) > self._longest + 1:
                read = [*self._start, *read[-most - 1 :]]
            yield tuple(read[:-1]), whole[begin : begin + piece]

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


def _score(logits: torch.Tensor, foretold: Sequence[int]) -> LogLikelihood:
    """Of tokens by the last logits of a text, one each: logits of shape (tokens, vocabulary)."""
    logs = logits[-len(foretold) :].float().log_softmax(-1)
    wanted = torch.tensor(foretold, device=logs.device)
    value = logs.gather(1, wanted[:, None]).double().sum()
    return float(value), bool((logs.argmax(-1) == wanted).all())
