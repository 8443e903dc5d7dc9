"""The signer of session cookies: itsdangerous's, set up once per key instead of per cookie.

The cookies are the same, byte for byte.
"""

from __future__ import annotations

import hmac
import typing as t
import zlib

from itsdangerous import TimestampSigner, URLSafeTimedSerializer
from itsdangerous.encoding import base64_encode, want_bytes
from itsdangerous.signer import SigningAlgorithm


class _Sha1Algorithm(SigningAlgorithm):
    """HMAC with SHA-1, as itsdangerous computes it."""

    # PERF: given the hash as a callable, the standard library computes an HMAC in Python.

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        return hmac.digest(key, value, "sha1")


class _Signer(TimestampSigner):
    """Derives each key once."""

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
    """Signs and compresses what a session holds; keep it for as long as the keys are the same.

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
        options = {"key_derivation": key_derivation, "digest_method": digest_method}
        super().__init__(
            t.cast(t.Any, keys), salt, serializer, signer=_Signer, signer_kwargs=options
        )
        algorithm = _Sha1Algorithm() if sha1 else None
        self._kept = _Signer(self.secret_keys, salt=salt, algorithm=algorithm, **options)

    def make_signer(self, salt: str | bytes | None = None) -> TimestampSigner:
        if salt is None or salt == self.salt:
            return self._kept
        return t.cast(TimestampSigner, super().make_signer(salt))

    def loads(  # type: ignore[override]
        self,
        s: str | bytes,
        max_age: int | None = None,
        return_timestamp: bool = False,
        salt: str | bytes | None = None,
    ) -> t.Any:
        if return_timestamp or salt is not None or self.fallback_signers:
            return super().loads(s, max_age, return_timestamp, salt)
        # PERF: the base class has the time of signing made into a datetime, to drop it.
        return self.load_payload(self._kept.unsign(s, max_age))

    def dump_payload(self, obj: t.Any) -> bytes:
        text = want_bytes(self.serializer.dumps(obj))
        if len(text) <= _SHORT and not _is_compressible(text):
            return base64_encode(text)
        return super().dump_payload(obj)


_SHORT = 100
"""Up to this length, in bytes, a compressor with little memory finds all that a large one does."""


def _is_compressible(text: bytes) -> bool:
    """Whether zlib's default compression saves more than the byte that marks it.

    :param text: of at most :data:`_SHORT` bytes.
    """
    # PERF: the default compressor begins by clearing a quarter of a megabyte. This one needs 3
    # kB and comes to the same length; 6 bytes are added for the header and the check sum.
    compressor = zlib.compressobj(6, zlib.DEFLATED, -9, 1)
    return len(compressor.compress(text)) + len(compressor.flush()) + 6 < len(text) - 1
