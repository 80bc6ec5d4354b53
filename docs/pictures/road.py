"""Draws docs/pictures/road.svg, the picture at the top of README.md."""

from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.patches import FancyBboxPatch

INK, PAPER = "#1f2933", "#ffffff"
C_CORE, PYTHON, DEVICE = "#d9e8f5", "#e7f0da", "#fbe9d0"

# x, y, width, title, text, colour
BOXES = (
    (0.0, 2.3, 2.2, "capture", "pcap, pcapng,\ngzip, zstd, stdin", C_CORE),
    (2.8, 2.3, 2.2, "packets", "5-tuple, IP length,\ndirection, µs", C_CORE),
    (5.6, 2.3, 2.2, "flows", "bidirectional,\nfirst packets kept", C_CORE),
    (8.4, 2.3, 2.2, "features", "inter-arrival time\nand length, (2, k)", C_CORE),
    (5.6, 0.0, 2.2, "train", "one CNN, 3 heads,\nfew class labels", PYTHON),
    (8.4, 0.0, 2.2, "export, prove", "ONNX and TFLite,\nfloat and int8", PYTHON),
    (11.2, 2.3, 2.2, "model", "ONNX Runtime,\nLiteRT", DEVICE),
    (14.0, 2.3, 2.2, "answer", "traffic class,\nbandwidth, duration", DEVICE),
)
ARROWS = (
    ((2.2, 3.0), (2.8, 3.0)),
    ((5.0, 3.0), (5.6, 3.0)),
    ((7.8, 3.0), (8.4, 3.0)),
    ((10.6, 3.0), (11.2, 3.0)),
    ((13.4, 3.0), (14.0, 3.0)),
    ((6.7, 2.3), (6.7, 1.4)),
    ((7.8, 0.7), (8.4, 0.7)),
    ((10.6, 0.9), (12.3, 2.3)),
)


def draw(path: Path) -> None:
    """Draw the road of a packet, from capture to answer, into an SVG or PNG file."""
    mpl.rcParams.update({"font.family": "DejaVu Sans", "svg.fonttype": "path", "svg.hashsalt": "0"})
    figure, axes = plt.subplots(figsize=(12.6, 3.4), facecolor=PAPER)
    for x, y, width, title, text, colour in BOXES:
        style = "round,pad=0,rounding_size=0.12"
        axes.add_patch(FancyBboxPatch((x, y), width, 1.4, style, fc=colour, ec=INK, lw=1.2))
        middle = {"x": x + width / 2, "ha": "center", "va": "center", "color": INK}
        axes.text(y=y + 1.05, s=title, weight="bold", **middle)
        axes.text(y=y + 0.46, s=text, size=7.8, **middle)
    for start, end in ARROWS:
        axes.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": INK, "lw": 1.4})
    for x, text, colour in (
        (0.0, "C99, no Python object a packet", C_CORE),
        (0.0, "Python, on a workstation", PYTHON),
        (0.0, "on the device", DEVICE),
    ):
        y = 1.25 - 0.5 * (C_CORE, PYTHON, DEVICE).index(colour)
        axes.add_patch(FancyBboxPatch((x, y - 0.14), 0.28, 0.28, "square,pad=0", fc=colour, ec=INK))
        axes.text(x + 0.45, y, text, va="center", size=9, color=INK)
    axes.set_xlim(-0.1, 16.3)
    axes.set_ylim(-0.1, 3.85)
    axes.set_aspect("equal")
    axes.axis("off")
    figure.savefig(path, bbox_inches="tight", pad_inches=0.05, metadata={"Date": None})


if __name__ == "__main__":
    draw(Path(__file__).with_name("road.svg"))
