"""Looking around in the shop, and the cart."""

from __future__ import annotations

import pytest
from shopper import Shopper, product_names
from storefront.extensions import db
from storefront.models import Product

from flask import Flask


def test_front_page_shows_the_first_products_with_price_and_stock(visitor: Shopper) -> None:
    page = visitor.text("/")
    names = product_names(page)
    assert len(names) == 12
    assert names[:2] == ["Monstera", "Snake plant"]
    assert "€\N{NO-BREAK SPACE}34.50" in page
    assert "8 in stock" in page
    assert "Only 3 left" in page


def test_pages_show_every_product_once(visitor: Shopper) -> None:
    pages = [product_names(visitor.text(f"/?page={number}")) for number in (1, 2)]
    assert [len(names) for names in pages] == [12, 9]
    assert len({*pages[0], *pages[1]}) == 21
    for outside in ("3", "0", "-1"):
        assert visitor.get(f"/?page={outside}").status_code == 404


def test_page_links_keep_what_was_searched_for(visitor: Shopper, app: Flask) -> None:
    app.config["PRODUCTS_PER_PAGE"] = 2
    assert 'href="/?q=leaves&category=leafy&page=2"' in visitor.text("/?q=leaves&category=leafy")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=fern", ["Boston fern"]),
        ("q=FERN", ["Boston fern"]),
        ("q=cactus+crown", ["Barrel cactus"]),
        ("q=half+shade", ["Boston fern", "Peace lily", "Mint"]),
        ("q=herbs", ["Basil", "Rosemary", "Mint", "Chives"]),
        ("category=herbs&q=tomato", ["Basil"]),
        ("q=no+such+plant", []),
        ("q=%25", []),
        ("q=_", []),
        ("q=%27%22%3B--", []),
    ],
)
def test_search_finds_products_that_have_every_word(
    visitor: Shopper, query: str, found: list[str]
) -> None:
    assert product_names(visitor.text(f"/?{query}")) == found


def test_what_was_typed_comes_back_as_text(visitor: Shopper) -> None:
    answer = visitor.get("/", query_string={"q": '"><script>alert(1)</script>'})
    assert "<script>alert" not in answer.get_data(as_text=True)


def test_shelf_shows_its_products_only(visitor: Shopper) -> None:
    names = product_names(visitor.text("/?category=pots-and-tools"))
    assert names == ["Clay pot with saucer", "Glazed pot", "Watering can", "Hand trowel"]
    assert visitor.get("/?category=cellar").status_code == 404


def test_product_page_tells_all_and_shows_its_neighbours(visitor: Shopper) -> None:
    page = visitor.text("/plants/aloe")
    assert "Full sun" in page
    assert "12 in stock" in page
    assert product_names(page) == ["Barrel cactus", "Echeveria", "String of pearls"]
    assert visitor.get("/plants/triffid").status_code == 404


def test_each_product_has_its_picture(app: Flask, visitor: Shopper) -> None:
    with app.app_context():
        pictures = [it.picture for it in db.session.scalars(db.select(Product))]
    for picture in pictures:
        answer = visitor.get(f"/static/{picture}")
        assert answer.status_code == 200
        assert answer.mimetype == "image/svg+xml"
        answer.close()


def test_sold_out_product_cannot_be_put_into_the_cart(visitor: Shopper) -> None:
    assert "disabled" in visitor.text("/plants/trowel")
    assert "No more of Hand trowel can be had." in visitor.follow(visitor.put("trowel"))
    assert "Nothing in it yet." in visitor.text("/cart")


def test_cart_adds_changes_and_removes(visitor: Shopper) -> None:
    assert "Monstera is in your cart." in visitor.follow(visitor.put("monstera", 2))
    visitor.put("monstera")
    page = visitor.follow(visitor.put("basil", 4))
    assert 'value="3"' in page
    assert "€\N{NO-BREAK SPACE}119.10" in page
    assert 'aria-label="Cart, 7 pieces"' in page

    assert 'aria-label="Cart, 5 pieces"' in visitor.follow(
        visitor.send("/cart/monstera", {"quantity": 1})
    )
    page = visitor.follow(visitor.send("/cart/monstera", {"quantity": 0}))
    assert "Monstera" not in page
    assert 'aria-label="Cart, 4 pieces"' in page


def test_cart_holds_no_more_than_there_is(visitor: Shopper) -> None:
    visitor.put("chives", 5)
    assert 'aria-label="Cart, 2 pieces"' in visitor.text("/")
    page = visitor.follow(visitor.send("/cart/chives", {"quantity": 9}))
    assert "There are not that many of Chives." in page
    assert "No more of Chives can be had." in visitor.follow(visitor.put("chives"))
    assert visitor.stock("chives") == 2, "what lies in a cart is not sold"


@pytest.mark.parametrize("quantity", ["-1", "21", "many", "", "1.5"])
def test_odd_quantity_is_refused(visitor: Shopper, quantity: str) -> None:
    visitor.put("pilea", 2)
    assert "up to 20" in visitor.follow(visitor.put("pilea", quantity))
    assert "up to 20" in visitor.follow(visitor.send("/cart/pilea", {"quantity": quantity}))
    assert 'aria-label="Cart, 2 pieces"' in visitor.text("/")


def test_each_visitor_has_a_cart_of_their_own(app: Flask, visitor: Shopper) -> None:
    visitor.put("pilea")
    assert 'aria-label="Cart, 0 pieces"' in Shopper(app).text("/")


def test_cart_outlives_logging_in_but_not_logging_out(customer: Shopper) -> None:
    customer.send("/log-out")
    customer.put("pilea", 2)
    customer.log_in("Anna")
    assert 'aria-label="Cart, 2 pieces"' in customer.text("/")
    customer.send("/log-out")
    assert 'aria-label="Cart, 0 pieces"' in customer.text("/")


def test_cart_says_when_the_stock_has_shrunk(visitor: Shopper, keeper: Shopper) -> None:
    visitor.put("barrel-cactus", 3)
    keeper.send("/admin/stock/barrel-cactus", {"change": -2})
    page = visitor.text("/cart")
    assert "Take fewer" in page
    assert "Check out" not in page
