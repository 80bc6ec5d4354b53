"""Make the lab's data: python -m benchmarks.lab.run -o DIR --flows 1250 --seed 1 --slots 28.

Writes DIR/captures/*.pcap, DIR/labels.csv (one line a flow) and DIR/networks.jsonl (what each flow
was told). Needs root, iproute2, tcpdump, ethtool, a C compiler, and the extra `lab`.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import json
import random
import signal
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.lab.netns import LabError, Slot, require, work_folder
from benchmarks.lab.network import Network, draw_network
from benchmarks.lab.services import SERVICES

SERVER_PORT = 443
DATAGRAM_SIZES = (1200, 1232, 1252, 1350, 1400)  # UDP payloads that QUIC stacks in use choose
LABELS = ("capture", "src", "src_port", "dst", "dst_port", "protocol", "traffic_class")


@dataclass(frozen=True)
class Flow:
    """One flow, as planned."""

    service: str
    seed: int
    network: Network
    start_s: float  # after the capture's start
    datagram_size: int  # the client's
    leave: bool  # to time out, instead of closing


def plan(flows: int, seed: int) -> list[list[Flow]]:
    """Return captures, each a list of flows: half of the captures hold two to five flows."""
    rng = random.Random(seed)
    services = [SERVICES[i % len(SERVICES)] for i in range(flows)]
    rng.shuffle(services)
    captures: list[list[Flow]] = []
    while services:
        count = min(rng.choices((1, 2, 3, 4, 5), weights=(50, 20, 15, 10, 5))[0], len(services))
        span_s = rng.uniform(0, 45)
        captures.append(
            [draw_flow(rng, services.pop(), span_s if i else 0.0) for i in range(count)]
        )
    return captures


def draw_flow(rng: random.Random, service: str, span_s: float) -> Flow:
    """Draw all but the service from what is the same for all services."""
    return Flow(
        service=service,
        seed=rng.getrandbits(32),
        network=draw_network(rng),
        start_s=rng.uniform(0, span_s),
        datagram_size=rng.choice(DATAGRAM_SIZES),
        leave=rng.random() < 0.12,
    )


class Output:
    """The output folder: labels and networks grow by whole captures."""

    def __init__(self, folder: Path):
        self.captures = folder / "captures"
        self.captures.mkdir(parents=True)
        self._labels, self._networks = folder / "labels.csv", folder / "networks.jsonl"
        with self._labels.open("w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerow(LABELS)

    def add(self, capture: str, server: str, flows: dict[str, Flow], done: list[dict]) -> None:
        """Write a capture's flows: client address → Flow, and the client's report on each."""
        with self._labels.open("a", newline="") as labels, self._networks.open("a") as networks:
            writer = csv.writer(labels, lineterminator="\n")
            for (address, flow), end in zip(flows.items(), done, strict=True):
                writer.writerow(
                    (capture, address, end["port"], server, SERVER_PORT, 17, flow.service)
                )
                told = {"capture": capture, "src": address, "src_port": end["port"]}
                told |= {**asdict(flow), "outcome": end["outcome"]}
                networks.write(json.dumps(told) + "\n")


def certificate(folder: Path) -> None:
    """Write chain.pem, one certificate for all servers and the one above it, and key.pem."""
    from datetime import datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.x509.oid import NameOID

    def make(name: str, issuer: str, public, signer) -> bytes:
        names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, n)]) for n in (name, issuer)]
        built = x509.CertificateBuilder(names[1], names[0], public, x509.random_serial_number())
        built = built.not_valid_before(datetime(2024, 1, 1))
        built = built.not_valid_after(datetime(2024, 1, 1) + timedelta(days=36500))
        return built.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    above, key = (rsa.generate_private_key(65537, 2048) for _ in range(2))
    chain = make("lab.example", "lab authority", key.public_key(), above)
    chain += make("lab authority", "lab authority", above.public_key(), above)
    (folder / "chain.pem").write_bytes(chain)
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


async def work(number: int, folder: Path, output: Output, todo: list, tick) -> None:
    """Run captures from `todo`, (name, flows), in one slot until none is left."""
    endpoint = (sys.executable, "-m", "benchmarks.lab.endpoint")
    size = str(random.Random(number).choice(DATAGRAM_SIZES))
    files = [str(folder / name) for name in ("chain.pem", "key.pem")]
    with Slot(number, folder) as slot:
        async with (
            slot.program("server", *endpoint, "server", slot.server, size, *files),
            slot.program("client", *endpoint, "client", slot.server) as client,
        ):
            while todo:
                name, flows = todo.pop()
                await capture(slot, client, output, name, flows)
                tick(len(flows))


async def capture(slot: Slot, client, output: Output, name: str, flows: list[Flow]) -> None:
    """Run one capture's flows; a capture that is cut off leaves no file."""
    addressed = {slot.client_address(): flow for flow in flows}
    networks = {address: flow.network for address, flow in addressed.items()}
    told = []
    for address, flow in addressed.items():
        asked = asdict(flow)
        del asked["network"]
        told.append({"local": address, **asked})
    path, whole = output.captures / name, False
    try:
        async with slot.links(networks, flows[0].seed), slot.capture(path):
            client.stdin.write(json.dumps(told).encode() + b"\n")
            line = await client.stdout.readline()
        done = json.loads(line or "null")
        if done is None:
            raise LabError(f"{name}: the client ended early")
        output.add(name, slot.server, addressed, done)
        whole = True
    finally:
        if not whole:
            path.unlink(missing_ok=True)


async def run_all(arguments: argparse.Namespace, folder: Path, tick) -> None:
    """Run the plan over all slots; the first failure, or a signal, ends them all."""
    certificate(folder)
    output = Output(arguments.output)
    captures = plan(arguments.flows, arguments.seed)
    todo = [(f"capture-{i:04}.pcap", flows) for i, flows in enumerate(captures)][::-1]
    slots = range(min(arguments.slots, len(todo)))
    tasks = [asyncio.ensure_future(work(n, folder, output, todo, tick)) for n in slots]
    stopping = False

    def stop() -> None:
        nonlocal stopping
        if not stopping:  # a second cancel would cut the first one's cleaning up short
            stopping = True
            for task in tasks:
                task.cancel()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    try:
        await asyncio.gather(*tasks)
    finally:
        stop()
        await asyncio.gather(*tasks, return_exceptions=True)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.lab.run", description=__doc__)
    parser.add_argument("-o", "--output", type=Path, required=True, help="a new folder")
    parser.add_argument("--flows", type=int, default=1250)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--slots", type=int, default=28, help="captures at a time, 1 to 250")
    arguments = parser.parse_args()
    if arguments.flows < 1 or not 1 <= arguments.slots <= 250:
        parser.error("want at least 1 flow and 1 to 250 slots")
    return arguments


def main() -> int:
    arguments = parse()
    try:
        if (arguments.output / "captures").exists():
            raise LabError(f"{arguments.output}: holds captures already: choose a new folder")
        require("aioquic", "rich")
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

        columns = (BarColumn(), MofNCompleteColumn(), "flows", TimeElapsedColumn())
        with work_folder() as folder, Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task("", total=arguments.flows)
            asyncio.run(run_all(arguments, folder, lambda n: bar.advance(task, n)))
    except (LabError, OSError) as error:
        print(f"benchmarks.lab.run: {error}", file=sys.stderr)
        return 2
    except asyncio.CancelledError:
        print("benchmarks.lab.run: stopped; whole captures are kept", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
