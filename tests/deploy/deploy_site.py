"""A visitor of a deployed probe: what must hold behind every server and every proxy."""

from __future__ import annotations

import hashlib
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from ssl import SSLContext

import httpx
from deploy_host import Host, Process, opened, wait_until

TIMEOUT = 30
# The probe takes bodies of so many bytes.
LIMIT = 1024 * 1024
SPOOFED = {
    "X-Forwarded-For": "203.0.113.66",
    "X-Forwarded-Proto": "gopher",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Prefix": "/evil",
    "X-Forwarded-Port": "66",
    "Forwarded": "for=203.0.113.66;host=evil.example;proto=gopher",
}


@dataclass
class Site:
    """Where a deployed application is reached, and what it should believe of itself."""

    endpoint: str = "localhost"
    scheme: str = "http"
    prefix: str = ""
    # The host that a visitor asks for; without one, the endpoint.
    name: str = ""
    socket: Path | None = None
    trust: SSLContext | bool = True
    client: str = "127.0.0.1"
    # What the made-up proxy in front of it adds.
    extra: dict[str, str] = field(default_factory=dict)
    # What a visitor may claim without being believed.
    spoofed: dict[str, str] = field(default_factory=lambda: dict(SPOOFED))

    @property
    def host(self) -> str:
        return self.name or self.endpoint

    @property
    def home(self) -> str:
        return f"{self.scheme}://{self.host}{self.prefix}/"

    @contextmanager
    def visitor(self) -> Iterator[httpx.Client]:
        transport = httpx.HTTPTransport(
            uds=None if self.socket is None else str(self.socket), verify=self.trust, retries=0
        )
        with httpx.Client(
            base_url=f"{self.scheme}://{self.endpoint}{self.prefix}",
            headers={"Host": self.host, **self.extra},
            transport=transport,
            timeout=TIMEOUT,
        ) as client:
            if self.scheme == "https":
                client.event_hooks["request"].append(self._name_the_server)
            yield client

    def _name_the_server(self, request: httpx.Request) -> None:
        request.extensions["sni_hostname"] = self.host.partition(":")[0]

    def answers(self, path: str = "/healthz") -> bool:
        if self.socket is not None and not self.socket.exists():
            return False
        try:
            with self.visitor() as visitor:
                return visitor.get(path).status_code == 200
        except httpx.TransportError:
            return False

    def wait(self, process: Process, path: str = "/healthz") -> Site:
        process.wait_until(lambda: self.answers(path))
        return self


def check_probe(site: Site, host: Host) -> None:
    """Everything that a server, or a proxy and a server, owe to an application."""
    with site.visitor() as visitor:
        check_page(visitor, site)
        check_place(visitor, site)
        check_session(visitor, site)
        check_upload(visitor, site)
        check_stream(visitor, host)


def check_page(visitor: httpx.Client, site: Site) -> None:
    answer = visitor.get("/")
    assert answer.status_code == 200
    assert f'href="{site.prefix}/static/style.css"' in answer.text
    assert visitor.get("/static/style.css").headers["Content-Type"].startswith("text/css")
    assert visitor.get("/nowhere").status_code == 404
    head = visitor.head("/")
    assert (head.status_code, head.content) == (200, b"")


def check_place(visitor: httpx.Client, site: Site) -> None:
    """Scheme, host, prefix and visitor are the true ones, whatever the visitor claims."""
    truthful: dict[str, str] = {}
    for headers in (truthful, site.spoofed):
        said = visitor.get("/where?a=%C3%A9", headers=headers).json()
        assert said["home"] == site.home
        assert said["url"] == f"{site.home}where?a=é"
        assert said["path"] == f"{site.prefix}/where"
        assert (said["scheme"], said["host"]) == (site.scheme, site.host)
        assert said["prefix"] == site.prefix
        assert said["client"] == site.client


def check_session(visitor: httpx.Client, site: Site) -> None:
    visitor.cookies.clear()
    for expected in (1, 2, 3):
        answer = visitor.post("/count")
        assert answer.status_code == 302
        assert answer.headers["Location"] == f"{site.prefix}/count"
        assert visitor.get("/count").json() == {"count": expected}


def check_upload(visitor: httpx.Client, site: Site) -> None:
    content = os.urandom(LIMIT - 1)
    wanted = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    assert visitor.post("/upload", content=content).json() == wanted
    assert refuses(site, b"x" * (LIMIT + 1))


def refuses(site: Site, content: bytes) -> bool:
    """Tell whether a body was refused; whoever refuses may hang up before all of it has come."""
    with site.visitor() as visitor:
        try:
            return visitor.post("/upload", content=content).status_code == 413
        except (httpx.WriteError, httpx.ReadError, httpx.RemoteProtocolError):
            return site.answers()


def check_stream(visitor: httpx.Client, host: Host) -> None:
    """The first line comes while the application still waits to send the second."""
    name = f"gate{os.urandom(8).hex()}"
    with opened(host.gates / name), visitor.stream("GET", f"/stream/{name}") as answer:
        lines = answer.iter_lines()
        assert next(lines) == "first"
        (host.gates / name).touch()
        assert list(lines) == ["second"]


def check_graceful_stop(
    site: Site, host: Host, process: Process, number: int = signal.SIGTERM
) -> None:
    """A request under way when the server is told to stop is answered before it ends."""
    stop(site, host, lambda: process.popen.send_signal(number))
    assert process.popen.wait(TIMEOUT) == 0, process.last_words


def stop(site: Site, host: Host, tell: Callable[[], object]) -> None:
    """Tell a server to stop, or to begin anew, during a request, which has to be answered."""
    name = f"gate{os.urandom(8).hex()}"
    gate = host.gates / name
    with ThreadPoolExecutor(1) as pool, opened(gate):
        answer: Future[httpx.Response] = pool.submit(ask, site, f"/slow/{name}")
        wait_until(lambda: gate.with_suffix(".started").exists() or answer.done(), "a slow request")
        tell()
        # The signal is handled while the request waits, not after it.
        wait_until(lambda: answer.done() or not accepts(site), "still takes requests")
        gate.touch()
        assert answer.result(TIMEOUT).json() == {"done": True}


def accepts(site: Site) -> bool:
    """Tell whether a new request is answered, and soon."""
    try:
        with site.visitor() as visitor:
            return visitor.get("/healthz", timeout=0.5).status_code == 200
    except httpx.TransportError:
        return False


def ask(site: Site, path: str) -> httpx.Response:
    with site.visitor() as visitor:
        return visitor.get(path)
