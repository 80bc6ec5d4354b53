"""edgemtl with a bounded table: edgemtl_bounded.py CAPTURE MAX_FLOWS PORT.

Flows are counted and dropped; those to server port PORT are watched: how many packets each had, by
address and port of the client (0: it was given out in parts). Prints JSON.
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
    path, max_flows, port = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    before = most = anonymous_bytes()
    start_s = process_time()
    capture = Capture(path, FlowConfig(max_flows=max_flows))
    watched: dict[str, int] = {}
    for batch in capture:
        most = max(most, anonymous_bytes())
        for i in (batch["dst_port"] == port).nonzero()[0]:
            client = f"{batch['src'][i]} {batch['src_port'][i]} {batch['protocol'][i]}"
            watched[client] = 0 if client in watched else int(batch["packets"][i])
    cpu_s = process_time() - start_s
    stats = capture.stats
    facts = {"flows": stats.flows, "evicted": stats.evicted, "memory_bytes": stats.memory_bytes}
    grown = most - before
    print(json.dumps({**facts, "grown_bytes": grown, "watched": watched, "cpu_s": cpu_s}))
