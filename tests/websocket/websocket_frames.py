"""Frames that hypothesis makes up, right and wrong, and what RFC 6455 says about them."""

from __future__ import annotations

import contextlib
import itertools
import socket
import struct
from dataclasses import dataclass, field

from hypothesis import strategies as st

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
PATIENCE = 10.0
"""Seconds in which a server has to answer."""
LIMIT = 2000
"""The size of the largest message that the tested handlers take, in bytes."""

HANDSHAKE = (
    b"GET /echo HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


@dataclass
class Frame:
    """One frame of a client, right or wrong."""

    opcode: int
    payload: bytes = b""
    fin: bool = True
    rsv: int = 0
    is_masked: bool = True
    mask: bytes = b"\x01\x02\x03\x04"

    def encode(self) -> bytes:
        size = len(self.payload)
        bit = 0x80 if self.is_masked else 0
        first = (0x80 if self.fin else 0) | self.rsv << 4 | self.opcode
        if size < 126:
            head = struct.pack("!BB", first, bit | size)
        elif size < 65536:
            head = struct.pack("!BBH", first, bit | 126, size)
        else:
            head = struct.pack("!BBQ", first, bit | 127, size)
        if not self.is_masked:
            return head + self.payload
        masked = bytes(byte ^ self.mask[at % 4] for at, byte in enumerate(self.payload))
        return head + self.mask + masked


@dataclass
class Talk:
    """What one client sends.

    :param cut: so many bytes of its end are not sent.
    :param step: the size of the pieces that it sends, in bytes.
    :param garbage: bytes after the frames.
    :param is_early: it doesn't wait for the answer to its handshake.
    :param is_rude: it ends by a reset.
    """

    frames: list[Frame]
    cut: int = 0
    step: int = 65536
    garbage: bytes = b""
    is_early: bool = False
    is_rude: bool = False

    def encode(self) -> bytes:
        data = b"".join(frame.encode() for frame in self.frames) + self.garbage
        return data[: max(0, len(data) - self.cut)]


@dataclass
class Expected:
    """What a server has to make of it."""

    messages: list[tuple[int, bytes]] = field(default_factory=list)
    pings: list[bytes] = field(default_factory=list)
    verdict: str = "open"
    """``open``, ``closed`` by the client, ``wrong``, or ``anything``."""


def expected_of(talk: Talk) -> Expected:
    """Say what a talk means, by RFC 6455."""
    found = Expected()
    if talk.is_early:  # servers that read ahead of the handshake may have dropped a part of it
        found.verdict = "anything"
        return found
    left = len(talk.encode())
    kind, parts = 0, b""
    for frame in talk.frames:
        left -= len(frame.encode())
        if left < 0:
            found.verdict = "anything"  # not all of it was sent
            return found
        if is_wrong(frame, kind):
            found.verdict = "wrong"
            return found
        if frame.opcode == PING:
            found.pings.append(frame.payload)
        elif frame.opcode == CLOSE:
            found.verdict = "closed"
            return found
        elif frame.opcode != PONG:
            kind, parts = frame.opcode or kind, parts + frame.payload
            if len(parts) > LIMIT:
                # ASGI servers know no limit of the application's, and read on until it closes.
                is_last = frame.fin and frame is talk.frames[-1]
                found.verdict = "wrong" if is_last else "anything"
                return found
            if frame.fin and kind == TEXT and not is_text(parts):
                found.verdict = "wrong"
                return found
            if kind == TEXT and not is_text(parts, is_whole=False):
                found.verdict = "anything"  # servers notice it now, or at the message's end
                return found
            if frame.fin:
                found.messages.append((kind, parts))
                kind, parts = 0, b""
    if talk.garbage:
        found.verdict = "anything"
    return found


def is_wrong(frame: Frame, kind: int) -> bool:
    """Return whether a frame is not allowed.

    :param kind: the opcode of the message that it may continue; 0: there is none.
    """
    if frame.rsv or not frame.is_masked or frame.opcode not in (0, TEXT, BINARY, CLOSE, PING, PONG):
        return True
    if frame.opcode >= CLOSE:
        bad_close = frame.opcode == CLOSE and not is_close(frame.payload)
        return not frame.fin or len(frame.payload) > 125 or bad_close
    return (frame.opcode == 0) != (kind != 0)


def is_close(payload: bytes) -> bool:
    if not payload:
        return True
    if len(payload) == 1:
        return False
    (code,) = struct.unpack("!H", payload[:2])
    is_known = code in (1000, 1001, 1002, 1003, *range(1007, 1015), *range(3000, 5000))
    return is_known and is_text(payload[2:])


def is_text(data: bytes, is_whole: bool = True) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return not is_whole and error.reason == "unexpected end of data"
    return True


# Strategies

masks = st.binary(min_size=4, max_size=4)
sizes = st.sampled_from([0, 1, 2, 124, 125, 126, 127, 500, 1000])
texts = st.text(max_size=60).map(str.encode) | st.builds(lambda size: b"x" * size, sizes)
closes = st.builds(
    lambda code, reason: struct.pack("!H", code) + reason.encode()[:100],
    st.sampled_from([1000, 1001, 1003, 1011, 3000, 4999]),
    st.text(st.characters(max_codepoint=127), max_size=30),
)


@st.composite
def messages(draw: st.DrawFn) -> list[Frame]:
    """A message in one or more frames, with pings and pongs in between."""
    kind = draw(st.sampled_from([TEXT, BINARY]))
    payload = draw(texts if kind == TEXT else texts | st.binary(max_size=60))
    cuts = sorted(draw(st.lists(st.integers(0, len(payload)), max_size=3)))
    edges = [0, *cuts, len(payload)]
    frames: list[Frame] = []
    for number, (begin, end) in enumerate(itertools.pairwise(edges)):
        if number and draw(st.booleans()):
            frames.append(draw(controls))
        is_last = number == len(cuts)
        opcode = 0 if number else kind
        frames.append(Frame(opcode, payload[begin:end], is_last, mask=draw(masks)))
    return frames


controls = st.builds(Frame, st.sampled_from([PING, PONG]), st.binary(max_size=125), mask=masks)
wrong = st.one_of(
    st.builds(
        Frame, st.sampled_from([TEXT, BINARY, PING]), st.just(b"plain"), is_masked=st.just(False)
    ),
    st.builds(Frame, st.sampled_from([3, 4, 7, 11, 15]), st.binary(max_size=10)),
    st.builds(Frame, st.sampled_from([0, TEXT, PING]), st.just(b"x"), rsv=st.integers(1, 7)),
    st.builds(Frame, st.sampled_from([PING, PONG, CLOSE]), st.just(b""), fin=st.just(False)),
    st.builds(Frame, st.sampled_from([PING, CLOSE]), st.just(b"\x03\xe8" + b"x" * 124)),
    st.builds(Frame, st.just(CLOSE), st.binary(max_size=6)),
    st.builds(Frame, st.just(0), st.binary(max_size=5), st.booleans()),
    st.builds(Frame, st.just(TEXT), st.binary(max_size=40), st.booleans()),
    st.builds(Frame, st.sampled_from([TEXT, BINARY]), st.just(b"x" * (LIMIT + 1))),
    st.builds(Frame, st.just(BINARY), st.just(b"x" * (LIMIT - 1)), fin=st.just(False)),
)
right = messages() | controls.map(lambda frame: [frame])
pieces = st.lists(st.one_of(right, right, right, wrong.map(lambda frame: [frame])), max_size=6)
endings = st.one_of(
    st.just([]), closes.map(lambda payload: [Frame(CLOSE, payload)]), wrong.map(lambda one: [one])
)
right_talks = st.builds(
    lambda pieces, end, step: Talk([*itertools.chain(*pieces), *end], step=step),
    st.lists(right, max_size=6),
    st.just([]) | closes.map(lambda payload: [Frame(CLOSE, payload)]),
    st.sampled_from([1, 7, 65536]),
)
any_talks = st.builds(
    lambda pieces, end, **options: Talk([*itertools.chain(*pieces), *end], **options),
    pieces,
    endings,
    cut=st.just(0) | st.integers(0, 40),
    step=st.sampled_from([1, 3, 100, 65536]),
    garbage=st.just(b"") | st.binary(max_size=60),
    is_early=st.booleans(),
    is_rude=st.sampled_from([False, False, False, True]),
)


# What comes back


class Answers:
    """Frames of a server, read strictly."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self.file = sock.makefile("rb")
        self.messages: list[tuple[int, bytes]] = []
        self.pongs: list[bytes] = []
        self.close: bytes | None = None
        self.is_over = False

    def read_head(self) -> None:
        status = self.file.readline()
        assert status.startswith(b"HTTP/1.1 101"), status
        while self.file.readline() not in (b"\r\n", b""):
            pass

    def read(self) -> None:
        """Read one frame, or notice the end."""
        try:
            head = self.file.read(2)
            if len(head) < 2:
                self.is_over = True
                return
            self._take(head)
        except ConnectionError:
            self.is_over = True

    def _take(self, head: bytes) -> None:
        opcode, size = head[0] & 15, head[1]
        assert head[0] & 0xF0 == 0x80, "in pieces, or with a bit of an extension"
        assert size < 128, "masked"
        assert opcode in (TEXT, BINARY, CLOSE, PING, PONG), opcode
        assert self.close is None, "a frame after the close"
        if size == 126:
            (size,) = struct.unpack("!H", self.file.read(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", self.file.read(8))
        payload = self.file.read(size)
        if opcode in (TEXT, BINARY):
            self.messages.append((opcode, payload))
        elif opcode == PONG:
            self.pongs.append(payload)
        elif opcode == CLOSE:
            assert is_close(payload), payload
            self.close = payload


def hold(talk: Talk, port: int) -> None:
    """Send a talk to a server, and see that it makes of it what it has to."""
    expected = expected_of(talk)
    data = talk.encode()
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as sock:
        answers = Answers(sock)
        with answers.file:
            send(sock, HANDSHAKE + (data if talk.is_early else b""), 65536)
            answers.read_head()
            if not talk.is_early:
                send(sock, data, talk.step)
            if talk.is_rude:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            if expected.verdict == "open":
                while len(answers.messages) < len(expected.messages) and not answers.is_over:
                    answers.read()
                assert answers.messages == expected.messages
            if expected.verdict in ("closed", "wrong"):
                while answers.close is None and not answers.is_over:
                    answers.read()
            shut_down(sock)
            while not answers.is_over:
                answers.read()
            check(answers, expected)


def check(answers: Answers, expected: Expected) -> None:
    if expected.verdict != "anything":
        assert answers.messages == expected.messages[: len(answers.messages)]
    if expected.verdict in ("open", "closed"):
        assert answers.pongs == expected.pings[: len(answers.pongs)]
    if expected.verdict == "wrong" and answers.close is not None:
        (code,) = struct.unpack("!H", answers.close[:2])
        assert code in (1002, 1003, 1007, 1009), code


def send(sock: socket.socket, data: bytes, step: int) -> None:
    for at in range(0, len(data), step):
        try:
            sock.sendall(data[at : at + step])
        except ConnectionError:  # it has seen enough
            return


def shut_down(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_WR)
