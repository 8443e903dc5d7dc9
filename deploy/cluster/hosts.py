"""The hosts of a cluster that has one machine: network namespaces, or just addresses."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

Address = tuple[str, int]


class Hosts:
    """Loopback addresses, of which Linux has sixteen million: one for each."""

    network = "127.0.0.0/8"

    def __init__(self) -> None:
        number = os.getpid()
        self.subnet = f"127.{1 + number % 250}.{number // 250 % 250}"
        self.names: list[str] = []

    def address(self, name: str, port: int) -> Address:
        """Answer where a service listens; `port` is the usual one."""
        if name not in self.names:
            self.add(name)
        return f"{self.subnet}.{10 + self.names.index(name)}", port

    def add(self, name: str) -> None:
        self.names.append(name)

    def enter(self, name: str) -> list[str]:
        """Answer what to put before a command that is to run on a host."""
        return []

    def cable(self, name: str) -> str:
        """Answer the network interface that a host hangs on, if it has one of its own."""
        return ""

    def close(self) -> None:
        pass

    def __str__(self) -> str:
        return f"hosts are addresses in {self.network}"


class NamespaceHosts(Hosts):
    """Each a network namespace with an address of its own, all on one bridge."""

    def __init__(self, at_home: Sequence[str] = ("nginx", "database", "redis")) -> None:
        # These live where the bridge is; all others are hosts of their own.
        super().__init__()
        self.at_home = at_home
        number = os.getpid()
        self.mark = f"hf{number % 100_000}"
        self.subnet = f"10.{200 + number % 50}.{number // 50 % 250}"
        self.network = f"{self.subnet}.0/24"
        ip("link", "add", self.bridge, "type", "bridge")
        try:
            ip("address", "add", f"{self.subnet}.1/24", "dev", self.bridge)
            ip("link", "set", self.bridge, "up")
        except subprocess.CalledProcessError:
            self.close()
            raise

    @property
    def bridge(self) -> str:
        return f"{self.mark}br"

    def address(self, name: str, port: int) -> Address:
        if name in self.at_home:
            return f"{self.subnet}.1", port
        return super().address(name, port)

    def enter(self, name: str) -> list[str]:
        if name in self.at_home:
            return []
        self.address(name, 0)
        return ["ip", "netns", "exec", self.namespace(name)]

    def add(self, name: str) -> None:
        super().add(name)
        inside = self.namespace(name)
        ip("netns", "add", inside)
        cable = ["link", "add", self.cable(name), "type", "veth"]
        ip(*cable, "peer", "name", "eth0", "netns", inside)
        ip("link", "set", self.cable(name), "master", self.bridge, "up")
        ip("-n", inside, "address", "add", f"{self.address(name, 0)[0]}/24", "dev", "eth0")
        ip("-n", inside, "link", "set", "eth0", "up")
        ip("-n", inside, "link", "set", "lo", "up")

    def namespace(self, name: str) -> str:
        return f"{self.mark}-{name}"

    def cable(self, name: str) -> str:
        return "" if name in self.at_home else f"{self.mark}v{self.names.index(name)}"

    def close(self) -> None:
        # A namespace goes with its end of the cable, and so does the other end.
        for name in self.names:
            subprocess.run(["ip", "netns", "delete", self.namespace(name)], check=False)
        subprocess.run(["ip", "link", "delete", self.bridge], check=False)

    def __str__(self) -> str:
        return f"hosts are namespaces on {self.network}"


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@contextmanager
def open_hosts(namespaces: bool) -> Iterator[Hosts]:
    """Make hosts: namespaces if wanted and possible, else addresses."""
    hosts = Hosts()
    if namespaces and os.getuid() == 0 and shutil.which("ip"):
        try:
            hosts = NamespaceHosts()
        except subprocess.CalledProcessError as error:
            print(f"no namespaces: {error.stderr.decode().strip()}", flush=True)
    try:
        yield hosts
    finally:
        hosts.close()
