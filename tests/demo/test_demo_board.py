"""Reading, writing, changing and taking down notices."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from notice_board import models, pages, sample_data
from visitor import NOTICE, Visitor

from flask import Flask

TITLE = re.compile(r'<h2><a href="/notices/\d+">(.*?)</a></h2>')


def titles(page: str) -> list[str]:
    return TITLE.findall(page)


def test_empty_board_invites_to_write(visitor: Visitor) -> None:
    page = visitor.text("/")
    assert "Nothing here yet." in page
    assert 'href="/notices/new"' in page


def test_board_lists_newest_first_and_pages_through_all(reader: Visitor) -> None:
    seen: list[str] = []
    url = "/"
    for _ in range(10):
        page = reader.text(url)
        seen += titles(page)
        following = re.search(r'href="([^"]+)" rel="next"', page)
        if following is None:
            break
        url = following[1]
    assert len(seen) == len(sample_data.NOTICES)
    assert seen[0] == sample_data.NOTICES[0].title
    assert seen[-1] == sample_data.NOTICES[-1].title


def test_first_page_has_an_address_without_number(reader: Visitor) -> None:
    assert 'href="/" rel="prev"' in reader.text("/?page=2")


@pytest.mark.parametrize("page", ["0", "-1", "99", "100001", "9" * 30])
def test_page_that_does_not_exist_is_404(reader: Visitor, page: str) -> None:
    assert reader.get(f"/?page={page}").status_code == 404


@pytest.mark.parametrize("page", ["", "two", "1.5", "9" * 5000])
def test_page_that_is_no_number_is_the_first(reader: Visitor, page: str) -> None:
    assert titles(reader.text(f"/?page={page}")) == titles(reader.text("/"))


def test_search_needs_all_words_in_any_case(reader: Visitor) -> None:
    assert titles(reader.text("/?q=STEEL+basket")) == ["City bicycle, freshly serviced"]
    assert "1 notice with “STEEL basket”" in reader.text("/?q=STEEL+basket")
    assert "Nothing on the board matches that." in reader.text("/?q=steel+submarine")


def test_search_takes_wildcards_literally(member: Visitor) -> None:
    member.put_up(title="Half price: 50% off")
    member.put_up(title="Under_score and back\\slash")
    assert titles(member.text("/?q=%25")) == ["Half price: 50% off"]
    assert titles(member.text("/?q=r_s")) == ["Under_score and back\\slash"]
    assert titles(member.text("/?q=\\")) == ["Under_score and back\\slash"]


def test_search_and_category_stay_in_the_page_links(reader: Visitor) -> None:
    page = reader.text("/?q=the&page=1&endpoint=x&_external=1")
    assert 'href="/?q=the&amp;page=2" rel="next"' in page


def test_category_narrows_the_list(reader: Visitor) -> None:
    events = {n.title for n in sample_data.NOTICES if n.category == "events"}
    assert set(titles(reader.text("/?category=events"))) == events
    assert len(titles(reader.text("/?category=no-such"))) == 9


def test_person_page_shows_their_notices(reader: Visitor) -> None:
    page = reader.text("/people/mira")
    mine = [n.title for n in sample_data.NOTICES if n.author == "Mira"]
    assert titles(page) == mine
    assert f"{len(mine)} notices" in page
    assert reader.get("/people/nobody").status_code == 404


def test_written_notice_is_shown(member: Visitor) -> None:
    url = member.put_up(title="  Two   <b>kittens</b> ", body="First line\r\nsecond\r\n\r\nthird")
    page = member.text(url)
    assert "Your notice is on the board." in page
    assert "<h1>Two &lt;b&gt;kittens&lt;/b&gt;</h1>" in page
    assert "<p>First line<br>second</p>\n<p>third</p>" in page
    assert 'class="tag"><a href="/?category=help">Lending a hand</a>' in page


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"title": "ab"}, "title-error"),
        ({"title": "x" * 81}, "title-error"),
        ({"body": "too short"}, "body-error"),
        ({"body": "x" * 4001}, "body-error"),
        ({"body": "\x00\x01\x02" * 10}, "body-error"),
        ({"category": "no-such"}, "category-error"),
    ],
)
def test_notice_form_explains_and_keeps_what_was_typed(
    member: Visitor, fields: dict[str, str], complaint: str
) -> None:
    answer = member.send("/notices/new", {**NOTICE, **fields})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert f'<p class="error" id="{complaint}"' in page
    kept = "Three metres" if "title" in fields else NOTICE["title"]
    assert kept in page
    assert "Nothing here yet." in member.text("/")


def test_owner_edits_and_the_change_is_marked(member: Visitor) -> None:
    url = member.put_up()
    assert f'value="{NOTICE["title"]}"' in member.text(f"{url}/edit")
    answer = member.send(f"{url}/edit", {**NOTICE, "title": "Ladder is lent"})
    assert answer.headers["Location"] == url
    page = member.text(url)
    assert "Ladder is lent" in page
    assert "edited just now" in page


def test_owner_takes_down_after_a_question(member: Visitor) -> None:
    url = member.put_up()
    assert "Take down this notice?" in member.text(f"{url}/delete")
    assert member.get(url).status_code == 200, "asking changes nothing"
    assert member.send(f"{url}/delete").headers["Location"] == "/"
    assert "is taken down." in member.text("/")
    assert member.get(url).status_code == 404


@pytest.mark.parametrize("action", ["edit", "delete"])
def test_only_the_owner_may_change_a_notice(member: Visitor, app: Flask, action: str) -> None:
    url = member.put_up()
    other = Visitor(app)
    other.register("Bruno")
    assert "Take down" not in other.text(url)
    for answer in (other.get(f"{url}/{action}"), other.send(f"{url}/{action}", NOTICE)):
        assert answer.status_code == 403
        assert "This one is not yours" in answer.get_data(as_text=True)
    assert member.get(url).status_code == 200


@pytest.mark.parametrize("url", ["/notices/new", "/notices/1/edit", "/notices/1/delete"])
def test_writing_needs_a_login(visitor: Visitor, url: str) -> None:
    assert visitor.get(url).headers["Location"] == f"/login?next={url}"
    assert "Please log in first." in visitor.text("/login")


def test_notices_per_page_is_a_setting(new_app: Callable[..., Flask]) -> None:
    member = Visitor(new_app(NOTICES_PER_PAGE=2))
    member.register("Anna")
    for number in range(3):
        member.put_up(title=f"Notice number {number}")
    assert titles(member.text("/")) == ["Notice number 2", "Notice number 1"]


@pytest.mark.parametrize(
    ("passed", "text"),
    [
        (timedelta(seconds=5), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(hours=5), "5 hours ago"),
        (timedelta(hours=30), "yesterday"),
        (timedelta(days=3), "3 days ago"),
    ],
)
def test_age_is_told_roughly(passed: timedelta, text: str) -> None:
    assert pages.ago(models.now() - passed) == text


def test_old_notices_bear_their_date() -> None:
    assert pages.ago(datetime(2020, 2, 1, tzinfo=UTC)) == "1 February 2020"
