# edgemtl: `make demo` runs the main job, `make test` the tests; both set everything up first.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
C_FILES = $(shell git ls-files -co --exclude-standard 'csrc/*.[ch]' 'edgemtl/*.h' 'benchmarks/*.c')

SECONDS ?= 60
EDGES = capture spec artefact flow_table

.PHONY: setup build demo test sanitize fuzz lint format check bench bench-featurizer bench-models \
	bench-peers system-deps clean

setup: $(READY)

# Made once and reused; made up to date when what it is made from changes.
$(READY): pyproject.toml setup.py constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		-c constraints.txt --editable '.[dev]'
	touch $@

# The C core, compiled into the checkout; quick when nothing changed.
build: $(READY)
	$(BIN)/python setup.py --quiet build_ext --inplace

demo: build
	$(BIN)/edgemtl demo -o demo

# By two processes; tests of one file stay together, for they share fixtures.
test: build
	$(BIN)/python -m pytest -n 2 --dist loadfile

# All tests but the slow ones again, with the extension built under AddressSanitizer and UBSan.
sanitize: build
	tests/sanitize.sh $(BIN)/python

# Every fuzz target for SECONDS each; what they find is kept in csrc/build/fuzz and build/fuzz.
fuzz: build
	$(BIN)/python -c 'import atheris' 2>/dev/null || \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[fuzz]'
	$(BIN)/python -m tests.fuzz seeds build/fuzz/seeds
	@found=0; $(MAKE) --no-print-directory -C csrc fuzz SECONDS=$(SECONDS) || found=1; \
	for edge in $(EDGES); do \
		csrc/fuzz/run.sh $$edge $(SECONDS) build/fuzz build/fuzz/seeds/$$edge \
			$(BIN)/python -m tests.fuzz $$edge || found=1; \
	done; exit $$found

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/clang-format --dry-run --Werror $(C_FILES)

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/clang-format -i $(C_FILES)

check: lint test

bench: bench-featurizer bench-models

# Packets to flows, beside peers: speed, memory, pauses, floods. Its captures lie in build/bench.
bench-featurizer: build bench-peers
	$(BIN)/python -m benchmarks.featurizer -o benchmarks/results/featurizer.json

# NFStream pins packages: it lives in an environment of its own. Without it the rest is measured.
bench-peers: build/bench/nfstream/.ready

build/bench/nfstream/.ready:
	-$(PYTHON) -m venv $(@D) && $(@D)/bin/python -m pip install --quiet \
		--disable-pip-version-check nfstream==6.6.0 && touch $@

# Latency, size and accuracy per head of what the demo exported.
bench-models: build
	test -f demo/dist/manifest.json || $(MAKE) demo
	$(BIN)/edgemtl bench demo/dist

# Debian packages: compilers, libpcap for filters, clang for the fuzzers, cross compilers and qemu for
# other machines, tshark, which the tests compare with where it is there, and what sends live traffic
# in namespaces of its own.
system-deps:
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
		gcc g++ make libc6-dev pkg-config libpcap-dev tshark \
		clang libclang-rt-14-dev valgrind qemu-user \
		gcc-arm-linux-gnueabihf libc6-dev-armhf-cross gcc-mips-linux-gnu libc6-dev-mips-cross \
		iproute2 ethtool tcpdump tcpreplay iperf3

clean:
	$(MAKE) -C csrc clean
	rm -rf $(VENV) build dist demo *.egg-info edgemtl/_core.c edgemtl/*.so
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
