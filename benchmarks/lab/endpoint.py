"""The programs inside the namespaces: one server, and one client that runs flows as told.

    python -m benchmarks.lab.endpoint server ADDRESS DATAGRAM_SIZE CERTIFICATE KEY
    python -m benchmarks.lab.endpoint client ADDRESS

The client reads one JSON line a capture, a list of flows, and answers with one line: for each flow
its port and how it ended. Both end when standard input does.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import random
import sys

from aioquic.asyncio.server import QuicServer

from benchmarks.lab.quic import Server, configuration, connect, udp_socket

SERVER_PORT = 443
MAX_FLOW_S = 180.0


async def serve(address: str, datagram_size: int, certificate: str, key: str) -> None:
    """Serve until standard input ends."""
    config = configuration(False, datagram_size)
    config.load_cert_chain(certificate, key)
    await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: QuicServer(configuration=config, create_protocol=Server),
        sock=udp_socket((address, SERVER_PORT)),
    )
    print("ready", flush=True)
    await read_line()


async def flow(server: str, told: dict) -> dict:
    """Run one flow: {service, seed, local, start_s, datagram_size, leave} -> {port, outcome}."""
    await asyncio.sleep(told["start_s"])
    talk = importlib.import_module(f"benchmarks.lab.services.{told['service']}").talk
    client = await connect(told["local"], (server, SERVER_PORT), told["datagram_size"])
    port = client.port

    async def visit() -> None:
        await client.wait_connected()
        await talk(client, random.Random(told["seed"]))

    outcome = "whole"
    try:
        await asyncio.wait_for(visit(), MAX_FLOW_S)
    except (asyncio.TimeoutError, ConnectionError) as error:
        outcome = type(error).__name__
    await client.finish(told["leave"])
    return {"port": port, "outcome": outcome}


async def run_flows(server: str) -> None:
    """Run captures' flows, line by line, until standard input ends."""
    print("ready", flush=True)
    while line := await read_line():
        done = await asyncio.gather(*(flow(server, told) for told in json.loads(line)))
        print(json.dumps(done), flush=True)


async def read_line() -> str:
    return await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)


if __name__ == "__main__":
    role, address, *rest = sys.argv[1:]
    os.nice(-10)  # a late endpoint would look like a slow network
    if role == "server":
        asyncio.run(serve(address, int(rest[0]), rest[1], rest[2]))
    else:
        asyncio.run(run_flows(address))
