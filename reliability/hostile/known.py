"""Failures that are known: by case, by kind, and why they stand.

They are recorded as failures all the same. All are Werkzeug's, so that the original has them too.
"""

from __future__ import annotations

_NUL = "Werkzeug's headers refuse CR and LF in values, but not NUL; servers do (not its own)"
_NAMES = "Werkzeug's headers don't look at names; servers do (not its own)"
_QUERY = "Werkzeug decodes the query string strictly, where a byte above 127 came unquoted"
_CHUNK = "a broken chunk is an OSError of Werkzeug's server; with MAX_CONTENT_LENGTH it is a 400"

_PREFIX = "Werkzeug's URLs fail over a mount point with odd bytes, which only the server can set"

_DECODING = {"500 by UnicodeDecodeError from werkzeug": _QUERY}
_PREFIXES = {"500 by ValueError from urllib": _PREFIX}
_VALUES = "authenticate cookie_domain cookie_name download etag header header_later send_mimetype"
_INJECTION = {
    **{f"CR, LF or NUL in a header, by {by}": _NUL for by in f"{_VALUES} vary".split()},
    "CR, LF or NUL in a header, by header_name": _NAMES,
    "control character in the status, by status": "no one looks at a status but servers",
}

KNOWN: dict[str, dict[str, str]] = {
    "environ": {**_DECODING, **_PREFIXES},
    "query": _DECODING,
    "coverage-guided": {**_DECODING, **_PREFIXES},
    "injection": _INJECTION,
    "injection-generated": _INJECTION,
    "body-limit": {"not 413, chunked": "Werkzeug cuts off a chunked body that is read as a whole"},
    "smuggling": {
        "answered 500": _CHUNK,
        "the server printed a traceback": _CHUNK,
    },
}
