"""A cluster on one machine: a proxy, four hosts with the orders, two for its work, their stores.

    python cluster.py up                     start everything, until Ctrl-C or "down"
    python cluster.py up --sessions redis    the same, with the sessions kept in Redis
    python cluster.py roll                   replace the four instances, one after the other
    python cluster.py kill orders2           end an instance or a worker, as kill -9 does
    python cluster.py cut orders3            pull the cable of a host; "mend" puts it back
    python cluster.py down                   stop everything

As root on Linux each host is a network namespace with an address of its own, on one bridge;
otherwise each has a loopback address. `--folder` tells where everything lies.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from hosts import Hosts, open_hosts

HERE = Path(__file__).parent
ORDERS = HERE.parent / "orders"
INSTANCES = 4
WORKERS = 2
START_SECONDS = 60
STOP_SECONDS = 30
DEFAULT_FOLDER = Path(tempfile.gettempdir()) / "orders-cluster"


class Cluster:
    """Processes by name, and what is needed to start each again."""

    def __init__(self, folder: Path, hosts: Hosts, listen: str, sessions: str) -> None:
        self.folder = folder
        self.hosts = hosts
        self.listen = listen
        self.database = hosts.address("database", 5432)
        self.redis = hosts.address("redis", 6379)
        self.instances = {
            f"orders{n}": hosts.address(f"orders{n}", 8000) for n in range(1, INSTANCES + 1)
        }
        place, port = self.database
        self.environment = os.environ | {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}:/usr/sbin:/sbin",
            "FLASK_SECRET_KEY": secrets.token_hex(),
            "DATABASE_URL": f"host={place} port={port} user=orders dbname=postgres",
            "REDIS_URL": "redis://{}:{}/0".format(*self.redis),
            "SESSIONS": sessions,
            "JOB_SECONDS": "5",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, *command: str | Path, user: str | None = None) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                [*self.hosts.enter(name), *map(str, command)],
                cwd=ORDERS if user is None else self.folder,
                env=self.environment | {"INSTANCE": name},
                user=user,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        (self.folder / f"{name}.pid").write_text(str(self.running[name].pid))
        (self.folder / f"{name}.cable").write_text(self.hosts.cable(name))

    def stop(self, *names: str, number: int = signal.SIGTERM) -> None:
        """Tell processes to stop, all at once, and wait until they have."""
        processes = [self.running.pop(name) for name in names]
        for process in processes:
            process.send_signal(number)
        for process in processes:
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def wait(self, name: str, is_up: Callable[[], bool]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not is_up():
            if self.running[name].poll() is not None or time.monotonic() > deadline:
                log = (self.folder / f"{name}.log").read_text(errors="replace")
                raise RuntimeError(f"{name} did not start:\n{log[-3000:]}")
            time.sleep(0.05)

    def up(self) -> None:
        self.start_database()
        self.start_redis()
        subprocess.run(
            [sys.executable, "-m", "flask", "init-db"], cwd=ORDERS, env=self.environment, check=True
        )
        for name in self.instances:
            self.start_instance(name)
        for number in range(1, WORKERS + 1):
            self.start_worker(f"jobs{number}")
        for name in self.instances:
            self.wait(name, lambda name=name: self.is_healthy(name))  # type: ignore[misc]
        self.start_proxy()

    def start_database(self) -> None:
        programs = postgres_programs()
        place, port = self.database
        # PostgreSQL refuses to run as root.
        user = "nobody" if os.getuid() == 0 else None
        folder = self.folder / "database"
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir()
        if user:
            shutil.chown(folder, user)
        initialise = [programs / "initdb", "-D", folder, "-U", "orders", "-A", "trust", "-N"]
        subprocess.run(initialise, user=user, cwd=folder, stdout=subprocess.DEVNULL, check=True)
        with (folder / "pg_hba.conf").open("a") as rules:
            rules.write(f"host all orders {self.hosts.network} trust\n")
        # "-k" with nothing after it: no socket, the hosts come by the network.
        options = ["-D", folder, "-h", place, "-p", str(port), "-k", "", "-F"]
        self.start("database", programs / "postgres", *options, user=user)
        whom = ["-h", place, "-p", str(port), "-U", "orders", "-d", "postgres"]
        ready = [programs / "pg_isready", "-q", *whom]
        self.wait("database", lambda: subprocess.run(ready, check=False).returncode == 0)

    def start_redis(self) -> None:
        place, port = self.redis
        options = ["--bind", place, "--port", str(port), "--protected-mode", "no"]
        # Queued work outlives Redis.
        keeping = ["--dir", self.folder, "--save", "", "--appendonly", "yes"]
        self.start("redis", "redis-server", *options, *keeping)
        ask = ["redis-cli", "-h", place, "-p", str(port), "ping"]

        def answers() -> bool:
            return b"PONG" in subprocess.run(ask, capture_output=True, check=False).stdout

        self.wait("redis", answers)

    def start_instance(self, name: str) -> None:
        place, port = self.instances[name]
        # It sends the head and a small body of an answer at once, so no instance can die between.
        serving = ["--interface", "wsgi", "--host", place, "--port", str(port)]
        self.start(name, "granian", *serving, "--blocking-threads", "4", "app:app")

    def start_worker(self, name: str) -> None:
        options = ["--concurrency", "1", "--hostname", f"{name}@%h", "--loglevel", "warning"]
        # They need not know of each other.
        quiet = ["--without-gossip", "--without-mingle"]
        # Each looks for forgotten orders: once too often does no harm.
        beat = ["--beat", "--schedule", self.folder / f"{name}.schedule"]
        self.start(name, "celery", "-A", "tasks", "worker", *options, *quiet, *beat)

    def start_proxy(self) -> None:
        text = (HERE / "nginx.conf").read_text()
        text = text.replace("LISTEN", self.listen).replace("FOLDER", str(self.folder))
        if os.getuid() == 0:
            text = f"user root;\n{text}"
        (self.folder / "nginx.conf").write_text(text)
        self.write_upstream()
        (self.folder / "nginx").mkdir(exist_ok=True)
        command = ["nginx", "-c", self.folder / "nginx.conf", "-e", "stderr", "-p", self.folder]
        self.start("nginx", *command)
        self.wait("nginx", lambda: answers(f"http://{self.listen}/healthz"))

    def write_upstream(self, *absent: str) -> None:
        lines = [
            f"server {place}:{port} max_fails=1 fail_timeout=1s{' down' * (name in absent)};"
            for name, (place, port) in self.instances.items()
        ]
        (self.folder / "upstream.conf").write_text("\n".join(lines))

    def is_healthy(self, name: str) -> bool:
        place, port = self.instances[name]
        return answers(f"http://{place}:{port}/healthz")

    def roll(self) -> None:
        """Replace each instance: the proxy lets go of it first, and takes the new one."""
        for name in self.instances:
            if self.running[name].poll() is not None:
                continue
            self.reload_proxy(name)
            self.stop(name)
            self.start_instance(name)
            self.wait(name, lambda name=name: self.is_healthy(name))  # type: ignore[misc]
        self.reload_proxy()

    def reload_proxy(self, *absent: str) -> None:
        """Have the proxy leave out some instances; wait until it has ended what it had before."""
        process = self.running["nginx"]
        before = children(process.pid)
        self.write_upstream(*absent)
        process.send_signal(signal.SIGHUP)
        self.wait("nginx", lambda: not before & (now := children(process.pid)) and bool(now))

    def look_after(self) -> None:
        """Start again what has died."""
        for name, process in list(self.running.items()):
            if process.poll() is None:
                continue
            print(f"{name} ended with {process.returncode}, starting it again", flush=True)
            if name in self.instances:
                self.start_instance(name)
            elif name.startswith("jobs"):
                self.start_worker(name)
            else:
                raise RuntimeError(f"{name} is gone")

    def down(self) -> None:
        """Stop in the order in which nobody misses anybody."""
        for kind in ("nginx", "orders", "jobs", "redis", "database"):
            # PostgreSQL's own word for "at once, but clean" is SIGINT.
            number = signal.SIGINT if kind == "database" else signal.SIGTERM
            self.stop(*[name for name in self.running if name.startswith(kind)], number=number)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def children(pid: int) -> set[int]:
    words = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {int(word) for word in words}


def postgres_programs() -> Path:
    """Answer the folder of the newest PostgreSQL; Debian keeps it off the search path."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    if on_path := shutil.which("initdb"):
        found.append(Path(on_path).resolve().parent)
    if not found:
        raise RuntimeError("no PostgreSQL server (Debian: apt-get install postgresql)")
    return max(found, key=str)


def up(folder: Path, listen: str, sessions: str, namespaces: bool) -> None:
    """Start everything, and look after it until told to stop."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    told: set[int] = set()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda number, _: told.add(number))
    with open_hosts(namespaces) as hosts:
        cluster = Cluster(folder, hosts, listen, sessions)
        try:
            cluster.up()
            (folder / "pid").write_text(str(os.getpid()))
            print(f"ready on http://{listen}, {hosts}", flush=True)
            rolls = 0
            while not told & {signal.SIGTERM, signal.SIGINT}:
                if signal.SIGHUP in told:
                    told.remove(signal.SIGHUP)
                    cluster.roll()
                    rolls += 1
                    (folder / "rolls").write_text(str(rolls))
                cluster.look_after()
                time.sleep(0.1)
        finally:
            cluster.down()
            (folder / "pid").unlink(missing_ok=True)
    print("stopped", flush=True)


def tell(folder: Path, number: int, is_done: Callable[[], bool]) -> None:
    """Signal the process that started the cluster, and wait until it has obeyed."""
    pid = int((folder / "pid").read_text())
    os.kill(pid, number)
    deadline = time.monotonic() + START_SECONDS * 2
    while not is_done():
        if time.monotonic() > deadline:
            raise SystemExit("not done; see the logs in the folder")
        time.sleep(0.1)


def rolls(folder: Path) -> int:
    try:
        return int((folder / "rolls").read_text())
    except FileNotFoundError:
        return 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=["up", "roll", "kill", "cut", "mend", "down"])
    parser.add_argument("name", nargs="?")
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER)
    parser.add_argument("--listen", default="127.0.0.1:8080")
    parser.add_argument("--sessions", choices=["cookie", "redis"], default="cookie")
    parser.add_argument("--no-namespaces", action="store_true")
    given = parser.parse_args()
    folder = given.folder.resolve()
    if given.command == "up":
        up(folder, given.listen, given.sessions, not given.no_namespaces)
    elif given.command == "roll":
        before = rolls(folder)
        tell(folder, signal.SIGHUP, lambda: rolls(folder) > before)
    elif given.command == "kill":
        os.killpg(int((folder / f"{given.name}.pid").read_text()), signal.SIGKILL)
    elif given.command in ("cut", "mend"):
        cable = (folder / f"{given.name}.cable").read_text()
        state = "down" if given.command == "cut" else "up"
        subprocess.run(["ip", "link", "set", cable, state], check=True)
    else:
        tell(folder, signal.SIGTERM, lambda: not (folder / "pid").exists())


if __name__ == "__main__":
    main()
