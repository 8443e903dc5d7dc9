"""Models of requests and responses."""

from __future__ import annotations

import datetime
import enum
from typing import Annotated, Generic, TypeVar

from msgspec import UNSET, Meta, Struct, UnsetType

T = TypeVar("T")

# Ids fit into the database's integers.
Id = Annotated[int, Meta(ge=1, le=2**63 - 1)]

AccountName = Annotated[str, Meta(pattern="^[a-z][a-z0-9_-]{1,39}$", examples=["ada"])]
Password = Annotated[str, Meta(min_length=8, max_length=200)]
ItemName = Annotated[str, Meta(min_length=1, max_length=80)]
Description = Annotated[str, Meta(max_length=2000)]
Price = Annotated[int, Meta(ge=0, le=10**9, description="In cents")]
TagName = Annotated[str, Meta(pattern="^[a-z0-9-]{1,30}$", examples=["garden"])]
Tags = Annotated[list[TagName], Meta(max_length=10)]


class State(enum.Enum):
    """Availability of an item."""

    OFFERED = "offered"
    SOLD = "sold"


class Credentials(Struct, forbid_unknown_fields=True):
    """Name and password of an account."""

    name: AccountName
    password: Password


class Account(Struct):
    """Public data of an account."""

    id: int
    name: str


class NewToken(Struct):
    """An access token; it is shown only once."""

    token: str
    account: Account


class NewItem(Struct, forbid_unknown_fields=True):
    """An item to offer."""

    name: ItemName
    price: Price
    description: Description = ""
    tags: Tags = []


class ItemChange(Struct, forbid_unknown_fields=True):
    """Fields of an item to change; omitted fields keep their values."""

    name: ItemName | UnsetType = UNSET
    price: Price | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET
    state: State | UnsetType = UNSET


class Item(Struct):
    """An item."""

    id: int
    name: str
    price: int
    description: str
    tags: list[str]
    state: State
    added: Annotated[datetime.datetime, Meta(tz=True)]
    owner: Account


class Page(Struct, Generic[T]):
    """One page of a list."""

    items: list[T]
    page: int
    pages: int
    total: int


class Picture(Struct):
    """A picture, without its data."""

    id: int
    title: str
    content_type: str
    size: Annotated[int, Meta(description="In bytes")]
