"""The site in a real browser, opened from the disk: search, accessibility, and both widths."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.site

WIDTHS = {"desktop": (1280, 900), "phone": (390, 844)}
SHOWN = [
    "index",
    "tutorial/5-forms",
    "how-to/routing",
    "how-to/testing",
    "deploy/index",
    "reference/configuration",
    "reference/command-line",
    "reference/api-application",
    "explanation/request",
    "performance",
    "reliability",
    "compatibility",
    "project/architecture",
    "search",
]
# What people look for, and the page that should come first.
SEARCHES = {
    "blueprint": "how-to/blueprints",
    "SESSION_COOKIE_SAMESITE": "reference/configuration",
    "url_for": "how-to/routing",
    "after_request": "how-to/hooks",
    "pytest fixture": "how-to/testing",
    "413": "reference/errors",
    "uvicorn": "asgi",
    "pydantic": "how-to/typed-api",
    "WebSocket": "how-to/websockets",
    "CSRF": "how-to/forms-and-uploads",
    "tutorial": "tutorial/index",
    "gunicorn": "deploy/gunicorn",
    "Working outside of application context": "reference/errors",
    "file upload": "how-to/forms-and-uploads",
    "environment variable": "how-to/configuration",
}


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browser.new_context(viewport={"width": 1280, "height": 900}, offline=True) as context:
        yield context.new_page()


@pytest.mark.parametrize(("words", "wanted"), SEARCHES.items())
def test_search_finds_the_page_first(site: Path, page: Page, words: str, wanted: str) -> None:
    page.goto(f"{(site / 'search.html').as_uri()}?q={words.replace(' ', '+')}")
    first = page.locator("#search-results .search li a").first
    first.wait_for(timeout=30_000)
    page.wait_for_function("document.querySelector('.search-summary')?.textContent.match(/\\d/)")
    hrefs = page.locator("#search-results .search > li > a").evaluate_all(
        "links => links.map(link => link.getAttribute('href'))"
    )
    found = [href.partition(".html")[0].partition("?")[0] for href in hrefs]
    distinct = list(dict.fromkeys(found))
    assert wanted in distinct[:2], distinct[:5]


@pytest.mark.parametrize("name", SHOWN)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_page_is_accessible_and_fits(
    site: Path, browser: Browser, axe: str, screenshots: Path, width: str, scheme: str, name: str
) -> None:
    size = {"width": WIDTHS[width][0], "height": WIDTHS[width][1]}
    with browser.new_context(
        viewport=size,  # type: ignore[arg-type]
        color_scheme=scheme,  # type: ignore[arg-type]
        offline=True,
    ) as context:
        page = context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto((site / f"{name}.html").as_uri())
        picture = screenshots / f"{name.replace('/', '-')}-{width}-{scheme}.png"
        page.screenshot(path=picture, full_page=False)
        assert errors == []
        overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(overflow) <= 0
        page.evaluate(axe)
        result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    serious = [
        (rule["id"], rule["nodes"][0]["html"][:200], rule["nodes"][0].get("failureSummary"))
        for rule in result["violations"]
        if rule["impact"] in {"serious", "critical"}
    ]
    assert serious == []


def test_version_list_has_this_version(site: Path, page: Page) -> None:
    page.goto((site / "index.html").as_uri())
    assert page.locator("#site-version").input_value() == site.name
    assert page.locator("#site-version option").count() >= 1


def test_search_box_leads_to_results(site: Path, page: Page) -> None:
    page.goto((site / "how-to" / "routing.html").as_uri())
    page.locator("input[name=q]").first.fill("converter")
    page.locator("input[name=q]").first.press("Enter")
    page.locator("#search-results .search li a").first.wait_for(timeout=30_000)
    assert "search.html?q=converter" in page.url
