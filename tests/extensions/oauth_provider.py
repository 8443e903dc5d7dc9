"""An OAuth 2 and OpenID-like server of the tests' own, written with Authlib's Flask integration."""

from __future__ import annotations

from authlib.integrations.flask_oauth2 import AuthorizationServer, ResourceProtector, current_token
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import ClientMixin, TokenMixin, grants, list_to_scope, scope_to_list
from authlib.oauth2.rfc6750 import BearerTokenValidator
from authlib.oauth2.rfc7636 import CodeChallenge

from flask import Flask, request

CLIENT_ID, CLIENT_SECRET = "shop", "shop's secret"
SCOPES = ["profile", "email"]


class Client(ClientMixin):
    def get_client_id(self):
        return CLIENT_ID

    def get_default_redirect_uri(self):
        return None

    def get_allowed_scope(self, scope):
        return list_to_scope([name for name in scope_to_list(scope) or [] if name in SCOPES])

    def check_redirect_uri(self, redirect_uri):
        return redirect_uri.startswith("http://localhost/")

    def check_client_secret(self, client_secret):
        return client_secret == CLIENT_SECRET

    def check_endpoint_auth_method(self, method, endpoint):
        return method in ("client_secret_basic", "client_secret_post")

    def check_response_type(self, response_type):
        return response_type == "code"

    def check_grant_type(self, grant_type):
        return grant_type in ("authorization_code", "client_credentials")


class Code:
    def __init__(self, code, sent, user):
        self.code, self.user = code, user
        self.redirect_uri, self.scope = sent.redirect_uri, sent.scope
        self.code_challenge = sent.data.get("code_challenge")
        self.code_challenge_method = sent.data.get("code_challenge_method")

    def get_redirect_uri(self):
        return self.redirect_uri

    def get_scope(self):
        return self.scope


class Token(TokenMixin):
    def __init__(self, user, scope):
        self.user, self.scope, self.is_withdrawn = user, scope, False

    def get_scope(self):
        return self.scope

    def is_expired(self):
        return False

    def is_revoked(self):
        return self.is_withdrawn


def create_provider():
    """Build the server; `provider.codes` and `provider.tokens` are what it has given out."""
    app = Flask(__name__)
    app.codes, app.tokens = {}, {}

    class AuthorizationCodeGrant(grants.AuthorizationCodeGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic", "client_secret_post"]

        def save_authorization_code(self, code, sent):
            app.codes[code] = Code(code, sent.payload, sent.user)

        def query_authorization_code(self, code, client):
            return app.codes.get(code)

        def delete_authorization_code(self, authorization_code):
            del app.codes[authorization_code.code]

        def authenticate_user(self, authorization_code):
            return authorization_code.user

    class Validator(BearerTokenValidator):
        def authenticate_token(self, token_string):
            return app.tokens.get(token_string)

    def save_token(token, sent):
        app.tokens[token["access_token"]] = Token(sent.user, token["scope"])

    clients = {CLIENT_ID: Client()}
    server = AuthorizationServer(app, query_client=clients.get, save_token=save_token)
    server.register_grant(AuthorizationCodeGrant, [CodeChallenge(required=False)])
    server.register_grant(grants.ClientCredentialsGrant)
    protected = ResourceProtector()
    protected.register_token_validator(Validator())

    @app.route("/authorize")
    def authorize():
        try:
            grant = server.get_consent_grant(end_user="ann")
        except OAuth2Error as error:
            return dict(error.get_body()), error.status_code
        user = "ann" if request.args.get("consent") != "no" else None
        return server.create_authorization_response(grant=grant, grant_user=user)

    @app.post("/token")
    def token():
        return server.create_token_response()

    @app.route("/me")
    @protected("profile")
    def me():
        return {"name": current_token.user or "nobody"}

    @app.route("/admin")
    @protected("admin")
    def admin():
        return {}

    return app
