"""The least that a dpkt loop can do for the same flows: dpkt_loop.py CAPTURE PACKETS.

A dict of flows by 5-tuple, the first PACKETS packets of each kept; no timeouts. Prints JSON.
"""

import json
import sys
from pathlib import Path
from time import perf_counter, process_time

import dpkt


def flows_of(path: str, most: int) -> list:
    """[packets, bytes, first PACKETS of (time, length, forward)] of each flow."""
    flows = {}
    with Path(path).open("rb") as file:
        for time_s, data in dpkt.pcap.Reader(file):
            ip = dpkt.ethernet.Ethernet(data).data
            if not isinstance(ip, (dpkt.ip.IP, dpkt.ip6.IP6)):
                continue
            ports = ip.data
            if not isinstance(ports, (dpkt.tcp.TCP, dpkt.udp.UDP)):
                continue
            length = ip.len if ip.v == 4 else 40 + ip.plen
            forward = True
            flow = flows.get(key := (ip.p, ip.src, ip.dst, ports.sport, ports.dport))
            if flow is None:
                forward = False
                flow = flows.get((ip.p, ip.dst, ip.src, ports.dport, ports.sport))
                if flow is None:
                    forward = True
                    flow = flows[key] = [0, 0, []]
            flow[0] += 1
            flow[1] += length
            if len(flow[2]) < most:
                flow[2].append((time_s, length, forward))
    return list(flows.values())


if __name__ == "__main__":
    wall_s, cpu_s = perf_counter(), process_time()
    flows = flows_of(sys.argv[1], int(sys.argv[2]))
    wall_s, cpu_s = perf_counter() - wall_s, process_time() - cpu_s
    answer = {
        "packets": sum(flow[0] for flow in flows),
        "flows": len(flows),
        "bytes": sum(flow[1] for flow in flows),
        "kept": sum(len(flow[2]) for flow in flows),
    }
    print(json.dumps({**answer, "wall_s": wall_s, "cpu_s": cpu_s}))
