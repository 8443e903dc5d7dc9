"""docs/deploy/nginx.md, carried out, with gunicorn behind it."""

from __future__ import annotations

import os
import ssl

import httpx
import pytest
from deploy_host import DEPLOY, Host, Process
from deploy_nginx import serve_with_nginx
from deploy_pages import commands, only
from deploy_site import SPOOFED, Site, ask, check_graceful_stop, check_probe

CERTIFICATE = only("nginx", "openssl")
GUNICORN = only("gunicorn", "-c ")
STYLE = "/static/style.css"
# The notice board's; the probe takes less.
BODY_LIMIT = "client_max_body_size 4m;"


def test_every_command_of_the_page_is_run_here() -> None:
    assert commands("nginx") == [CERTIFICATE]


def start_application(host: Host, **variables: str) -> Process:
    host.install(DEPLOY / "gunicorn" / "gunicorn.conf.py", "/srv/board/gunicorn.conf.py")
    folder = host.at("/srv/board")
    return host.start(GUNICORN, folder, WEB_CONCURRENCY="2", **variables)


def start_probe(host: Host) -> Process:
    """The probe in the place of the notice board: it tells what a proxy passes on."""
    folder = host.install_probe()
    (folder / "app.py").rename(folder / "wsgi.py")
    host.at("/srv/board/notice_board").mkdir()
    (folder / "static").rename(host.at("/srv/board/notice_board/static"))
    (folder / "static").symlink_to("notice_board/static")
    return start_application(host, FLASK_PROXIES="1")


def start_nginx(host: Host, body_limit: str = "client_max_body_size 1m;") -> Site:
    host.run(CERTIFICATE)
    site = Site(host.endpoint(), "https", name="board.example")
    plain = host.endpoint()
    ports = {
        "listen 443 ssl http2;": f"listen {site.endpoint} ssl http2;",
        "listen 443 ssl default_server;": f"listen {site.endpoint} ssl default_server;",
        "listen 80;": f"listen {plain};",
        BODY_LIMIT: body_limit,
    }
    nginx = serve_with_nginx(host, DEPLOY / "nginx" / "board.conf", ports)
    site.trust = ssl.create_default_context(cafile=host.at("/etc/board/cert.pem"))
    nginx.wait_until(lambda: site.answers(STYLE))
    redirect = ask(Site(plain, name="board.example"), "/where?a=1")
    assert redirect.status_code == 308
    assert redirect.headers["Location"] == "https://board.example/where?a=1"
    return site


def test_probe_is_served_with_tls_over_a_socket(host: Host) -> None:
    application = start_probe(host)
    site = start_nginx(host)
    application.wait_until(site.answers)
    check_probe(site, host)
    style = ask(site, STYLE)
    assert style.headers["X-Served-By"] == "nginx"
    assert "X-Served-By" not in ask(site, "/").headers
    assert "max-age" in ask(site, "/").headers["Strict-Transport-Security"]
    check_graceful_stop(site, host, application)
    # Files go on being served, and the visitor is told that the rest is away.
    assert ask(site, STYLE).status_code == 200
    assert ask(site, "/").status_code == 502


def test_other_names_get_no_answer(host: Host) -> None:
    start_probe(host)
    site = start_nginx(host)
    site.trust = False
    site.name = "evil.example"
    with pytest.raises(httpx.RemoteProtocolError):
        ask(site, "/where")


def test_probe_is_served_below_a_path(host: Host) -> None:
    application = start_probe(host)
    site = Site(host.endpoint(), name="board.example", prefix="/board")
    ports = {"listen 80;": f"listen {site.endpoint};", BODY_LIMIT: "client_max_body_size 1m;"}
    serve_with_nginx(host, DEPLOY / "nginx" / "board-subpath.conf", ports)
    application.wait_until(site.answers)
    check_probe(site, host)
    assert ask(site, STYLE).headers["X-Served-By"] == "nginx"
    outside = Site(site.endpoint, name=site.name)
    assert ask(outside, "/board").headers["Location"] == "/board/"
    assert ask(outside, "/where").status_code == 404


@pytest.mark.parametrize("prefix", ["", "/board"])
def test_notice_board_is_used_through_it(host: Host, prefix: str) -> None:
    host.install_board()
    settings = {
        "FLASK_TRUSTED_HOSTS": '["board.example"]',
        # Hashing well takes long; that isn't tested here.
        "FLASK_PASSWORD_HASH_METHOD": "pbkdf2:sha256:1000",
    }
    application = start_application(host, **settings)
    if prefix:
        site = Site(host.endpoint(), name="board.example", prefix=prefix)
        ports = {"listen 80;": f"listen {site.endpoint};"}
        serve_with_nginx(host, DEPLOY / "nginx" / "board-subpath.conf", ports)
    else:
        site = start_nginx(host, BODY_LIMIT)
    application.wait_until(lambda: site.answers("/"))
    walk_the_board(site)
    assert ask(site, STYLE).headers["X-Served-By"] == "nginx"


def walk_the_board(site: Site) -> None:
    """Register, put up a notice with a picture, and look at it, as a browser would."""
    with site.visitor() as visitor:

        def keep_cookie(answer: httpx.Response) -> None:
            # By hand: over plain HTTP a browser would not send back a cookie marked so.
            if cookie := answer.headers.get("Set-Cookie"):
                assert "Secure" in cookie
                visitor.headers["Cookie"] = cookie.partition(";")[0]

        visitor.event_hooks["response"].append(keep_cookie)
        register = visitor.get("/register", headers=SPOOFED)
        form = {"csrf_token": token(register.text), "name": "Anna"}
        form |= {"password": "linden-tree", "repeat": "linden-tree"}
        registered = visitor.post("/register", data=form)
        assert registered.status_code in (302, 303)
        assert registered.headers["Location"].startswith(f"{site.prefix}/")
        page = visitor.get("/notices/new")
        picture = b"\x89PNG\r\n\x1a\n" + os.urandom(1_000_000)
        posted = visitor.post(
            "/notices/new",
            data={
                "csrf_token": token(page.text),
                "title": "Ladder to lend",
                "category": "help",
                "body": "Four metres, light.",
            },
            files={"picture": ("ladder.png", picture, "image/png")},
        )
        assert posted.status_code in (302, 303)
        place = posted.headers["Location"]
        shown = visitor.get(place.removeprefix(site.prefix))
        assert "Ladder to lend" in shown.text
        (source,) = {
            word for word in shown.text.split('"') if word.startswith(f"{site.prefix}/pictures/")
        }
        assert visitor.get(source.removeprefix(site.prefix)).content == picture
        too_large = b"\x89PNG\r\n\x1a\n" + bytes(5_000_000)
        hang_up = {"Connection": "close"}
        assert visitor.post("/notices/new", content=too_large, headers=hang_up).status_code == 413


def token(page: str) -> str:
    found = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    assert found
    return found
