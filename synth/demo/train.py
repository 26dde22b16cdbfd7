"""Makes the demo model: ``python -m synth.demo.train [--output DIR]``.

A byte-level BPE tokenizer and a small GPT-2 are trained on generated stories, each one row behind a BOS token.
It learns the stories first; then, among further stories, it practises saying random tokens again. Without that practice
and a first head that starts out looking one token back, training this short forms no induction heads.
Everything is seeded, but floating-point sums differ between machines: a rerun agrees within noise, not bit for bit.
"""

import argparse
import json
import math
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

from synth.demo import FINISH_SEED, MODEL_FOLDER, PRACTICE_SEED, TRAINING_SEED
from synth.demo.stories import generate_stories

BOS = "<|endoftext|>"
VOCABULARY = 1024
CONTEXT = 256
TOKENIZER_STORIES = 10_000
WEIGHT_DECAY = 0.05
IGNORED = -100


class Stage(NamedTuple):
    """One pass over stories that are generated from a seed."""

    seed: int
    stories: int
    batch: int
    peak_rate: float
    warmup: int
    copying_rows: int  # rows of repeated random tokens beside every batch of stories


STAGES = (
    Stage(TRAINING_SEED, stories=24_000, batch=16, peak_rate=5e-3, warmup=200, copying_rows=0),
    Stage(PRACTICE_SEED, stories=3_200, batch=4, peak_rate=2e-3, warmup=40, copying_rows=16),
    Stage(FINISH_SEED, stories=6_400, batch=16, peak_rate=3e-3, warmup=40, copying_rows=4),
)


def training_stories() -> list[list[str]]:
    """The stories of each stage."""
    return [generate_stories(stage.stories, stage.seed) for stage in STAGES]


def train_tokenizer(stories: list[str]) -> PreTrainedTokenizerFast:
    """A byte-level BPE tokenizer; encoding a text puts BOS in front, as in training."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=[BOS], initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(stories, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BOS} $A", pair=f"{BOS} $A {BOS} $B", special_tokens=[(BOS, tokenizer.token_to_id(BOS))]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=BOS,
        eos_token=BOS,
        pad_token=BOS,
        model_max_length=CONTEXT,
        clean_up_tokenization_spaces=False,
    )


def new_model(bos: int) -> GPT2LMHeadModel:
    """An untrained model of 4 layers with 8 heads each."""
    config = GPT2Config(
        vocab_size=VOCABULARY,
        n_positions=CONTEXT,
        n_embd=128,
        n_layer=4,
        n_head=8,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        bos_token_id=bos,
        eos_token_id=bos,
    )
    model = GPT2LMHeadModel(config)
    # Positions start as sines and cosines, twice as large as the token embeddings, and are learned from there: "the
    # token before" is then one rotation for all positions.
    half = config.n_embd // 2
    frequencies = torch.logspace(math.log10(2.5), math.log10(0.02), half)
    angles = torch.arange(CONTEXT)[:, None] * frequencies
    with torch.no_grad():
        model.transformer.wpe.weight.copy_(0.04 * math.sqrt(2) * torch.cat([angles.sin(), angles.cos()], dim=1))
        look_back(model.transformer.h[0].attn.c_attn.weight, frequencies)
    return model


def look_back(projection: torch.Tensor, frequencies: torch.Tensor) -> None:
    """Starts the first head of a layer, whose (width, 3 · width) projection this is, as a previous-token head.

    Its query reads eight of the position's frequencies, its key the same turned by one position, so that their product
    is largest one token back. Training goes on from there and may undo it.
    """
    width = projection.shape[0]
    half = width // 2
    strength = 1.58
    for pair, index in enumerate(range(0, 24, 3)):
        angle = float(frequencies[index])
        sine, cosine = 2 * pair, 2 * pair + 1
        projection[:, [sine, cosine, width + sine, width + cosine]] = 0.0
        projection[index, sine] = projection[half + index, cosine] = strength
        projection[index, width + sine] = projection[half + index, width + cosine] = strength * math.cos(angle)
        projection[half + index, width + sine] = strength * math.sin(angle)
        projection[index, width + cosine] = -strength * math.sin(angle)


def batches(rows: list[list[int]], size: int, seed: int) -> Iterator[torch.Tensor]:
    """Every row once, in batches of similar length, padded at the right with ``IGNORED``: (batch, longest) int64."""
    rng = random.Random(seed)
    order = rng.sample(range(len(rows)), len(rows))
    # Rows are sorted by length within large pools only, so that the batches stay random.
    pool = 64 * size
    pooled = [sorted(order[at : at + pool], key=lambda row: len(rows[row])) for at in range(0, len(order), pool)]
    groups = [rows_of[at : at + size] for rows_of in pooled for at in range(0, len(rows_of), size)]
    rng.shuffle(groups)
    for group in groups:
        chosen = [rows[row] for row in group]
        longest = max(map(len, chosen))
        yield torch.tensor([row + [IGNORED] * (longest - len(row)) for row in chosen])


def losses(model: GPT2LMHeadModel, batch: torch.Tensor) -> torch.Tensor:
    """Cross-entropy in nats of every token after the first, in order, without the padding: (tokens,) float32."""
    targets = batch[:, 1:]
    logits = model(batch[:, :-1].clamp(min=0)).logits
    kept = targets != IGNORED
    return torch.nn.functional.cross_entropy(logits[kept].float(), targets[kept], reduction="none")


def copying_loss(model: GPT2LMHeadModel, rows: int, rng: random.Random) -> torch.Tensor:
    """Mean cross-entropy of 8 to 48 random tokens said again until there are about 96, without their first time."""
    length = rng.randint(8, 48)
    times = max(2, 96 // length)
    # Token 0 is BOS; all others take part.
    once = torch.randint(1, VOCABULARY, (rows, length))
    ids = torch.cat([torch.zeros(rows, 1, dtype=torch.long), once.repeat(1, times)], dim=1)
    logits = model(ids[:, :-1]).logits[:, length:]
    return torch.nn.functional.cross_entropy(logits.transpose(1, 2), ids[:, length + 1 :])


def optimizer_for(model: GPT2LMHeadModel, peak_rate: float) -> torch.optim.AdamW:
    """AdamW that decays matrices, not biases, norms and embeddings."""
    decayed = [p for name, p in model.named_parameters() if p.ndim == 2 and "wte" not in name and "wpe" not in name]
    kept = [p for name, p in model.named_parameters() if p.ndim != 2 or "wte" in name or "wpe" in name]
    groups = [{"params": decayed, "weight_decay": WEIGHT_DECAY}, {"params": kept, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=peak_rate, betas=(0.9, 0.98))


def rate(step: int, steps: int, warmup: int) -> float:
    """Share of the peak learning rate: a linear warm-up, then half a cosine down to a hundredth."""
    if step < warmup:
        return (step + 1) / warmup
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))


def train(model: GPT2LMHeadModel, rows: list[list[int]], stage: Stage) -> None:
    """Trains the model on every row of a stage once."""
    steps = math.ceil(len(rows) / stage.batch)
    optimizer = optimizer_for(model, stage.peak_rate)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: rate(step, steps, stage.warmup))
    rng = random.Random(stage.seed)
    model.train()
    started = time.monotonic()
    recent: list[float] = []
    for step, batch in enumerate(batches(rows, stage.batch, stage.seed), start=1):
        loss = losses(model, batch).mean()
        recent.append(loss.item())
        if stage.copying_rows:
            loss = loss + 0.5 * copying_loss(model, stage.copying_rows, rng)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 50 == 0 or step == steps:
            left = (time.monotonic() - started) / step * (steps - step)
            mean = sum(recent) / len(recent)
            print(f"step {step}/{steps}  loss {mean:.3f}  {left / 60:.1f} minutes left in this stage", flush=True)
            recent.clear()
    model.eval()


def save(model: GPT2LMHeadModel, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Writes weights in half precision, configuration and tokenizer to the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    # Only the file is in half precision: the configuration keeps float32, which is what loading it then gives.
    halves = {name: tensor.half() for name, tensor in model.transformer.state_dict(prefix="transformer.").items()}
    save_file(halves, folder / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "dtype": "float32"}, indent=2) + "\n")


def main() -> None:
    """Trains and saves."""
    parser = argparse.ArgumentParser(description="Train the bundled demo model.")
    parser.add_argument("--output", type=Path, default=MODEL_FOLDER, metavar="DIR", help="folder to write")
    arguments = parser.parse_args()
    started = time.monotonic()
    torch.manual_seed(TRAINING_SEED)
    stages = training_stories()
    tokenizer = train_tokenizer(stages[0][:TOKENIZER_STORIES])
    model = new_model(tokenizer.bos_token_id)
    print(f"{model.num_parameters()} parameters", flush=True)
    for stage, stories in zip(STAGES, stages, strict=True):
        # The same token ends a story, as a target only.
        encoded = tokenizer(stories, verbose=False)["input_ids"]
        rows = [[*ids, tokenizer.eos_token_id][: CONTEXT + 1] for ids in encoded]
        print(f"{len(rows)} stories, {sum(map(len, rows)) - len(rows)} tokens", flush=True)
        train(model, rows, stage)
    save(model, tokenizer, arguments.output)
    print(f"saved to {arguments.output} after {(time.monotonic() - started) / 60:.1f} minutes")


if __name__ == "__main__":
    main()
