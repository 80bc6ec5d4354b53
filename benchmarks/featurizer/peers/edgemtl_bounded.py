"""edgemtl with a bounded table: edgemtl_bounded.py CAPTURE MAX_FLOWS PORT...

Flows are counted and dropped; of those to each server port PORT, the packets are told. Prints JSON.
"""

import json
import sys
from pathlib import Path
from time import process_time

from edgemtl.flows import Capture, FlowConfig


def anonymous_bytes() -> int:
    """Memory of this process that is no file's: a mapped capture is not counted."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    raise OSError("/proc/self/status: no RssAnon: Linux 4.5 or later has it")


if __name__ == "__main__":
    path, max_flows, *ports = sys.argv[1:]
    before = most = anonymous_bytes()
    start_s = process_time()
    capture = Capture(path, FlowConfig(max_flows=int(max_flows)))
    packets: dict[str, list[int]] = {port: [] for port in ports}
    for batch in capture:
        most = max(most, anonymous_bytes())
        for port, of_each in packets.items():
            of_each += batch["packets"][batch["dst_port"] == int(port)].tolist()
    cpu_s = process_time() - start_s
    stats = capture.stats
    facts = {"flows": stats.flows, "evicted": stats.evicted, "memory_bytes": stats.memory_bytes}
    print(json.dumps({**facts, **packets, "grown_bytes": most - before, "cpu_s": cpu_s}))
