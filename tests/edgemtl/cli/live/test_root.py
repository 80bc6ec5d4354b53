"""Root is given up."""

import os
import pwd
from pathlib import Path

from edgemtl.datasets import read_flows
from tests.edgemtl.cli.live.far_end import EDGEMTL, ROOT, end, listen, udp
from tests.namespaces import need


def status_of(process):
    return parsed(Path(f"/proc/{process.pid}/status"))


def parsed(status):
    lines = status.read_text().splitlines()
    return {name: value.split() for name, value in (line.split(":", 1) for line in lines)}


THREADS = {"OPENBLAS_NUM_THREADS": "2"}


def capabilities(process):
    """Of every thread: numpy and pyarrow start some, where there are cores for them."""
    threads = [parsed(path) for path in Path(f"/proc/{process.pid}/task").glob("*/status")]
    sets = ("CapInh", "CapPrm", "CapEff", "CapAmb")
    return [[int(told[name][0], 16) for name in sets] for told in threads]


def test_root_is_given_up_once_the_interface_is_open(cable, folder):
    nobody = pwd.getpwnam("nobody")
    live = listen(cable, "-o", folder / "f.jsonl", env=THREADS)
    told = status_of(live)
    assert told["Uid"] == [str(nobody.pw_uid)] * 4
    assert told["Gid"] == [str(nobody.pw_gid)] * 4
    assert told["Groups"] == []
    each = capabilities(live)
    assert len(each) > 1 or os.cpu_count() == 1
    assert each == [[0] * 4] * len(each)
    assert live.first_line == "edgemtl flows: v: listening as nobody; Ctrl-C ends it\n"
    end(live)
    assert (folder / "f.jsonl").owner() == "nobody"


def test_lent_capabilities_are_given_back(cable, folder):
    """As a service of systemd with AmbientCapabilities=CAP_NET_RAW is started."""
    need("setpriv")
    live = listen(
        cable,
        *("-o", folder / "f.jsonl"),
        env=THREADS,
        before=(
            *("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"),
            *("--inh-caps", "+net_raw", "--ambient-caps", "+net_raw"),
        ),
    )
    told = status_of(live)
    assert told["Uid"] == ["65534"] * 4
    each = capabilities(live)
    assert len(each) > 1 or os.cpu_count() == 1
    assert each == [[0] * 4] * len(each)
    with cable.sender() as sock:
        sock.send(udp("10.1.0.1", 1, "10.2.0.2", 443))
    end(live)
    assert len((folder / "f.jsonl").read_text().splitlines()) == 1


def test_whoever_called_sudo_gets_the_files(cable, folder):
    live = listen(cable, "-o", folder / "f.jsonl", env={"SUDO_UID": "1234", "SUDO_GID": "1235"})
    assert status_of(live)["Uid"] == ["1234"] * 4
    end(live)
    assert ((folder / "f.jsonl").stat().st_uid, (folder / "f.jsonl").stat().st_gid) == (1234, 1235)


def test_root_may_stay(cable, folder):
    live = listen(cable, "-o", folder / "f.jsonl", "--user", "root")
    assert status_of(live)["Uid"] == ["0"] * 4
    end(live)
    assert (folder / "f.jsonl").owner() == "root"


def test_everything_it_needs_later_is_there_before_root_is_given_up(cable, folder):
    """A package that root alone can read: nothing of it may be imported afterwards."""
    hidden = folder / "hidden"
    hidden.mkdir()
    cable.run(cable.far, "cp", "-r", ROOT / "edgemtl", hidden)
    hidden.chmod(0o700)
    live = listen(
        cable, "-o", folder / "f.parquet", "--json", env={"PYTHONPATH": str(hidden)}, cwd=folder
    )
    with cable.sender() as sock:
        sock.send(udp("10.1.0.1", 1, "10.2.0.2", 443))
    end(live)
    assert len(read_flows([folder / "f.parquet"])) == 1


def test_a_root_that_may_not_change_says_so(cable):
    words = ("setpriv", "--bounding-set=-setuid", *EDGEMTL, "flows", "-i", "v")
    done = cable.start(cable.far, *words, env={**os.environ, "PYTHONPATH": str(ROOT)})
    _, error = done.communicate(timeout=60)
    assert done.returncode == 2
    assert error == (
        "edgemtl flows: --user: this root may not become nobody: give --user root, and it stays\n"
    )
