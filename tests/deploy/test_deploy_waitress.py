"""docs/deploy/waitress.md, carried out."""

from __future__ import annotations

import shutil

import httpx
import pytest
from deploy_host import DEPLOY, Host
from deploy_pages import commands, only
from deploy_site import SPOOFED, Site, ask, check_graceful_stop, check_probe, stop

PORT = "127.0.0.1:8080"
PLAIN = only("waitress", f"{PORT} app:app")
ON_SOCKET = only("waitress", "--unix-socket=")
TRUSTING = only("waitress", "--trusted-proxy=")
DRAINING = only("waitress", "serve.py")


def test_every_command_of_the_page_is_run_here() -> None:
    assert {PLAIN, ON_SOCKET, TRUSTING, DRAINING} == set(commands("waitress"))


def test_probe_is_served(host: Host) -> None:
    site = Site(host.endpoint())
    process = host.start(PLAIN, host.install_probe(), {PORT: site.endpoint})
    check_probe(site.wait(process), host)


def test_probe_is_served_on_a_socket(host: Host) -> None:
    process = host.start(ON_SOCKET, host.install_probe(), FLASK_PROXIES="1")
    forwarded = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"}
    socket = host.at("/run/board/board.sock")
    site = Site(name="board.example", socket=socket, extra=forwarded)
    said = ask(site.wait(process), "/where").json()
    assert (said["home"], said["client"]) == ("https://board.example/", "192.0.2.7")
    assert socket.stat().st_mode & 0o777 == 0o660


def test_waitress_itself_believes_a_trusted_proxy_only(host: Host) -> None:
    site = Site(host.endpoint())
    forwarded = {
        "X-Forwarded-For": "192.0.2.7",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "board.example",
    }
    ports = {PORT: site.endpoint}
    process = host.start(TRUSTING, host.install_probe(), ports)
    site.wait(process).extra = forwarded
    said = ask(site, "/where").json()
    assert (said["home"], said["client"]) == ("https://board.example/", "192.0.2.7")
    process.stop()

    stranger = Site(host.endpoint())
    ports = {PORT: stranger.endpoint, "--trusted-proxy=127.0.0.1": "--trusted-proxy=192.0.2.9"}
    process = host.start(TRUSTING, host.install_probe(), ports)
    stranger.wait(process).extra = SPOOFED
    said = ask(stranger, "/where").json()
    assert (said["home"], said["client"]) == (stranger.home, stranger.client)


def test_without_the_script_a_request_under_way_is_lost(host: Host) -> None:
    site = Site(host.endpoint())
    process = host.start(PLAIN, host.install_probe(), {PORT: site.endpoint})
    site.wait(process)
    with pytest.raises(httpx.TransportError):
        stop(site, host, process.popen.terminate)


def test_script_of_the_guide_answers_a_request_under_way_at_a_stop(host: Host) -> None:
    folder = host.install_probe()
    shutil.move(folder / "app.py", folder / "wsgi.py")
    host.install(DEPLOY / "waitress" / "serve.py", "/srv/board/serve.py")
    site = Site(host.endpoint())
    process = host.start(DRAINING, folder, BOARD_LISTEN=site.endpoint)
    check_graceful_stop(site.wait(process), host, process)
