"""An own place for settings: what the tests find must not depend on the environment they run in."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from synth.llm.store import Exchanges
from tests.llm.asking import exchanges_of


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "HEADSYNTH_PRICES"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Addresses that this process tries to connect to, in order."""
    tried: list[object] = []
    connect = socket.socket.connect

    def note(self: socket.socket, address: Any) -> None:
        tried.append(address)
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", note)
    return tried


@pytest.fixture
def exchanges(tmp_path: Path) -> Iterator[Exchanges]:
    with exchanges_of(tmp_path) as opened:
        yield opened
