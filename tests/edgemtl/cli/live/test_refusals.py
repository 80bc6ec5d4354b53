"""What can't be done is one line."""

import os

import pytest

from tests.edgemtl.cli.live.far_end import EDGEMTL, ROOT


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("flows", "edgemtl flows: give a capture, or -i INTERFACE"),
        ("flows -i v x.pcap", "edgemtl flows: -i v and x.pcap: give captures or an interface"),
        ("flows x.pcap --ring 1M", "edgemtl flows: --ring: is for live traffic: give -i INTERFACE"),
        (
            "flows x.pcap --rotate 1h",
            "edgemtl flows: --rotate: is for live traffic: give -i INTERFACE",
        ),
        ("flows -i v --rotate 1h", "edgemtl flows: --rotate: needs -o FILE"),
        ("flows -i v -o - --rotate 1h", "edgemtl flows: --rotate and -o -: give -o a file name"),
        (
            "flows -i v --ring 0.5G",
            "edgemtl flows: --ring: must be a whole number of bytes, K, M, G or T, as 256M or 2G, "
            "got '0.5G'",
        ),
        (
            "flows -i v -o f.jsonl --rotate 0h",
            "edgemtl flows: --rotate: must be a size as 100M or a time as 15m or 1h, got '0h'",
        ),
        ("classify quic-lab", "edgemtl classify: give a capture, or -i INTERFACE"),
    ],
)
def test_wrong_usage_is_one_line(refusal, words, said):
    assert refusal(*words.split()) == said


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("nowhere0", "edgemtl flows: nowhere0: no such interface: ip link lists them"),
        ("any", "edgemtl flows: any: packets pass several interfaces and would be there for each"),
        ("lo --ring 10K", "edgemtl flows: lo: a ring takes 262144 to 1073741824 bytes, got 10240"),
        ("lo --ring 9G", "edgemtl flows: lo: a ring takes 262144 to 1073741824 bytes, got 966"),
        ("lo --filter prt", "edgemtl flows: filter 'prt': "),
        ("lo --user niemand", "edgemtl flows: --user: there is no user niemand: name one"),
    ],
)
def test_what_cannot_be_opened_is_one_line(refusal, words, said):
    assert refusal("flows", "-i", *words.split()).startswith(said)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be somebody else")
def test_without_permission_it_says_what_to_do(cable):
    words = ("setpriv", "--reuid", "65534", "--clear-groups", *EDGEMTL, "flows", "-i", "v")
    done = cable.start(cable.far, *words, env={**os.environ, "PYTHONPATH": str(ROOT)})
    _, error = done.communicate(timeout=60)
    assert done.returncode == 2
    what_to_do = "no permission to open: run as root, or grant cap_net_raw to the program"
    assert error == f"edgemtl flows: v: {what_to_do}\n"


def test_a_folder_that_nobody_may_write_in_is_one_line(cable, folder):
    folder.chmod(0o755)
    words = (*EDGEMTL, "flows", "-i", "v", "-o", folder / "f.parquet")
    done = cable.start(cable.far, *words, env={**os.environ, "PYTHONPATH": str(ROOT)})
    _, error = done.communicate(timeout=60)
    assert done.returncode == 2
    assert error == (
        f"edgemtl flows: {folder}/f.parquet: nobody may not write there: give another folder, "
        "or --user\n"
    )
