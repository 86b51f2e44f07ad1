"""The batch endpoints of both wire formats: files and batches of OpenAI, batchGenerateContent of Gemini."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from loopback import HttpReply, HttpRequest
from oracle_server import Answer, OracleServer

GEMINI_KEY = "x-goog-api-key"
ABSENT = HttpReply({"error": {"message": "no such thing", "code": 404, "status": "NOT_FOUND"}}, status=404)


def rpc_error(reply: HttpReply) -> dict[str, Any]:
    """Return an HTTP error as google.rpc.Status has it within a batch."""
    code = {400: 3, 401: 16, 403: 7, 404: 5, 405: 12, 422: 3, 429: 8, 500: 13}.get(reply.status, 14)
    stated = reply.body.get("error") if isinstance(reply.body, dict) else None
    if isinstance(stated, dict) and "message" in stated:
        return {"code": code, "message": stated["message"], "details": stated.get("details") or []}
    said = reply.body.decode() if isinstance(reply.body, bytes) else json.dumps(reply.body)
    return {"code": code, "message": said}


@dataclass
class Batch:
    """A batch that was taken: our token, the requests by name, and how often it was looked at."""

    identifier: str
    token: str
    model: str
    requests: list[dict[str, Any]] = field(default_factory=list)
    looks: int = 0
    results: Any = None


class BatchServer(OracleServer):
    """Takes batches, and ends each after ``looks_until_done`` looks; ``lose_replies`` cuts that many submissions."""

    looks_until_done = 1
    lose_replies = 0
    fail_with: str | None = None

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """Have no batch yet."""
        super().__init__(*arguments, **options)
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, Batch] = {}

    @property
    def n_requests(self) -> int:
        """How many requests stand in all batches."""
        return sum(len(batch.requests) for batch in self.batches.values())

    def shows(self, n_batches: int) -> bool:
        """Tell whether this many batches were taken, and each was looked at."""
        return len(self.batches) >= n_batches and all(batch.looks for batch in self.batches.values())

    def other(self, request: HttpRequest, path: str) -> HttpReply:
        """Answer what is no single call."""
        path = unquote(path)
        if path.startswith("/v1/files"):
            return self._file(request, path)
        if path.endswith(":batchGenerateContent"):
            return self._gemini_submission(request, path.rpartition("/")[2].partition(":")[0])
        _, _, identifier = path.partition("/batches")
        if GEMINI_KEY in request.headers:
            return self._gemini_batch(identifier.strip("/"))
        return self._openai_batch(request, identifier.strip("/"))

    def _file(self, request: HttpRequest, path: str) -> HttpReply:
        if request.method == "POST":
            identifier = f"file-{len(self.files)}"
            self.files[identifier] = _uploaded(request)
            return HttpReply(
                {
                    "id": identifier,
                    "object": "file",
                    "bytes": len(self.files[identifier]),
                    "created_at": 1,
                    "filename": "requests.jsonl",
                    "purpose": "batch",
                    "status": "processed",
                }
            )
        return HttpReply(self.files[path.split("/")[3]])

    def _openai_batch(self, request: HttpRequest, identifier: str) -> HttpReply:
        if request.method == "POST":
            body = request.json()
            lines = self.files[body["input_file_id"]].decode().splitlines()
            requests = [json.loads(line) for line in lines]
            batch = self._taken("batch", body["metadata"]["distillery_token"], requests[0]["body"]["model"], requests)
            return self._submitted(self._openai_body(batch))
        if not identifier:
            found = [self._openai_body(batch) for batch in self.batches.values()]
            return HttpReply({"object": "list", "data": found, "has_more": False})
        if identifier not in self.batches:
            return ABSENT
        batch = self.batches[identifier]
        batch.looks += 1
        return HttpReply(self._openai_body(batch))

    def _openai_body(self, batch: Batch) -> dict[str, Any]:
        body: dict[str, Any] = {
            "id": batch.identifier,
            "object": "batch",
            "endpoint": "/v1/chat/completions",
            "input_file_id": "file-0",
            "completion_window": "24h",
            "created_at": 1,
            "status": "in_progress",
            "metadata": {"distillery_token": batch.token},
        }
        if batch.looks <= self.looks_until_done:
            return body
        if self.fail_with:
            errors = {"object": "list", "data": [{"code": "invalid", "message": self.fail_with}]}
            return body | {"status": "failed", "errors": errors}
        if batch.results is None:
            batch.results = [self._openai_line(request) for request in batch.requests]
            lines = [f"{json.dumps(line)}\n" for line in batch.results if line]
            self.files[f"{batch.identifier}-output"] = "".join(lines).encode()
        return body | {"status": "completed", "output_file_id": f"{batch.identifier}-output"}

    def _openai_line(self, request: dict[str, Any]) -> dict[str, Any] | None:
        prompt = request["body"]["messages"][-1]["content"]
        answer = self._answer("openai", request["body"]["model"], prompt, request)
        if answer.cut:
            return None
        body: Any
        status, body = 200, self.openai_body(request["body"]["model"], prompt, answer)
        if answer.error:
            status, body = answer.error.status, answer.error.body
            body = body.decode() if isinstance(body, bytes) else body
        return {"custom_id": request["custom_id"], "response": {"status_code": status, "body": body}, "error": None}

    def _gemini_submission(self, request: HttpRequest, model: str) -> HttpReply:
        stated = request.json()["batch"]
        requests = stated["inputConfig"]["requests"]["requests"]
        return self._submitted(self._gemini_body(self._taken("g", stated["displayName"], model, requests)))

    def _gemini_batch(self, identifier: str) -> HttpReply:
        if not identifier:
            return HttpReply({"operations": [self._gemini_body(batch) for batch in self.batches.values()]})
        if identifier not in self.batches:
            return ABSENT
        batch = self.batches[identifier]
        batch.looks += 1
        return HttpReply(self._gemini_body(batch))

    def _gemini_body(self, batch: Batch) -> dict[str, Any]:
        metadata: dict[str, Any] = {"displayName": batch.token, "state": "BATCH_STATE_RUNNING", "model": batch.model}
        body = {"name": f"batches/{batch.identifier}", "metadata": metadata}
        if batch.looks <= self.looks_until_done:
            return body
        if self.fail_with:
            metadata["state"] = "BATCH_STATE_FAILED"
            return body
        batch.results = batch.results or [self._gemini_answer(batch.model, request) for request in batch.requests]
        metadata["state"] = "BATCH_STATE_SUCCEEDED"
        metadata["output"] = {"inlinedResponses": {"inlinedResponses": batch.results}}
        return body

    def _gemini_answer(self, model: str, request: dict[str, Any]) -> dict[str, Any]:
        prompt = request["request"]["contents"][0]["parts"][0]["text"]
        answer = self._answer("gemini", model, prompt, request)
        named = {"metadata": request["metadata"]}
        if answer.error:
            return named | {"error": rpc_error(answer.error)}
        if answer.cut:
            return named | {"error": {"code": 14, "message": "as ordered"}}
        return named | {"response": self.gemini_body(model, prompt, answer)}

    def _answer(self, wire: str, model: str, prompt: str, request: dict[str, Any]) -> Answer:
        return self.behaviour(self.arrived(wire, model, prompt, request, {}))

    def _taken(self, kind: str, token: str, model: str, requests: list[dict[str, Any]]) -> Batch:
        identifier = f"{kind}{len(self.batches)}"
        self.batches[identifier] = Batch(identifier, token, model, requests)
        return self.batches[identifier]

    def _submitted(self, body: dict[str, Any]) -> HttpReply:
        self.lose_replies -= 1
        return HttpReply(body, cut=self.lose_replies >= 0)


def _uploaded(request: HttpRequest) -> bytes:
    """Return the file of a multipart form."""
    found = re.search(rb'filename="[^"]*"(?:\r\n[^\r\n]+)*\r\n\r\n(.*?)\r\n--', request.body, re.DOTALL)
    assert found
    return found[1]
