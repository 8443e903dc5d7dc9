"""The shop: its products, the cart, the checkout and what was ordered."""

from __future__ import annotations

import secrets

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required
from sqlalchemy import select

from . import cart, orders
from .cart import MOST_OF_ONE
from .extensions import db
from .forms import CheckoutForm, QuantityForm
from .models import Category, Order, Product

bp = Blueprint("shop", __name__)


@bp.get("/")
def index() -> ResponseReturnValue:
    words = " ".join(request.args.get("q", "").split())[:100]
    slug = request.args.get("category", "")
    categories = db.session.scalars(select(Category).order_by(Category.id)).all()
    category = next((it for it in categories if it.slug == slug), None)
    if slug and category is None:
        abort(404, "There is no such shelf in our shop.")
    page = db.paginate(
        Product.search(words, slug), per_page=current_app.config["PRODUCTS_PER_PAGE"]
    )
    return render_template(
        "shop/index.html", page=page, words=words, categories=categories, category=category
    )


@bp.get("/plants/<slug>")
def product(slug: str) -> ResponseReturnValue:
    found = product_or_404(slug)
    beside = db.session.scalars(
        select(Product)
        .where(Product.category_id == found.category_id, Product.id != found.id)
        .order_by(Product.id)
        .limit(4)
    ).all()
    return render_template(
        "shop/product.html",
        product=found,
        beside=beside,
        form=QuantityForm(),
        most=MOST_OF_ONE,
    )


@bp.get("/cart")
def show_cart() -> ResponseReturnValue:
    return render_template(
        "shop/cart.html", cart=cart.read(), form=QuantityForm(), most=MOST_OF_ONE
    )


@bp.post("/cart/<slug>/add")
def add_to_cart(slug: str) -> ResponseReturnValue:
    found, form = product_or_404(slug), QuantityForm()
    if not form.validate_on_submit():
        flash(f"You can put up to {MOST_OF_ONE} of a kind into the cart.", "error")
        return redirect(url_for(".product", slug=slug))
    before = cart.quantities().get(slug, 0)
    held = cart.set_quantity(found, before + form.quantity.data)
    if held > before:
        flash(f"{found.name} is in your cart.", "success")
    else:
        flash(f"No more of {found.name} can be had.", "error")
    return redirect(url_for(".show_cart"))


@bp.post("/cart/<slug>")
def change_cart(slug: str) -> ResponseReturnValue:
    found, form = product_or_404(slug), QuantityForm()
    if not form.validate_on_submit():
        flash(f"You can have up to {MOST_OF_ONE} of a kind in the cart.", "error")
    elif cart.set_quantity(found, form.quantity.data) < form.quantity.data:
        flash(f"There are not that many of {found.name}.", "error")
    return redirect(url_for(".show_cart"))


@bp.route("/checkout", methods=["GET", "POST"])
@login_required
def checkout() -> ResponseReturnValue:
    basket = cart.read()
    form = CheckoutForm(name=current_user.name, key=secrets.token_urlsafe(16))
    if form.validate_on_submit():
        return place_order(basket, form)
    if not basket.lines:
        flash("Your cart is empty.", "info")
        return redirect(url_for(".index"))
    if not basket.is_available:
        return redirect(url_for(".show_cart"))
    return render_template("shop/checkout.html", cart=basket, form=form)


def place_order(basket: cart.Cart, form: CheckoutForm) -> ResponseReturnValue:
    wanted = {line.product.slug: line.quantity for line in basket.lines}
    if not wanted:
        # Perhaps the same form came a second time: then its order is there already.
        order = db.session.scalar(
            select(Order).filter_by(key=form.key.data, user_id=current_user.id)
        )
        return redirect(url_for(".order", order_id=order.id) if order else url_for(".index"))
    address = orders.Address(form.name.data, form.street.data, form.town.data)
    try:
        order = orders.place_order(current_user, wanted, address, form.key.data)
    except orders.SoldOutError as error:
        flash(f"Somebody was faster: {error.product.name} is short now.", "error")
        return redirect(url_for(".show_cart"))
    cart.clear()
    flash("Thank you! We are wrapping your order.", "success")
    return redirect(url_for(".order", order_id=order.id))


@bp.get("/orders")
@login_required
def order_list() -> ResponseReturnValue:
    mine = select(Order).filter_by(user_id=current_user.id).order_by(Order.id.desc())
    page = db.paginate(mine, per_page=current_app.config["ORDERS_PER_PAGE"])
    return render_template("shop/orders.html", page=page)


@bp.get("/orders/<int:order_id>")
@login_required
def order(order_id: int) -> ResponseReturnValue:
    found = db.session.scalar(select(Order).filter_by(id=order_id, user_id=current_user.id))
    if found is None:
        abort(404, "You have no such order.")
    return render_template("shop/order.html", order=found)


def product_or_404(slug: str) -> Product:
    return Product.by_slug(slug) or abort(404, "This plant does not grow here.")
