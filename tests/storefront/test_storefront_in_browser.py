"""Walks through the storefront in a real browser, against a real server."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from backends import CHROMIUM_ARGUMENTS, program
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Locator,
    Page,
    Response,
    WebSocketRoute,
    expect,
    sync_playwright,
)
from server_process import Server
from storefront.catalogue import PASSWORD
from storefront_server import serving, set_up

MILLISECONDS = 30_000
expect.set_options(timeout=MILLISECONDS)
DESKTOP = {"width": 1280, "height": 860}

# Chromium says so of pages that it shows all the same.
REFUSED = re.compile("Failed to load resource: the server responded with a status of ")

# Violations of the policy are errors in the console as well, but this one is sure to be seen.
REPORT_VIOLATIONS = """
    document.addEventListener("securitypolicyviolation", (event) =>
        console.error(`violation of ${event.violatedDirective} by ${event.blockedURI}`))
"""


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the database as the README makes it, for tests to copy."""
    folder = tmp_path_factory.mktemp("seeded")
    set_up(settings(folder))
    return folder


@pytest.fixture
def shop(seeded: Path, tmp_path: Path) -> Iterator[Server]:
    """The shop as its README starts it, with its data in the test's folder."""
    with serving(settings(shutil.copytree(seeded, tmp_path / "data")), tmp_path / "log") as server:
        yield server


def settings(folder: Path) -> dict[str, str]:
    return {
        "FLASK_SQLALCHEMY_DATABASE_URI": f"sqlite:///{folder}/shop.sqlite3",
        "FLASK_SECRET_KEY": "a key for tests",
    }


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=program("chromium"), args=CHROMIUM_ARGUMENTS, timeout=MILLISECONDS
        )
        yield browser
        browser.close()


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """The folder for pictures of the pages: $HIPFLASK_PICTURES, else the test's own."""
    folder = Path(os.environ.get("HIPFLASK_PICTURES") or tmp_path / "pictures")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class Window:
    """A window of a browser with cookies of its own; it notes whatever goes wrong in it."""

    def __init__(self, page: Page, base: str) -> None:
        self.page, self.base = page, base
        self.failures: list[str] = []
        page.set_default_timeout(MILLISECONDS)
        page.add_init_script(REPORT_VIOLATIONS)
        page.on("pageerror", lambda error: self.failures.append(str(error)))
        page.on("console", self.note_message)
        page.on("response", self.note_answer)

    def note_message(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not REFUSED.match(message.text):
            self.failures.append(message.text)

    def note_answer(self, answer: Response) -> None:
        if answer.status >= 400 and not answer.request.is_navigation_request():
            self.failures.append(f"{answer.status} for {answer.url}")

    def visit(self, path: str) -> int:
        answer = self.page.goto(self.base + path)
        assert answer is not None
        return answer.status

    def heading(self) -> str:
        return self.page.locator("h1").inner_text()

    def message(self) -> str:
        return self.page.locator(".message").first.inner_text()

    def go(self, where: Locator) -> int:
        """Click, wait until the page that this leads to is there, and return its status."""
        with self.page.expect_navigation() as navigation:
            where.click()
        assert navigation.value is not None
        return navigation.value.status

    def press(self, name: str) -> int:
        """Press the button, or follow the link, of this name."""
        button = self.page.get_by_role("button", name=name, exact=True)
        link = self.page.get_by_role("link", name=name, exact=True)
        return self.go(button.or_(link).first)

    def fill(self, **fields: str) -> None:
        for label, value in fields.items():
            self.page.get_by_label(label.replace("_", " "), exact=True).fill(value)

    def sign_up(self, name: str) -> None:
        self.visit("/sign-up")
        self.fill(Name=name, Email=f"{name.lower()}@windowsill.example")
        self.fill(Password="a long password", Password_again="a long password")
        self.go(self.page.locator("main button"))
        assert self.message() == f"Welcome, {name}!"

    def watch(self, path: str) -> None:
        """Show a page, and wait until the server has promised to tell of changes."""
        self.visit(path)
        self.page.locator("html[data-live=on]").wait_for(state="attached")
        self.page.evaluate("window.wasNotReloaded = true")

    def expect_stock(self, label: str) -> None:
        """Wait until the product's page, still the same, shows this stock."""
        expect(self.page.locator(".about .stock")).to_have_text(label)
        assert self.page.evaluate("window.wasNotReloaded") is True

    def picture(self, path: Path) -> None:
        # Pictures further down are loaded when someone comes near; here all of them count.
        self.page.evaluate(
            """async () => {
                for (const image of document.images) image.loading = "eager";
                await Promise.all([...document.images].map((image) => image.decode()));
            }"""
        )
        self.page.screenshot(path=path, full_page=True, animations="disabled")


@pytest.fixture
def open_window(browser: Browser, shop: Server) -> Iterator[Callable[..., Window]]:
    """Open a window of somebody else; nothing may have gone wrong in it by the test's end."""
    windows: list[Window] = []

    def start(**options: Any) -> Window:
        context = browser.new_context(**({"viewport": DESKTOP} | options))
        windows.append(Window(context.new_page(), shop.url))
        return windows[-1]

    yield start
    for window in windows:
        window.page.context.close()
    assert [window.failures for window in windows] == [[] for _ in windows]
    assert "Traceback" not in shop.log


OpenWindow = Callable[..., Window]


def test_visitor_signs_up_and_orders_while_another_looks_on(
    open_window: OpenWindow, pictures: Path
) -> None:
    buyer, onlooker = open_window(), open_window()
    look_around(buyer, pictures)
    sign_up(buyer, pictures)

    onlooker.watch("/plants/barrel-cactus")
    onlooker.expect_stock("Only 3 left")
    fill_the_cart(buyer, pictures)
    onlooker.expect_stock("Only 3 left")
    order(buyer, pictures)
    onlooker.expect_stock("Only 1 left")
    onlooker.picture(pictures / "08-onlooker.png")

    assert buyer.visit("/no/such/page") == 404
    assert buyer.heading() == "Nothing grows here"
    buyer.picture(pictures / "09-not-found.png")
    assert buyer.visit("/admin/") == 403
    buyer.press("Log out")
    assert buyer.message() == "You are logged out. See you soon!"


def look_around(window: Window, pictures: Path) -> None:
    page = window.page
    names = page.locator(".card h2")
    assert window.visit("/") == 200
    expect(names).to_have_count(12)
    window.picture(pictures / "01-shop.png")
    window.go(page.get_by_role("navigation", name="Pages").get_by_role("link", name="More"))
    expect(names).to_have_count(9)
    window.press("Succulents")
    assert names.all_inner_texts() == ["Aloe", "Barrel cactus", "Echeveria", "String of pearls"]
    page.get_by_role("searchbox").fill("crown")
    window.press("Search")
    assert names.all_inner_texts() == ["Barrel cactus"]
    window.picture(pictures / "02-search.png")


def sign_up(window: Window, pictures: Path) -> None:
    window.press("Sign up")
    window.fill(Name="Paula", Email="paula@windowsill.example")
    window.fill(Password="a long password", Password_again="another password")
    window.go(window.page.locator("main button"))
    assert window.page.locator(".error").inner_text() == "The two passwords differ."
    window.picture(pictures / "03-sign-up.png")
    window.sign_up("Paula")


def fill_the_cart(window: Window, pictures: Path) -> None:
    page = window.page
    window.visit("/?q=crown")
    window.press("Barrel cactus")
    window.picture(pictures / "04-product.png")
    window.fill(Quantity="3")
    window.press("Add to cart")
    assert window.message() == "Barrel cactus is in your cart."
    window.visit("/plants/clay-pot")
    window.press("Add to cart")
    window.fill(**{"Quantity of Barrel cactus": "2"})
    window.go(page.locator("li", has_text="Barrel cactus").get_by_role("button", name="Update"))
    assert page.locator(".total .price").inner_text() == "€\N{NO-BREAK SPACE}53.90"
    window.picture(pictures / "05-cart.png")


def order(window: Window, pictures: Path) -> None:
    window.press("Check out")
    assert window.page.get_by_label("Name").input_value() == "Paula"
    window.fill(Street_and_number="Moss Lane 4", Postcode_and_town="12345 Fernhill")
    window.picture(pictures / "06-checkout.png")
    window.press("Order and pay on delivery")
    assert window.message() == "Thank you! We are wrapping your order."
    assert window.heading() == "Order 1"
    window.picture(pictures / "07-order.png")
    window.press("Orders")
    assert window.page.locator(".orders li").count() == 1


def test_keepers_delivery_opens_the_sale_in_every_window(
    open_window: OpenWindow, pictures: Path
) -> None:
    keeper, customer, shelf = open_window(), open_window(), open_window()
    customer.watch("/plants/trowel")
    customer.expect_stock("Sold out")
    button = customer.page.get_by_role("button", name="Add to cart")
    expect(button).to_be_disabled()
    shelf.watch("/?category=pots-and-tools")

    keeper.visit("/log-in")
    keeper.fill(Email="willa@windowsill.example", Password=PASSWORD)
    keeper.go(keeper.page.locator("main button"))
    keeper.watch("/admin/")
    keeper.fill(Change_the_stock_of_Hand_trowel="8")
    keeper.go(keeper.page.locator("#trowel button"))
    assert keeper.message() == "Hand trowel: now 8."
    keeper.page.evaluate("scrollTo(0, 0)")
    keeper.picture(pictures / "10-stock.png")

    customer.expect_stock("8 in stock")
    expect(button).to_be_enabled()
    expect(shelf.page.locator("[data-stock=trowel]")).to_have_text("8 in stock")

    keeper.watch("/admin/")
    customer.press("Add to cart")
    customer.sign_up("Tom")
    customer.visit("/checkout")
    customer.fill(Street_and_number="Moss Lane 5", Postcode_and_town="12345 Fernhill")
    customer.press("Order and pay on delivery")
    expect(keeper.page.locator("[data-stock=trowel]")).to_have_text("7")


def test_line_that_broke_is_taken_up_again(open_window: OpenWindow) -> None:
    lines: list[WebSocketRoute] = []

    def pass_on(line: WebSocketRoute) -> None:
        lines.append(line)
        line.connect_to_server()

    window, keeper = open_window(), open_window()
    window.page.route_web_socket(re.compile("/socket.io/"), pass_on)
    window.watch("/plants/aloe")
    window.expect_stock("12 in stock")

    window.page.evaluate(
        """() => new MutationObserver(() => (window.wasOff ||= document.documentElement
            .dataset.live === "off")).observe(document.documentElement, { attributes: true })"""
    )
    lines[0].close()
    window.page.wait_for_function("window.wasOff")
    window.page.locator("html[data-live=on]").wait_for(state="attached")
    assert len(lines) == 2

    keeper.visit("/log-in")
    keeper.fill(Email="willa@windowsill.example", Password=PASSWORD)
    keeper.go(keeper.page.locator("main button"))
    keeper.visit("/admin/")
    keeper.fill(Change_the_stock_of_Aloe="-11")
    keeper.go(keeper.page.locator("#aloe button"))
    window.expect_stock("Only 1 left")


def test_form_without_its_token_is_refused_with_a_page(
    open_window: OpenWindow, pictures: Path
) -> None:
    window = open_window()
    window.visit("/plants/aloe")
    window.page.locator(".buy [name=csrf_token]").evaluate("(field) => field.remove()")
    assert window.press("Add to cart") == 400
    assert window.heading() == "This form has expired"
    window.picture(pictures / "11-expired.png")
    window.press("Back to the shop")
    assert window.page.locator(".basket").inner_text().strip() == "0"


def test_policy_stops_what_is_not_ours(open_window: OpenWindow) -> None:
    """And the other tests would have noticed."""
    window = open_window()
    window.visit("/")
    window.page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.intruded = true";
            document.body.append(script);
        }"""
    )
    assert window.page.evaluate("window.intruded") is None
    assert any("violation of script-src" in failure for failure in window.failures)
    window.failures.clear()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_a_phone(open_window: OpenWindow, pictures: Path, scheme: str) -> None:
    window = open_window(
        viewport={"width": 390, "height": 844}, device_scale_factor=2, color_scheme=scheme
    )
    page = window.page
    window.visit("/plants/moth-orchid")
    window.press("Add to cart")
    window.visit("/log-in")
    window.fill(Email="willa@windowsill.example", Password=PASSWORD)
    window.go(page.locator("main button"))
    for path in (
        "/",
        "/plants/moth-orchid",
        "/cart",
        "/checkout",
        "/orders",
        "/admin/",
        "/nowhere",
    ):
        window.visit(path)
        assert page.evaluate("document.documentElement.scrollWidth") == 390, path
        name = path.strip("/").replace("/", "-") or "shop"
        window.picture(pictures / f"phone-{scheme}-{name}.png")
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    channels = [int(part) for part in re.findall(r"\d+", background)]
    assert max(channels) < 64 if scheme == "dark" else min(channels) > 192
