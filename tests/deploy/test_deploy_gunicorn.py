"""docs/deploy/gunicorn.md, carried out."""

from __future__ import annotations

import os
import shutil
import signal
import threading

import pytest
from deploy_host import DEPLOY, Host, Process, wait_until
from deploy_pages import commands, only
from deploy_site import Site, ask, check_graceful_stop, check_probe

PROBING = [command for command in commands("gunicorn") if command.endswith(" app:app")]
CONFIGURED = only("gunicorn", "-c ")


def test_every_command_of_the_page_is_run_here() -> None:
    assert [*PROBING, CONFIGURED] == commands("gunicorn")


def start(host: Host, command: str) -> tuple[Site, Process]:
    folder = host.install_probe()
    site = Site(host.endpoint())
    # What stands in the command wins over this; the guide's port is the default.
    arguments = f"--bind {site.endpoint} --no-control-socket"
    process = host.start(command, folder, GUNICORN_CMD_ARGS=arguments)
    return site.wait(process), process


@pytest.mark.parametrize("command", PROBING)
def test_probe_is_served_and_a_request_under_way_is_answered_at_a_stop(
    host: Host, command: str
) -> None:
    site, process = start(host, command)
    check_probe(site, host)
    check_graceful_stop(site, host, process)


@pytest.fixture
def configured(host: Host) -> tuple[Site, Process]:
    """The probe by the settings of the guide, behind a made-up proxy on a socket."""
    folder = host.install_probe()
    shutil.move(folder / "app.py", folder / "wsgi.py")
    host.install(DEPLOY / "gunicorn" / "gunicorn.conf.py", "/srv/board/gunicorn.conf.py")
    process = host.start(CONFIGURED, folder, WEB_CONCURRENCY="2", FLASK_PROXIES="1")
    forwarded = {
        "X-Forwarded-For": "192.0.2.7",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "board.example",
        "X-Forwarded-Prefix": "/board",
    }
    site = Site(name="board.example", socket=host.at("/run/board/board.sock"), extra=forwarded)
    return site.wait(process), process


def test_settings_of_the_guide_serve_on_a_socket(configured: tuple[Site, Process]) -> None:
    site, process = configured
    assert site.socket is not None
    assert site.socket.stat().st_mode & 0o007 == 0
    said = ask(site, "/where").json()
    assert said["home"] == "https://board.example/board/"
    assert said["client"] == "192.0.2.7"
    assert said["multithread"]
    assert said["multiprocess"]
    assert process.stop() == 0


def test_reload_refuses_nothing_and_a_dead_worker_is_replaced(
    configured: tuple[Site, Process],
) -> None:
    site, process = configured
    seen: list[int] = []
    over = threading.Event()

    def visit() -> None:
        while not over.is_set():
            answer = ask(site, "/where")
            seen.append(answer.json()["process"] if answer.status_code == 200 else 0)

    visitor = threading.Thread(target=visit, daemon=True)
    visitor.start()
    try:
        wait_until(lambda: seen)
        before = set(workers(process))
        process.popen.send_signal(signal.SIGHUP)
        wait_until(lambda: len(workers(process)) == 2 and not before & set(workers(process)))
        asked = len(seen)
        wait_until(lambda: len(seen) > asked + 20)
    finally:
        over.set()
        visitor.join(30)
    assert 0 not in seen
    assert len(set(seen) - before) >= 1

    victim, *_ = workers(process)
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: len(workers(process)) == 2 and victim not in workers(process))
    assert ask(site, "/healthz").status_code == 200


def workers(process: Process) -> list[int]:
    children = f"/proc/{process.pid}/task/{process.pid}/children"
    with open(children) as file:
        return [int(word) for word in file.read().split()]


def test_notice_board_of_the_guide_knows_its_prefix(host: Host) -> None:
    folder = host.install_board()
    host.install(DEPLOY / "gunicorn" / "gunicorn.conf.py", "/srv/board/gunicorn.conf.py")
    process = host.start(CONFIGURED, folder, WEB_CONCURRENCY="1")
    socket = host.at("/run/board/board.sock")
    site = Site(name="board.example", socket=socket, extra={"X-Forwarded-Prefix": "/board"})
    site.wait(process, "/")
    page = ask(site, "/login")
    assert 'href="/board/static/style.css' in page.text
    assert "Secure" in page.headers["Set-Cookie"]
