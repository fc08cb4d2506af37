"""Outbound: counts what this process sends to addresses outside this machine. Knows no chat.

Counted are connections that this process opens and bytes that it sends over them or in datagrams, in plain sockets and
under TLS. Not counted are answers on connections that others opened (the person's own browser), and other processes.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
import weakref
from collections.abc import Callable
from functools import wraps
from typing import Any

from orchestrator.types import Value


class Outbound(Value):
    """What left this machine since the watch began."""

    num_bytes: int = 0
    num_connections: int = 0
    hosts: tuple[str, ...] = ()


class _Watch:
    """The process's counter; sockets that were connected outwards are remembered until they are gone."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.num_bytes = 0
        self.num_connections = 0
        self.hosts: dict[str, None] = {}
        self.sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()

    def connected(self, sock: socket.socket, address: Any) -> None:
        with self.lock:
            self.sockets.add(sock)
            self.num_connections += 1
            self.hosts[str(address[0])] = None

    def sent(self, num_bytes: int, host: str | None = None) -> None:
        with self.lock:
            self.num_bytes += num_bytes
            if host is not None:
                self.hosts[host] = None


_watch: _Watch | None = None
_install_lock = threading.Lock()


def watch() -> None:
    """Begin to count; a second call changes nothing."""
    global _watch
    with _install_lock:
        if _watch is None:
            _watch = _Watch()
            _wrap_connect(_watch)
            _wrap_send(_watch)
            _wrap_datagrams(_watch)
            _wrap_tls(_watch)


def outbound() -> Outbound:
    """What left this machine so far; zeros before `watch()`."""
    if _watch is None:
        return Outbound()
    with _watch.lock:
        return Outbound(num_bytes=_watch.num_bytes, num_connections=_watch.num_connections, hosts=tuple(_watch.hosts))


def is_outside(address: Any) -> bool:
    """Whether a socket address leaves this machine; a name that is no number counts as outside, localhost not."""
    if not isinstance(address, tuple) or not address or not isinstance(address[0], str):
        return False  # Unix sockets, netlink and the like
    host = address[0].split("%")[0]
    if host in ("", "localhost", "0.0.0.0", "::"):
        return False
    try:
        parsed = ipaddress.ip_address(host)
    except ValueError:
        return True
    mapped = getattr(parsed, "ipv4_mapped", None)
    return not (mapped or parsed).is_loopback


def _replace(cls: type, name: str, make: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    original = getattr(cls, name)
    setattr(cls, name, wraps(original)(make(original)))


def _wrap_connect(counter: _Watch) -> None:
    def make(original: Callable[..., Any]) -> Callable[..., Any]:
        def connect(self: socket.socket, address: Any) -> Any:
            if self.type & 0xF == socket.SOCK_STREAM and is_outside(address):
                counter.connected(self, address)
            elif is_outside(address):
                counter.sockets.add(self)  # a datagram socket sends nothing yet
            return original(self, address)

        return connect

    _replace(socket.socket, "connect", make)
    _replace(socket.socket, "connect_ex", make)


def _wrap_send(counter: _Watch) -> None:
    def make(original: Callable[..., Any]) -> Callable[..., Any]:
        def send(self: socket.socket, data: Any, *rest: Any) -> Any:
            sent = original(self, data, *rest)
            if self in counter.sockets:
                num_bytes = sent if sent is not None else memoryview(data).nbytes  # sendall gives None
                counter.sent(num_bytes)
            return sent

        return send

    for name in ("send", "sendall", "sendfile"):
        _replace(socket.socket, name, make)


def _wrap_datagrams(counter: _Watch) -> None:
    def to_address(original: Callable[..., Any]) -> Callable[..., Any]:
        def sendto(self: socket.socket, data: Any, *rest: Any) -> Any:
            sent = original(self, data, *rest)
            if is_outside(rest[-1]):
                counter.sent(sent, str(rest[-1][0]))
            return sent

        return sendto

    def of_parts(original: Callable[..., Any]) -> Callable[..., Any]:
        def sendmsg(self: socket.socket, buffers: Any, ancdata: Any = (), flags: int = 0, *address: Any) -> Any:
            sent = original(self, buffers, ancdata, flags, *address)
            if self in counter.sockets or (address and is_outside(address[0])):
                counter.sent(sent)
            return sent

        return sendmsg

    _replace(socket.socket, "sendto", to_address)
    _replace(socket.socket, "sendmsg", of_parts)


def _wrap_tls(counter: _Watch) -> None:
    """A TLS socket takes a connected one's place and writes past `socket.send`, so it is asked for its peer."""

    def make(original: Callable[..., Any]) -> Callable[..., Any]:
        def send(self: ssl.SSLSocket, data: Any, *rest: Any) -> Any:
            sent = original(self, data, *rest)
            if not self.server_side and self not in counter.sockets and is_outside(self.getpeername()):
                counter.sent(int(sent))
            return sent

        return send

    _replace(ssl.SSLSocket, "send", make)
    _replace(ssl.SSLSocket, "write", make)
