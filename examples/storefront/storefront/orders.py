"""Placing an order, and changing the stock: each in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from . import live
from .extensions import db
from .models import Order, OrderLine, Product, User


class SoldOutError(Exception):
    """There is not enough of a product left."""

    def __init__(self, product: Product) -> None:
        super().__init__(product.slug)
        self.product = product


@dataclass(frozen=True)
class Address:
    name: str
    street: str
    town: str


def place_order(user: User, quantities: Mapping[str, int], address: Address, key: str) -> Order:
    """Order so many of each product by slug, or raise SoldOutError and order nothing.

    Two orders with one `key` are one order: the second call returns what the first one made.
    """
    user_id = user.id
    try:
        order = Order(
            user_id=user_id, key=key, name=address.name, street=address.street, town=address.town
        )
        # One order for everybody: two transactions that take the same products in different orders
        # could wait for each other.
        for slug, quantity in sorted(quantities.items()):
            order.lines.append(take(slug, quantity))
        db.session.add(order)
        db.session.commit()
    except (IntegrityError, SoldOutError):
        db.session.rollback()
        earlier = db.session.scalar(select(Order).filter_by(key=key, user_id=user_id))
        if earlier is None:
            raise
        return earlier
    # Only now: nobody is to see a stock that is rolled back a moment later.
    live.announce(line.product for line in order.lines)
    return order


def take(slug: str, quantity: int) -> OrderLine:
    """Take from the stock, unless there is less; others wait until this transaction ends.

    Looking at the stock first and writing it afterwards would let two people buy the last one.
    Here the database looks and writes in one statement.
    """
    product = db.session.scalars(
        update(Product)
        .where(Product.slug == slug, Product.stock >= quantity)
        .values(stock=Product.stock - quantity)
        .returning(Product)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if product is None:
        raise SoldOutError(db.session.scalars(select(Product).filter_by(slug=slug)).one())
    return OrderLine(product=product, price=product.price, quantity=quantity)


def change_stock(product: Product, change: int) -> bool:
    """Add to the stock, or take from it; tell whether there was enough to take.

    A change rather than a new number, so that what is sold meanwhile stays sold.
    """
    changed = db.session.execute(
        update(Product)
        .where(Product.id == product.id, Product.stock + change >= 0)
        .values(stock=Product.stock + change)
    )
    db.session.commit()
    if changed.rowcount:
        live.announce([product])
    return bool(changed.rowcount)
