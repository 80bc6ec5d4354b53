"""Crypto-PAn against the vectors of its authors; prefixes stay, and nothing else does."""

import ipaddress

import numpy as np
import pytest

from edgemtl import DataError
from edgemtl.flows import Anonymiser, read_key

pytest.importorskip("cryptography")

# The key and the first lines of sample_trace_sanitized.dat of the authors' Crypto-PAn 1.0; IPv6 as
# yacryptopan 1.0.2 has it.
KEY = bytes.fromhex("1522178d33a4cf80130a5b1649907d10d8988f837979652762574c2d2a842202")
VECTORS = {
    "128.11.68.132": "135.242.180.132",
    "129.118.74.4": "134.136.186.123",
    "130.132.252.244": "133.68.164.234",
    "141.223.7.43": "141.167.8.160",
    "::1": "78ff:f001:9fc0:20df:8380:b1f1:704:ed",
    "2001:db8::1": "4401:2bc:603f:d91d:27f:ff8e:e6f1:dc1e",
}


def packed(addresses):
    """Versions, and addresses of 16 bytes, as the core gives them."""
    each = [ipaddress.ip_address(address) for address in addresses]
    rows = [list(address.packed.ljust(16, b"\0")) for address in each]
    return np.array([a.version for a in each], np.uint8), np.array(rows, np.uint8)


def changed(addresses, key=KEY):
    version, rows = packed(addresses)
    new = Anonymiser(key).addresses(version, rows)
    return [
        str(ipaddress.ip_address(row[: 4 if v == 4 else 16].tobytes()))
        for v, row in zip(version, new, strict=True)
    ]


def test_vectors():
    assert changed(VECTORS) == list(VECTORS.values())
    assert changed(reversed(VECTORS)) == list(VECTORS.values())[::-1]


def shared_bits(a, b):
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=True)) if x != y), len(a))


@pytest.mark.parametrize("width", [4, 16])
def test_prefixes_are_kept_to_the_bit(width):
    chance = np.random.default_rng(3)
    rows = np.zeros((300, 16), np.uint8)
    rows[:, :width] = chance.integers(0, 256, (300, width))
    for i in range(1, 300):  # share a front with the row before
        bits = chance.integers(0, 8 * width)
        mask = np.packbits(np.arange(128) < bits)
        rows[i] = (rows[i - 1] & mask) | (rows[i] & ~mask)
    new = Anonymiser(KEY).addresses(np.full(300, 4 if width == 4 else 6, np.uint8), rows)
    old_bits, new_bits = (np.unpackbits(r[:, :width], axis=1) for r in (rows, new))
    for i in range(1, 300):
        assert shared_bits(new_bits[i - 1], new_bits[i]) == shared_bits(
            old_bits[i - 1], old_bits[i]
        )
    assert (new[:, width:] == 0).all()
    assert (new != rows).any(1).mean() > 0.9


def test_another_key_gives_other_addresses():
    assert changed(VECTORS, bytes(range(32))) != changed(VECTORS)
    assert changed(VECTORS, bytes(range(32))) == changed(VECTORS, bytes(range(32)))


def test_ports_times_and_vlan():
    version, rows = packed(["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5"])
    raw = {
        "version": version,
        "src": rows,
        "dst": rows[::-1],
        "src_port": np.array([123, 49_152, 1024, 1016, 22], np.uint16),
        "dst_port": np.array([123, 443, 1023, 22, 1016], np.uint16),
        "vlan": np.arange(5, dtype=np.uint16),
        "start_us": np.arange(5),
        "bytes": np.arange(5),
    }
    kept = Anonymiser(KEY).apply(raw)
    assert set(kept) == set(raw) - {"vlan", "start_us"}
    assert kept["src_port"].tolist() == [123, 0, 0, 0, 22]
    assert kept["dst_port"].tolist() == [123, 443, 1023, 22, 0]
    assert kept["src_port"].dtype == np.uint16
    assert kept["bytes"].tolist() == [0, 1, 2, 3, 4]
    assert (kept["src"] == kept["dst"][::-1]).all()


def test_key(tmp_path):
    file = tmp_path / "key"
    file.write_bytes(KEY)
    assert read_key(str(file)) == KEY
    file.write_text(KEY.hex() + "\n")
    assert read_key(str(file)) == KEY
    assert read_key(KEY.hex()) == KEY
    file.write_text("secret")
    for text in (str(file), "/dev/zero"):
        with pytest.raises(DataError, match=f"^--anonymise {text}: must be a file of 32 random"):
            read_key(text)
    for text in (KEY.hex()[:-2], KEY.hex() + "0g", "ab" * 300, "secret", "a\0b"):  # maybe a key
        with pytest.raises(DataError, match=r"^--anonymise: must be a file") as error:
            read_key(text)
        assert text not in str(error.value)
