"""Turn what the lab captured into the flow table that the package carries.

python -m benchmarks.lab.table DIR -o edgemtl/carried/quic-lab.parquet
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

from edgemtl.datasets import FlowWriter, LabelsFile
from edgemtl.errors import EdgemtlError
from edgemtl.flows import COLUMNS, Flows, read_capture

PARTITION = "quic-lab"


def flow_table(folder: Path) -> Flows:
    """Return the labelled flows of all captures, as whole flows and without their addresses.

    The meter ends a flow as `forced` when the capture stops soon after it. But the lab knows which
    connections were closed by then: those flows are whole, `end_of_flow`.
    """
    labels, closed = LabelsFile(folder / "labels.csv"), closed_connections(folder)
    parts = []
    for capture in sorted((folder / "captures").glob("*.pcap")):
        flows, stats = read_capture(capture)
        if stats.warning:
            raise EdgemtlError(f"{capture}: {stats.warning}: capture it again")
        labels.apply(flows, capture.name)
        for i, end in enumerate(zip(flows["src"], flows["src_port"], strict=True)):
            if flows["end_reason"][i] == "forced" and (capture.name, *end) in closed:
                flows["end_reason"][i] = "end_of_flow"
        parts.append(flows)
    flows = Flows.concat(parts)
    unknown = [
        name
        for name, label in zip(flows["flow_id"], flows["traffic_class"], strict=True)
        if not label
    ]
    if unknown:
        raise EdgemtlError(f"{folder}: {len(unknown)} flows have no label, e.g. {unknown[0]}")
    flows["partition"][:] = PARTITION
    flows.columns = {name: flows[name] for name in COLUMNS}
    return flows


def closed_connections(folder: Path) -> set[tuple[str, str, int]]:
    """Return capture, client's address and port of the connections that were not left open."""
    with (folder / "networks.jsonl").open(encoding="utf-8") as lines:
        each = [json.loads(line) for line in lines]
    return {(flow["capture"], flow["src"], flow["src_port"]) for flow in each if not flow["leave"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="what benchmarks.lab.run wrote")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    try:
        flows = flow_table(options.folder)
        with FlowWriter(options.output) as writer:
            writer.write(flows)
    except (EdgemtlError, OSError) as error:
        sys.exit(f"lab table: {error}")
    names, counts = np.unique(flows["traffic_class"].astype(str), return_counts=True)
    print(len(flows), "flows:", ", ".join(f"{n} {c}" for n, c in zip(counts, names, strict=True)))


if __name__ == "__main__":
    main()
