"""docs/deploy/uwsgi.md, carried out."""

from __future__ import annotations

import shutil

from deploy_host import DEPLOY, Host
from deploy_nginx import serve_with_nginx
from deploy_pages import commands, only
from deploy_site import Site, ask, check_graceful_stop, check_probe

PORT = "127.0.0.1:8000"
PLAIN = only("uwsgi", "--http-socket")
CONFIGURED = only("uwsgi", "--ini")


def test_every_command_of_the_page_is_run_here() -> None:
    assert {PLAIN, CONFIGURED} == set(commands("uwsgi"))


def test_probe_is_served(host: Host) -> None:
    # Its own HTTP socket hangs up after each answer without saying so, and believes anyone who
    # says X-Forwarded-Proto: the page tells that it is for trying.
    site = Site(host.endpoint(), extra={"Connection": "close"})
    del site.spoofed["X-Forwarded-Proto"]
    process = host.start(PLAIN, host.install_probe(), {PORT: site.endpoint})
    check_probe(site.wait(process), host)
    site.extra["X-Forwarded-Proto"] = "gopher"
    assert ask(site, "/where").json()["scheme"] == "gopher"


def test_settings_of_the_guide_serve_behind_nginx(host: Host) -> None:
    folder = host.install_probe()
    shutil.move(folder / "app.py", folder / "wsgi.py")
    host.install(DEPLOY / "uwsgi" / "uwsgi.ini", "/srv/board/uwsgi.ini")
    application = host.start(CONFIGURED, folder)
    site = Site(host.endpoint(), name="board.example")
    ports = {
        "listen 80;": f"listen {site.endpoint};",
        "client_max_body_size 4m;": "client_max_body_size 1m;",
    }
    nginx = serve_with_nginx(host, DEPLOY / "uwsgi" / "board-nginx.conf", ports)
    nginx.wait_until(lambda: host.at("/run/board/board.sock").exists() and site.answers())
    check_probe(site, host)
    check_graceful_stop(site, host, application)
