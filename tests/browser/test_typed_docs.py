"""The documentation page in a real browser: readable, usable by keyboard, true to its policy."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
import pytest
from werkzeug.serving import make_server

from flask import Flask, abort, request
from flask.openapi import OpenAPI, operation
from flask.params import Body, File, Form, Query

CHROMIUM = shutil.which("chromium")
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium package"),
]


class Item(msgspec.Struct):
    """A thing."""

    name: Annotated[str, msgspec.Meta(min_length=1)]
    tags: list[str] = []


def create_app() -> Flask:
    app = Flask(__name__)
    OpenAPI(
        app,
        title="Shop",
        description="Sells *things*.",
        security_schemes={
            "token": {"type": "http", "scheme": "bearer"},
            "login": {"type": "http", "scheme": "basic"},
        },
        security=["token"],
    )

    @app.put("/items/<int:number>")
    @operation(tags=["items"])
    def put(number: int, item: Body[Item], page: Query[int] = 1) -> Item:
        """Store an item."""
        if request.headers.get("Authorization") != "Bearer secret":
            abort(401)
        return item

    @app.post("/pictures")
    @operation(tags=["pictures"], security=["login"])
    def upload(title: Form[str], picture: File[bytes]) -> dict[str, str]:
        """Add a picture."""
        login = request.authorization
        assert login is not None
        return {"title": title, "size": str(len(picture)), "user": login.username or ""}

    return app


@pytest.fixture
def url() -> Iterator[str]:
    server = make_server("127.0.0.1", 0, create_app(), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


def opened(browser: Any, url: str, **options: Any) -> tuple[Any, list[str]]:
    """Open the page; what the console says of errors, violations of the policy too, is noted."""
    page = browser.new_context(**options).new_page()
    complaints: list[str] = []
    page.on("console", lambda it: complaints.append(it.text) if it.type == "error" else None)
    page.on("pageerror", lambda it: complaints.append(str(it)))
    page.goto(f"{url}/docs")
    return page, complaints


def test_a_request_is_tried_with_credentials(browser: Any, url: str) -> None:
    page, complaints = opened(browser, url)
    article = page.locator("#op-put")
    article.get_by_text("Try it").click()
    article.get_by_role("textbox", name="number").fill("7")
    article.get_by_label("Body").fill('{"name": "Lamp", "tags": ["a"]}')
    article.get_by_role("button", name="Send").click()
    answer = article.locator(".answer")
    answer.locator(".status", has_text="401").wait_for()
    assert complaints.pop().startswith("Failed to load resource")
    page.get_by_label("Token").fill("secret")
    article.get_by_role("button", name="Send").click()
    answer.locator(".status", has_text="200").wait_for()
    assert '"name": "Lamp"' in answer.inner_text()
    assert complaints == []


def test_a_file_is_sent_by_form(browser: Any, url: str, tmp_path: Path) -> None:
    picture = tmp_path / "a.png"
    picture.write_bytes(b"12345")
    page, complaints = opened(browser, url)
    page.get_by_label("User name").fill("ädä")
    page.get_by_label("Password").fill("geheim")
    article = page.locator("#op-upload")
    article.get_by_text("Try it").click()
    article.get_by_label("title").fill("A picture")
    article.get_by_label("picture").set_input_files(picture)
    article.get_by_role("button", name="Send").click()
    answer = article.locator(".answer")
    answer.locator(".status", has_text="200").wait_for()
    text = answer.inner_text()
    assert '"size": "5"' in text
    assert '"user": "ädä"' in text
    assert complaints == []


def test_operations_are_filtered_and_reached_by_keyboard(browser: Any, url: str) -> None:
    page, complaints = opened(browser, url)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the operations"
    page.get_by_label("Filter").fill("picture")
    assert not page.locator("#op-put").is_visible()
    assert page.locator("#op-upload").is_visible()
    assert page.locator("#count").inner_text() == "1 operations"
    assert complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_fits_the_screen(
    browser: Any, url: str, scheme: str, width: int, screenshots: Path
) -> None:
    size = {"width": width, "height": 900}
    page, complaints = opened(browser, url, viewport=size, color_scheme=scheme)
    page.screenshot(path=screenshots / f"docs-{scheme}-{width}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(255, 255, 255)") == (scheme == "light")
    assert complaints == []


def test_everything_is_there_without_scripts(browser: Any, url: str) -> None:
    page, _ = opened(browser, url, java_script_enabled=False)
    assert page.locator("#op-put").is_visible()
    assert page.locator("#schema-Item").is_visible()
    assert not page.locator(".try").first.is_visible()
