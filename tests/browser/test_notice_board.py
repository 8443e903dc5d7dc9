"""A walk through the notice board in a real browser, against a real server."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from server_process import Server, python, running
from testkit.processes import clean_environment

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = shutil.which("chromium")
EXAMPLE = Path(__file__).parents[2] / "examples" / "notice_board"
FLASK = python("-m", "flask", "--app", "notice_board")

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium package"),
]


@pytest.fixture(scope="module", params=[[], ["--asgi"]], ids=["wsgi", "asgi"])
def board(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """The demo as its README starts it, and by ASGI, with its data in a folder of its own."""
    folder = tmp_path_factory.mktemp("board")
    settings = {
        "FLASK_DATABASE": str(folder / "board.sqlite3"),
        "FLASK_UPLOAD_FOLDER": str(folder / "uploads"),
        "FLASK_SECRET_KEY": "a key for tests",
        "FLASK_MAX_CONTENT_LENGTH": "262144",
    }
    for command in ("init-db", "seed"):
        subprocess.run(
            [*FLASK, command],
            cwd=EXAMPLE,
            env=clean_environment() | settings,
            check=True,
            timeout=60,
            capture_output=True,
        )
    command = [*FLASK, "run", *request.param, "--port", "0"]
    with running(command, EXAMPLE, folder / "log", **settings) as server:
        yield server


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


class Walk:
    """One visitor with a window, who takes pictures on the way."""

    def __init__(self, page: Page, base: str, screenshots: Path) -> None:
        self.page, self.base, self.screenshots = page, base, screenshots
        self.taken = 0
        self.failures: list[str] = []
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: self.failures.append(str(error)))
        page.on(
            "console",
            lambda message: (
                self.failures.append(message.text)
                if message.type == "error" and "Failed to load resource" not in message.text
                else None
            ),
        )

    def visit(self, path: str) -> int:
        response = self.page.goto(self.base + path)
        assert response is not None
        return response.status

    def heading(self) -> str:
        return self.page.locator("h1").inner_text()

    def message(self) -> str:
        return self.page.locator(".message").first.inner_text()

    def titles(self) -> list[str]:
        return self.page.locator(".card h2").all_inner_texts()

    def press(self, name: str) -> None:
        """Press the button, or follow the link, of this name."""
        button = self.page.get_by_role("button", name=name, exact=True)
        link = self.page.get_by_role("link", name=name, exact=True)
        button.or_(link).first.click()

    def picture(self, name: str) -> None:
        self.taken += 1
        path = self.screenshots / f"{self.taken:02}-{name}.png"
        self.page.screenshot(path=path, full_page=True)


def test_visitor_walks_through_the_notice_board(
    board: Server, browser: Browser, tmp_path: Path, screenshots: Path
) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 860})
    walk = Walk(page, board.url, screenshots)

    assert walk.visit("/") == 200
    assert walk.heading() == "What\u2019s going on around the square?"
    assert len(walk.titles()) == 9
    assert_pictures_load(page)
    walk.picture("board")

    register(walk)
    put_up_notice(walk, tmp_path)
    search(walk)
    edit(walk)
    respect_others(walk)
    too_big(walk, tmp_path)
    take_down(walk)
    log_out_and_in(walk)

    assert walk.visit("/no/such/page") == 404
    assert walk.heading() == "Nothing pinned here"
    walk.picture("not-found")

    assert walk.failures == []
    assert "Traceback" not in board.log


def register(walk: Walk) -> None:
    page = walk.page
    walk.press("Register")
    page.get_by_label("Name").fill("no")
    page.get_by_label("Password", exact=True).fill("a long password")
    page.get_by_label("Password again").fill("another password")
    page.locator("main button").click()
    assert page.locator(".error").count() == 2
    walk.picture("register-errors")

    page.get_by_label("Name").fill("Paula")
    page.get_by_label("Password", exact=True).fill("a long password")
    page.get_by_label("Password again").fill("a long password")
    page.locator("main button").click()
    assert walk.message() == "Welcome to the board, Paula!"
    walk.picture("welcome")


def put_up_notice(walk: Walk, folder: Path) -> None:
    page = walk.page
    photo = folder / "photo.png"
    page.locator(".card .photo").nth(1).screenshot(path=photo)

    walk.press("New notice")
    walk.press("Put it up")
    assert page.locator(".error").count() == 3
    walk.picture("new-errors")

    page.get_by_label("Title").fill("Wooden ladder to lend")
    page.get_by_role("radio", name="Lending a hand").check()
    page.get_by_label("Text").fill("Three metres, three legs.\n\nRing at number 5 <any time>.")
    page.get_by_label("Picture").set_input_files(photo)
    page.locator("#preview").wait_for(state="visible")
    walk.picture("new-filled")
    walk.press("Put it up")

    assert walk.message() == "Your notice is on the board."
    assert walk.heading() == "Wooden ladder to lend"
    assert page.locator(".prose p").all_inner_texts() == [
        "Three metres, three legs.",
        "Ring at number 5 <any time>.",
    ]
    assert_pictures_load(page)
    walk.picture("notice")


def search(walk: Walk) -> None:
    page = walk.page
    walk.visit("/")
    page.get_by_role("searchbox").fill("ladder legs")
    walk.press("Search")
    assert walk.titles() == ["Wooden ladder to lend"]
    walk.picture("search")
    page.get_by_role("searchbox").fill("the")
    walk.press("Search")
    page.locator("a[rel=next]").click()
    assert re.search(r"[?&]q=the&page=2$", page.url)
    page.get_by_role("navigation", name="Categories").get_by_text("Events").click()
    assert page.locator(".card.events").count() == page.locator(".card").count() > 0


def edit(walk: Walk) -> None:
    page = walk.page
    walk.visit("/?q=ladder")
    page.get_by_role("link", name="Wooden ladder to lend").click()
    walk.press("Edit")
    assert page.get_by_label("Title").input_value() == "Wooden ladder to lend"
    page.get_by_label("Title").fill("Wooden ladder, lent until Sunday")
    walk.picture("edit")
    walk.press("Save changes")
    assert walk.message() == "Your changes are saved."
    assert walk.heading() == "Wooden ladder, lent until Sunday"
    assert_pictures_load(page)


def respect_others(walk: Walk) -> None:
    assert walk.visit("/notices/1/edit") == 403
    assert walk.heading() == "This one is not yours"
    walk.picture("forbidden")


def too_big(walk: Walk, folder: Path) -> None:
    page = walk.page
    big = folder / "big.png"
    big.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(300_000))
    walk.visit("/notices/new")
    page.get_by_label("Title").fill("A very big picture")
    page.get_by_label("Picture").set_input_files(big)
    walk.press("Put it up")
    assert walk.heading() == "That is too big for our board"
    walk.picture("too-big")


def take_down(walk: Walk) -> None:
    walk.visit("/people/Paula")
    walk.picture("person")
    walk.page.get_by_role("link", name="Wooden ladder, lent until Sunday").click()
    walk.press("Take down")
    assert walk.heading() == "Take down this notice?"
    walk.picture("take-down")
    walk.press("Take it down")
    assert walk.message() == "“Wooden ladder, lent until Sunday” is taken down."
    assert "Wooden ladder, lent until Sunday" not in walk.titles()


def log_out_and_in(walk: Walk) -> None:
    page = walk.page
    walk.press("Log out")
    assert walk.message() == "You are logged out. See you soon!"
    assert session_expiry(page) is None

    walk.visit("/notices/new")
    assert walk.message() == "Please log in first."
    page.get_by_label("Name").fill("paula")
    page.get_by_label("Password").fill("a long password")
    page.get_by_label("Remember me on this device").check()
    walk.picture("log-in")
    page.locator("main button").click()
    assert walk.heading() == "Put up a notice"
    expiry = session_expiry(page)
    assert expiry is not None
    assert expiry > 0, "a remembered login outlives the browser"
    walk.press("Log out")


def session_expiry(page: Page) -> float | None:
    """Return when the session cookie expires: -1 with the browser, None without a cookie."""
    found = [c.get("expires") for c in page.context.cookies() if c.get("name") == "session"]
    return found[0] if found else None


def assert_pictures_load(page: Page) -> None:
    broken = page.evaluate(
        """async () => {
            const images = [...document.images].filter((image) => !image.hidden);
            for (const image of images) image.loading = "eager";
            await Promise.allSettled(images.map((image) => image.decode()));
            return images.filter((image) => !image.naturalWidth).map((image) => image.src);
        }"""
    )
    assert broken == []


def test_board_fits_a_phone_and_the_dark(
    board: Server, browser: Browser, screenshots: Path
) -> None:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, device_scale_factor=2, color_scheme="dark"
    )
    page = context.new_page()
    for name, path in (("board", "/"), ("notice", "/notices/24"), ("log-in", "/login")):
        page.goto(board.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        page.screenshot(path=screenshots / f"phone-{name}.png")
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert max(int(part) for part in re.findall(r"\d+", background)) < 64
