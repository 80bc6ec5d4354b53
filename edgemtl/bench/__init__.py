"""Latency, memory, size and accuracy of exported files on this device."""

from edgemtl.bench.bench import bench
from edgemtl.bench.device import device_name

__all__ = ["bench", "device_name"]
