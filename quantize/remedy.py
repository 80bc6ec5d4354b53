"""What to do about an export that is not handed out."""

from __future__ import annotations

from math import ceil

from edgemtl.quantize.proof import Report

__all__ = ["remedy"]


def remedy(report: Report, max_drop: float) -> str:
    """What helps a report whose files lose more than `max_drop` points; empty where nothing does.

    A float file whose probabilities differ is a converter's fault, which no option mends.
    """
    lost = [m["drop"] for file in report.files for m in file["heads"].values()]
    if not max(lost) > max_drop:
        return ""
    source = report.pruned or report.reference
    ways = ["prune less"] if report.pruned else []
    if max(m["drop"] for m in source["heads"].values()) <= max_drop:
        ways.append("leave these files out (--formats, --precisions)")
    fewest = min(m["n"] for m in report.reference["heads"].values())
    if 100 / fewest > max_drop:
        ways.append(f"train with more than {fewest} flows to test by")
    return f"{', '.join(ways)}, or allow it: --max-drop {ceil(10 * max(lost)) / 10:g}"
