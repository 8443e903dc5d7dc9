"""Exceptions at every step of a request."""

from __future__ import annotations

from collections.abc import Iterator

from reliability.faults.asking import Reply, ask
from reliability.faults.case import Trial, case, events_with
from reliability.servers import TITLES, Server

FAILED = 500
TEAPOT = 418
# Step, path, and whether an HTTP exception raised there becomes the answer; a step that the answer
# to an error passes as well fails, and is logged, twice.
BEFORE_ANSWER = (
    ("converter", "/part/some", True),
    ("signal request_started", "/fail", True),
    ("url value preprocessor", "/fail", True),
    ("before_request", "/fail", True),
    ("before_request of a blueprint", "/inner/fail", True),
    ("view", "/fail", True),
    ("coroutine view", "/later", True),
    ("url defaults", "/fail", True),
    ("endpoint that is not there", "/fail", False),
    ("template that is not there", "/fail", False),
    ("context processor", "/fail", True),
    ("template", "/fail", True),
    ("signal template_rendered", "/fail", True),
    ("error handler", "/fail", False),
    ("after_this_request", "/fail", False),
    ("after_request", "/fail", False),
    ("after_request of a blueprint", "/inner/fail", False),
    ("signal request_finished", "/fail", False),
)
PASSED_TWICE = (
    "after_this_request",
    "after_request",
    "after_request of a blueprint",
    "signal request_finished",
)
AFTER_ANSWER = (
    ("handler of 500", "/fail"),
    ("signal got_request_exception", "/fail"),
    ("teardown_request", "/fail"),
    ("teardown_request of a blueprint", "/inner/fail"),
    ("teardown_appcontext", "/fail"),
    ("signal request_tearing_down", "/fail"),
)
BODY = ("first chunk", "later chunk", "call_on_close", "streamed template")
KINDS = ("gunicorn-gthread", "gunicorn-gevent", "granian")
TEARDOWNS = tuple(
    f"{name}, {place}"
    for name in ("teardown_request", "teardown_appcontext")
    for place in ("first", "last")
)


def servers(trial: Trial) -> Iterator[Server]:
    """Each server in turn, with one worker; what it must be afterwards is checked here."""
    for kind in KINDS:
        trial.place = TITLES[kind]
        server = trial.bench.server(kind)
        workers = server.workers()
        yield server
        trial.place = TITLES[kind]
        trial.equal(server.workers(), workers, "worker processes")
        for _ in range(16):
            ask(server.port, "/pid")
        trial.equal(ask(server.port, "/events").text.strip(), "[]", "contexts left current")


def check_teardown(trial: Trial, server: Server, token: str, times: int = 1) -> None:
    """Each teardown function has run so many times, though another between them failed."""
    seen = events_with(server, token, "teardown_appcontext, last")
    for event in TEARDOWNS:
        trial.equal(seen.count(event), times, f"runs of {event}")


def check_next(trial: Trial, server: Server, prefix: str) -> None:
    """The next request finds everything as if nothing had happened."""
    reply = ask(server.port, f"{prefix}/later?token=next")
    trial.equal((reply.status, reply.text), (200, "next"), "the next request")


def attempt(trial: Trial, server: Server, step: str, target: str) -> tuple[str, Reply]:
    """Ask once so that it fails at a step; the answer is the request's token, and what came."""
    token = trial.token()
    trial.place = f"{TITLES[server.kind]}, {target.partition('?')[0]}, {step}"
    at = step.replace(" ", "+")
    joint = "&" if "?" in target else "?"
    return token, ask(server.port, f"{target}{joint}at={at}&token={token}")


@case("exceptions before the answer")
def fail_before_answer(trial: Trial) -> None:
    """An exception, then an HTTP exception, at each step up to the finished response: 500 (or the
    HTTP exception's own status) once, logged, every teardown function run once, no context left,
    the next request right, the worker alive."""
    for server in servers(trial):
        for prefix in ("", "/direct"):
            for step, path, is_answer in BEFORE_ANSWER:
                token, reply = attempt(trial, server, step, prefix + path)
                trial.equal(reply.status, FAILED, "status")
                check_teardown(trial, server, token)
                seen = events_with(server, token, "logged")
                trial.equal(seen.count("logged"), 2 if step in PASSED_TWICE else 1, "log records")
                if is_answer:
                    token, reply = attempt(trial, server, step, f"{prefix}{path}?kind=http")
                    trial.equal(reply.status, TEAPOT, "status of an HTTP exception")
                    check_teardown(trial, server, token)
                check_next(trial, server, prefix)


@case("exceptions in the session interface")
def fail_in_session(trial: Trial) -> None:
    """The session can't be opened, or not be saved: 500, every teardown function run once, no
    context left, the next request right."""
    for server in servers(trial):
        for step in ("session open", "session save"):
            token, reply = attempt(trial, server, step, "/fail")
            trial.equal(reply.status, FAILED, "status")
            check_teardown(trial, server, token)
            check_next(trial, server, "")


@case("exceptions while failing, and in teardown")
def fail_after_answer(trial: Trial) -> None:
    """An exception in the handler of 500, in a receiver of the error signal, in a teardown
    function, in a receiver of the teardown signal: some answer or a closed connection, every other
    teardown function run once, no context left, the next request right."""
    for server in servers(trial):
        for prefix in ("", "/direct"):
            for step, path in AFTER_ANSWER:
                token, _ = attempt(trial, server, step, prefix + path)
                check_teardown(trial, server, token)
                check_next(trial, server, prefix)


@case("exceptions while the body is sent")
def fail_in_body(trial: Trial) -> None:
    """A generator fails at its first chunk, at a later one, in a streamed template, or a function
    fails that runs on close: the answer is an error or visibly cut, as far as the server lets; the
    generator is closed once, teardown is complete, the next request is right."""
    for server in servers(trial):
        for prefix in ("", "/direct"):
            for step in BODY:
                for how in ("plain", "context"):
                    token, reply = attempt(trial, server, step, f"{prefix}/body?how={how}")
                    is_whole = reply.status == 200 and not reply.was_cut
                    if is_whole and step != "call_on_close" and server.kind == "granian":
                        trial.remark(
                            "Granian ends the body of a failed generator as if it were whole"
                        )
                    else:
                        trial.equal(is_whole, step == "call_on_close", "taken for whole")
                    keeps = how == "context" or step == "streamed template"
                    seen = events_with(server, token, "on close")
                    # What a failed template still holds is closed with its traceback.
                    if step != "streamed template":
                        trial.equal(seen.count("closed"), 1, "times the generator was closed")
                    trial.equal(seen.count("on close"), 1, "runs of the function on close")
                    check_teardown(trial, server, token, 2 if keeps else 1)
                    check_next(trial, server, prefix)
