"""docs/deploy/apache.md, carried out: Apache as a proxy, and with mod_wsgi."""

from __future__ import annotations

import os
import re
import shutil
import ssl
import subprocess
from collections.abc import Mapping
from pathlib import Path

import blinker
import click
import itsdangerous
import jinja2
import markupsafe
import pytest
import werkzeug
from deploy_host import DEPLOY, Host, Process, needs, wait_until
from deploy_pages import commands, only
from deploy_site import Site, ask, check_graceful_stop, check_probe

import flask

CERTIFICATE = only("apache", "openssl")
GUNICORN = only("gunicorn", "-c ")
STYLE = "/static/style.css"
MODULES = Path("/usr/lib/apache2/modules")
# What Debian switches on by itself, and what the page switches on.
USUAL = ("mpm_event", "authz_core", "alias", "mime", "dir", "reqtimeout")
PROXYING = ("ssl", "headers", "proxy", "proxy_http", "socache_shmcb", "setenvif")
FRAME = """
ServerRoot {root}
PidFile {root}/apache.pid
ErrorLog /dev/stderr
DefaultRuntimeDir {root}
ServerName localhost
TypesConfig /etc/mime.types
{modules}
StartServers 1
ServerLimit 2
{listen}
{user}
<Directory />
    Require all denied
</Directory>
Include {root}/etc/apache2/site.conf
"""


def test_every_command_of_the_page_is_run_here() -> None:
    assert commands("apache") == [CERTIFICATE]


def start_apache(
    host: Host, site: Path, ports: Mapping[str, str], modules: tuple[str, ...]
) -> Process:
    program = needs("apache2", "apache2")
    folder = host.at("/etc/apache2")
    folder.mkdir()
    host.install(site, "/etc/apache2/site.conf", ports)
    endpoints = re.findall(r"<VirtualHost (.*)>", (folder / "site.conf").read_text())
    frame = folder / "apache2.conf"
    frame.write_text(
        FRAME.format(
            root=host.root,
            listen="\n".join(f"Listen {endpoint}" for endpoint in endpoints),
            modules="\n".join(
                f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in (*USUAL, *modules)
            ),
            # The application's socket is open to its own user; Apache as root is refused.
            user="User nobody\nGroup nogroup" if os.getuid() == 0 else "",
        )
    )
    return host.start([program, "-D", "FOREGROUND", "-f", str(frame)])


def start_probe(host: Host) -> Process:
    folder = host.install_probe()
    (folder / "app.py").rename(folder / "wsgi.py")
    host.at("/srv/board/notice_board").mkdir()
    (folder / "static").rename(host.at("/srv/board/notice_board/static"))
    (folder / "static").symlink_to("notice_board/static")
    settings = host.install(DEPLOY / "gunicorn" / "gunicorn.conf.py", "/srv/board/gunicorn.conf.py")
    # Apache's user is another one than this, and no group is at hand that both belong to.
    settings.write_text(settings.read_text().replace("umask = 0o007", "umask = 0"))
    return host.start(GUNICORN, folder, WEB_CONCURRENCY="2", FLASK_PROXIES="1")


# The notice board's limit, and the probe's.
LIMIT = {"4194304": "1048576"}


def test_probe_is_served_with_tls_over_a_socket(host: Host) -> None:
    application = start_probe(host)
    host.run(CERTIFICATE)
    site = Site(host.endpoint(), "https", name="board.example")
    site.trust = ssl.create_default_context(cafile=host.at("/etc/board/cert.pem"))
    plain = host.endpoint()
    ports = {"*:443": site.endpoint, "*:80": plain} | LIMIT
    apache = start_apache(host, DEPLOY / "apache" / "board.conf", ports, PROXYING)
    apache.wait_until(lambda: site.answers(STYLE))
    application.wait_until(site.answers)
    check_probe(site, host)
    assert ask(site, STYLE).headers["X-Served-By"] == "apache"
    assert "X-Served-By" not in ask(site, "/").headers
    redirect = ask(Site(plain, name="board.example"), "/where")
    assert redirect.headers["Location"] == "https://board.example/where"
    check_graceful_stop(site, host, application)
    assert ask(site, STYLE).status_code == 200
    assert ask(site, "/").status_code == 503


def test_probe_is_served_below_a_path(host: Host) -> None:
    application = start_probe(host)
    site = Site(host.endpoint(), name="board.example", prefix="/board")
    ports = {"*:80": site.endpoint} | LIMIT
    apache = start_apache(host, DEPLOY / "apache" / "board-subpath.conf", ports, PROXYING)
    apache.wait_until(lambda: site.answers(STYLE))
    application.wait_until(site.answers)
    check_probe(site, host)
    assert ask(site, STYLE).headers["X-Served-By"] == "apache"
    outside = Site(site.endpoint, name=site.name)
    assert ask(outside, "/board").headers["Location"].endswith("/board/")
    assert ask(outside, "/where").status_code == 403


def system_environment(host: Host) -> None:
    """Make /srv/board/venv for Apache's Python, with the packages that this one uses.

    What they have in Python runs on both, and the only part in C, markupsafe's, has a stand-in.
    """
    needs("apache2", "apache2")
    if not (MODULES / "mod_wsgi.so").exists():
        pytest.skip("no mod_wsgi on this machine (Debian: apt-get install libapache2-mod-wsgi-py3)")
    venv = host.at("/srv/board/venv")
    command = ["/usr/bin/python3", "-m", "venv", "--without-pip", str(venv)]
    subprocess.run(command, check=True, capture_output=True)
    (packages,) = venv.glob("lib/python*/site-packages")
    for module in (flask, blinker, click, itsdangerous, jinja2, markupsafe, werkzeug):
        source = Path(str(module.__file__)).parent
        shutil.copytree(source, packages / source.name)


def test_probe_is_served_by_mod_wsgi(host: Host) -> None:
    system_environment(host)
    folder = host.install_probe()
    (folder / "app.py").rename(folder / "direct.py")
    site = Site(host.endpoint(), name="board.example")
    host.at("/srv/board/notice_board").mkdir()
    shutil.copytree(folder / "static", folder / "notice_board" / "static")
    ports = {"*:80": site.endpoint} | LIMIT
    modules = ("headers", "wsgi")
    apache = start_apache(host, DEPLOY / "apache" / "board-wsgi.conf", ports, modules)
    site.wait(apache)
    check_probe(site, host)
    said = ask(site, "/where").json()
    assert said["multithread"]
    assert said["multiprocess"]
    assert ask(site, STYLE).headers["X-Served-By"] == "apache"

    before = said["process"]
    os.utime(folder / "direct.py")
    wait_until(lambda: ask(site, "/where").json()["process"] != before)
