"""Looking after the stock; and the commands."""

from __future__ import annotations

import flask_migrate
import pytest
import sqlalchemy as sa
from shopper import Shopper, email
from storefront import catalogue, orders
from storefront.extensions import db
from storefront.models import Product, User

from flask import Flask


def test_customers_have_no_business_in_the_back_room(customer: Shopper) -> None:
    assert customer.get("/admin/").status_code == 403
    assert customer.send("/admin/stock/aloe", {"change": 5}).status_code == 403
    assert customer.stock("aloe") == 12
    assert "/admin/" not in customer.text("/")


def test_visitors_are_asked_to_log_in(visitor: Shopper) -> None:
    assert (
        visitor.send("/admin/stock/aloe", {"change": 5}).headers["Location"].startswith("/log-in")
    )
    assert visitor.stock("aloe") == 12


def test_keeper_sees_every_product_and_the_latest_orders(
    customer: Shopper, keeper: Shopper
) -> None:
    customer.put("mint", 3)
    customer.order()
    page = keeper.text("/admin/")
    assert page.count('<tr id="') == 21
    assert "Anna Blume" in page
    assert "3 \N{MULTIPLICATION SIGN} Mint" in page
    assert "/admin/" in keeper.text("/")


def test_keeper_changes_the_stock(keeper: Shopper) -> None:
    assert "Aloe: now 17." in keeper.follow(keeper.send("/admin/stock/aloe", {"change": 5}))
    assert "Aloe: now 14." in keeper.follow(keeper.send("/admin/stock/aloe", {"change": "-3"}))
    assert keeper.stock("aloe") == 14


def test_stock_cannot_fall_below_nothing(keeper: Shopper) -> None:
    page = keeper.follow(keeper.send("/admin/stock/aloe", {"change": -13}))
    assert "Aloe: there are only 12." in page
    assert keeper.stock("aloe") == 12


@pytest.mark.parametrize("change", ["", "some", "1000", "-1000", "1.5"])
def test_odd_change_is_refused(keeper: Shopper, change: str) -> None:
    page = keeper.follow(keeper.send("/admin/stock/aloe", {"change": change}))
    assert 'class="message error"' in page
    assert keeper.stock("aloe") == 12
    assert keeper.send("/admin/stock/triffid", {"change": 1}).status_code == 404


def test_change_counts_from_the_stock_as_it_is_by_then(app: Flask) -> None:
    with app.app_context():
        aloe = Product.by_slug("aloe")
        assert aloe is not None
        assert aloe.stock == 12
        with app.app_context():  # Another session sells one meanwhile.
            db.session.execute(sa.update(Product).filter_by(slug="aloe").values(stock=11))
            db.session.commit()
        assert orders.change_stock(aloe, 5)
        assert aloe.stock == 16


def test_promoted_customer_looks_after_the_stock(app: Flask, customer: Shopper) -> None:
    done = app.test_cli_runner().invoke(args=["promote", email("Anna")])
    assert done.output == "Anna looks after the stock now.\n"
    assert customer.get("/admin/").status_code == 200


def test_nobody_is_promoted_by_mistake(app: Flask) -> None:
    done = app.test_cli_runner().invoke(args=["promote", "who@windowsill.example"])
    assert done.exit_code == 1
    assert "Nobody has signed up as who@windowsill.example." in done.output


def test_seed_fills_an_empty_shop_only(app: Flask) -> None:
    run = app.test_cli_runner().invoke
    assert run(args=["seed"]).output == "The shop has products already.\n"
    with app.app_context():
        for table in reversed(db.metadata.sorted_tables):
            db.session.execute(table.delete())
        db.session.commit()
    assert run(args=["seed"]).output == "21 products added.\n"
    with app.app_context():
        users = {user.email: user for user in db.session.scalars(sa.select(User))}
        assert set(users) == {address for _, address, _ in catalogue.PEOPLE}
        assert all(user.has_password(catalogue.PASSWORD) for user in users.values())


def test_migrations_make_the_tables_of_the_models(app: Flask) -> None:
    with app.app_context():
        flask_migrate.check()  # Ends the process with a status where a migration is missing.


def test_migrations_lead_down_again_and_up(app: Flask) -> None:
    with app.app_context():
        db.session.remove()
        flask_migrate.downgrade(revision="base")
        tables = sa.inspect(db.engine).get_table_names()
        flask_migrate.upgrade()
        assert tables == ["alembic_version"]
        assert set(db.metadata.tables) < set(sa.inspect(db.engine).get_table_names())
