"""WebSockets: handlers that :meth:`flask.Flask.websocket` declares, and what they talk to.

Imported by applications that declare one.
"""

from .blocking import SyncWebsocket as SyncWebsocket
from .connection import State as State
from .context import WebsocketContext as WebsocketContext
from .context import copy_current_websocket_context as copy_current_websocket_context
from .context import has_websocket_context as has_websocket_context
from .context import sync_websocket as sync_websocket
from .context import websocket as websocket
from .errors import WebsocketDisconnected as WebsocketDisconnected
from .websocket import Websocket as Websocket
