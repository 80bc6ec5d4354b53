"""HTTP/3 over aioquic: a client that asks for what it wants to see on the wire, and its server.

A request's body starts with the answer's timetable, parts of (count, wait_us, bytes): the server
waits and sends `bytes`, `count` times over. So a service is one script on the client's side, and
the server sends what and when that service's server would.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import struct
import time
from typing import NamedTuple

from aioquic.asyncio import QuicConnectionProtocol
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.events import ConnectionTerminated, ProtocolNegotiated

IDLE_TIMEOUT_S = 30.0
PART = struct.Struct(">HII")
MAX_PARTS = 200
MAX_ANSWER = 64 << 20


class Part(NamedTuple):
    """A part of an answer: `count` times, wait `wait_s`, then send `size` bytes."""

    count: int
    wait_s: float
    size: int


def configuration(is_client: bool, datagram_size: int) -> QuicConfiguration:
    """Return the settings that all flows share; only the size of datagrams differs."""
    return QuicConfiguration(
        is_client=is_client,
        alpn_protocols=H3_ALPN,
        congestion_control_algorithm="cubic",
        idle_timeout=IDLE_TIMEOUT_S,
        max_data=15 << 20,
        max_stream_data=6 << 20,
        max_datagram_size=datagram_size,
        server_name="lab.example",
        verify_mode=ssl.CERT_NONE,  # the lab signs its own certificates
    )


def udp_socket(address: tuple[str, int]) -> socket.socket:
    """Return a bound UDP socket whose buffer outlives a busy moment of this machine."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, 33, 4 << 20)  # SO_RCVBUFFORCE
    sock.bind(address)
    sock.setblocking(False)
    return sock


class Peer(QuicConnectionProtocol):
    """A connection that speaks HTTP/3."""

    http: H3Connection | None = None

    def quic_event_received(self, event) -> None:
        if isinstance(event, ProtocolNegotiated):
            self.http = H3Connection(self._quic)
        elif isinstance(event, ConnectionTerminated):
            self.terminated()
        if self.http is not None:
            for http_event in self.http.handle_event(event):
                if isinstance(http_event, DataReceived):
                    self.received(http_event.stream_id, http_event.data, http_event.stream_ended)
                elif isinstance(http_event, HeadersReceived) and http_event.stream_ended:
                    self.received(http_event.stream_id, b"", True)

    def received(self, stream: int, data: bytes, ended: bool) -> None:
        raise NotImplementedError

    def terminated(self) -> None:
        raise NotImplementedError


class Client(Peer):
    """A service's client: `ask`, `spawn` and `elapsed_s` are all that its script needs."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._answers: dict[int, asyncio.Future] = {}
        self._tasks: set[asyncio.Task] = set()
        self._gone = self._left = False
        self._started = time.monotonic()

    @property
    def elapsed_s(self) -> float:
        """Seconds since the connection was made."""
        return time.monotonic() - self._started

    @property
    def port(self) -> int:
        """The client's UDP port."""
        return self._transport.get_extra_info("sockname")[1]

    async def ask(self, up: int, *answer: Part) -> float:
        """Send a request, wait for the whole answer, and return the seconds that it took.

        Parameters
        ----------
        up : int
            Bytes of the request's body; its timetable, if that is longer.
        *answer : Part
            What the server sends back, and when; at most MAX_PARTS.

        Raises
        ------
        ConnectionError
            If the connection ends first.
        """
        if self._gone:
            raise ConnectionError
        parts = b"".join(PART.pack(n, int(wait * 1e6), size) for n, wait, size in answer)
        body = struct.pack(">H", len(answer)) + parts
        stream = self._quic.get_next_available_stream_id()
        headers = [
            (b":method", b"POST"),
            (b":scheme", b"https"),
            (b":authority", b"lab.example"),
            (b":path", b"/" + os.urandom(8).hex().encode()),
        ]
        done = self._answers[stream] = self._loop.create_future()
        began = time.monotonic()
        self.http.send_headers(stream, headers)
        self.http.send_data(stream, body.ljust(up, b"\0"), end_stream=True)
        self.transmit()
        await done
        return time.monotonic() - began

    def spawn(self, work) -> asyncio.Task:
        """Run a coroutine beside the script; it ends with the flow."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        return task

    async def finish(self, leave: bool) -> None:
        """End the flow: close the connection, or leave it to time out, as a killed app does."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if not leave:
            self.close()
            await self.wait_closed()
        self._left = True
        self._transport.close()

    def transmit(self) -> None:
        if not self._left:
            super().transmit()

    def received(self, stream: int, data: bytes, ended: bool) -> None:
        if ended and not (done := self._answers.pop(stream)).done():
            done.set_result(None)

    def terminated(self) -> None:
        self._gone = True
        for done in self._answers.values():
            if not done.done():
                done.set_exception(ConnectionError())
        self._answers.clear()


async def connect(local: str, remote: tuple[str, int], datagram_size: int) -> Client:
    """Open a connection from the local address, at a port that the system picks."""
    quic = QuicConnection(configuration=configuration(True, datagram_size))
    loop = asyncio.get_running_loop()
    _, client = await loop.create_datagram_endpoint(
        lambda: Client(quic), sock=udp_socket((local, 0))
    )
    client.connect(remote)
    return client


class Server(Peer):
    """Answers every request by the timetable in its body."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._heads: dict[int, bytes] = {}
        self._tasks: set[asyncio.Task] = set()

    def received(self, stream: int, data: bytes, ended: bool) -> None:
        head = self._heads.get(stream, b"")
        self._heads[stream] = head + data[: 2 + MAX_PARTS * PART.size - len(head)]
        if ended:
            task = asyncio.ensure_future(self._answer(stream, self._heads.pop(stream)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _answer(self, stream: int, head: bytes) -> None:
        count = struct.unpack_from(">H", head)[0]
        parts = [PART.unpack_from(head, 2 + i * PART.size) for i in range(count)]
        if sum(times * size for times, _, size in parts) > MAX_ANSWER:
            raise ValueError(f"answer of more than {MAX_ANSWER} bytes asked for")
        self.http.send_headers(stream, [(b":status", b"200")])
        for times, wait_us, size in parts:
            for _ in range(times):
                if wait_us:
                    await asyncio.sleep(wait_us / 1e6)
                self.http.send_data(stream, bytes(size), end_stream=False)
                self.transmit()
        self.http.send_data(stream, b"", end_stream=True)
        self.transmit()

    def terminated(self) -> None:
        for task in self._tasks:
            task.cancel()
