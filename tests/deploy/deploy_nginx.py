"""nginx as a test runs it: a site of the guides in a frame without system folders."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from deploy_host import Host, Process, needs

# What Debian's own nginx.conf says, as far as it matters to a site, with places of the test.
FRAME = """
{user}
worker_processes 1;
pid {root}/nginx.pid;
error_log stderr;
daemon off;
events {{
    worker_connections 512;
}}
http {{
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    sendfile on;
    gzip on;
    access_log off;
    client_body_temp_path {root}/nginx/body;
    proxy_temp_path {root}/nginx/proxy;
    fastcgi_temp_path {root}/nginx/fastcgi;
    uwsgi_temp_path {root}/nginx/uwsgi;
    scgi_temp_path {root}/nginx/scgi;
    include {root}/etc/nginx/site.conf;
}}
"""


def serve_with_nginx(host: Host, site: Path, ports: Mapping[str, str]) -> Process:
    """Start nginx with a site's file, and with those that lie beside it."""
    program = needs("nginx", "nginx")
    folder = host.at("/etc/nginx")
    folder.mkdir(parents=True)
    for found in Path("/etc/nginx").iterdir():
        # uwsgi_params and its like: included by bare names, which mean this folder.
        if found.is_file():
            shutil.copy(found, folder)
    for found in site.parent.glob("*.conf"):
        if found != site:
            host.install(found, f"/etc/nginx/{found.name}")
    host.install(site, "/etc/nginx/site.conf", ports)
    host.at("/nginx").mkdir()
    # The application's socket is open to its own user, who here is this one.
    user = "user root root;" if os.getuid() == 0 else ""
    frame = folder / "nginx.conf"
    frame.write_text(FRAME.format(user=user, root=host.root))
    return host.start([program, "-c", str(frame), "-p", str(folder), "-e", "stderr"])
