"""Customers of the cluster, who count what goes wrong.

    python load.py http://127.0.0.1:8080 --seconds 60

Each logs in once, then goes round: who am I, place an order, look at it, look at the shop. At the
end they wait until the work of every order is done. Each request has a connection of its own.
"""

from __future__ import annotations

import argparse
import http.client
import json
import threading
import time
from collections import Counter
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

TIMEOUT = 60
WORK_SECONDS = 90
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Customer(threading.Thread):
    def __init__(self, load: Load, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self.load = load
        self.headers: dict[str, str] = {}

    def run(self) -> None:
        self.ask("POST", "/login", 200, urlencode({"name": self.name}))
        while not self.load.over.is_set():
            said = self.ask("GET", "/me", 200)
            if said is not None:
                self.load.served[said["instance"]] += 1
                if said["name"] != self.name:
                    self.load.note("another's session")
            number = str(uuid4())
            if self.ask("PUT", f"/orders/{number}", 202) is not None:
                self.load.placed.append(number)
                said = self.ask("GET", f"/orders/{number}", 200)
                if said is not None and said["customer"] != self.name:
                    self.load.note("another's order")
            self.ask("GET", "/", 200)
            self.load.over.wait(self.load.pause)

    def ask(self, method: str, path: str, expected: int, body: str = "") -> Any:
        """Answer what came back as JSON; None where that was not as expected, which is noted."""
        began = time.monotonic()
        connection = http.client.HTTPConnection(self.load.place, timeout=TIMEOUT)
        try:
            headers = self.headers | (FORM if body else {})
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            text = answer.read()
            if answer.status == 401:
                self.load.note("lost session")
            if answer.status != expected:
                return self.load.note(f"{method} {answer.status}")
            if cookie := answer.getheader("Set-Cookie"):
                self.headers["Cookie"] = cookie.partition(";")[0]
            return json.loads(text)
        except (OSError, http.client.HTTPException) as error:
            return self.load.note(f"{method} {type(error).__name__}")
        finally:
            connection.close()
            self.load.seconds.append(time.monotonic() - began)


class Load:
    """Customers at work until told that it is over."""

    def __init__(self, url: str, customers: int = 4, pause: float = 0.05) -> None:
        self.place = urlsplit(url).netloc
        self.pause = pause
        self.over = threading.Event()
        self.placed: list[str] = []
        self.seconds: list[float] = []
        self.failures: Counter[str] = Counter()
        self.served: Counter[str] = Counter()
        self.customers = [Customer(self, f"customer{n}") for n in range(customers)]
        self.began = time.monotonic()
        for customer in self.customers:
            customer.start()

    def note(self, failure: str) -> None:
        self.failures[failure] += 1

    def finish(self) -> dict[str, Any]:
        """End the visits, wait for the work, and report."""
        self.over.set()
        for customer in self.customers:
            customer.join(TIMEOUT)
        lasted = time.monotonic() - self.began
        requests, slowest = len(self.seconds), sorted(self.seconds)
        work = self.wait_for_work()
        return {
            "seconds": round(lasted, 1),
            "requests": requests,
            "failures": dict(self.failures),
            "orders": len(self.placed),
            "fulfilled": work["fulfilled"],
            "unfulfilled": work["placed"] - work["fulfilled"],
            "median_ms": round(slowest[requests // 2] * 1000, 1),
            "p99_ms": round(slowest[requests * 99 // 100] * 1000, 1),
            "slowest_ms": round(slowest[-1] * 1000, 1),
            "work_waited_seconds": round(time.monotonic() - self.began - lasted, 1),
        }

    def wait_for_work(self) -> dict[str, int]:
        deadline = time.monotonic() + WORK_SECONDS
        while True:
            said: dict[str, int] | None = self.customers[0].ask("GET", "/orders", 200)
            done = said is not None and said["placed"] == said["fulfilled"]
            if said is not None and (done or time.monotonic() > deadline):
                return said
            time.sleep(0.2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--customers", type=int, default=4)
    given = parser.parse_args()
    load = Load(given.url, given.customers)
    load.over.wait(given.seconds)
    print(json.dumps(load.finish(), indent=2))


if __name__ == "__main__":
    main()
