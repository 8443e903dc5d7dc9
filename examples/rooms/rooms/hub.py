"""Who is in which room, and what they are told: in this process, and by Redis in others."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any

CHANNEL = "rooms"
BEAT = 3.0
"""Seconds between two signs of life of a process, which is forgotten after three of them."""
ROOM_FOR = 100
"""Events that wait for a client; one that takes them more slowly is told to connect again."""

Event = dict[str, Any]
logger = logging.getLogger(__name__)


class Listener:
    """One open connection: the events that wait for it."""

    def __init__(self, room: str | None, name: str) -> None:
        self.room, self.name = room, name
        self.queue: asyncio.Queue[Event | None] = asyncio.Queue(ROOM_FOR)

    def put(self, event: Event) -> None:
        try:
            self.queue.put_nowait(event)
        except asyncio.QueueFull:
            while not self.queue.empty():
                self.queue.get_nowait()
            self.queue.put_nowait(None)  # it has missed something


class Hub:
    """Passes events on to listeners.

    :param url: of Redis; `None`: there is only this process.
    """

    def __init__(self, url: str | None) -> None:
        self._url = url
        self._listeners: set[Listener] = set()
        self._redis: Any = None
        self._id = f"{os.getpid()}-{uuid.uuid4().hex[:8]}"

    @contextlib.contextmanager
    def listening(self, room: str | None, name: str) -> Iterator[Listener]:
        """Listen to a room, or to all activity if `room` is `None`."""
        listener = Listener(room, name)
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    async def publish(self, event: Event) -> None:
        """Tell every listener of the event's room, in all processes."""
        if self._redis is None:
            self.deliver(event)
        else:
            await self._redis.publish(CHANNEL, json.dumps(event))

    def deliver(self, event: Event) -> None:
        """Tell the listeners of this process."""
        for listener in list(self._listeners):
            if listener.room in (None, event["room"]):
                listener.put(event)

    # Presence

    def _own(self, room: str) -> Counter[str]:
        return Counter(item.name for item in self._listeners if item.room == room)

    async def names(self, room: str) -> list[str]:
        """Return who is in a room."""
        found = set(self._own(room))
        if self._redis is not None:
            for key in await self._redis.keys(f"{CHANNEL}:*"):
                people = json.loads(await self._redis.get(key) or "{}")
                if not key.endswith(self._id):
                    found |= set(people.get(room, ()))
        return sorted(found)

    async def announce(self, room: str) -> None:
        """Tell everybody who is in a room."""
        await self._beat()
        await self.publish({"type": "present", "room": room, "names": await self.names(room)})

    async def _beat(self) -> None:
        if self._redis is not None:
            rooms = {item.room for item in self._listeners if item.room is not None}
            people = {room: sorted(self._own(room)) for room in rooms}
            await self._redis.set(f"{CHANNEL}:{self._id}", json.dumps(people), px=int(BEAT * 3000))

    # Redis

    async def run(self) -> None:
        """Pass on what other processes publish, for as long as the application serves."""
        if self._url is None:
            return
        from redis import RedisError
        from redis.asyncio import Redis

        while True:
            try:
                async with (
                    Redis.from_url(self._url, decode_responses=True) as redis,
                    redis.pubsub() as subscription,
                ):
                    await subscription.subscribe(CHANNEL)
                    self._redis = redis
                    await asyncio.gather(self._read(subscription), self._keep_beating())
            except (OSError, RedisError) as error:
                logger.warning("Redis is not there: %s", error)
            finally:
                self._redis = None
            # What was said meanwhile is in the database: clients fetch it when they reconnect.
            for listener in self._listeners:
                listener.put({"type": "again", "room": listener.room})
            await asyncio.sleep(1)

    async def _read(self, subscription: Any) -> None:
        async for item in subscription.listen():
            if item["type"] == "message":
                self.deliver(json.loads(item["data"]))

    async def _keep_beating(self) -> None:
        seen: dict[str, list[str]] = {}
        while True:
            await self._beat()
            for room in {item.room for item in self._listeners if item.room is not None}:
                names = await self.names(room)
                if seen.get(room) != names:  # a process that was killed says no goodbye
                    seen[room] = names
                    self.deliver({"type": "present", "room": room, "names": names})
            await asyncio.sleep(BEAT)
