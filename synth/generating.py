"""What a run's model writes with its heads replaced, beside what it writes as it is."""

import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch

from evaluation.sweep import first_heads
from sandbox.plain_text import valid
from surrogates.errors import InputError
from surrogates.library.library import FITTED
from surrogates.running.patching import patch
from surrogates.running.plan import OnError
from synth.continuations import Continuation, Continuations, part
from synth.models import LoadedModel, encode, quiet
from synth.progress import Reporter
from synth.run import Run

_WARM_UP = 4
"""Tokens that are written before time is taken, so that it holds nothing that only the first pass has to do."""


def generate(
    run: Run,
    prompt: str,
    fraction: float = 0.25,
    *,
    assignment: str = FITTED,
    max_new_tokens: int = 60,
    temperature: float = 0.0,
    seed: int = 0,
    device: str = "cpu",
    on_error: OnError = "raise",
    reporter: Reporter | None = None,
) -> Continuations:
    """What the model writes after a prompt as it is, and with heads replaced by the programs that stand in for them.

    Tokens per second are all new tokens over the time of one call of the model's ``generate``, in which the prompt is
    read too, after each side has written a few tokens untimed. Both run with the attention that the model was loaded
    with, which is SDPA where the architecture has it.

    Args:
        run: a finished run on a causal language model.
        prompt: what both go on from, read as the run's texts were.
        fraction: share of the heads to replace, above 0 and at most 1; those of highest validation IoU are.
        assignment: name of the programs in place, one of ``run.assignments``.
        max_new_tokens: most tokens to write; a model may end before.
        temperature: 0 for the likeliest token each time, or from 0.01 to 100 for sampling. What else there is to
            generation is as the model's own configuration says.
        seed: of sampling, the same for both.
        device: where the model runs, unless it was given in memory.
        on_error: when a program fails on a text: ``raise``, or ``neural``, which leaves the head its own pattern there.
        reporter: where progress is shown.

    Raises:
        InputError: the run is not finished, its model cannot be loaded or is an encoder, the prompt is empty or leaves
            no room, or a number is out of range.
        ProgramFailed: a program failed, and failures are to raise.
    """
    _check(prompt, fraction, max_new_tokens, temperature, seed)
    reporter = reporter or Reporter()
    programs = run.assigned(assignment)
    if not run.material.causal:
        raise InputError(f"{run.settings.model} is an encoder, which writes no text; take a causal language model")
    loaded = run.model(device)
    ids = _read(loaded, prompt, max_new_tokens)
    heads = first_heads(list(programs), fraction)
    options = {"do_sample": True, "temperature": temperature} if temperature else {"do_sample": False}

    def write(tokens: int) -> _Written:
        return _write(loaded, ids, {"max_new_tokens": tokens} | options, seed)

    with quiet(), reporter.stage("generate") as step:
        write(min(_WARM_UP, max_new_tokens))
        neural = write(max_new_tokens)
        step(1, 2, "neural")
        replaced = {head: programs[head] for head in heads}
        with patch(loaded.model, loaded.tokenizer, replaced, on_error=on_error) as failures:
            write(min(_WARM_UP, max_new_tokens))
            failures.texts.clear()
            patched = write(max_new_tokens)
        step(2, 2, "patched")
    parts_at, *texts = part(loaded.tokenizer, ids, neural.ids, patched.ids)
    first, second = (
        Continuation(text, tuple(side.ids), marked, len(side.ids) / side.seconds)
        for (text, marked), side in zip(texts, (neural, patched), strict=True)
    )
    kept = failures.texts.total()
    return Continuations(prompt, tuple(heads), len(loaded.heads), first, second, parts_at, kept)


def _check(prompt: str, fraction: float, max_new_tokens: int, temperature: float, seed: int) -> None:
    if not isinstance(prompt, str) or not prompt:
        raise InputError("the prompt is empty; give a text to go on from")
    if valid(prompt) != prompt:
        raise InputError("the prompt is no text in UTF-8; give one that is")
    if not 0 < fraction <= 1:
        raise InputError(f"{fraction} is no share of the heads; give a number above 0 and at most 1, such as 0.25")
    if max_new_tokens < 1:
        raise InputError(f"{max_new_tokens} new tokens are none; ask for at least 1")
    if temperature != 0 and not 0.01 <= temperature <= 100:
        raise InputError(f"the temperature {temperature} is out of range; give 0, or a number from 0.01 to 100")
    if not 0 <= seed < 2**63:
        raise InputError(f"the seed {seed} is out of range; give 0 to {2**63 - 1:,}")


def _read(loaded: LoadedModel, prompt: str, new: int) -> list[int]:
    """The prompt's tokens.

    Raises:
        InputError: there are none, or more with the new ones than the model reads.
    """
    (ids,) = encode(loaded, [prompt], None)
    if len(ids) <= loaded.add_bos:
        raise InputError("the prompt has no tokens; give a text to go on from")
    if loaded.context is not None and len(ids) + new > loaded.context:
        raise InputError(
            f"the prompt's {len(ids)} tokens and {new} new ones are more than the {loaded.context} that {loaded.name} "
            "reads; shorten the prompt, or ask for fewer with --max-new-tokens"
        )
    return ids


class _Written(NamedTuple):
    ids: list[int]
    seconds: float


def _write(loaded: LoadedModel, ids: Sequence[int], options: dict[str, Any], seed: int) -> _Written:
    """The new tokens, and the time they took; random numbers elsewhere go on as if there had been none here."""
    model: Any = loaded.model
    prompt = torch.tensor([ids], device=model.device)
    with torch.random.fork_rng(devices=[model.device] if model.device.type == "cuda" else []):
        torch.manual_seed(seed)
        start = time.perf_counter()
        found = model.generate(
            prompt, attention_mask=torch.ones_like(prompt), num_beams=1, return_dict_in_generate=False, **options
        )
        new = found[0, len(ids) :].tolist()  # which waits for the device
    return _Written(new, time.perf_counter() - start)
