"""What people may type in. Flask-WTF adds the token that makes a form hard to forge."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    EmailField,
    HiddenField,
    IntegerField,
    PasswordField,
    StringField,
    ValidationError,
)
from wtforms.validators import (
    DataRequired,
    EqualTo,
    InputRequired,
    Length,
    NumberRange,
    Regexp,
)

from .cart import MOST_OF_ONE
from .models import User

MOST_CHANGED = 999


def squeezed(value: str | None) -> str:
    """Return the value with every run of white space as one blank, and none around it."""
    return " ".join((value or "").split())


def lowered(value: str | None) -> str:
    return squeezed(value).lower()


class SignUpForm(FlaskForm):
    name = StringField(
        "Name",
        [DataRequired("Tell us what to call you."), Length(2, 60, "Use 2 to 60 letters.")],
        filters=[squeezed],
        render_kw={"autocomplete": "name"},
    )
    email = EmailField(
        "Email",
        [
            DataRequired("Enter your email address."),
            Length(max=120, message="That is longer than 120 letters."),
            Regexp(r"[^@\s]+@[^@\s]+\.[^@\s]+\Z", message="That is no email address."),
        ],
        filters=[lowered],
        render_kw={"autocomplete": "email"},
    )
    password = PasswordField(
        "Password",
        [InputRequired("Choose a password."), Length(8, 200, "Use at least 8 characters.")],
        render_kw={"autocomplete": "new-password"},
    )
    repeat = PasswordField(
        "Password again",
        [EqualTo("password", "The two passwords differ.")],
        render_kw={"autocomplete": "new-password"},
    )

    def validate_email(self, field: EmailField) -> None:
        if User.by_email(field.data or ""):
            raise ValidationError("Somebody has signed up with this address already.")


class LogInForm(FlaskForm):
    email = EmailField(
        "Email",
        [DataRequired("Enter your email address.")],
        filters=[lowered],
        render_kw={"autocomplete": "email"},
    )
    password = PasswordField(
        "Password",
        [InputRequired("Enter your password.")],
        render_kw={"autocomplete": "current-password"},
    )
    remember = BooleanField("Remember me on this device")


class QuantityForm(FlaskForm):
    """How many of a product: into the cart, or in it; none takes the product out."""

    quantity = IntegerField("Quantity", [InputRequired(), NumberRange(0, MOST_OF_ONE)], default=1)


class CheckoutForm(FlaskForm):
    name = StringField(
        "Name",
        [DataRequired("Whose name goes on the parcel?"), Length(max=60)],
        filters=[squeezed],
        render_kw={"autocomplete": "name"},
    )
    street = StringField(
        "Street and number",
        [DataRequired("Where shall we send it?"), Length(max=120)],
        filters=[squeezed],
        render_kw={"autocomplete": "street-address"},
    )
    town = StringField(
        "Postcode and town",
        [DataRequired("And in which town is that?"), Length(max=120)],
        filters=[squeezed],
        render_kw={"autocomplete": "postal-code"},
    )
    key = HiddenField(validators=[DataRequired(), Length(max=64)])


class StockForm(FlaskForm):
    change = IntegerField(
        "Change",
        [
            InputRequired("Enter how many came or went."),
            NumberRange(-MOST_CHANGED, MOST_CHANGED, f"Use a number up to {MOST_CHANGED}."),
        ],
    )
