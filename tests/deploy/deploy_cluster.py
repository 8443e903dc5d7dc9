"""The cluster of docs/deploy/cluster.md: started, loaded, broken, and stopped."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

from deploy_host import DEPLOY, Host, Process, needs, wait_until
from deploy_pages import commands, only

FOLDER = DEPLOY / "cluster"
PLAIN = "python cluster.py up"
UP = {"cookie": PLAIN, "redis": f"{PLAIN} --sessions redis"}
LOAD = only("cluster", "load.py")
ROLL = only("cluster", " roll")
KILLS = [command for command in commands("cluster") if " kill " in command]
CUT = only("cluster", " cut ")
MEND = only("cluster", " mend ")
DOWN = only("cluster", " down")
ROLL_SECONDS = 120
INSTANCES = [f"orders{number}" for number in range(1, 5)]


def load_module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("cluster_load", FOLDER / "load.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Cluster:
    """The cluster of the page, at a free address, in a folder of the test."""

    def __init__(self, host: Host, up: str, *options: str) -> None:
        self.host = host
        self.folder = host.root / "cluster"
        self.listen = host.endpoint()
        self.where = f" --folder {self.folder}"
        command = " ".join([up + self.where, f"--listen {self.listen}", *options])
        self.process: Process = host.start(command, FOLDER)

    def wait(self) -> None:
        self.process.wait_until(lambda: "ready on" in self.process.log)

    def run(self, command: str) -> str:
        return self.host.run(command + self.where, FOLDER, ROLL_SECONDS)

    def pid(self, name: str) -> str:
        return (self.folder / f"{name}.pid").read_text()

    @property
    def has_cables(self) -> bool:
        return "namespaces" in self.process.log


def check_that_nothing_is_lost(host: Host, sessions: str, *options: str) -> None:
    """Replace, kill and cut off instances under load; no request, session or job may be lost."""
    needs("nginx", "nginx")
    needs("redis-server", "redis-server")
    if not [*Path("/usr/lib/postgresql").glob("*/bin/initdb")]:
        needs("initdb", "postgresql")
    cluster = Cluster(host, UP[sessions], *options)
    cluster.wait()
    load = load_module().Load(f"http://{cluster.listen}")
    try:
        goes_on(load)
        before = [cluster.pid(name) for name in INSTANCES]
        cluster.run(ROLL)
        assert not set(before) & {cluster.pid(name) for name in INSTANCES}
        goes_on(load)
        for command in KILLS:
            name = command.split()[-1]
            killed = cluster.pid(name)
            cluster.run(command)
            wait_until(lambda name=name, killed=killed: cluster.pid(name) not in ("", killed))
        goes_on(load)
        if cluster.has_cables:
            cluster.run(CUT)
            goes_on(load)
            cluster.run(MEND)
        goes_on(load)
    finally:
        load.over.set()
    report = load.finish()
    assert report["failures"] == {}, report
    assert report["unfulfilled"] == 0, report
    assert report["fulfilled"] >= report["orders"] > 20, report
    assert set(load.served) == set(INSTANCES)

    # The same by the command line; then all of it is stopped.
    said = json.loads(host.run(at(LOAD, cluster), FOLDER, ROLL_SECONDS))
    assert said["failures"] == {}
    cluster.run(DOWN)
    assert cluster.process.popen.wait(60) == 0
    assert cluster.process.log.endswith("stopped\n")


def goes_on(load: object, orders: int = 20) -> None:
    """Wait until customers have placed some more orders."""
    placed: list[str] = load.placed  # type: ignore[attr-defined]
    enough = len(placed) + orders
    wait_until(lambda: len(placed) >= enough, "orders are not placed any more")


def at(command: str, cluster: Cluster) -> str:
    return command.replace("--seconds 20", "--seconds 1").replace("127.0.0.1:8080", cluster.listen)
