"""docs/deploy/container.md, carried out without an engine: the image is built, and composed.

With HIPFLASK_DEBOOTSTRAP=1 the roots are made by debootstrap, which takes minutes; else this
machine's own root is the base.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from deploy_container import Build, Image, debootstrapped, instructions, overlay_of_this_machine
from deploy_host import DEPLOY, ROOT, Host, Process, needs, wait_until
from deploy_pages import commands

sys.path.insert(0, str(DEPLOY / "cluster"))

from hosts import NamespaceHosts

FOLDER = DEPLOY / "container"
COMPOSE = yaml.safe_load((FOLDER / "compose.yaml").read_text())
SECRETS = {"SECRET_KEY": "of the test", "DATABASE_PASSWORD": "secret"}
POSTGRES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
# One process has all of this file, or the image would be built twice (pytest -n 2 --dist loadfile).
pytestmark = pytest.mark.timeout(500)

NOBODY = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]


def test_every_command_of_the_page_is_run_here() -> None:
    assert commands("container") == []


def test_dockerfile_has_stages_and_does_not_run_as_root() -> None:
    found = instructions(FOLDER / "Dockerfile")
    names = [name for name, _ in found]
    assert names.count("FROM") == 2
    assert "HEALTHCHECK" in names
    (user,) = [text for name, text in found if name == "USER"]
    assert user.isdigit()
    assert user != "0"


class Composition:
    """The services of compose.yaml, each on a host of its own that knows the others by name."""

    def __init__(self, host: Host, image: Image, hosts: NamespaceHosts) -> None:
        self.host = host
        self.image = image
        self.hosts = hosts
        self.processes: dict[str, Process] = {}
        # All addresses first: a name has to be known before its service runs.
        names = "\n".join(f"{hosts.address(name, 0)[0]} {name}" for name in COMPOSE["services"])
        self.names = host.root / "hosts"
        self.names.write_text(f"127.0.0.1 localhost\n{names}\n")
        Path(f"{image.root}/etc/hosts").write_text(self.names.read_text())

    def setting(self, service: str, key: str, default: Any = None) -> Any:
        return COMPOSE["services"][service].get(key, default)

    def environment(self, service: str) -> dict[str, str]:
        """The variables of a service, with the secrets in their places."""
        given: dict[str, str] = self.setting(service, "environment", {})
        return {
            name: re.sub(r"\$\{(\w+):\?[^}]*\}", lambda found: SECRETS[found[1]], value)
            for name, value in given.items()
        }

    def up(self) -> None:
        """Start each service when those it depends on are as it wants them."""
        waiting = list(COMPOSE["services"])
        ended: set[str] = set()
        while waiting:
            ready = [name for name in waiting if set(self.setting(name, "depends_on", {})) <= ended]
            assert ready, f"these wait for each other: {waiting}"
            for name in ready:
                self.wait_for_dependencies(name)
                self.start(name)
                waiting.remove(name)
            ended |= set(ready)

    def wait_for_dependencies(self, service: str) -> None:
        for name, wanted in self.setting(service, "depends_on", {}).items():
            process = self.processes[name]
            if wanted["condition"] == "service_healthy":
                process.wait_until(lambda name=name: self.is_healthy(name))
            else:
                assert wanted["condition"] == "service_completed_successfully"
                assert process.popen.wait(60) == 0, process.last_words

    def start(self, service: str) -> None:
        command = self.command(service)
        self.processes[service] = self.host.start([*self.hosts.enter(service), *command])

    def command(self, service: str) -> list[str]:
        image = str(self.setting(service, "image", "")).partition(":")[0]
        own = self.setting(service, "command")
        if not image:
            assert self.setting(service, "read_only")
            command = own or self.image.command
            return self.image.entering(command, self.environment(service), read_only=True)
        folder = self.host.root / service
        folder.mkdir(mode=0o777)
        folder.chmod(0o777)
        if image == "postgres":
            return self.postgres(folder, self.environment(service))
        if image == "redis":
            return [*own, "--dir", str(folder), "--protected-mode", "no"]
        assert image == "nginx"
        (volume,) = self.setting(service, "volumes")
        source, target, _ = volume.split(":")
        mounts = [
            f"mount --bind {FOLDER / source} {target}",
            f"mount --bind {self.names} /etc/hosts",
            "mount -t tmpfs tmpfs /tmp",
            "mount -t tmpfs tmpfs /var/lib/nginx",
        ]
        program = " && ".join([*mounts, "exec nginx -g 'daemon off; user root;'"])
        return ["unshare", "--mount", "sh", "-c", program]

    def postgres(self, folder: Path, variables: dict[str, str]) -> list[str]:
        """Do what the image's own start script does with its variables."""
        data = folder / "data"
        password = folder / "password"
        password.write_text(variables["POSTGRES_PASSWORD"])
        user = variables["POSTGRES_USER"]
        initialise = [f"{POSTGRES[-1]}/initdb", "-D", str(data), "-U", user, "-N"]
        rules = ["-A", "scram-sha-256", f"--pwfile={password}"]
        subprocess.run([*NOBODY, *initialise, *rules], check=True, capture_output=True, cwd=folder)
        with (data / "pg_hba.conf").open("a") as file:
            file.write("host all all all scram-sha-256\n")
        server = [f"{POSTGRES[-1]}/postgres", "-D", str(data), "-k", str(folder), "-F"]
        single = [*server[:1], "--single", "-D", str(data), "postgres"]
        create = f"create database {variables['POSTGRES_DB']}\n".encode()
        subprocess.run([*NOBODY, *single], input=create, check=True, capture_output=True)
        return [*NOBODY, *server, "-h", "*"]

    def is_healthy(self, service: str) -> bool:
        """Run a service's check as an engine would, on its own host."""
        check = self.setting(service, "healthcheck", {}).get("test")
        command = check[1:] if check else self.image.health
        if not self.setting(service, "image"):
            command = self.image.entering(command, self.environment(service), read_only=True)
        elif command[0] == "pg_isready":
            command = [f"{POSTGRES[-1]}/pg_isready", *command[1:]]
        words = [*self.hosts.enter(service), *command]
        done = subprocess.run(words, capture_output=True, timeout=30, check=False)
        return done.returncode == 0


@pytest.fixture(scope="module")
def composition(host_of_module: Host) -> Iterator[Composition]:
    host = host_of_module
    if os.getuid() != 0:
        pytest.skip("only root can make the roots and networks of containers")
    for program, package in (("nginx", "nginx"), ("redis-server", "redis-server")):
        needs(program, package)
    needs("ip", "iproute2")
    if not POSTGRES:
        needs("initdb", "postgresql")
    in_full = bool(os.environ.get("HIPFLASK_DEBOOTSTRAP"))
    if in_full:
        needs("debootstrap", "debootstrap")
    place = host.root / "images"
    place.mkdir()
    with ExitStack() as stack:
        base = debootstrapped if in_full else overlay_of_this_machine
        began = time.monotonic()
        image = Build(ROOT, place, base, stack).carry_out(FOLDER / "Dockerfile")
        print(f"built in {time.monotonic() - began:.0f} s")
        hosts = NamespaceHosts(at_home=())
        stack.callback(hosts.close)
        made = Composition(host, image, hosts)
        try:
            made.up()
            yield made
        finally:
            for process in made.processes.values():
                if process.popen.poll() is None:
                    process.stop(signal.SIGKILL)


def test_image_has_what_it_needs_and_nothing_to_build_with(composition: Composition) -> None:
    image = composition.image
    said = image.run(["python3", "-c", "import flask; print(flask.__file__)"])
    assert said.startswith("/opt/venv/")
    assert image.ports == ["8000"]
    assert not Path(f"{image.root}/build").exists()
    version = image.run(["flask", "--version"])
    assert "Hipflask" in version


def test_shop_works_behind_the_proxy(composition: Composition) -> None:
    web = composition.processes["web"]
    place, _ = composition.hosts.address("web", 80)
    with httpx.Client(base_url=f"http://{place}", timeout=30) as visitor:

        def answers() -> bool:
            try:
                return visitor.get("/healthz").status_code == 200
            except httpx.TransportError:
                return False

        web.wait_until(answers)
        assert visitor.post("/login", data={"name": "Anna"}).json() == {"name": "Anna"}
        # In Redis, not in the cookie.
        assert "." not in visitor.cookies["session"]
        number = "6f1c7d9e-0b56-4f7e-9d2c-6a3f0c6b3a55"
        placed = visitor.put(f"/orders/{number}")
        assert placed.status_code == 202, composition.processes["app"].last_words
        wait_until(
            lambda: visitor.get(f"/orders/{number}").json()["fulfilled"],
            lambda: composition.processes["worker"].last_words,
        )


def test_containers_run_as_the_user_and_cannot_change_themselves(
    composition: Composition,
) -> None:
    for service in ("app", "worker"):
        process = composition.processes[service]
        assert process.popen.poll() is None, process.last_words
        pid = process.pid
        status = Path(f"/proc/{pid}/status").read_text()
        found = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        assert set(found["Uid"].split()) == {composition.image.user}
        assert int(found["CapEff"], 16) == int(found["CapBnd"], 16) == 0
        assert found["NoNewPrivs"] == "1"
        root = Path(f"/proc/{pid}/root")
        assert os.statvfs(root).f_flag & os.ST_RDONLY
        assert not os.statvfs(root / "tmp").f_flag & os.ST_RDONLY


def test_check_fails_without_the_database_and_the_container_stops_when_told(
    composition: Composition,
) -> None:
    assert composition.is_healthy("app")
    assert composition.is_healthy("worker")
    database = composition.processes["database"]
    database.stop(signal.SIGINT)
    assert not composition.is_healthy("app")
    number = signal.Signals[composition.image.stop_signal]
    for service in ("app", "worker"):
        process = composition.processes[service]
        assert process.stop(number) == 0, process.last_words
