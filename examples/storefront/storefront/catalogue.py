"""The sample data: what the shop sells at first, and two people who can log in."""

from __future__ import annotations

import tomllib
from pathlib import Path

from sqlalchemy import func, select

from .extensions import db
from .models import CUSTOMER, KEEPER, Category, Product, User

CATALOGUE = Path(__file__).with_name("catalogue.toml")
PASSWORD = "watering-can"
PEOPLE = [
    ("Willa", "willa@windowsill.example", KEEPER),
    ("Caspar", "caspar@windowsill.example", CUSTOMER),
]


def seed() -> int:
    """Fill the shop, if it is empty; return how many products it got."""
    if db.session.scalar(select(Product.id).limit(1)):
        return 0
    for shelf in tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))["shelf"]:
        products = [Product(**facts) for facts in shelf.pop("products")]
        db.session.add(Category(**shelf, products=products))
    known = set(db.session.scalars(select(User.email)))
    for name, email, role in PEOPLE:
        if email not in known:
            user = User(name=name, email=email, role=role)
            user.set_password(PASSWORD)
            db.session.add(user)
    db.session.commit()
    return db.session.scalar(select(func.count(Product.id))) or 0


def sample_login() -> tuple[str, str] | None:
    """Return an address and a password to try the shop with, if it has the sample people."""
    _, email, _ = PEOPLE[-1]
    is_there = db.session.scalar(select(User.id).where(User.email == email))
    return None if is_there is None else (email, PASSWORD)
