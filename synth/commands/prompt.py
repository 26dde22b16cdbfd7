"""``headsynth prompt``: what a language model would be asked about a head."""

import json
from dataclasses import asdict
from pathlib import Path

from prompts.messages import estimate_tokens
from surrogates.heads import Head
from surrogates.library import Library
from synth.head_prompt import head_prompt
from synth.material import Material
from synth.run_directory import RunDirectory


def show_prompt(path: Path, head: str, limit: int, *, as_json: bool) -> None:
    """Print the messages as they would be sent, each under a line with its role and size.

    Raises:
        InputError: there is no run, it has no such head, or the smallest prompt is larger than ``limit`` tokens.
    """
    run = RunDirectory.open(path)
    wanted = Head.parse(head)
    material = Material.load(run.tokens, run.attention)
    library = Library(run.path)
    try:
        messages = head_prompt(material, library, wanted, seed=run.settings().seed, limit=limit)
    finally:
        library.close()
    if as_json:
        print(json.dumps([asdict(message) for message in messages], ensure_ascii=False))
        return
    for message in messages:
        print(f"===== {message.role} (at most {estimate_tokens(message.content)} tokens) =====")
        print(message.content)
