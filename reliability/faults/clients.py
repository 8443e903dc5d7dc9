"""Clients that vanish: in the midst of an upload, of a stream, or before any answer."""

from __future__ import annotations

import socket
import time

from reliability import watch
from reliability.faults.asking import ask, connect, request_bytes, vanish
from reliability.faults.case import Trial, case, events, events_with, wait_until
from reliability.faults.errors import check_next, check_teardown, servers
from reliability.servers import TITLES, Server

BOUNDARY = "--fault-boundary"
TYPES = {
    "data": "application/octet-stream",
    "stream": "application/octet-stream",
    "json": "application/json",
    "form": "application/x-www-form-urlencoded",
    "files": f"multipart/form-data; boundary={BOUNDARY}",
}
START_OF_FILE = (
    f"--{BOUNDARY}\r\nContent-Disposition: form-data; name=file; filename=x\r\n\r\n".encode()
)
ANNOUNCED = 1_000_000
GIVEN = ("plain", "context", "template", "file", "path")
TEARDOWN = "teardown_appcontext, last"


def begin_upload(client: socket.socket, target: str, how: str, framing: str) -> None:
    """Send the headers of an upload and a part of its body."""
    part = (START_OF_FILE if how == "files" else b"") + b"1" * 200_000
    lines = [f"Content-Type: {TYPES[how]}", "Connection: close"]
    if framing == "chunked":
        lines.append("Transfer-Encoding: chunked")
        part = b"%x\r\n%s\r\n" % (len(part), part)
    else:
        lines.append(f"Content-Length: {ANNOUNCED}")
    client.sendall(request_bytes("POST", target, *lines) + part)


@case("clients that vanish in an upload")
def vanish_in_upload(trial: Trial) -> None:
    """Half a body, then a reset or a close, by length and chunked, read as data, stream, JSON, form
    and files: the view ends, every teardown function runs once, no descriptor is kept, the next
    request is right, the worker alive."""
    for server in servers(trial):
        before = warm(server)
        for how in TYPES:
            for framing in ("length", "chunked"):
                for by_reset in (True, False):
                    token = trial.token()
                    end = "reset" if by_reset else "close"
                    trial.place = f"{TITLES[server.kind]}, {how}, {framing}, {end}"
                    client = connect(server.port)
                    begin_upload(client, f"/direct/take?how={how}&token={token}", how, framing)
                    # Granian calls the application only once the body is there.
                    if server.kind != "granian":
                        trial.expect("began" in events_with(server, token, "began"), "not begun")
                    vanish(client, by_reset=by_reset)
                    check_upload(trial, server, token)
        check_descriptors(trial, server, before)


def check_upload(trial: Trial, server: Server, token: str) -> None:
    """The view must end, where it was called."""
    if server.kind == "granian" and not wait_until(lambda: events(server, token), 0.3):
        trial.remark("Granian drops a request whose body does not come, without a call")
    else:
        check_teardown(trial, server, token)
    check_next(trial, server, "/direct")


@case("half an upload is not taken for whole")
def refuse_half_upload(trial: Trial) -> None:
    """Part of a body whose length was announced, then a reset or a close, read as data, stream,
    JSON, form and files: reading fails, the view does not get the part as if it were all."""
    for server in servers(trial):
        for how in TYPES:
            for by_reset in (True, False):
                token = trial.token()
                end = "reset" if by_reset else "close"
                trial.place = f"{TITLES[server.kind]}, {how}, {end}"
                client = connect(server.port)
                begin_upload(client, f"/direct/take?how={how}&token={token}", how, "length")
                trial.expect("began" in events_with(server, token, "began"), "not begun")
                vanish(client, by_reset=by_reset)
                seen = events_with(server, token, TEARDOWN)
                taken = [event for event in seen if event.startswith("took")]
                trial.equal(taken, [], f"of {ANNOUNCED} bytes")


@case("clients that vanish in a stream")
def vanish_in_stream(trial: Trial) -> None:
    """A reset or a close after the first bytes of 32 MB from a generator (with its context or
    without), a streamed template, a file in memory and one on disk: the generator is closed before
    its end and once, functions on close and teardown run once, no descriptor is kept, the next
    request is right."""
    for server in servers(trial):
        before = warm(server)
        for prefix in ("", "/direct"):
            for how in GIVEN:
                for by_reset in (True, False):
                    token = trial.token()
                    end = "reset" if by_reset else "close"
                    trial.place = f"{TITLES[server.kind]}, {prefix}/give, {how}, {end}"
                    client = connect(server.port, receive_buffer=8192)
                    target = f"{prefix}/give?how={how}&token={token}"
                    client.sendall(request_bytes("GET", target))
                    trial.expect(client.recv(1000), "no first bytes")
                    vanish(client, by_reset=by_reset)
                    check_stream(trial, server, token, how)
                    check_next(trial, server, prefix)
        check_descriptors(trial, server, before)


def check_stream(trial: Trial, server: Server, token: str, how: str) -> None:
    wanted = {"plain": "on close", "path": TEARDOWN}.get(how, "closed")
    seen = events_with(server, token, wanted)
    trial.equal(seen.count(wanted), 1, f"times of {wanted!r}")
    trial.expect("ran to its end" not in seen, "the generator ran to its end")
    check_teardown(trial, server, token, 2 if how in ("context", "template") else 1)


@case("clients that vanish before the answer")
def vanish_before_answer(trial: Trial) -> None:
    """A whole request, and a client that is gone before the view returns: the view runs to its
    end, every teardown function once, the next request is right."""
    for server in servers(trial):
        before = warm(server)
        for by_reset in (True, False):
            for target in ("/direct/slow?seconds=0.1", "/slow?seconds=0.1"):
                token = trial.token()
                trial.place = f"{TITLES[server.kind]}, {target}"
                client = connect(server.port)
                client.sendall(request_bytes("GET", f"{target}&token={token}"))
                trial.expect("began" in events_with(server, token, "began"), "not begun")
                vanish(client, by_reset=by_reset)
                check_teardown(trial, server, token)
                check_next(trial, server, "")
        check_descriptors(trial, server, before)


def warm(server: Server) -> dict[int, int]:
    """Make each thread do what needs descriptors; answer how many each worker then has."""
    for prefix in ("", "/direct"):
        clients = [connect(server.port) for _ in range(24)]
        for client in clients:
            # Not "Connection: close": Gunicorn's gthread worker waits for each such client in turn.
            client.sendall(request_bytes("GET", f"{prefix}/later?seconds=0.1&token=warm"))
        for client in clients:
            client.recv(4096)
            client.close()
    return counted(server)


def counted(server: Server) -> dict[int, int]:
    """Descriptors of each worker, once their number has stayed the same for some time."""
    last: dict[int, int] = {}
    since = begun = time.monotonic()
    while time.monotonic() < min(since + 0.3, begun + 10):
        now = {pid: watch.descriptors(pid) for pid in server.workers()}
        if now != last:
            last, since = now, time.monotonic()
        time.sleep(0.02)
    return last


def check_descriptors(trial: Trial, server: Server, before: dict[int, int]) -> None:
    """No worker has more descriptors open than before, but for each thread's own event loop."""
    trial.place = TITLES[server.kind]
    ask(server.port, "/pid")

    def are_few() -> bool:
        return all(watch.descriptors(pid) <= held for pid, held in before.items())

    trial.expect(wait_until(are_few), f"descriptors: {before} became {counted(server)}")
