"""Packed captures that a fuzzer can work on: it changes what is packed, and then a packed byte."""

import gzip

import zstandard

HEAD = 4  # kind, flips, and where (2 bytes)


def pack(data: bytes) -> bytes:
    kind, flips, *where = (data[:HEAD] + bytes(HEAD))[:HEAD]
    packed = bytearray([bytes, gzip_fast, zstandard.compress][kind % 3](data[HEAD:]))
    place = int.from_bytes(bytes(where), "big")
    if place < len(packed):
        packed[place] ^= flips
    return bytes(packed)


def gzip_fast(data: bytes) -> bytes:
    return gzip.compress(data, 1, mtime=0)
