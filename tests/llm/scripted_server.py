"""A server on the loopback interface that speaks OpenAI's protocol and answers by script.

A script is a function of the prompt, never of how many calls came before, so that tests hold under concurrency::

    def play(prompt, attempt):
        return error(500) if attempt < 3 else answer("fine")

    with ScriptedServer(play) as server:
        ... server.base_url ... server.requests
"""

import argparse
import json
import socket
import sys
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODEL = "scripted"


@dataclass(frozen=True)
class Reply:
    """What the server does with a request for a completion; the functions below make them.

    Attributes:
        body: what is sent, whether or not it is what the protocol allows.
        before: seconds until the first byte.
        between: seconds between bytes.
        drops: the connection is closed with nothing sent.
    """

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    before: float = 0.0
    between: float = 0.0
    drops: bool = False


Play = Callable[[str, int], Reply]
"""From a prompt (all messages, joined by blank lines) and its attempt, counted from 1, to what the server does."""


def answer(
    content: str | None,
    *,
    finish_reason: str = "stop",
    usage: tuple[int, int] | None = (100, 20),
    latency: float = 0.0,
    **message: Any,
) -> Reply:
    """A completion; ``usage`` is prompt and answer tokens, ``message`` further fields such as reasoning_content."""
    body: dict[str, Any] = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": MODEL,
        "choices": [
            {
                "index": 0,
                "finish_reason": finish_reason,
                "message": {"role": "assistant", "content": content, **message},
            }
        ],
    }
    if usage is not None:
        body["usage"] = {"prompt_tokens": usage[0], "completion_tokens": usage[1], "total_tokens": sum(usage)}
    return Reply(200, json.dumps(body).encode(), before=latency)


def error(status: int, message: str = "scripted", *, code: str = "", retry_after: float | None = 0.01) -> Reply:
    """An error; ``retry_after`` is seconds in the Retry-After header, None sends no such header."""
    headers = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}
    return Reply(status, json.dumps({"error": {"message": message, "code": code or None}}).encode(), headers)


def raw(body: bytes, *, status: int = 200, **headers: str) -> Reply:
    """Any bytes, said to be JSON; ``headers`` as ``Content_Encoding="gzip"``."""
    return Reply(status, body, {name.replace("_", "-"): value for name, value in headers.items()})


def stall() -> Reply:
    """Nothing is sent until the server stops."""
    return Reply(200, b"{}", before=3600.0)


def trickle(content: str, *, between: float) -> Reply:
    """A good answer, a byte at a time."""
    good = answer(content)
    return Reply(good.status, good.body, between=between)


def drop() -> Reply:
    """The connection is closed with nothing sent."""
    return Reply(0, b"", drops=True)


@dataclass(frozen=True)
class Request:
    """What the server received.

    Attributes:
        headers: their names in lower case.
        prompt: empty but for completions; so for ``attempt``, which counts from 1.
    """

    method: str
    path: str
    headers: dict[str, str]
    body: Any
    prompt: str
    attempt: int
    query: str = ""


class ScriptedServer:
    """Listens on a free port while its context is open.

    Args:
        models: names it serves; others get a 404, as from OpenAI.
        key: the only API key it takes; None takes any.
        batches: whether files and batches are served. A batch is worked off by the script, one attempt a line, after
            its state was asked for ``batch_polls`` times.
        batch_state: how batches end: ``completed``, ``failed`` or ``expired``, the last with half of the answers.
        lists: whether ``/models`` is served.
        refuses: what a request's body is refused with; None where it is taken.
        odd: replies by method and path, such as ``GET /v1/models``; they go before all else.

    Attributes:
        replied: prompts whose reply was sent to its end, in that order.
    """

    def __init__(
        self,
        play: Play,
        *,
        models: tuple[str, ...] = (MODEL,),
        key: str | None = None,
        batches: bool = True,
        batch_polls: int = 2,
        batch_state: str = "completed",
        lists: bool = True,
        refuses: Callable[[dict[str, Any]], Reply | None] = lambda _body: None,
        odd: dict[str, Reply] | None = None,
    ) -> None:
        self.odd = odd or {}
        self.refuses = refuses
        self.play, self.models, self.key, self.lists = play, models, key, lists
        self.batches, self.batch_polls, self.batch_state = batches, batch_polls, batch_state
        self.requests: list[Request] = []
        self.replied: list[str] = []
        self.files: dict[str, bytes] = {}
        self.handed_in: dict[str, dict[str, Any]] = {}
        self.stopping = threading.Event()
        self._attempts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.scripted = self
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    def __enter__(self) -> "ScriptedServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    @property
    def completions(self) -> list[Request]:
        """Requests for a completion, in the order in which they came."""
        with self._lock:
            return [request for request in self.requests if request.path == "/v1/chat/completions"]

    def attempts(self, prompt: str) -> int:
        """How often a prompt was asked."""
        with self._lock:
            return self._attempts[prompt]

    def record(self, method: str, target: str, headers: dict[str, str], body: Any) -> Request:
        path, _, query = target.partition("?")
        prompt, attempt = "", 0
        if path == "/v1/chat/completions":
            prompt = prompt_of(body)
        with self._lock:
            if prompt:
                self._attempts[prompt] += 1
                attempt = self._attempts[prompt]
            request = Request(method, path, headers, body, prompt, attempt, query)
            self.requests.append(request)
        return request


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    scripted: ScriptedServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        pass

    def do_GET(self) -> None:
        self._handle("GET")

    def do_POST(self) -> None:
        self._handle("POST")

    def _handle(self, method: str) -> None:
        scripted = self.server.scripted
        received = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        is_json = "json" in self.headers.get("Content-Type", "")
        request = scripted.record(
            method,
            self.path,
            {name.lower(): value for name, value in self.headers.items()},
            json.loads(received) if is_json and received else received,
        )
        if self._send(self._reply(scripted, request)) and request.prompt:
            scripted.replied.append(request.prompt)

    def _reply(self, scripted: ScriptedServer, request: Request) -> Reply:
        from tests.llm.scripted_batches import reply_about_batches

        if found := scripted.odd.get(f"{request.method} {request.path}"):
            return found
        if scripted.key is not None and request.headers.get("authorization") != f"Bearer {scripted.key}":
            return error(401, "Incorrect API key provided")
        if request.path == "/v1/models" and scripted.lists:
            return _json({"object": "list", "data": [{"id": name, "object": "model"} for name in scripted.models]})
        if request.path == "/v1/chat/completions":
            return reply_to(scripted, request)
        if scripted.batches and (found := reply_about_batches(scripted, request)):
            return found
        return error(404, f"no such path: {request.path}")

    def _send(self, reply: Reply) -> bool:
        """Whether it was sent to its end."""
        stopping = self.server.scripted.stopping
        if reply.before and stopping.wait(reply.before):
            return self._close()
        if reply.drops:
            return self._close()
        self.send_response(reply.status)
        for name, value in ({"Content-Type": "application/json"} | reply.headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        if not reply.between:
            self.end_headers()
            self.wfile.write(reply.body)
            return True
        self.end_headers()
        for byte in reply.body:
            if stopping.wait(reply.between):
                return self._close()
            self.wfile.write(bytes([byte]))
        return True

    def _close(self) -> bool:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)
        return False


def reply_to(scripted: ScriptedServer, request: Request) -> Reply:
    """What a request for a completion gets: the script's reply, for a model that is served."""
    model = request.body["model"]
    if model not in scripted.models:
        return error(404, f"The model `{model}` does not exist", code="model_not_found")
    return scripted.refuses(request.body) or scripted.play(request.prompt, request.attempt)


def prompt_of(body: dict[str, Any]) -> str:
    """All messages, joined by blank lines, be they texts or lists of parts."""
    contents = (message["content"] for message in body["messages"])
    return "\n\n".join(c if isinstance(c, str) else "".join(part["text"] for part in c) for c in contents)


def _json(body: object, status: int = 200) -> Reply:
    return Reply(status, json.dumps(body).encode())


def main() -> None:
    """Serve one answer to everything after a delay, in a process of its own, until standard input closes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--latency", type=float, default=0.0)
    latency = parser.parse_args().latency
    with ScriptedServer(lambda _prompt, _attempt: answer("fine", latency=latency)) as server:
        print(server.base_url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
