"""Each prompt word for word, as a person can read it.

After a wanted change of the words run ``HEADSYNTH_SNAPSHOTS=write pytest tests/prompts/test_snapshots.py`` and read the
difference before it is committed.
"""

import os
from pathlib import Path

import pytest

from prompts.conversation import Message
from tests.prompts.shown import PROMPTS

FOLDER = Path(__file__).parent / "snapshots"


def as_text(messages: list[Message]) -> str:
    return "\n".join(f"===== {message.role} =====\n{message.content}" for message in messages)


@pytest.mark.parametrize("purpose", PROMPTS)
def test_prompt_is_as_it_was_read(purpose: str) -> None:
    path = FOLDER / f"{purpose}.txt"
    text = as_text(PROMPTS[purpose])
    if os.environ.get("HEADSYNTH_SNAPSHOTS") == "write":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
