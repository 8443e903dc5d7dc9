"""An application that is used before processes fork; as a script, one that forks while busy."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
import time
import warnings

from flask import Flask, g, render_template_string, request, session

CHILDREN = 40
CHILD_SECONDS = 20
PATHS = ("/plain", "/later", "/page", "/kept")


def create_app() -> Flask:
    app = Flask(__name__)
    app.secret_key = "a key for the time of a fork"

    @app.before_request
    def keep() -> None:
        g.token = request.args.get("token", "")

    @app.route("/pid")
    def pid() -> str:
        return str(os.getpid())

    @app.route("/plain")
    def plain() -> str:
        return str(g.token)

    @app.route("/later")
    async def later() -> str:
        await asyncio.sleep(0.001)
        return str(g.token)

    @app.route("/page")
    def page() -> str:
        return render_template_string("{{ g.token }}")

    @app.route("/kept")
    def kept() -> str:
        session["token"] = g.token
        return str(session["token"])

    return app


def use(app: Flask, times: int, name: str = "use") -> list[str]:
    """Ask for every path; the answer is what was wrong."""
    wrong = []
    client = app.test_client()
    for number in range(times):
        for path in PATHS:
            token = f"{name}-{number}"
            response = client.get(f"{path}?token={token}")
            if response.text != token:
                wrong.append(f"{path}: {response.status}, {response.text[:80]!r}")
    return wrong


def use_in_threads(app: Flask) -> None:
    threads = [threading.Thread(target=use, args=(app, 3)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    use(app, 3)


def fork_one(app: Flask) -> int:
    """Fork a child that uses the application and ends with the number of wrong answers."""
    child = os.fork()
    if child == 0:
        status = 99
        try:
            # A child that hangs ends by the alarm.
            signal.alarm(CHILD_SECONDS)
            status = len(use(app, 2, "child"))
        finally:
            os._exit(status)
    return child


def main() -> None:
    # Python warns that a child of a process with threads may hang; this is the test that it won't.
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    app = create_app()
    use_in_threads(app)
    done = threading.Event()
    wrong: list[str] = []

    def keep_busy(name: str) -> None:
        while not done.is_set():
            wrong.extend(use(app, 1, name))

    threads = [threading.Thread(target=keep_busy, args=(f"parent{n}",)) for n in range(2)]
    for thread in threads:
        thread.start()
    failures = []
    for number in range(CHILDREN):
        if number == CHILDREN // 2:
            # A new application, whose first use may be under way in a thread when the child comes.
            app = create_app()
        child = fork_one(app)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if status != 0:
            failures.append(f"child {number} ended with {status}")
        time.sleep(0.001)
    done.set()
    for thread in threads:
        thread.join()
    failures += sorted(set(wrong))
    print(json.dumps({"tried": CHILDREN, "failures": failures}))


if __name__ == "__main__":
    main()
else:
    app = create_app()
    use_in_threads(app)
