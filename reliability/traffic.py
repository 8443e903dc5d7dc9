"""The mixed traffic of a load: what each kind of client does, and what its answers must be.

A kind is a coroutine function over a `User`; it raises `Wrong` where an answer isn't the one that
its own request must have.

Slow readers don't send `Connection: close`: Gunicorn's gthread worker waits up to two seconds for
such a client to hang up, and its main loop with it.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from reliability.app import FILE_SIZE, MOST_CONTENT
from reliability.client import Answer, BrokenAnswer, Connection, HungUp, connected, head

FILE = bytes(number % 251 for number in range(FILE_SIZE))
FORM = "application/x-www-form-urlencoded"
BOUNDARY = "--load-boundary"
SLOW_SECONDS = 2.0
TOO_MUCH = MOST_CONTENT + 1


class Wrong(Exception):
    """An answer that isn't the right one for its request."""


@dataclass
class User:
    """One client with a session of its own; every request it makes has another token."""

    name: str
    port: int
    random: random.Random
    cookie: str | None = None
    visits: int = 0
    asked: int = 0
    renewed: int = 0
    raised: int = 0
    connection: Connection | None = None
    left: int = 0

    def token(self) -> str:
        self.asked += 1
        return f"{self.name}-{self.asked}"

    def headers(self, token: str) -> dict[str, str]:
        headers = {"X-Token": token}
        return {**headers, "Cookie": self.cookie} if self.cookie else headers

    async def ask(
        self,
        method: str,
        path: str,
        token: str,
        body: bytes = b"",
        expect: int = 200,
        **more: str,
    ) -> Answer:
        """Send one request and check status and tokens of the answer's headers."""
        query = more.pop("query", "")
        target = f"{path}?t={token}{query}"
        headers = self.headers(token) | {key.replace("_", "-"): val for key, val in more.items()}
        answer = await self._ask_on_kept(method, target, headers, body)
        self.check(answer, token, expect)
        return answer

    async def _ask_on_kept(
        self, method: str, target: str, headers: dict[str, str], body: bytes
    ) -> Answer:
        """Ask on the connection that is open, or on a new one after some fifty requests.

        A server may end an idle connection at any time; what was just sent on it is sent again.
        """
        if self.connection is None or not self.connection.is_open or self.left == 0:
            self.hang_up()
            self.connection = await Connection.to(self.port)
            self.left = self.random.randrange(1, 50)
        self.left -= 1
        try:
            return await self.connection.ask(method, target, headers, body)
        except HungUp:
            if not self.connection.answered:
                raise
            self.renewed += 1
            self.connection = await Connection.to(self.port)
            return await self.connection.ask(method, target, headers, body)

    def hang_up(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def check(self, answer: Answer, token: str, expect: int = 200) -> None:
        """Status and proofs in the headers; keeps the session's cookie where one is set."""
        if answer.status != expect:
            raise Wrong(f"status {answer.status}, not {expect}: {answer.body[:120]!r}")
        for name, wanted in (("x-g", token), ("x-request", token), ("x-user", self.name)):
            if answer.header(name) != wanted:
                raise Wrong(f"{name} is {answer.header(name)!r}, not {wanted!r}")
        self.cookie = answer.cookie("session") or self.cookie

    def proofs(self, token: str) -> dict[str, str]:
        return {"g": token, "header": token, "args": token, "path": token, "user": self.name}


def equal(got: object, wanted: object) -> None:
    if got != wanted:
        raise Wrong(f"{str(got)[:200]!r}, not {str(wanted)[:200]!r}")


async def enter(user: User) -> None:
    """Start a session; each user does so once, before anything else."""
    token = user.token()
    body = urlencode({"user": user.name}).encode()
    answer = await user.ask("POST", f"/enter/{token}", token, body, Content_Type=FORM)
    equal(json.loads(answer.body), user.proofs(token))


async def page(user: User) -> None:
    """A page rendered from a template."""
    token = user.token()
    answer = await user.ask("GET", f"/page/{token}", token)
    wanted = {**user.proofs(token), "processor": token, "link": f"/page/{token}"}
    got = dict(line.split("=", 1) for line in answer.body.decode().split("\n") if line)
    equal(got, wanted)


async def get_json(user: User) -> None:
    """A JSON answer."""
    token = user.token()
    answer = await user.ask("GET", f"/json/{token}", token)
    equal(json.loads(answer.body), {**user.proofs(token), "sent": None})


async def post_json(user: User) -> None:
    """JSON sent and echoed."""
    token = user.token()
    sent = {"token": token, "numbers": list(range(user.random.randrange(50)))}
    body = json.dumps(sent).encode()
    answer = await user.ask("POST", f"/json/{token}", token, body, Content_Type="application/json")
    equal(json.loads(answer.body), {**user.proofs(token), "sent": sent})


async def note(user: User) -> None:
    """A form, a flashed message, a redirect, and the message on the page after it."""
    token = user.token()
    body = urlencode({"note": f"note {token}"}).encode()
    answer = await user.ask("POST", f"/note/{token}", token, body, 302, Content_Type=FORM)
    user.visits += 1
    equal(answer.header("location"), f"/notes/{token}?t={token}")
    answer = await user.ask("GET", f"/notes/{token}", token)
    got = json.loads(answer.body)
    wanted = {**user.proofs(token), "notes": [f"note {token}"], "visits": user.visits}
    equal(got, wanted)


def _multipart(name: str, content: bytes) -> bytes:
    start = (
        f"--{BOUNDARY}\r\nContent-Disposition: form-data; name=file; filename={name}\r\n"
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    return start.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()


def _content(user: User, size: int) -> bytes:
    return (user.name.encode() + b"|") * (size // (len(user.name) + 1))


async def upload(user: User, size: int | None = None) -> None:
    """A file in a form, of up to 100 kB, or one so large that it is spooled to disk."""
    token = user.token()
    content = _content(user, size or user.random.randrange(100, 100_000))
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    body = _multipart(token, content)
    answer = await user.ask("POST", f"/upload/{token}", token, body, Content_Type=kind)
    _check_digest(user, token, answer, content, name=token)


def _check_digest(user: User, token: str, answer: Answer, content: bytes, **more: object) -> None:
    found = {"size": len(content), "digest": hashlib.sha256(content).hexdigest()}
    equal(json.loads(answer.body), {**user.proofs(token), **found, **more})


async def large_upload(user: User) -> None:
    """A file of 700 kB, which is spooled to disk."""
    await upload(user, 700_000)


async def download(user: User) -> None:
    """A body streamed with its context, each line with all the tokens."""
    token = user.token()
    count = user.random.randrange(1, 100)
    answer = await user.ask("GET", f"/download/{token}", token, query=f"&lines={count}")
    check_lines(user, token, answer.body, count)


def check_lines(user: User, token: str, body: bytes, count: int) -> None:
    proof = " ".join(user.proofs(token).values())
    wanted = [f"{number} {proof} {'.' * 400}" for number in range(count)]
    equal(body.decode().split("\n"), [*wanted, ""])


async def rows(user: User) -> None:
    """A template streamed row by row."""
    token = user.token()
    answer = await user.ask("GET", f"/rows/{token}", token)
    wanted = [f"{number} {token} {token} {user.name} {token}" for number in range(40)]
    equal(answer.body.decode().strip().split("\n"), wanted)


async def file(user: User) -> None:
    """A file of 300 kB, whole or a range of it."""
    token = user.token()
    if user.random.random() < 0.5:
        equal((await user.ask("GET", f"/file/{token}", token)).body == FILE, True)
        return
    first = user.random.randrange(FILE_SIZE - 1000)
    answer = await user.ask("GET", f"/file/{token}", token, b"", 206, Range=f"bytes={first}-")
    equal(answer.body == FILE[first:], True)


async def refused(user: User) -> None:
    """403, 404 and 409 by handlers of the application, and a path that no rule has."""
    token = user.token()
    code = user.random.choice((403, 404, 409))
    answer = await user.ask("GET", f"/abort/{token}/{code}", token, b"", code)
    equal(json.loads(answer.body), {**user.proofs(token), "description": token})


async def wrong_method(user: User) -> None:
    """A method that the rule hasn't: 405."""
    token = user.token()
    answer = await user.ask("DELETE", f"/page/{token}", token, b"", 405)
    equal(sorted(answer.header("allow").split(", ")), ["GET", "HEAD", "OPTIONS"])


async def raised(user: User) -> None:
    """An error that the application raises: the one 500 that is right."""
    token = user.token()
    answer = await user.ask("GET", f"/raise/{token}", token, b"", 500)
    equal(answer.header("x-raised"), token)
    equal(json.loads(answer.body), {**user.proofs(token), "raised": token})
    user.raised += 1


async def too_large(user: User) -> None:
    """A body of more than MAX_CONTENT_LENGTH, announced and not sent: 413."""
    token = user.token()
    headers = user.headers(token) | {"Content-Length": str(TOO_MUCH), "Connection": "close"}
    async with connected(user.port) as connection:
        connection.writer.write(head("POST", f"/raw/{token}?t={token}", headers))
        answer = await connection.read_answer()
    user.check(answer, token, 413)


async def later(user: User, seconds: float = 0.0) -> None:
    """A coroutine function as a view."""
    token = user.token()
    answer = await user.ask("GET", f"/async/{token}", token, query=f"&seconds={seconds}")
    equal(json.loads(answer.body), user.proofs(token))


async def nested(user: User) -> None:
    """Another context within this one, and this one copied to a thread."""
    token = user.token()
    answer = await user.ask("GET", f"/nested/{token}", token)
    equal(json.loads(answer.body), {**user.proofs(token), "seen": ["inner", token]})


async def slow_upload(user: User) -> None:
    """Headers and body dribbled over two seconds."""
    token = user.token()
    content = _content(user, 20_000)
    headers = user.headers(token) | {"Content-Length": str(len(content)), "Connection": "close"}
    sent = head("POST", f"/raw/{token}?t={token}", headers) + content
    step = len(sent) // 20 + 1
    async with connected(user.port) as connection:
        pieces = [sent[at : at + step] for at in range(0, len(sent), step)]
        await connection.send_slowly(pieces, SLOW_SECONDS / 20)
        answer = await connection.read_answer()
    user.check(answer, token)
    _check_digest(user, token, answer, content)


async def slow_download(user: User) -> None:
    """A body of 300 kB read through a small buffer over two seconds."""
    token = user.token()
    async with connected(user.port, receive_buffer=8192) as connection:
        connection.writer.write(head("GET", f"/file/{token}?t={token}", user.headers(token)))
        answer = await connection.read_head()
        body = bytearray()
        while len(body) < FILE_SIZE:
            block = await asyncio.wait_for(connection.reader.read(FILE_SIZE // 40), 30)
            if not block:
                raise BrokenAnswer(f"{len(body)} bytes of {FILE_SIZE}")
            body += block
            await asyncio.sleep(SLOW_SECONDS / 40)
    user.check(answer, token)
    equal(bytes(body) == FILE, True)


async def slow_stream(user: User) -> None:
    """A streamed body read through a small buffer, a line at a time."""
    token = user.token()
    count = 200
    async with connected(user.port, receive_buffer=8192) as connection:
        target = f"/download/{token}?t={token}&lines={count}"
        connection.writer.write(head("GET", target, user.headers(token)))
        answer = await connection.read_head()
        parts = []
        async for chunk in connection.chunks():
            parts.append(chunk)
            await asyncio.sleep(SLOW_SECONDS / count)
    user.check(answer, token)
    check_lines(user, token, b"".join(parts), count)


async def vanish_in_upload(user: User) -> None:
    """Half a body, then a reset."""
    token = user.token()
    body = _multipart(token, _content(user, 200_000))
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    headers = user.headers(token) | {"Content-Length": str(len(body)), "Content-Type": kind}
    connection = await Connection.to(user.port)
    connection.writer.write(head("POST", f"/upload/{token}?t={token}", headers))
    connection.writer.write(body[: len(body) // 2])
    await asyncio.sleep(user.random.random() * 0.05)
    connection.vanish()


async def vanish_in_stream(user: User) -> None:
    """A reset after the first bytes of a streamed body."""
    token = user.token()
    connection = await Connection.to(user.port, receive_buffer=8192)
    target = f"/download/{token}?t={token}&lines=400"
    connection.writer.write(head("GET", target, user.headers(token)))
    try:
        answer = await asyncio.wait_for(connection.read_head(), 30)
        user.check(answer, token)
        await asyncio.wait_for(connection.reader.read(1000), 30)
    finally:
        connection.vanish()


async def vanish_before_answer(user: User) -> None:
    """A whole request, and nobody who waits for its answer."""
    token = user.token()
    connection = await Connection.to(user.port)
    connection.writer.write(head("GET", f"/page/{token}?t={token}", user.headers(token)))
    await asyncio.sleep(user.random.random() * 0.01)
    connection.vanish()


Kind = Callable[[User], Awaitable[Any]]
# Each kind of ordinary request and how often it comes, in turns of a hundred.
ORDINARY: dict[Kind, int] = {
    page: 20,
    get_json: 14,
    post_json: 10,
    note: 6,
    upload: 9,
    large_upload: 1,
    download: 10,
    rows: 4,
    file: 6,
    refused: 8,
    wrong_method: 1,
    too_large: 1,
    raised: 4,
    later: 3,
    nested: 3,
}
SLOW: tuple[Kind, ...] = (slow_upload, slow_download, slow_stream)
VANISHING: tuple[Kind, ...] = (vanish_in_upload, vanish_in_stream, vanish_before_answer)
