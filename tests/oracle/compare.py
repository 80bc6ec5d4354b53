"""Flows of the oracle and of edgemtl in one form: plain tuples, in no order."""

import ipaddress
from collections import Counter

from edgemtl.flows import Flows
from tests.oracle.flow_table import Flow

NAMES = (
    "src", "src_port", "dst", "dst_port", "protocol", "vlan",
    "start_us", "duration_us", "packets", "bytes", "end_reason", "series",
)  # fmt: skip


def of_oracle(flows: list[Flow], kept: int) -> Counter[tuple]:
    return Counter(
        (
            str(ipaddress.ip_address(flow.first.src)),
            flow.first.ports[0],
            str(ipaddress.ip_address(flow.first.dst)),
            flow.first.ports[1],
            flow.first.protocol,
            flow.first.vlan,
            flow.first.ts_us,
            flow.latest_us - flow.first.ts_us,
            flow.packets,
            flow.bytes,
            flow.end_reason,
            tuple(flow.series[:kept]),
        )
        for flow in flows
    )


def of_edgemtl(flows: Flows) -> Counter[tuple]:
    columns = (flows.iat_us.tolist(), flows.length.tolist(), flows.direction.tolist())
    series = list(zip(*columns, strict=True))
    names = ["src_port", "dst_port", "protocol", "vlan", "start_us", "packets", "bytes"]
    column = {name: flows[name].tolist() for name in [*names, "end_reason", "duration_s"]}
    return Counter(
        (
            str(ipaddress.ip_address(flows["src"][i])),
            column["src_port"][i],
            str(ipaddress.ip_address(flows["dst"][i])),
            column["dst_port"][i],
            column["protocol"][i],
            column["vlan"][i],
            column["start_us"][i],
            round(column["duration_s"][i] * 1e6),
            column["packets"][i],
            column["bytes"][i],
            column["end_reason"][i],
            tuple(series[flows.offsets[i] : flows.offsets[i + 1]]),
        )
        for i in range(len(flows))
    )


def difference(expected: Counter[tuple], got: Counter[tuple]) -> str:
    """What differs, a flow a line; "" when nothing does."""
    lines = []
    for word, flows in (("oracle alone", expected - got), ("edgemtl alone", got - expected)):
        for flow in sorted(flows.elements(), key=str):
            told = ", ".join(f"{name} {value}" for name, value in zip(NAMES, flow, strict=True))
            lines.append(f"{word}: {told}")
    return "\n".join(lines)
