"""A server that is not ours: ``transformers serve`` with a tiny chat model of random weights, offline."""

import importlib.util
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from prompts.answers import programs_in
from prompts.conversation import Message
from surrogates.errors import InputError
from synth.llm.calls import Client
from synth.llm.dialect import Dialect
from synth.llm.store import Ask, Exchange, Exchanges, Parameters
from tests.llm.asking import nowhere, question, questions
from tests.tiny_models import tiny_model, tiny_tokenizer

_NEEDED = ("fastapi", "uvicorn", "accelerate")
pytestmark = pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in _NEEDED),
    reason="needs the extra transformers[serving], which the dev extra installs",
)
_TEMPLATE = "{% for message in messages %}{{ message['role'] + ': ' + message['content'] + '\\n' }}{% endfor %}"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("chat")
    tiny_model("llama").save_pretrained(folder)
    tokenizer = tiny_tokenizer("llama")
    tokenizer.chat_template = _TEMPLATE
    tokenizer.save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    script = str(Path(sys.executable).with_name("transformers"))
    command = [script, "serve", "--host", "127.0.0.1", "--port", "0"]
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path_factory.mktemp("hub"))}
    log = tmp_path_factory.mktemp("log") / "serve.txt"
    with log.open("w") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield f"{_address(process, log)}/v1"
    finally:
        process.terminate()
        process.wait()


def _address(process: "subprocess.Popen[bytes]", log: Path) -> str:
    """Where the server listens, on a port that it chose itself, as it says once it does."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        if found := re.search(r"running on (http://\S+)", log.read_text()):
            return found[1]
        time.sleep(0.2)
    raise RuntimeError(f"the server did not start: {log.read_text()[-2000:]}")


def test_noise_is_asked_for_counted_stored_and_holds_no_program(
    base_url: str, model: str, exchanges: Exchanges
) -> None:
    client = Client(Parameters(model, temperature=1.0, answer_tokens=12), base_url, exchanges, concurrency=2)
    asks = [*questions(3), Ask((Message("system", "Be brief."), Message("user", "The ball?")))]
    outcomes = client.ask(asks, nowhere)
    for ask, outcome in zip(asks, outcomes, strict=True):
        assert isinstance(outcome, Exchange)
        assert 1 <= outcome.answer_tokens <= 12
        assert outcome.prompt_tokens >= sum(len(message.content.split()) for message in ask.messages)
        assert outcome.finish_reason in ("stop", "length")
        assert programs_in(outcome.content, outcome.finish_reason).sources == []
    totals = exchanges.totals()
    assert totals.calls == totals.unpriced == 4
    assert totals.tokens == sum(o.prompt_tokens + o.answer_tokens for o in outcomes if isinstance(o, Exchange))


def test_a_template_without_a_system_role_is_found_before_the_questions(
    base_url: str, tmp_path: Path, exchanges: Exchanges
) -> None:
    """The server answers what the template raises with 500 and no word of it."""
    tiny_model("llama").save_pretrained(tmp_path)
    tokenizer = tiny_tokenizer("llama")
    refusal = "{{ raise_exception('System role not supported') }}"
    tokenizer.chat_template = "{% if messages[0]['role'] == 'system' %}" + refusal + "{% endif %}" + _TEMPLATE
    tokenizer.save_pretrained(tmp_path)
    # It closes connections after a 500, which a call may meet.
    client = Client(Parameters(str(tmp_path), None, 12), base_url, exchanges, retries=2)
    assert client.check() == []
    (outcome,) = client.ask([Ask((Message("system", "Be brief."), Message("user", "The ball?")))], nowhere)
    assert isinstance(outcome, Exchange)
    assert exchanges.dialect(str(tmp_path), base_url) == Dialect(system=False)


def test_a_wrong_model_name_ends_in_one_line(base_url: str, exchanges: Exchanges) -> None:
    """The server answers it with 500, which is repeated like any failure of a server.

    One question at a time: the server closes the connection after a 500, and who asks right then finds it broken off.
    """
    client = Client(Parameters("no/such-model", None, 12), base_url, exchanges, concurrency=1, retries=1)
    with pytest.raises(InputError) as raised:
        client.ask([question("Who?"), question("What?")], nowhere)
    message = str(raised.value)
    assert message.startswith(f"{base_url} answers nothing for no/such-model, the last time with server error: 500")
    assert "check the base URL, the model's name and the server" in message
    assert "\n" not in message
    assert exchanges.totals().calls == 0
