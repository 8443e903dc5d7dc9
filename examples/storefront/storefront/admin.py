"""Looking after the stock, for those whose role it is."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select

from . import orders
from .extensions import db, login_manager
from .forms import StockForm
from .models import Order, Product
from .views import product_or_404

bp = Blueprint("admin", __name__, url_prefix="/admin")
LATEST = 5


@bp.before_request
def keepers_only() -> ResponseReturnValue | None:
    """Guard every page of this blueprint, those of tomorrow as well."""
    if not current_user.is_authenticated:
        return login_manager.unauthorized()
    if not current_user.is_keeper:
        abort(403)
    return None


@bp.get("/")
def stock() -> ResponseReturnValue:
    products = db.session.scalars(select(Product).order_by(Product.id)).all()
    latest = db.session.scalars(select(Order).order_by(Order.id.desc()).limit(LATEST)).all()
    return render_template(
        "admin/stock.html", products=products, latest=latest, form=StockForm(formdata=None)
    )


@bp.post("/stock/<slug>")
def change_stock(slug: str) -> ResponseReturnValue:
    product, form = product_or_404(slug), StockForm()
    if not form.validate_on_submit():
        flash(f"{product.name}: {' '.join(form.change.errors)}", "error")
    elif orders.change_stock(product, form.change.data):
        flash(f"{product.name}: now {product.stock}.", "success")
    else:
        flash(f"{product.name}: there are only {product.stock}.", "error")
    return redirect(url_for(".stock", _anchor=slug))
