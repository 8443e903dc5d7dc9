"""A process that answers measured requests with one implementation.

`python -m benchmarks.worker` reads one JSON object a line from standard input and writes one a
line to standard output:

    {"do": "about"}                                         -> what is installed here
    {"do": "prepare", "scenario": NAME, "application": A}   -> proof of what it answers
    {"do": "run", "scenario": NAME, "application": A, "count": N}  -> {"ns": CPU time of N passes}
    {"do": "profile", "scenario": NAME, "application": A, "count": N}
        -> {"samples": {OWNER: how many}}, over N passes
    {"do": "first", "scenario": NAME, "application": A}
        -> {"build_ns": CPU time to make it, "first_ns": of its first request}
    {"do": "start", "task": NAME, "count": N}
        -> {"ns": CPU time of N repetitions of a task of `benchmarks.starting`, "proof": ITS RESULT}
    {"do": "memory"}                                        -> {"rss": bytes, "peak": bytes}

`application` may be left out; the scenario's own is taken then. Garbage collection stays on, as it
is in a server, and only this process's CPU time is counted.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import io
import json
import os
import platform
import re
import resource
import sys
import time
from collections.abc import Callable, Iterable
from importlib import metadata
from typing import Any

from benchmarks import additions, scenarios
from benchmarks.owners import Sampler
from benchmarks.packages import COMPILED, EXTENSIONS, SHARED
from benchmarks.scenarios import Exchange, Request, Scenario, environ_of

OTHERS = ("flask", "flask-login", "bottle", "falcon", "granian", "gunicorn", "gevent", "whitenoise")
# Answers that differ from one second or one hash seed to the next say nothing about their content.
SIGNED_COOKIES = ("session=", "remember_token=")

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Prepared = list[tuple[dict[str, Any], bytes | None]]


class WrongAnswer(Exception):
    """A scenario got another answer than it asks for; its time would mean nothing."""


class Answer:
    """Status, headers and body of one response."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes

    def start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: object = None
    ) -> Callable[[bytes], None]:
        self.status = status
        self.headers = headers
        return lambda data: None

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def fingerprint(self) -> dict[str, object]:
        """What another implementation must answer too."""
        headers = []
        for key, value in self.headers:
            if key == "Date":
                value = ""
            elif key == "Allow":
                value = ", ".join(sorted(value.split(", ")))
            elif key == "Set-Cookie" and value.startswith(SIGNED_COOKIES):
                value = value.partition("=")[0] + "=...;" + value.partition(";")[2]
                value = re.sub(r"Expires=[^;]*", "Expires=...", value)
            headers.append([key, value])
        body = self.body
        if self.header("Content-Encoding") == "gzip":  # its head holds the time
            body = gzip.decompress(body)
        return {
            "status": self.status,
            "headers": sorted(headers),
            "length": len(body),
            "sha1": hashlib.sha1(body).hexdigest(),
        }


def ask(app: Application, environ: dict[str, Any]) -> Answer:
    """Call the application once as a server does, keeping its answer."""
    answer = Answer()
    result = app(environ, answer.start_response)
    try:
        answer.body = b"".join(result)
    finally:
        close = getattr(result, "close", None)
        if close is not None:
            close()
    return answer


def verify(exchange: Exchange, answer: Answer) -> None:
    """Raise `WrongAnswer` where the answer isn't what the exchange asks for."""
    asked = f"{exchange.request.method} {exchange.request.path}"
    shown = answer.body[:300]
    if answer.status.split(" ")[0] != str(exchange.status):
        raise WrongAnswer(f"{asked}: {answer.status}, not {exchange.status}: {shown!r}")
    if exchange.body is not None and answer.body != exchange.body:
        raise WrongAnswer(f"{asked}: {shown!r}, not {exchange.body[:300]!r}")
    if exchange.data is not None and json.loads(answer.body) != exchange.data:
        raise WrongAnswer(f"{asked}: JSON {shown!r}, not {exchange.data!r}")
    for part in exchange.parts:
        if part not in answer.body:
            raise WrongAnswer(f"{asked}: {part!r} is not in {shown!r}")
    for name, value in exchange.headers.items():
        if answer.header(name) != value:
            raise WrongAnswer(f"{asked}: {name} is {answer.header(name)!r}, not {value!r}")


def build_application(name: str) -> Application:
    """The application of that name; "grown:10,0,0" has that many routes, blueprints and hooks."""
    if name in ("bare", "bottle", "falcon", "whitenoise"):
        from benchmarks import peers

        return peers.FACTORIES[name]()
    from benchmarks import application, customised, extended

    kind, _, size = name.partition(":")
    if kind == "grown":
        return application.create_grown(*map(int, size.split(",")))
    factories = application.FACTORIES | customised.FACTORIES | extended.FACTORIES
    return factories[name]()


def sign_in(app: Application, request: Request) -> str:
    """Send the request and give back what it set as the value of a Cookie header."""
    answer = ask(app, environ_of(request))
    cookies = [value.partition(";")[0] for key, value in answer.headers if key == "Set-Cookie"]
    if not cookies:
        raise WrongAnswer(f"{request.path} set no cookie: {answer.status} {answer.body[:300]!r}")
    return "; ".join(cookies)


def prepare(app: Application, scenario: Scenario) -> tuple[Prepared, list[dict[str, object]]]:
    """Make the environs of a scenario and check each answer once."""
    cookie = sign_in(app, scenario.sign_in) if scenario.sign_in else None
    prepared: Prepared = []
    fingerprints = []
    for exchange in scenario.exchanges:
        environ = environ_of(exchange.request)
        if cookie is not None:
            environ["HTTP_COOKIE"] = cookie
        if scenario.conditional:
            environ["HTTP_IF_NONE_MATCH"] = ask(app, environ.copy()).header("ETag")
        prepared.append((environ, exchange.request.body))
        answer = ask(app, fresh(environ, exchange.request.body))
        verify(exchange, answer)
        fingerprints.append(answer.fingerprint())
    return prepared, fingerprints


def fresh(environ: dict[str, Any], body: bytes | None) -> dict[str, Any]:
    """A copy of the environ that the application may change and whose body it may read."""
    copied = environ.copy()
    if body is not None:
        copied["wsgi.input"] = io.BytesIO(body)
    return copied


def measure(app: Application, prepared: Prepared, count: int) -> int:
    """CPU nanoseconds of `count` passes over the prepared requests, with the loop itself in it."""
    kept: list[Any] = [None, None]

    def write(data: bytes) -> None:
        raise AssertionError("no implementation here is expected to use write()")

    def start_response(
        status: str, headers: list[tuple[str, str]], exc_info: object = None
    ) -> Callable[[bytes], None]:
        kept[0] = status
        kept[1] = headers
        return write

    new_stream = io.BytesIO
    start = time.process_time_ns()
    for _ in range(count):
        for environ, body in prepared:
            copied = environ.copy()
            if body is not None:
                copied["wsgi.input"] = new_stream(body)
            result = app(copied, start_response)
            for _chunk in result:
                pass
            close = getattr(result, "close", None)
            if close is not None:
                close()
    return time.process_time_ns() - start


def profile(app: Application, prepared: Prepared, count: int) -> dict[str, int]:
    """Samples of `count` passes over the prepared requests, by whose code it was."""
    with Sampler() as sampler:
        measure(app, prepared, count)
    return dict(sampler.counts)


def first(name: str, application: str) -> dict[str, int]:
    """CPU nanoseconds to build an application, and of the first request that it ever answers."""
    exchange = scenario_named(name).exchanges[0]
    environ = environ_of(exchange.request)
    moments = [time.process_time_ns()]
    app = build_application(application)
    moments.append(time.process_time_ns())
    answer = ask(app, environ)
    moments.append(time.process_time_ns())
    verify(exchange, answer)
    return {"build_ns": moments[1] - moments[0], "first_ns": moments[2] - moments[1]}


def about() -> dict[str, Any]:
    """The interpreter and the packages of this environment."""
    versions = {}
    for name in dict.fromkeys(SHARED + OTHERS + COMPILED + EXTENSIONS):
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    answer: dict[str, Any] = {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "versions": versions,
        "modules": [name for name in wanted_modules() if is_installed(name)],
    }
    if "falcon" in versions:
        from benchmarks.peers import falcon_compiled_modules

        answer["falcon_compiled"] = falcon_compiled_modules()
    return answer


def wanted_modules() -> list[str]:
    """What some scenario needs, and the sockets' benchmark."""
    every = scenarios.SCENARIOS + additions.ADDITIONS
    return sorted({scenario.needs for scenario in every if scenario.needs} | {"gevent"})


def is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # a module of a package that isn't there
        return False


def memory() -> dict[str, int]:
    """Resident memory of this process now (0 where /proc doesn't say) and at its peak, in bytes."""
    resident = 0
    if os.path.exists("/proc/self/statm"):
        with open("/proc/self/statm") as file:
            resident = int(file.read().split()[1]) * resource.getpagesize()
    return {"rss": resident, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}


class Worker:
    """Answers the parent's orders; applications and environs are made once and kept."""

    def __init__(self) -> None:
        self.applications: dict[str, Application] = {}
        self.prepared: dict[tuple[str, str], Prepared] = {}

    def obey(self, order: dict[str, Any]) -> dict[str, Any]:
        match order["do"]:
            case "about":
                return about()
            case "memory":
                return memory()
            case "start":
                from benchmarks import starting

                return starting.measure(order["task"], order["count"])
            case "first":
                return first(*self.key(order))
            case "prepare":
                return {"answers": self.prepare(*self.key(order))}
            case "run":
                key = self.key(order)
                app = self.applications[key[1]]
                return {"ns": measure(app, self.prepared[key], order["count"])}
            case "profile":
                key = self.key(order)
                app = self.applications[key[1]]
                return {"samples": profile(app, self.prepared[key], order["count"])}
        raise ValueError(f"no such order: {order['do']!r}")

    def key(self, order: dict[str, Any]) -> tuple[str, str]:
        name = order["scenario"]
        return name, order.get("application") or scenario_named(name).application

    def prepare(self, name: str, application: str) -> list[dict[str, object]]:
        if application not in self.applications:
            self.applications[application] = build_application(application)
        app = self.applications[application]
        self.prepared[name, application], answers = prepare(app, scenario_named(name))
        return answers


def scenario_named(name: str) -> Scenario:
    """One of the table, or "grown": the request whose cost must not grow with the application."""
    if name == "grown":
        exchange = Exchange(Request("/grown/ada"), body=b"Hello, ada!")
        return Scenario("grown", "one dynamic route", (exchange,))
    return (scenarios.BY_NAME | additions.BY_NAME)[name]


def main() -> None:
    # Whatever an application prints must not be taken for an answer.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    worker = Worker()
    for line in sys.stdin:
        try:
            answer = worker.obey(json.loads(line))
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
