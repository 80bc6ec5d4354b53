"""The command line in children of a process that has imported what it needs: to import torch alone
takes longer than most commands do.

``python -m tests.commands MODULE…`` imports the modules; then each line of its standard input is a
command as JSON, which a child runs as `edgemtl.cli.main` does, and its exit status is the answer.
"""

import atexit
import gc
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

TIMEOUT_S = 300
LIGHT = ("edgemtl.cli.app", "pyarrow.parquet")
HEAVY = (*LIGHT, "torch._dynamo", "scipy.stats", "sklearn.ensemble", "matplotlib.figure")
LEARNING = {"train", "evaluate", "study", "export"}


class Commands:
    """Runs commands, each in a process of its own; `close` it."""

    def __init__(self):
        self._servers = {}

    def run(self, words, stdin=None, env=None):
        """Run ``edgemtl WORDS``; give a CompletedProcess, of text unless stdin is bytes."""
        if env:  # which is read at the start, and by imports
            command, env = [sys.executable, "-m", "edgemtl", *words], {**os.environ, **env}
            return subprocess.run(command, capture_output=True, text=True, env=env, check=False)
        modules = HEAVY if words and words[0] in LEARNING else LIGHT
        with tempfile.TemporaryDirectory(prefix="edgemtl-command-") as folder:
            files = [Path(folder, name) for name in ("in", "out", "error")]
            files[0].write_bytes(stdin or b"")
            order = {"words": words, "files": list(map(str, files)), "folder": str(Path.cwd())}
            status = self._ask(modules, order)
            out, error = (path.read_bytes() for path in files[1:])
        if stdin is None:
            out, error = out.decode(), error.decode()
        return subprocess.CompletedProcess(words, status, out, error)

    def _ask(self, modules, order):
        server = self._server(modules)
        server.stdin.write(json.dumps(order).encode() + b"\n")
        if not select.select([server.stdout], [], [], TIMEOUT_S)[0]:
            os.killpg(self._servers.pop(modules).pid, signal.SIGKILL)  # the command, too
            raise subprocess.TimeoutExpired(order["words"], TIMEOUT_S)
        return json.loads(server.stdout.readline())

    def _server(self, modules):
        if modules not in self._servers:
            self._servers[modules] = subprocess.Popen(
                [sys.executable, "-m", "tests.commands", *modules],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
                cwd=Path(__file__).parents[1],
                start_new_session=True,  # Ctrl-C is the tests' own
            )
        return self._servers[modules]

    def close(self):
        """Let the processes end."""
        for server in self._servers.values():
            server.communicate(timeout=TIMEOUT_S)


def serve(modules):
    """Fork for each line, and run its command in the child."""
    for name in modules:
        with suppress(ImportError):
            importlib.import_module(name)
    gc.freeze()  # else children look through all of it
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            run(**json.loads(line))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def run(words, files, folder):
    for fd, path in enumerate(files):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT), fd)
    os.chdir(folder)
    sys.argv = ["edgemtl", *words]
    from edgemtl.cli import main

    status = None
    try:
        main()
    except SystemExit as end:
        status = end.code
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status or 0)  # to take apart what was imported would take longer than the command


if __name__ == "__main__":
    serve(sys.argv[1:])
