"""Compiles csrc/ and the thin Cython wrapper over it; the rest stands in pyproject.toml."""

import os
import subprocess
import sys
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

LAYERS = ("common", "capture", "packet", "flow_table", "features", "meter", "live")
SOURCES = sorted(str(p) for layer in LAYERS for p in Path("csrc", layer).glob("*.c"))
PACKAGES = sorted(str(p.parent).replace("/", ".") for p in Path("edgemtl").rglob("__init__.py"))


class BuildWithPcap(build_ext):
    """With libpcap, where it can be compiled with: it turns text into filters of live capture."""

    def build_extensions(self) -> None:
        """Add what the compiler needs, then compile."""
        if sys.platform == "linux" and has_pcap(self.compiler.compiler):
            for extension in self.extensions:
                extension.define_macros.append(("EMTL_HAVE_PCAP", None))
                extension.libraries.append("pcap")
        super().build_extensions()


def has_pcap(compiler: list[str]) -> bool:
    """Whether libpcap's header and library are there; the compiler's own words would alarm."""
    program = "#include <pcap.h>\nint main(void) { return pcap_lib_version() == 0; }"
    words = (*compiler, "-x", "c", "-", "-o", os.devnull, "-lpcap")
    return subprocess.run(words, input=program, capture_output=True, text=True).returncode == 0


setup(
    version=Path("edgemtl/_version.py").read_text(encoding="utf-8").split('"')[1],
    packages=[*PACKAGES, "edgemtl.quantize", "edgemtl.quantize.prune"],
    package_dir={"edgemtl.quantize": "quantize"},
    package_data={
        "edgemtl": ["py.typed", "*.pyi"],
        "edgemtl.carried": ["*.parquet", "*.pcap", "*.csv", "*.onnx", "*.tflite"],
    },
    cmdclass={"build_ext": BuildWithPcap},
    ext_modules=[
        Extension(
            "edgemtl._core",
            ["edgemtl/_core.pyx", *SOURCES],
            include_dirs=["csrc/include", "csrc"],
            depends=["edgemtl/_mapped.h", *sorted(str(p) for p in Path("csrc").rglob("*.h"))],
            extra_compile_args=["-std=c99", "-O3"],
            libraries=["m"],
        )
    ],
)
