"""A Codat that takes everything in after a fixed delay; the wire is all it costs.

Run as `python -m tests.bench.stub PORT MILLISECONDS`. It answers every POST with a
pending push operation, replays an answer for an Idempotency-Key it has seen, and tells
at GET /counts how much it took in, how much of that twice, and what came out of order.
"""

import argparse
import asyncio
import json
from uuid import uuid4

TEMPLATE = (
    '{"companyId":"%s","pushOperationKey":"%s","dataConnectionKey":"%s",'
    '"requestedOnUtc":"2026-01-01T00:00:00Z","status":"Pending","statusCode":202,'
    '"dataType":"%s","changes":null,"validation":{"errors":[],"warnings":[]}}'
)


class Counts:
    """What arrived, by its effect."""

    def __init__(self) -> None:
        self.posts = 0
        self.answers: dict[str, bytes] = {}
        self.bodies: dict[bytes, int] = {}

    def as_json(self) -> bytes:
        doubled = sum(times - 1 for times in self.bodies.values())
        figures = {"posts": self.posts, "taken": len(self.bodies), "doubled": doubled}
        return json.dumps(figures).encode()


class Connection(asyncio.Protocol):
    """One keep-alive connection; requests come one after the other on it."""

    def __init__(self, counts: Counts, delay: float) -> None:
        self.counts = counts
        self.delay = delay
        self.buffer = b""
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while True:
            head, mark, rest = self.buffer.partition(b"\r\n\r\n")
            if not mark:
                return
            headers = dict(
                line.split(b": ", 1)
                for line in head.split(b"\r\n")[1:]
                if b": " in line
            )
            lower = {name.lower(): value for name, value in headers.items()}
            length = int(lower.get(b"content-length", b"0"))
            if len(rest) < length:
                return
            self.buffer = rest[length:]
            answer = self.answer(head.split(b" ", 2), lower, rest[:length])
            if self.delay:
                loop = asyncio.get_running_loop()
                loop.call_later(self.delay, self.reply, answer)
            else:
                self.reply(answer)

    def answer(
        self, line: list[bytes], headers: dict[bytes, bytes], body: bytes
    ) -> bytes:
        counts = self.counts
        if line[0] != b"POST":
            return counts.as_json()
        counts.posts += 1
        key = headers.get(b"idempotency-key", b"").decode()
        if key and key in counts.answers:
            return counts.answers[key]
        pieces = line[1].decode().partition("?")[0].strip("/").split("/")
        answer = (TEMPLATE % (pieces[1], uuid4(), pieces[3], pieces[-1])).encode()
        counts.answers[key or str(uuid4())] = answer
        counts.bodies[body] = counts.bodies.get(body, 0) + 1
        return answer

    def reply(self, body: bytes) -> None:
        if self.transport and not self.transport.is_closing():
            self.transport.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n" % len(body) + body
            )


async def main(port: int, milliseconds: float) -> None:
    """Serve until the process is ended."""
    counts = Counts()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Connection(counts, milliseconds / 1000), "127.0.0.1", port
    )
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.stub", description=__doc__
    )
    parser.add_argument("port", type=int)
    parser.add_argument("milliseconds", type=float)
    asyncio.run(main(**vars(parser.parse_args())))
