"""The database goes and comes back; so does Redis, in which the sessions are."""

from __future__ import annotations

import json
import threading

from reliability import watch
from reliability.faults.asking import Reply, ask, connect, request_bytes
from reliability.faults.backends import Postgres, Redis, backend
from reliability.faults.case import Trial, case, wait_until
from reliability.servers import TITLES, Server, serving

APP = "reliability.faults.stores_app:app"
KINDS = ("gunicorn-gthread", "gunicorn-gevent")
TIMES = 20


@case("database gone and back")
def lose_database(trial: Trial) -> None:
    """PostgreSQL stops with a query and a stream under way, stays away, comes back: 503 by the
    application's handler meanwhile, other pages answered, the stream cut, each connection closed in
    teardown, and no restart needed; no row lost, no descriptor kept."""
    with backend(Postgres) as database:
        for kind in KINDS:
            trial.place = TITLES[kind]
            with serving(kind, APP, python=trial.python, DATABASE=database.url) as server:
                workers = server.workers()
                rows = int(ask(server.port, "/rows").text)
                rows += add_rows(trial, server, f"{kind}-before", 200)
                before = descriptors(server)
                stop_under_way(trial, server, database)
                for number in range(TIMES):
                    trial.tried += 1
                    reply = ask(server.port, f"/row/{kind}-gone-{number}", "POST")
                    trial.equal(reply.status, 503, "status without the database")
                    trial.equal(ask(server.port, "/alive").status, 200, "another page")
                database.start()
                rows += add_rows(trial, server, f"{kind}-after", 200)
                trial.equal(ask(server.port, "/rows").text, str(rows), "rows")
                check_descriptors(trial, server, before)
                trial.equal(server.workers(), workers, "worker processes")


def add_rows(trial: Trial, server: Server, word: str, status: int) -> int:
    for number in range(TIMES):
        trial.tried += 1
        reply = ask(server.port, f"/row/{word}-{number}", "POST")
        trial.equal(reply.status, status, f"status of a row {word}")
    return TIMES


def descriptors(server: Server) -> int:
    return sum(watch.descriptors(pid) for pid in server.workers())


def check_descriptors(trial: Trial, server: Server, before: int) -> None:
    """There are no more than before, but for a pool's connections, one a thread."""
    few = wait_until(lambda: descriptors(server) <= before + 8)
    trial.expect(few, f"{before} descriptors became {descriptors(server)}")


def stop_under_way(trial: Trial, server: Server, database: Redis | Postgres) -> None:
    """Stop the database while one request waits for it and another streams from it."""
    replies: list[Reply] = []
    asking = threading.Thread(target=lambda: replies.append(ask(server.port, "/sleep")))
    asking.start()
    client = connect(server.port)
    client.sendall(request_bytes("GET", "/stream"))
    trial.expect(client.recv(100), "no stream")

    def is_connected() -> bool:
        return bool(json.loads(ask(server.port, "/connected").body))

    trial.expect(wait_until(is_connected), "the query did not begin")
    counted = len(json.loads(ask(server.port, "/closed").body))
    database.stop()
    asking.join()
    trial.tried += 2
    trial.equal([reply.status for reply in replies], [503], "the request under way")
    received = b"".join(iter(lambda: client.recv(4096), b""))
    client.close()
    trial.expect(not received.endswith(b"0\r\n\r\n"), "the stream under way was taken for whole")

    def are_closed() -> bool:
        return len(json.loads(ask(server.port, "/closed").body)) >= counted + 2

    trial.expect(wait_until(are_closed), "connections not closed in teardown")


@case("Redis gone and back")
def lose_redis(trial: Trial) -> None:
    """Redis, which keeps the sessions, stops, stays away, comes back with its data: 503 by the
    application's handler meanwhile, and then the session goes on where it was, without a restart;
    no descriptor kept."""
    for kind in KINDS:
        trial.place = TITLES[kind]
        with (
            backend(Redis) as store,
            serving(kind, APP, python=trial.python, REDIS=store.url) as server,
        ):
            workers = server.workers()
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            cookie = {"Cookie": ask(server.port, "/enter", "POST", b"user=ada", form).cookie}
            visits = visit(trial, server, cookie, 0)
            before = descriptors(server)
            store.stop()
            for _ in range(TIMES):
                trial.tried += 1
                reply = ask(server.port, "/visit", headers=cookie)
                trial.equal((reply.status, reply.cookie), (503, ""), "without Redis")
            store.start()
            visit(trial, server, cookie, visits)
            check_descriptors(trial, server, before)
            trial.equal(server.workers(), workers, "worker processes")


def visit(trial: Trial, server: Server, cookie: dict[str, str], visits: int) -> int:
    for _ in range(TIMES):
        trial.tried += 1
        visits += 1
        reply = ask(server.port, "/visit", headers=cookie)
        trial.equal((reply.status, reply.text), (200, f"ada {visits}"), "a visit")
    return visits
