"""A small HTTP server on loopback, in a thread of its own, that keeps connections and can misbehave on purpose."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True)
class HttpRequest:
    """What a client sent."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class HttpReply:
    """What is answered: after a delay, and cut in the middle of the body if asked for."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    cut: bool = False

    @property
    def payload(self) -> bytes:
        """The body as bytes, JSON unless it is bytes already."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


Handler = Callable[[HttpRequest], Awaitable[HttpReply]]


class LoopbackServer:
    """Serves a handler on a free port of 127.0.0.1 while it is entered."""

    def __init__(self, handler: Handler, port: int = 0) -> None:
        """Keep the handler; nothing listens yet."""
        self._handler = handler
        self._port = port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server
        self.closed_early = 0

    @property
    def url(self) -> str:
        """Where the server is, or will be if it has a port of its own."""
        return f"http://127.0.0.1:{self._port or self._server.sockets[0].getsockname()[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        starting = asyncio.start_server(self._serve, "127.0.0.1", self._port, limit=2**24)
        self._server = asyncio.run_coroutine_threadsafe(starting, self._loop).result()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while request := await _read(reader):
                reply = await self._handler(request)
                if reply.delay and await _left_within(reader, reply.delay):
                    self.closed_early += 1
                    break
                await _write(writer, reply)
                if reply.cut:
                    break
        writer.close()


async def _left_within(reader: asyncio.StreamReader, seconds: float) -> bool:
    """Wait; tell whether the client has hung up meanwhile."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            return await reader.read(1) == b""
    return False


async def _read(reader: asyncio.StreamReader) -> HttpRequest | None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = await _chunks(reader)
    return HttpRequest(method, path, headers, body)


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    parts: list[bytes] = []
    while size := int((await reader.readline()).split(b";")[0], 16):
        parts.append(await reader.readexactly(size))
        await reader.readline()
    await reader.readline()
    return b"".join(parts)


async def _write(writer: asyncio.StreamWriter, reply: HttpReply) -> None:
    payload = reply.payload
    given = {"content-type": "application/json", "content-length": str(len(payload)), **reply.headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    sent = payload[: len(payload) // 2] if reply.cut else payload
    writer.write(f"HTTP/1.1 {reply.status} Status\r\n{head}\r\n".encode("latin-1") + sent)
    await writer.drain()
