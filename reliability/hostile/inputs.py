"""What attackers send: strategies that mix real syntax, broken syntax and noise."""

from __future__ import annotations

from hypothesis import strategies as st

latin = st.text(st.characters(max_codepoint=255), max_size=60)
"""Any string that WSGI can carry: bytes, one for each character."""

wire = latin.map(lambda text: text.translate({10: None, 13: None, 0: None}))
"""What a header can carry past a server that reads lines."""

anything = st.text(max_size=60)
"""Unicode, surrogates left out as no decoder makes them."""

NOISE = [
    *("", " ", "\t", "\xff", "\x80", "\x7f", "%", "%00", "%zz", "%0d%0a", "%c0%af", "%ed%a0%80"),
    *("..", "/", "//", "\\", ";", ",", "=", "&", '"', "'", "*", "*/*", "-", "--", ":", "@", "?"),
    *("0", "-1", "9" * 20, "9" * 5000, "1e999", "nan", "\xb2", "1_0", "W/", "[", "]", "{", "}"),
    *("utf-8''", "a" * 2000, "\xc3\xa9", "\x00", "\r\n", "bytes"),
]


def mixed(*words: str, size: int = 12) -> st.SearchStrategy[str]:
    """Texts put together from the words of a syntax, and noise."""
    known = st.sampled_from(words)
    piece = known | known | st.sampled_from(NOISE) | latin
    return st.lists(piece, max_size=size).map("".join)


def as_header(texts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """The texts without what ends a header line."""
    return texts.map(lambda text: text.replace("\r", "").replace("\n", "").replace("\0", ""))


REAL = [
    *("/any", "/name/x/", "/name/xy/two", "/number/1", "/number/1.5", "/number/7/limited", "/"),
    *("/path/a/b", "/around/a/b/end", "/joined/a-b/c/other", "/pick/one", "/pick/two three"),
    *("/id/00000000-0000-0000-0000-000000000000", "/sloppy/a", "/sloppy/a/", "/merging/a/"),
]
starts = st.sampled_from([*REAL, "/name/", "/number/", "/path/", "/around/", "/joined/", "/pick/"])
tails = mixed("/", "a", "1", "-", ".", "end", "other", "/two", "/limited", "\u00e9", size=5)
whole = st.sampled_from(REAL)

paths = (
    (
        whole | st.tuples(starts, tails).map("".join) | st.tuples(starts, tails, tails).map("".join)
    ).map(lambda text: text.encode("utf-8", "replace").decode("latin-1"))
) | latin
"""Paths as ``PATH_INFO`` has them: unquoted, byte by byte."""

queries = mixed("a", "b", "=", "&", "+", "%20", "%C3%A9", ";", "[]", "a=1&", "utf8=%E2%9C%93")

cookies = as_header(
    mixed("session", "a", "=", "; ", ";", '"', "\\054", "\\", "b=c; ", "Path=/", "$Version=1")
)

content_types = as_header(
    st.sampled_from(
        ["application/json", "application/x-www-form-urlencoded", "multipart/form-data", ""]
    )
    | mixed("text/plain", "; ", "charset", "=", "utf-16", "boundary=x", "boundary=", '"', "idna")
)

numbers = st.integers(0, 1200).map(str) | st.sampled_from(["", "-1", "9" * 30, "x", " 5 "])
spans = st.tuples(numbers, numbers).map("-".join)
ranges = as_header(
    spans.map("bytes=".__add__)
    | st.lists(spans, max_size=4).map(lambda some: "bytes=" + ",".join(some))
    | mixed("bytes", "=", "0", "-", "9", ",", " ", "999", "1000", "items", "0-0,")
)

dates = as_header(
    st.datetimes().map(lambda moment: moment.strftime("%a, %d %b %Y %H:%M:%S GMT"))
    | mixed("Sat, ", "01 ", "Jan ", "2000 ", "00:00:00 ", "GMT", "0000", "+9999", "-0000", "32")
)

etags = as_header(mixed('"', "W/", '"tag"', "tag", ", ", "*", '""', '"a\\"b"'))

accepts = as_header(
    mixed("text/html", "*/*", ";q=", "0.5", ", ", ";", "level=1", "en-GB", "de", "gzip", "q=-1")
)

credentials = as_header(
    mixed("Basic ", "Digest ", "Bearer ", "dTpw", "=", 'username="', '"', ", ", "qop=", "//==")
)

HEADERS: dict[str, st.SearchStrategy[str]] = {
    "HTTP_ACCEPT": accepts,
    "HTTP_ACCEPT_CHARSET": accepts,
    "HTTP_ACCEPT_ENCODING": accepts,
    "HTTP_ACCEPT_LANGUAGE": accepts,
    "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": as_header(mixed("X-A", ", ", '"')),
    "HTTP_ACCESS_CONTROL_REQUEST_METHOD": wire,
    "HTTP_AUTHORIZATION": credentials,
    "HTTP_CACHE_CONTROL": as_header(mixed("max-age", "=", "60", ", ", "no-store", '"')),
    "HTTP_CONNECTION": as_header(mixed("Upgrade", "close", ", ")),
    "HTTP_CONTENT_ENCODING": wire,
    "HTTP_CONTENT_MD5": wire,
    "HTTP_COOKIE": cookies,
    "HTTP_DATE": dates,
    "HTTP_HOST": as_header(mixed("localhost", ":", "80", ".", "[::1]", "[", "@", "/", "xn--")),
    "HTTP_IF_MATCH": etags,
    "HTTP_IF_MODIFIED_SINCE": dates,
    "HTTP_IF_NONE_MATCH": etags,
    "HTTP_IF_RANGE": etags | dates,
    "HTTP_IF_UNMODIFIED_SINCE": dates,
    "HTTP_MAX_FORWARDS": as_header(mixed("1", "-", "\xb2")),
    "HTTP_ORIGIN": wire,
    "HTTP_PRAGMA": as_header(mixed("no-cache", ", ", "=")),
    "HTTP_RANGE": ranges,
    "HTTP_REFERER": wire,
    "HTTP_UPGRADE": as_header(mixed("websocket", "h2c", ", ")),
    "HTTP_USER_AGENT": wire,
    "HTTP_X_FORWARDED_FOR": as_header(mixed("1.2.3.4", ", ", "::1", "unknown")),
    "HTTP_X_ODD": wire,
}
"""Strategies by header; a server strips nothing but line ends and NUL from them."""

headers = st.lists(st.sampled_from(sorted(HEADERS)), max_size=4, unique=True).flatmap(
    lambda names: st.fixed_dictionaries({name: HEADERS[name] for name in names})
)

lengths = as_header(st.sampled_from(["", "0", "5", "-1", "1_0", "\xb2", "9" * 5000]) | wire)
