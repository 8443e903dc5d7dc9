"""docs/deploy/google-cloud.md, carried out."""

from __future__ import annotations

from deploy_host import DEPLOY, Host
from deploy_pages import commands, only
from deploy_site import Site, check_page, check_place, check_session, check_stream, check_upload

FRAMEWORK = only("google-cloud", "functions-framework")


def test_every_command_of_the_page_is_run_here() -> None:
    assert commands("google-cloud") == [FRAMEWORK]


def test_probe_is_served_as_a_function(host: Host) -> None:
    folder = host.install_probe()
    host.install(DEPLOY / "google" / "main.py", "/srv/board/main.py")
    site = Site(host.endpoint())
    address, port = site.endpoint.split(":")
    ports = {"127.0.0.1": address, "8080": port}
    process = host.start(FRAMEWORK, folder, ports)
    site.wait(process)
    with site.visitor() as visitor:
        check_page(visitor, site)
        check_place(visitor, site)
        check_session(visitor, site)
        check_upload(visitor, site)
        check_stream(visitor, host)
        # The framework's own, whatever the application has.
        assert visitor.get("/robots.txt").status_code == 404
