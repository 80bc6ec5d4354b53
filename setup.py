"""Compiles csrc/ and the thin Cython wrapper over it; the rest stands in pyproject.toml."""

from pathlib import Path

from setuptools import Extension, setup

LAYERS = ("common", "capture", "packet", "flow_table", "features", "meter")
SOURCES = sorted(str(p) for layer in LAYERS for p in Path("csrc", layer).glob("*.c"))
PACKAGES = sorted(str(p.parent).replace("/", ".") for p in Path("edgemtl").rglob("__init__.py"))

setup(
    version=Path("edgemtl/_version.py").read_text(encoding="utf-8").split('"')[1],
    packages=[*PACKAGES, "edgemtl.quantize"],
    package_dir={"edgemtl.quantize": "quantize"},
    package_data={
        "edgemtl": ["py.typed", "*.pyi"],
        "edgemtl.carried": ["*.parquet", "*.pcap", "*.csv", "*.onnx", "*.tflite"],
    },
    ext_modules=[
        Extension(
            "edgemtl._core",
            ["edgemtl/_core.pyx", *SOURCES],
            include_dirs=["csrc/include", "csrc"],
            depends=sorted(str(p) for p in Path("csrc").rglob("*.h")),
            extra_compile_args=["-std=c99", "-O3"],
            libraries=["m"],
        )
    ],
)
