"""The machine's clock is moved while sessions are open."""

from __future__ import annotations

from reliability.faults.asking import ask
from reliability.faults.case import Trial, case
from reliability.faults.errors import KINDS
from reliability.servers import TITLES, Server, serving

APP = "reliability.faults.clock_app:app"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
BACKWARD = (-5, -3600, -86_400 * 40, -1_700_000_000)
FORWARD = (5, 3600, 86_400 * 30)
LIFETIME = 86_400 * 31


@case("clock moved")
def move_clock(trial: Trial) -> None:
    """The clock is moved backward (5 seconds to 54 years) and forward under signed sessions: never
    an error; a session signed in what is now the future is either read or refused, and a new one
    works at once; once the clock is right again, the old one is read as before; past its lifetime
    it is refused."""
    for kind in KINDS:
        trial.place = TITLES[kind]
        with serving(kind, APP, python=trial.python) as server:
            for query in ("", "?permanent=1"):
                cookie = enter(server, query)
                for seconds in (*BACKWARD, *FORWARD):
                    trial.tried += 1
                    trial.place = f"{TITLES[kind]}, {query or 'not permanent'}, {seconds} s"
                    move(server, seconds)
                    reply = ask(server.port, "/who", headers=cookie)
                    allowed = ("ada", "None") if seconds < 0 else ("ada",)
                    is_right = reply.status == 200 and reply.text in allowed
                    trial.expect(is_right, f"{reply.status} {reply.text[:60]!r}")
                    if reply.text == "None":
                        trial.remark(
                            "a session signed later than now is refused until the clock has come "
                            "to that time again (itsdangerous checks so)"
                        )
                    fresh = ask(server.port, "/who", headers=enter(server, query))
                    trial.equal((fresh.status, fresh.text), (200, "ada"), "a new session")
                    move(server, 0)
                    reply = ask(server.port, "/who", headers=cookie)
                    trial.equal((reply.status, reply.text), (200, "ada"), "with the clock right")
                move(server, LIFETIME + 60)
                reply = ask(server.port, "/who", headers=cookie)
                trial.equal((reply.status, reply.text), (200, "None"), "past its lifetime")
                move(server, 0)


def enter(server: Server, query: str) -> dict[str, str]:
    return {"Cookie": ask(server.port, f"/enter{query}").cookie}


def move(server: Server, seconds: int) -> None:
    ask(server.port, "/clock", "POST", f"seconds={seconds}".encode(), FORM)
