"""docs/deploy/granian.md, carried out."""

from __future__ import annotations

import os
import signal
import ssl

import httpx
import pytest
from deploy_host import Host, Process
from deploy_pages import commands, only
from deploy_site import Site, ask, check_graceful_stop, check_probe

CERTIFICATE = only("granian", "openssl")
WITH_TLS = only("granian", "--ssl-certificate")
ON_SOCKET = only("granian", "--uds")
PLAIN = [
    command for command in commands("granian", "granian") if command not in (WITH_TLS, ON_SOCKET)
]


def test_every_command_of_the_page_is_run_here() -> None:
    assert {*PLAIN, CERTIFICATE, WITH_TLS, ON_SOCKET} == set(commands("granian"))


def start(host: Host, command: str, **variables: str) -> tuple[Site, Process]:
    folder = host.install_probe()
    site = Site(host.endpoint())
    address, port = site.endpoint.split(":")
    where = {"GRANIAN_HOST": address, "GRANIAN_PORT": port} | variables
    return site, host.start(command, folder, **where)


@pytest.mark.parametrize("command", PLAIN)
def test_probe_is_served_and_a_request_under_way_is_answered_at_a_stop(
    host: Host, command: str
) -> None:
    site, process = start(host, command)
    check_probe(site.wait(process), host)
    check_graceful_stop(site, host, process)


def test_probe_is_served_on_a_socket(host: Host) -> None:
    _, process = start(host, ON_SOCKET, FLASK_PROXIES="1")
    forwarded = {
        "X-Forwarded-For": "192.0.2.7",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "board.example",
        "X-Forwarded-Prefix": "/board",
    }
    site = Site(name="board.example", socket=host.at("/run/board/board.sock"), extra=forwarded)
    said = ask(site.wait(process), "/where").json()
    assert said["home"] == "https://board.example/board/"
    assert said["client"] == "192.0.2.7"


def test_probe_is_served_with_tls_and_static_files_by_the_server(host: Host) -> None:
    host.run(CERTIFICATE)
    site, process = start(host, WITH_TLS)
    site.scheme = "https"
    site.name = "board.example"
    site.trust = ssl.create_default_context(cafile=host.at("/etc/board/cert.pem"))
    check_probe(site.wait(process), host)
    # Flask itself says "no-cache" where no age is set.
    assert "max-age" in ask(site, "/static/style.css").headers["Cache-Control"]


def test_server_ends_with_a_lost_worker(host: Host) -> None:
    site, process = start(host, PLAIN[0])
    site.wait(process)
    os.kill(int(ask(site, "/where").json()["process"]), signal.SIGKILL)
    assert process.popen.wait(30) is not None


def worker(site: Site) -> int:
    try:
        return int(ask(site, "/where").json()["process"])
    except httpx.TransportError:
        return 0


def test_workers_are_replaced_on_hangup(host: Host) -> None:
    site, process = start(host, PLAIN[0])
    first = worker(site.wait(process))
    process.popen.send_signal(signal.SIGHUP)
    process.wait_until(lambda: worker(site) not in (0, first))


def test_lost_worker_is_replaced_if_asked_for(host: Host) -> None:
    site, process = start(host, f"{PLAIN[0]} --respawn-failed-workers")
    first = worker(site.wait(process))
    os.kill(first, signal.SIGKILL)
    process.wait_until(lambda: worker(site) not in (0, first))
