"""What the shop keeps: people, products by category, and orders. Prices are whole cents."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import current_app
from flask_login import UserMixin
from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKey,
    Select,
    String,
    Text,
    UniqueConstraint,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship
from werkzeug.security import check_password_hash, generate_password_hash

from .extensions import db

CUSTOMER, KEEPER = "customer", "keeper"
FEW = 3


def now() -> datetime:
    return datetime.now(UTC)


class User(UserMixin, db.Model):
    __tablename__ = "users"  # "user" is a word of SQL itself.

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(120), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    password_hash: Mapped[str] = mapped_column(String(255))
    role: Mapped[str] = mapped_column(String(20), default=CUSTOMER)
    joined: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)
    orders: Mapped[list[Order]] = relationship(back_populates="user")

    @property
    def is_keeper(self) -> bool:
        """Whether this person looks after the stock."""
        return self.role == KEEPER

    def set_password(self, password: str) -> None:
        method = current_app.config["PASSWORD_HASH_METHOD"]
        self.password_hash = generate_password_hash(password, method)

    def has_password(self, password: str) -> bool:
        return check_password_hash(self.password_hash, password)

    @classmethod
    def by_email(cls, email: str) -> User | None:
        return db.session.scalar(select(cls).filter_by(email=email.strip().lower()))


class Category(db.Model):
    __tablename__ = "categories"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    products: Mapped[list[Product]] = relationship(back_populates="category")


class Product(db.Model):
    __tablename__ = "products"
    # The last word on overselling: no bug above it can bring the stock below nothing.
    __table_args__ = (
        CheckConstraint("stock >= 0", name="stock_not_negative"),
        CheckConstraint("price >= 0", name="price_not_negative"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    summary: Mapped[str] = mapped_column(String(160))
    description: Mapped[str] = mapped_column(Text)
    light: Mapped[str] = mapped_column(String(60))
    water: Mapped[str] = mapped_column(String(60))
    size: Mapped[str] = mapped_column(String(60))
    price: Mapped[int]
    stock: Mapped[int]
    category_id: Mapped[int] = mapped_column(ForeignKey("categories.id"), index=True)
    category: Mapped[Category] = relationship(back_populates="products", lazy="joined")

    @property
    def picture(self) -> str:
        return f"products/{self.slug}.svg"

    @property
    def stock_level(self) -> str:
        """Return "none", "few" or "plenty": what the colour of the stock says."""
        if self.stock <= 0:
            return "none"
        return "few" if self.stock <= FEW else "plenty"

    @property
    def stock_label(self) -> str:
        words = {"none": "Sold out", "few": f"Only {self.stock} left"}
        return words.get(self.stock_level, f"{self.stock} in stock")

    @classmethod
    def by_slug(cls, slug: str) -> Product | None:
        return db.session.scalar(select(cls).filter_by(slug=slug))

    @classmethod
    def search(cls, words: str = "", category: str = "") -> Select[tuple[Product]]:
        """Return the query for products of a category that match every one of the words."""
        query = select(cls).join(cls.category).order_by(cls.id)
        if category:
            query = query.where(Category.slug == category)
        for word in words.split():
            columns = (cls.name, cls.summary, cls.description, cls.light, Category.name)
            query = query.where(or_(*(it.icontains(word, autoescape=True) for it in columns)))
        return query


class Order(db.Model):
    __tablename__ = "orders"
    __table_args__ = (UniqueConstraint("user_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    placed: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)
    name: Mapped[str] = mapped_column(String(60))
    street: Mapped[str] = mapped_column(String(120))
    town: Mapped[str] = mapped_column(String(120))
    # Made with the checkout page: sending that page twice cannot order twice.
    key: Mapped[str] = mapped_column(String(64))
    user: Mapped[User] = relationship(back_populates="orders")
    lines: Mapped[list[OrderLine]] = relationship(
        back_populates="order", cascade="all, delete-orphan", lazy="selectin"
    )

    @property
    def total(self) -> int:
        return sum(line.total for line in self.lines)

    @property
    def pieces(self) -> int:
        return sum(line.quantity for line in self.lines)

    @property
    def placed_utc(self) -> datetime:
        """When it was placed. SQLite forgets the zone, PostgreSQL answers in its own."""
        return self.placed.replace(tzinfo=self.placed.tzinfo or UTC).astimezone(UTC)


class OrderLine(db.Model):
    """One product of an order, with the price of that day."""

    __tablename__ = "order_lines"
    __table_args__ = (CheckConstraint("quantity > 0", name="quantity_positive"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    price: Mapped[int]
    quantity: Mapped[int]
    order: Mapped[Order] = relationship(back_populates="lines")
    product: Mapped[Product] = relationship(lazy="joined")

    @property
    def total(self) -> int:
        return self.price * self.quantity
