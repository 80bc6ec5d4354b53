"""Fuzzes a target: ``python -m tests.fuzz TARGET FOLDER… -max_total_time=60``, as libFuzzer's
programs are used. ``python -m tests.fuzz seeds FOLDER`` writes what they start from."""

import sys
from pathlib import Path

if sys.argv[1] == "seeds":
    from tests.fuzz.seeds import seeds

    for target, inputs in seeds().items():
        for number, data in enumerate(inputs):
            path = Path(sys.argv[2], target, str(number))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
else:
    import atheris

    with atheris.instrument_imports(include=["edgemtl"]):
        from tests.fuzz.targets import TARGETS

    atheris.Setup(sys.argv[:1] + sys.argv[2:], TARGETS[sys.argv[1]])
    atheris.Fuzz()
