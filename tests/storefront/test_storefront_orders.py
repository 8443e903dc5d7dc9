"""Orders: all or nothing, once, and never more than there is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from shopper import Shopper
from sqlalchemy import Engine, event
from storefront import catalogue, orders
from storefront.extensions import db
from storefront.models import Order, OrderLine, Product, User

from flask import Flask

SECONDS = 30
NewShopper = Callable[[str], Shopper]


def set_stock(app: Flask, **stock: int) -> None:
    with app.app_context():
        for name, number in stock.items():
            db.session.execute(
                db.update(Product).filter_by(slug=name.replace("_", "-")).values(stock=number)
            )
        db.session.commit()


def ordered(app: Flask) -> int:
    """Return how many pieces all orders have together."""
    with app.app_context():
        return db.session.scalar(db.select(db.func.sum(OrderLine.quantity))) or 0


@contextmanager
def meeting_before_the_stock_changes(people: int) -> Iterator[None]:
    """Hold every thread at its first change of the stock until all of them have come there.

    So each has read the stock, and found it enough, before any of them takes from it.
    """
    barrier = threading.Barrier(people, timeout=SECONDS)
    met = threading.local()

    def hold(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if statement.lower().startswith("update products") and not hasattr(met, "yes"):
            met.yes = True
            barrier.wait()

    event.listen(Engine, "before_cursor_execute", hold)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", hold)


def order_at_once(shoppers: list[Shopper]) -> list[str]:
    """Have everybody send the checkout at the same time; return the pages they are led to."""
    forms = [person.order_form() for person in shoppers]
    with (
        meeting_before_the_stock_changes(len(shoppers)),
        ThreadPoolExecutor(len(shoppers)) as pool,
    ):
        answers = list(pool.map(Shopper.order, shoppers, forms, timeout=SECONDS))
    return [person.follow(answer) for person, answer in zip(shoppers, answers, strict=True)]


def test_order_takes_from_the_stock_and_empties_the_cart(customer: Shopper) -> None:
    customer.put("monstera", 3)
    customer.put("basil", 2)
    page = customer.follow(customer.order())
    assert "Thank you!" in page
    assert "Moss Lane 4" in page
    assert "€\N{NO-BREAK SPACE}111.30" in page
    assert customer.stock("monstera") == 5
    assert customer.stock("basil") == 24
    assert 'aria-label="Cart, 0 pieces"' in page


def test_orders_are_listed_newest_first(customer: Shopper) -> None:
    assert "You have not ordered anything yet." in customer.text("/orders")
    for slug in ("basil", "mint"):
        customer.put(slug, 2)
        customer.order()
    page = customer.text("/orders")
    assert page.index("mint.svg") < page.index("basil.svg")
    assert "2 pieces" in page


def test_order_keeps_the_price_of_its_day(app: Flask, customer: Shopper) -> None:
    customer.put("basil")
    order = customer.order().headers["Location"]
    with app.app_context():
        db.session.execute(db.update(Product).filter_by(slug="basil").values(price=99900))
        db.session.commit()
    assert "€\N{NO-BREAK SPACE}3.90" in customer.text(order)


def test_address_must_be_complete(customer: Shopper) -> None:
    customer.put("basil")
    form = customer.order_form() | {"street": "  "}
    answer = customer.order(form)
    assert answer.status_code == 200
    assert "Where shall we send it?" in answer.get_data(as_text=True)
    assert customer.stock("basil") == 26


def test_checkout_without_a_cart_leads_back(customer: Shopper) -> None:
    assert "Your cart is empty." in customer.follow(customer.get("/checkout"))


def test_order_of_somebody_else_is_not_there(customer: Shopper, new_shopper: NewShopper) -> None:
    customer.put("basil")
    order = customer.order().headers["Location"]
    assert customer.get(order).status_code == 200
    assert new_shopper("Bela").get(order).status_code == 404


def test_form_sent_twice_orders_once(app: Flask, customer: Shopper) -> None:
    customer.put("basil", 2)
    form = customer.order_form()
    first = customer.order(form)
    assert customer.order(form).headers["Location"] == first.headers["Location"]
    # Even where the cart was filled again by another window's answer.
    customer.put("basil", 2)
    assert customer.order(form).headers["Location"] == first.headers["Location"]
    assert ordered(app) == 2
    assert customer.stock("basil") == 24


def test_order_that_is_short_of_one_thing_takes_nothing(
    app: Flask, customer: Shopper, new_shopper: NewShopper
) -> None:
    customer.put("aloe", 2)
    customer.put("chives", 2)
    form = customer.order_form()
    other = new_shopper("Bela")
    other.put("chives")
    other.order()

    page = customer.follow(customer.order(form))
    assert "Somebody was faster: Chives is short now." in page
    assert customer.stock("aloe") == 12
    assert ordered(app) == 1


def test_last_piece_is_sold_once(app: Flask, new_shopper: NewShopper) -> None:
    set_stock(app, aloe=1)
    shoppers = [new_shopper("Anna"), new_shopper("Bela")]
    for person in shoppers:
        person.put("aloe")
    pages = order_at_once(shoppers)
    assert sorted("Thank you!" in page for page in pages) == [False, True]
    assert sorted("Somebody was faster" in page for page in pages) == [False, True]
    assert shoppers[0].stock("aloe") == 0
    assert ordered(app) == 1


def test_crowd_buys_what_there_is_and_no_more(app: Flask, new_shopper: NewShopper) -> None:
    set_stock(app, aloe=7)
    shoppers = [new_shopper(f"Shopper{number}") for number in range(5)]
    for person in shoppers:
        person.put("aloe", 2)
    pages = order_at_once(shoppers)
    assert sum("Thank you!" in page for page in pages) == 3
    assert shoppers[0].stock("aloe") == 1
    assert ordered(app) == 6


def test_two_orders_of_the_same_things_do_not_wait_for_each_other(
    new_shopper: NewShopper,
) -> None:
    # Written out, since the session and the test client would put the products in order.
    address = '"name": "Anna Blume", "street": "Moss Lane 4", "town": "Fernhill"'
    bodies = [
        f'{{{address}, "items": {{{items}}}}}'
        for items in ('"aloe": 1, "mint": 1', '"mint": 1, "aloe": 1')
    ]
    shoppers = [new_shopper("Anna"), new_shopper("Bela")]

    def order(person: Shopper, body: str) -> int:
        headers = {"Content-Type": "application/json"}
        status: int = person.client.post("/api/v1/orders", data=body, headers=headers).status_code
        return status

    with meeting_before_the_stock_changes(2), ThreadPoolExecutor(2) as pool:
        assert list(pool.map(order, shoppers, bodies, timeout=SECONDS)) == [201, 201]
    assert (shoppers[0].stock("aloe"), shoppers[0].stock("mint")) == (10, 20)


def test_impatient_double_click_orders_once(app: Flask, customer: Shopper) -> None:
    """Both requests come with the same cart, before either has been answered."""
    customer.put("aloe", 2)
    form = customer.order_form()
    twin = Shopper(app)
    twin.client.set_cookie("session", customer.client.get_cookie("session").value)
    with meeting_before_the_stock_changes(2), ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(Shopper.order, [customer, twin], [form, form], timeout=SECONDS))
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert ordered(app) == 2
    assert customer.stock("aloe") == 10


def test_database_itself_refuses_a_stock_below_nothing(app: Flask) -> None:
    with app.app_context(), pytest.raises(db.exc.IntegrityError):
        db.session.execute(db.update(Product).values(stock=-1))


def test_failed_order_announces_nothing(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(orders.live, "announce", lambda them: told.extend(it.slug for it in them))
    address = orders.Address("Anna", "Moss Lane 4", "Fernhill")
    with app.app_context():
        user = User.by_email(catalogue.PEOPLE[1][1])
        assert user is not None
        with pytest.raises(orders.SoldOutError):
            orders.place_order(user, {"aloe": 1, "trowel": 1}, address, "first")
        assert told == []
        orders.place_order(user, {"aloe": 1}, address, "second")
        assert told == ["aloe"]
        assert db.session.scalar(db.select(db.func.count(Order.id))) == 1
