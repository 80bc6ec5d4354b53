"""edgemtl from Python, flows into numpy columns in memory: edgemtl_memory.py CAPTURE PACKETS.

The columns of every batch are kept. Prints JSON.
"""

import json
import sys
from time import perf_counter, process_time

from edgemtl.flows import Capture, FlowConfig

if __name__ == "__main__":
    wall_s, cpu_s = perf_counter(), process_time()
    batches = list(Capture(sys.argv[1], FlowConfig(packets=int(sys.argv[2]))))
    wall_s, cpu_s = perf_counter() - wall_s, process_time() - cpu_s
    answer = {
        "packets": sum(int(batch["packets"].sum()) for batch in batches),
        "flows": sum(len(batch) for batch in batches),
        "bytes": sum(int(batch["bytes"].sum()) for batch in batches),
        "kept": sum(len(batch.iat_us) for batch in batches),
    }
    print(json.dumps({**answer, "wall_s": wall_s, "cpu_s": cpu_s}))
