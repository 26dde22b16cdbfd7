"""The files and batches of the scripted server."""

import json
import re
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

from tests.llm.scripted_server import Reply, Request, ScriptedServer, prompt_of, reply_to


def reply_about_batches(server: ScriptedServer, request: Request) -> Reply | None:
    """What a request to ``/files`` or ``/batches`` gets; None for other paths."""
    if request.path == "/v1/files":
        id_ = f"file-{len(server.files)}"
        server.files[id_] = _uploaded(request)
        return _json({"id": id_, "object": "file", "purpose": "batch", "bytes": len(server.files[id_])})
    if found := re.fullmatch(r"/v1/files/([^/]+)/content", request.path):
        return Reply(200, server.files[found[1]], {"Content-Type": "application/octet-stream"})
    if request.path == "/v1/batches":
        id_ = f"batch_{len(server.handed_in)}"
        server.handed_in[id_] = {"input": request.body["input_file_id"], "polls": 0}
        return _json(_batch(id_, "validating"))
    if found := re.fullmatch(r"/v1/batches/([^/]+)", request.path):
        return _state(server, found[1])
    return None


def _state(server: ScriptedServer, id_: str) -> Reply | None:
    batch = server.handed_in.get(id_)
    if batch is None:
        return None
    batch["polls"] += 1
    if batch["polls"] <= server.batch_polls:
        return _json(_batch(id_, "in_progress"))
    if server.batch_state == "failed":
        errors = {"object": "list", "data": [{"code": "invalid_json_line", "message": "line 1 is bad", "line": 1}]}
        return _json(_batch(id_, "failed", errors=errors))
    if "output" not in batch:
        batch["output"] = _work_off(server, batch["input"])
    good, bad = batch["output"]
    return _json(_batch(id_, server.batch_state, output_file_id=good, error_file_id=bad))


def _work_off(server: ScriptedServer, input_file: str) -> tuple[str, str]:
    lines = [json.loads(line) for line in server.files[input_file].splitlines()]
    good: list[dict[str, Any]] = []
    bad: list[dict[str, Any]] = []
    for place, line in enumerate(lines):
        if server.batch_state == "expired" and place >= len(lines) / 2:
            words = {"code": "batch_expired", "message": "This request could not be executed in time."}
            bad.append({"custom_id": line["custom_id"], "response": None, "error": words})
            continue
        request = Request("POST", line["url"], {}, line["body"], prompt_of(line["body"]), 1)
        reply = reply_to(server, request)
        entry = _entry(line["custom_id"], reply)
        (good if entry["response"] and reply.status == 200 else bad).append(entry)
    names = []
    for entries in (reversed(good), bad):  # the answers come in any order
        names.append(f"file-{len(server.files)}")
        server.files[names[-1]] = "".join(json.dumps(entry) + "\n" for entry in entries).encode()
    return names[0], names[1]


def _entry(custom_id: str, reply: Reply) -> dict[str, Any]:
    """A line of a batch's answers; what is no HTTP response with a body of JSON is an error of the batch's own."""
    try:
        body = json.loads(reply.body)
    except ValueError:
        words = {"code": "server_error", "message": "The server behind the batch gave no answer."}
        return {"id": "x", "custom_id": custom_id, "response": None, "error": words}
    response = {"status_code": reply.status, "request_id": "r", "body": body}
    return {"id": "x", "custom_id": custom_id, "response": response, "error": None}


def _batch(id_: str, status: str, **more: object) -> dict[str, Any]:
    counts = {"total": 0, "completed": 0, "failed": 0}
    return {"id": id_, "object": "batch", "status": status, "request_counts": counts, **more}


def _json(body: object) -> Reply:
    return Reply(200, json.dumps(body).encode())


def _uploaded(request: Request) -> bytes:
    """The file in a multipart form."""
    content_type = request.headers["content-type"]
    form = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + request.body)
    for part in form.iter_parts():
        if part.get_param("name", header="content-disposition") == "file":
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            return content
    raise ValueError("the form holds no file")
