"""NFStream, as its users run it for the same series: nfstream_loop.py CAPTURE PACKETS.

No dissection, no statistics beyond the counts, one meter. Runs in NFStream's own environment.
Prints JSON; its time holds that of the meter's process, which ends before the flows do.
"""

import json
import sys
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from time import perf_counter

from nfstream import NFStreamer


def cpu_seconds() -> float:
    both = getrusage(RUSAGE_SELF), getrusage(RUSAGE_CHILDREN)
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


if __name__ == "__main__":
    wall_s, cpu_s = perf_counter(), cpu_seconds()
    flows = list(
        NFStreamer(
            source=sys.argv[1],
            accounting_mode=1,  # lengths are those of the IP packet
            splt_analysis=int(sys.argv[2]),
            n_dissections=0,
            statistical_analysis=False,
            n_meters=1,
        )
    )
    wall_s, cpu_s = perf_counter() - wall_s, cpu_seconds() - cpu_s
    answer = {
        "packets": sum(flow.bidirectional_packets for flow in flows),
        "flows": len(flows),
        "bytes": sum(flow.bidirectional_bytes for flow in flows),
        "kept": sum(sum(way >= 0 for way in flow.splt_direction) for flow in flows),
    }
    print(json.dumps({**answer, "wall_s": wall_s, "cpu_s": cpu_s}))
