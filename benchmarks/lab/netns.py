"""Network namespaces, the emulator between them, and what the lab needs from the system."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import tempfile
from contextlib import asynccontextmanager, contextmanager
from importlib.util import find_spec
from pathlib import Path

CC_FLAGS = ("-std=c99", "-O2", "-Wall", "-Wextra", "-Wconversion", "-Werror")
OFFLOADS = [word for name in ("tx", "rx", "tso", "gso", "gro") for word in (name, "off")]


class LabError(Exception):
    """The lab can't run here; the message is one line."""


def require(*modules: str) -> None:
    """Raise LabError, in one line, for the first thing that the lab needs and this machine lacks.

    Parameters
    ----------
    *modules : str
        Python modules needed beside the system's tools.
    """
    for module in modules:
        if find_spec(module) is None:
            raise LabError(f"needs the Python module {module}: pip install 'edgemtl[lab]'")
    for tool in ("ip", "tcpdump", "ethtool", "cc", "setpriv"):
        if shutil.which(tool) is None:
            raise LabError(
                f"needs {tool}, not found: apt-get install iproute2 tcpdump ethtool gcc util-linux"
            )
    name = f"edgemtl-lab-{os.getpid()}-try"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True)
    if made.returncode:
        reason = (made.stderr.strip() or "no reason given").splitlines()[-1]
        raise LabError(f"needs network namespaces, refused: {reason}: run as root")
    subprocess.run(["ip", "netns", "del", name], check=True)


@contextmanager
def work_folder():
    """Yield a temporary folder that holds the built emulator."""
    with tempfile.TemporaryDirectory(prefix="edgemtl-lab-") as name:
        folder = Path(name)
        source = Path(__file__).with_name("emulator.c")
        command = ["cc", *CC_FLAGS, str(source), "-o", str(folder / "emulator")]
        if subprocess.run(command).returncode:
            raise LabError(f"needs a C compiler that builds {source.name}")
        yield folder


class Slot:
    """A client and a server namespace, with the emulator's namespace between them.

    Use as ``with Slot(number, folder) as slot``; on the way out its processes and namespaces go.

    Parameters
    ----------
    number : int
        0 to 255; picks the addresses 10.number.x.y.
    folder : Path
        Where `work_folder` built the emulator.
    """

    def __init__(self, number: int, folder: Path):
        self.folder = folder
        self.names = {
            role: f"edgemtl-lab-{os.getpid()}-{number}-{role}"
            for role in ("client", "middle", "server")
        }
        self.number = number
        self.server = f"10.{number}.2.1"
        self._given = 0
        self._processes: list[asyncio.subprocess.Process] = []

    def __enter__(self) -> Slot:
        try:
            self._build()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(self, *exc_info) -> None:
        for process in self._processes:
            if process.returncode is None:
                process.kill()
        self._remove()

    def _build(self) -> None:
        client, middle, server = (self.names[r] for r in ("client", "middle", "server"))
        for name in self.names.values():
            run("ip", "netns", "add", name)
        run(*f"ip link add eth0 netns {client} type veth peer name a netns {middle}".split())
        run(*f"ip link add eth0 netns {server} type veth peer name b netns {middle}".split())
        for name, interface in ((client, "eth0"), (middle, "a"), (middle, "b"), (server, "eth0")):
            self.inside(name, "ethtool", "-K", interface, *OFFLOADS)
            self.inside(name, "ip", "link", "set", "dev", interface, "up")
        self.inside(client, "ip", "addr", "add", f"10.{self.number}.1.1/16", "dev", "eth0")
        # every 10.number.1.x is the client's own: each flow of a slot has an address of its own
        self.inside(client, "ip", "link", "set", "lo", "up")
        self.inside(client, *f"ip route add local 10.{self.number}.1.0/24 dev lo".split())
        self.inside(server, "ip", "addr", "add", f"{self.server}/16", "dev", "eth0")

    def _remove(self) -> None:
        for name in self.names.values():
            subprocess.run(["ip", "netns", "del", name], capture_output=True)

    @staticmethod
    def inside(name: str, *command: str) -> None:
        run("ip", "netns", "exec", name, *command)

    async def start(self, role: str, *command: str) -> asyncio.subprocess.Process:
        """Start a program inside a namespace, with pipes; it dies with the lab."""
        process = await asyncio.create_subprocess_exec(
            *("ip", "netns", "exec", self.names[role], "setpriv", "--pdeathsig", "KILL"),
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the lab alone, which then ends its programs
        )
        self._processes.append(process)
        return process

    def client_address(self) -> str:
        """Return the next address of the client's side, so that no late packet finds a new flow."""
        self._given += 1
        return f"10.{self.number}.1.{2 + self._given % 250}"

    @asynccontextmanager
    async def links(self, networks, seed: int):
        """Run the emulator: `networks` is client address → `network.Network`."""
        told = [
            text
            for address, network in networks.items()
            for text in (address, network.up.told(), network.down.told())
        ]
        emulator = str(self.folder / "emulator")
        async with self.program("middle", emulator, "a", "b", str(seed), *told):
            yield

    @asynccontextmanager
    async def capture(self, path: Path):
        """Capture UDP at the client's interface into a pcap file."""
        # tcpdump tells that it is ready on standard error
        command = 'exec tcpdump -i eth0 -p -n -s 96 -B 4096 -Z root -w "$0" udp port 443 2>&1'
        async with self.program("client", "sh", "-c", command, str(path)):
            yield
            # libpcap gets packets by blocks, which the kernel hands over after a second at the
            # latest; what it still holds when tcpdump ends is lost
            await asyncio.sleep(1.6)

    @asynccontextmanager
    async def program(self, role: str, *command: str):
        """Run a program that prints one line when it is ready; end it afterwards."""
        process = await self.start(role, *command)
        try:
            if not await process.stdout.readline():
                raise LabError(f"{command[0]} ended before it was ready")
            yield process
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()
            self._processes.remove(process)


def run(*command: str) -> None:
    """Run a command of the system's; LabError with its last line when it fails."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        reason = (done.stderr.strip() or f"exit {done.returncode}").splitlines()[-1]
        raise LabError(f"{' '.join(command)}: {reason}")
