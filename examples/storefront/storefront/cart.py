"""The cart, which lies in the visitor's session: how many of which product."""

from __future__ import annotations

from dataclasses import dataclass

from flask import session
from sqlalchemy import select

from .extensions import db
from .models import Product

KEY = "cart"
MOST_OF_ONE = 20


@dataclass(frozen=True)
class CartLine:
    product: Product
    quantity: int

    @property
    def total(self) -> int:
        return self.product.price * self.quantity

    @property
    def is_available(self) -> bool:
        return self.quantity <= self.product.stock


@dataclass(frozen=True)
class Cart:
    """The cart as it was when it was read, with the products as they are now."""

    lines: tuple[CartLine, ...]

    @property
    def total(self) -> int:
        return sum(line.total for line in self.lines)

    @property
    def pieces(self) -> int:
        return sum(line.quantity for line in self.lines)

    @property
    def is_available(self) -> bool:
        return all(line.is_available for line in self.lines)


def quantities() -> dict[str, int]:
    """Return how many of each product, by slug, are in the cart."""
    return dict(session.get(KEY, {}))


def read() -> Cart:
    """Return the cart; what the shop no longer has in its list is left out."""
    wanted = quantities()
    if not wanted:
        return Cart(())
    found = db.session.scalars(select(Product).where(Product.slug.in_(wanted)))
    products = {product.slug: product for product in found}
    return Cart(
        tuple(CartLine(products[slug], n) for slug, n in wanted.items() if slug in products)
    )


def set_quantity(product: Product, quantity: int) -> int:
    """Put so many of a product into the cart, as far as the stock goes; return how many."""
    wanted = quantities()
    quantity = min(quantity, product.stock, MOST_OF_ONE)
    if quantity > 0:
        wanted[product.slug] = quantity
    else:
        wanted.pop(product.slug, None)
    # Assigned, not changed in place: only so does the session notice.
    session[KEY] = wanted
    return max(quantity, 0)


def clear() -> None:
    session.pop(KEY, None)
