"""The signer of session cookies: itsdangerous's, set up once per key instead of per cookie.

The cookies are the same, byte for byte.
"""

from __future__ import annotations

import hashlib
import hmac
import typing as t
import zlib
from binascii import a2b_base64, b2a_base64

from itsdangerous import TimestampSigner, URLSafeTimedSerializer
from itsdangerous.encoding import (
    bytes_to_int,
    int_to_bytes,
    want_bytes,
)
from itsdangerous.signer import SigningAlgorithm


class _Sha1Algorithm(SigningAlgorithm):
    """HMAC with SHA-1, as itsdangerous computes it."""

    # PERF: given the hash as a callable, the standard library computes an HMAC in Python.

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        return hmac.digest(key, value, "sha1")


class _Signer(TimestampSigner):
    """Signer that derives each key once."""

    def __init__(self, *args: t.Any, **kwargs: t.Any) -> None:
        super().__init__(*args, **kwargs)
        self._derived: dict[str | bytes | None, bytes] = {}

    def derive_key(self, secret_key: str | bytes | None = None) -> bytes:
        # PERF: deriving takes a hash of its own, for each cookie that is read or written.
        derived = self._derived.get(secret_key)
        if derived is None:
            derived = self._derived[secret_key] = super().derive_key(secret_key)
        return derived


class SessionSerializer(URLSafeTimedSerializer):
    """Serializer that signs and compresses sessions; reuse it while the keys stay the same.

    :param keys: the last one signs, all are accepted.
    :param sha1: whether ``digest_method`` is SHA-1, which may be computed faster.
    """

    def __init__(
        self,
        keys: t.Iterable[str | bytes],
        salt: str,
        serializer: t.Any,
        key_derivation: str,
        digest_method: t.Any,
        sha1: bool,
    ) -> None:
        keys = tuple(keys)
        # Others, numbers for example, itsdangerous refuses where a cookie is to be signed.
        sha1 = sha1 and all(isinstance(key, (str, bytes)) for key in keys)
        options = {"key_derivation": key_derivation, "digest_method": digest_method}
        super().__init__(
            t.cast(t.Any, keys), salt, serializer, signer=_Signer, signer_kwargs=options
        )
        self._sha1 = sha1
        algorithm = _Sha1Algorithm() if sha1 else None
        self._kept = signer = _Signer(self.secret_keys, salt=salt, algorithm=algorithm, **options)
        if sha1:
            self._inner, self._outer = _hmac_states(signer.derive_key())
        self._stamp = 0, b""

    def make_signer(self, salt: str | bytes | None = None) -> TimestampSigner:
        if salt is None or salt == self.salt:
            return self._kept
        return t.cast(TimestampSigner, super().make_signer(salt))

    def dumps(self, obj: t.Any, salt: str | bytes | None = None) -> str:
        if salt is not None or not self._sha1:
            return super().dumps(obj, salt)
        # PERF: signing as the base class does it, without converting between text and bytes.
        now = self._kept.get_timestamp()
        second, stamp = self._stamp
        if second != now:
            stamp = _encode(int_to_bytes(now))
            self._stamp = now, stamp
        stamped = b"%b.%b" % (self.dump_payload(obj), stamp)
        return (b"%b.%b" % (stamped, self._signature(stamped))).decode()

    def loads(  # type: ignore[override]
        self,
        s: str | bytes,
        max_age: int | None = None,
        return_timestamp: bool = False,
        salt: str | bytes | None = None,
    ) -> t.Any:
        if max_age is not None and salt is None and self._sha1 and not return_timestamp:
            payload = self._unsign_at_once(want_bytes(s), max_age)
            if payload is not None:
                return self.load_payload(payload)
        return super().loads(s, max_age, return_timestamp, salt)

    def _signature(self, value: bytes) -> bytes:
        """Sign with the last key, as itsdangerous does."""
        # PERF: what the key makes of the hash's states is half of the work, and always the same;
        # and the standard library's object of an HMAC has methods in Python around those in C.
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(value)
        outer.update(inner.digest())
        return _encode(outer.digest())

    def _unsign_at_once(self, signed: bytes, max_age: int) -> bytes | None:
        """Return what was signed with the first key in the last ``max_age`` seconds; ``None``:
        have the base class find out what it is, or is not.
        """
        stamped, _, signature = signed.rpartition(b".")
        if not hmac.compare_digest(self._signature(stamped), signature):
            return None
        payload, _, stamp = stamped.rpartition(b".")
        try:
            age = self._kept.get_timestamp() - bytes_to_int(_decode(stamp))
        except ValueError:
            return None
        return payload if payload and 0 <= age <= max_age else None

    def load_payload(self, payload: bytes, *args: t.Any, **kwargs: t.Any) -> t.Any:
        if not (args or kwargs) and payload[:1] != b"." and self.is_text_serializer:
            try:
                return self.serializer.loads(_decode(payload).decode())
            except Exception:
                return super().load_payload(payload)  # which says what is wrong with it
        return super().load_payload(payload, *args, **kwargs)

    def dump_payload(self, obj: t.Any) -> bytes:
        written = self.serializer.dumps(obj)
        text = written.encode() if type(written) is str else want_bytes(written)
        if len(text) <= _SHORT and not _is_compressible(text):
            return _encode(text)
        return super().dump_payload(obj)


def _hmac_states(key: bytes) -> tuple[t.Any, t.Any]:
    """Return the states of the two hashes that make an HMAC (:rfc:`2104`), with the key in them."""
    # The cookie format that is shared with the original has SHA-1, which holds in an HMAC.
    if len(key) > _BLOCK:
        key = hashlib.sha1(key).digest()  # nosec B324
    padded = key.ljust(_BLOCK, b"\0")
    inner = hashlib.sha1(bytes(byte ^ 0x36 for byte in padded))  # nosec B324
    outer = hashlib.sha1(bytes(byte ^ 0x5C for byte in padded))  # nosec B324
    return inner, outer


_BLOCK = 64
"""The bytes that SHA-1 takes at a time."""


def _encode(data: bytes) -> bytes:
    """Encode as URL-safe base64 without padding, the opposite of :func:`_decode`."""
    return b2a_base64(data, newline=False).translate(_FROM_STANDARD).rstrip(b"=")


def _decode(text: bytes) -> bytes:
    """Decode what is base64 with the alphabet for URLs and no padding, or raise
    :exc:`ValueError`.
    """
    # PERF: itsdangerous and the standard library come to the same by four calls.
    return a2b_base64(text.translate(_TO_STANDARD) + b"==")


_FROM_STANDARD = bytes.maketrans(b"+/", b"-_")
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")

_SHORT = 100
"""Up to this length, in bytes, a compressor with little memory finds all that a large one does."""

_TINY = 27
_FEW_REPEATED = 10
"""Text of at most :data:`_TINY` bytes is not compressible if no more of them are repeated."""


def _is_compressible(text: bytes) -> bool:
    """Return whether zlib's default compression saves more than the byte that marks it.

    :param text: of at most :data:`_SHORT` bytes.
    """
    # PERF: to count is faster than to compress. Every distinct byte is written out once, which
    # takes 8 bits in deflate's fixed code, with 22 for everything else. With a code of the text's
    # own, m symbols take at least m * log2(m) bits, and the code's description more than 70. For
    # texts within these bounds, neither saves a byte.
    if len(text) <= _TINY and len(text) - len(set(text)) <= _FEW_REPEATED:
        return False
    # PERF: the default compressor begins by clearing a quarter of a megabyte. This one needs 3
    # kB and comes to the same length; 6 bytes are added for the header and the check sum.
    compressor = zlib.compressobj(6, zlib.DEFLATED, -9, 1)
    return len(compressor.compress(text)) + len(compressor.flush()) + 6 < len(text) - 1
