"""Two network namespaces joined by a cable: what is sent at one end arrives at the other."""

import ctypes
import os
import socket
import subprocess
from contextlib import contextmanager
from pathlib import Path

CLONE_NEWNET = 0x40000000  # linux/sched.h
OFFLOADS = ("tx", "rx", "tso", "gso", "gro")


class Cable:
    """What is sent at the near end, of a namespace of its own, arrives at the far one.

    The interface is called ``v`` at both ends: 10.9.0.1 here, 10.9.0.2 there. Nobody else talks:
    there is no IPv6, and frames go to addresses that nobody has.
    """

    def __init__(self):
        self.near, self.far = (f"emtl-{os.getpid()}-{end}" for end in ("near", "far"))
        self._started = []

    def __enter__(self):
        for name in (self.near, self.far):
            self._run("ip", "netns", "add", name)
        self._run(
            *f"ip link add v netns {self.near} type veth peer name v netns {self.far}".split()
        )
        for i, name in enumerate((self.near, self.far), 1):
            quiet = "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6"
            self._run("ip", "netns", "exec", name, "sh", "-c", quiet)
            self._run("ip", "-n", name, "addr", "add", f"10.9.0.{i}/24", "dev", "v")
            for interface in ("lo", "v"):
                self._run("ip", "-n", name, "link", "set", interface, "up")
        return self

    def __exit__(self, *error):
        for process in self._started:
            if process.poll() is None:
                process.kill()
            process.communicate()
        for name in (self.near, self.far):
            subprocess.run(["ip", "netns", "del", name], check=False)

    @staticmethod
    def _run(*words):
        subprocess.run(words, check=True, capture_output=True, text=True)

    def offload(self, is_on):
        """Whether packets are merged and cut late, at both ends."""
        state = "on" if is_on else "off"
        for name in (self.near, self.far):
            words = [word for offload in OFFLOADS for word in (offload, state)]
            self._run("ip", "netns", "exec", name, "ethtool", "-K", "v", *words)

    def start(self, end, *words, **options):
        """Start a program at an end; it ends with the cable at the latest."""
        process = subprocess.Popen(
            ["ip", "netns", "exec", end, *map(str, words)],
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **options},
        )
        self._started.append(process)
        return process

    def run(self, end, *words):
        """Run a program at an end."""
        process = self.start(end, *words)
        out, error = process.communicate(timeout=120)
        assert process.returncode == 0, f"{words}: {out}{error}"
        return out

    @contextmanager
    def sender(self):
        """A socket that sends whole Ethernet frames at the near end."""
        with self.inside(self.near):
            sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
            sock.bind(("v", 0))
        with sock:
            yield sock

    @staticmethod
    @contextmanager
    def inside(name):
        """Let this thread be in the namespace; what it opens there stays there."""
        libc = ctypes.CDLL(None, use_errno=True)
        with Path("/proc/self/ns/net").open() as home, Path("/run/netns", name).open() as there:
            assert libc.setns(there.fileno(), CLONE_NEWNET) == 0
            try:
                yield
            finally:
                assert libc.setns(home.fileno(), CLONE_NEWNET) == 0
