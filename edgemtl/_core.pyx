# cython: language_level=3, boundscheck=False, wraparound=False
"""The C99 core of csrc/, as Python sees it: checks what C can't, calls, and translates."""

import math
import os

import numpy as np

from edgemtl._emtl cimport *
from edgemtl.errors import CaptureError, EdgemtlError

FLOWS_MAX = EMTL_FLOWS_MAX
MEMORY_MIN = EMTL_MEMORY_MIN
MTU = EMTL_MTU
PACKETS_MAX = EMTL_PACKETS_MAX
SPLIT_MIN = EMTL_SPLIT_MIN
TUNNELS = {"inner": EMTL_TUNNELS_INNER, "outer": EMTL_TUNNELS_OUTER}
PROTOCOLS = {
    "tcp": EMTL_PROTOCOL_TCP,
    "udp": EMTL_PROTOCOL_UDP,
    "sctp": EMTL_PROTOCOL_SCTP,
    "udp-lite": EMTL_PROTOCOL_UDP_LITE,
    "icmp": EMTL_PROTOCOL_ICMP,
}

# Bytes of the columns given out at a time: half costs time, twice gains none. To get them page by
# page takes as long as to fill them, so they are two huge pages, which numpy asks for where it
# makes 4 MiB or more. The first ones are fewer: most captures have few flows.
COLUMNS_BYTES, COLUMNS_FIRST = 1 << 22, 1 << 19
HUGE_PAGE, PAGE, LINE = 1 << 21, 1 << 12, 1 << 6
GUESS = 1, 16  # flows, and their packets, before any are known

# What emtl_flow_columns has for each flow, besides addresses, and for each of its packets.
FLOW_COLUMNS = (
    ("start_us", np.int64),
    ("duration_us", np.int64),
    ("packets", np.int64),
    ("bytes", np.int64),
    ("src_port", np.uint16),
    ("dst_port", np.uint16),
    ("vlan", np.uint16),
    ("version", np.uint8),
    ("protocol", np.uint8),
    ("end_reason", np.uint8),
)
ADDRESSES = ("src", "dst")
FLOW_BYTES = sum(np.dtype(kind).itemsize for _, kind in FLOW_COLUMNS) + 2 * 16 + 8
SERIES = {"iat_us": np.int64, "length": np.int32, "direction": np.int8, "payload": np.int32}


cdef int check(int status) except -1:
    """Turn a core status into the Python exception of the same meaning."""
    if status == EMTL_E_NOMEM:
        raise MemoryError()
    if status < 0:
        kind = ValueError if status == EMTL_E_ARG else EdgemtlError
        raise kind(emtl_strerror(status).decode())
    return 0


cdef void *memory(array):
    """Where a new array's values lie; good as long as the array is, and no wider."""
    cdef uint8_t[::1] view = array.reshape(-1).view(np.uint8)
    return &view[0]


cdef extern from "_mapped.h" nogil:
    int mapped_is_local(int fd)
    int mapped_read(const uint8_t *data, size_t begin, size_t end)
    void mapped_drop(const uint8_t *data, size_t begin, size_t end)


def is_local(int fd):
    """Whether a file lies on this system, so that nobody else changes it."""
    return mapped_is_local(fd) != 0


def pages_read(const uint8_t[::1] mapped not None, size_t begin, size_t end):
    """Bring bytes of a mapped file into memory; whether all of them can be read."""
    cdef int status
    if not begin <= end <= <size_t>mapped.shape[0]:
        raise ValueError(f"pages_read: {begin} to {end} of {mapped.shape[0]} bytes")
    if begin == end:
        return True
    with nogil:
        status = mapped_read(&mapped[0], begin, end)
    return status == 0


def pages_drop(const uint8_t[::1] mapped not None, size_t begin, size_t end):
    """Bytes of a mapped file need not stay in memory."""
    if not begin <= end <= <size_t>mapped.shape[0]:
        raise ValueError(f"pages_drop: {begin} to {end} of {mapped.shape[0]} bytes")
    if begin < end:
        with nogil:
            mapped_drop(&mapped[0], begin, end)


def shared_columns(columns, huge):
    """Arrays that lie in one piece of memory, by name; `columns` has of each its dtype and shape."""
    places, size = {}, 0
    for name, (kind, shape) in columns.items():
        places[name] = slice(size, size + np.dtype(kind).itemsize * math.prod(shape))
        size = -(-places[name].stop // LINE) * LINE
    piece = np.empty(size + HUGE_PAGE * huge, np.uint8)
    if huge:
        piece = piece[-piece.ctypes.data % HUGE_PAGE :]
    return {n: piece[places[n]].view(kind).reshape(shape) for n, (kind, shape) in columns.items()}


cdef class Meter:
    """Owns one emtl_meter: bytes of a capture in, ended flows out.

    Parameters
    ----------
    config : FlowConfig
        As in emtl.h, emtl_flow_config. EdgemtlError where its memory does not hold one flow.
    """

    cdef emtl_meter *_meter
    cdef emtl_flow_columns _ended
    cdef dict _arrays  # what _ended points into; None where they were given away
    cdef dict _series  # kinds of the columns that have packets
    cdef size_t _packets  # kept of a flow, at most
    cdef tuple _last  # flows of the last columns that were full, and their packets
    cdef bint _busy
    cdef readonly bint full  # take() before the next feed() or finish()

    def __cinit__(self, config):
        cdef emtl_flow_config c_config = [
            config.max_flows,
            config.idle_timeout_s,
            config.active_timeout_s,
            config.packets,
            config.by_vlan,
            TUNNELS[config.tunnels],
            sum(PROTOCOLS[name] for name in config.protocols),
            config.split_offload or 0,
            config.early,
            config.glance,
            config.max_memory,
        ]
        cdef bytes key = os.urandom(EMTL_HASH_KEY)
        self._packets = c_config.packets
        self._series = {n: k for n, k in SERIES.items() if n != "payload" or config.payload}
        status = emtl_meter_new(&c_config, <const uint8_t *><const char *>key, &self._meter)
        if status == EMTL_E_ARG:  # a FlowConfig has checked everything else
            raise EdgemtlError(
                f"max_memory: {config.max_memory} bytes hold no flow of {config.packets} packets: "
                "give more, or keep fewer packets"
            )
        check(status)

    def __dealloc__(self):
        with nogil:
            emtl_meter_free(self._meter)

    cdef int check_alone(self) except -1:
        if self._busy:  # without the GIL nothing else keeps a second thread out
            raise RuntimeError("Meter: another thread is inside")
        return 0

    cdef int enter(self) except -1:
        self.check_alone()
        self._busy = True
        try:
            if self._arrays is None:
                self.make_room()
        except BaseException:
            self._busy = False
            raise
        return 0

    cdef int leave(self, int status) except -1:
        self._busy = False
        self.full = status == EMTL_E_FULL
        if status != EMTL_E_FULL and status != EMTL_E_MALFORMED:
            check(status)
        return 0

    cdef int make_room(self) except -1:
        """New columns: those of before belong to who took them.

        They have room for as many flows as fit if these are as long as the last ones were.
        """
        flows, packets = self._last or GUESS
        size = (COLUMNS_BYTES if self._last else COLUMNS_FIRST) - PAGE  # each begins a line anew
        per_packet = sum(np.dtype(kind).itemsize for kind in self._series.values())
        room = max(2, size * flows // (FLOW_BYTES * flows + per_packet * packets))
        left = max(0, size - FLOW_BYTES * room)
        series_room = max(left // per_packet, 2 * self._packets)
        columns = {name: (kind, (room,)) for name, kind in FLOW_COLUMNS}
        columns |= {name: (np.uint8, (room, 16)) for name in ADDRESSES}
        columns["offsets"] = np.int64, (room + 1,)
        columns |= {name: (kind, (series_room,)) for name, kind in self._series.items()}
        arrays = shared_columns(columns, huge=self._last is not None)
        self._ended = emtl_flow_columns(
            room=room,
            series_room=series_room,
            n=0,
            start_us=<int64_t *>memory(arrays["start_us"]),
            duration_us=<int64_t *>memory(arrays["duration_us"]),
            packets=<int64_t *>memory(arrays["packets"]),
            bytes=<int64_t *>memory(arrays["bytes"]),
            src=<uint8_t *>memory(arrays["src"]),
            dst=<uint8_t *>memory(arrays["dst"]),
            src_port=<uint16_t *>memory(arrays["src_port"]),
            dst_port=<uint16_t *>memory(arrays["dst_port"]),
            vlan=<uint16_t *>memory(arrays["vlan"]),
            version=<uint8_t *>memory(arrays["version"]),
            protocol=<uint8_t *>memory(arrays["protocol"]),
            end_reason=<uint8_t *>memory(arrays["end_reason"]),
            offsets=<int64_t *>memory(arrays["offsets"]),
            iat_us=<int64_t *>memory(arrays["iat_us"]),
            length=<int32_t *>memory(arrays["length"]),
            payload=NULL,
            direction=<int8_t *>memory(arrays["direction"]),
        )
        if "payload" in arrays:
            self._ended.payload = <int32_t *>memory(arrays["payload"])
        self._arrays = arrays
        return 0

    def feed(self, const uint8_t[::1] data not None):
        """Account the packets in `data`; return how many bytes are done with.

        Bytes that are not must come again, in front of those that follow them: more were needed,
        or the meter is `full`. CaptureError if this is no capture; `error` if it is damaged.
        """
        cdef size_t used = 0
        cdef int status
        # A full meter goes on without bytes: packets it had no room for may wait inside.
        cdef const uint8_t *first = &data[0] if data.shape[0] > 0 else <const uint8_t *>b""
        self.enter()
        with nogil:  # once per batch, never once per packet
            status = emtl_meter_feed(self._meter, first, data.shape[0], &used, &self._ended)
        if status == EMTL_E_UNSUPPORTED:
            self._busy = False
            raise CaptureError(self.error)
        self.leave(status)
        return used

    def next_file(self):
        """The next bytes are the beginning of another capture; flows go on."""
        self.check_alone()
        emtl_meter_next_file(self._meter)

    def finish(self):
        """End every flow; call again after take() while the meter is `full`."""
        cdef int status
        self.enter()
        with nogil:
            status = emtl_meter_finish(self._meter, &self._ended)
        self.leave(status)

    @property
    def ended(self):
        """How many flows take() would give."""
        return self._ended.n

    def take(self):
        """The ended flows: arrays named as in emtl_flow_columns, which are the caller's now.

        They share memory where they filled it, else each has its own.
        """
        self.enter()
        try:  # to copy lets go of the GIL
            n = self._ended.n
            if n == 0:
                self._ended.offsets[0] = 0
            m = self._ended.offsets[n]
            lengths = {"offsets": n + 1, **dict.fromkeys(SERIES, m)}
            arrays = {name: array[: lengths.get(name, n)] for name, array in self._arrays.items()}
            if self.full and n > 0:
                self._last = n, m
                self._arrays = None
            else:
                arrays = {name: array.copy() for name, array in arrays.items()}
            self._ended.n = 0
            return arrays
        finally:
            self._busy = False

    def stats(self):
        """Return what emtl_meter_stats holds, `skipped` by name."""
        cdef emtl_meter_stats stats
        emtl_meter_stats_get(self._meter, &stats)
        return {
            "packets": stats.packets,
            "flow_packets": stats.flow_packets,
            "ip_packets": stats.ip_packets,
            "skipped": {
                emtl_skip_name(i).decode(): stats.skipped[i]
                for i in range(EMTL_KEPT + 1, EMTL_SKIP_REASONS)
            },
            "flows": stats.flows,
            "evicted": stats.evicted,
            "clock_back": stats.clock_back,
            "tunnelled": stats.tunnelled,
            "split": stats.split,
            "segments": stats.segments,
            "oversized": stats.oversized,
            "open_flows": stats.open_flows,
            "memory_bytes": stats.memory_bytes,
            "link_types": [
                stats.link_types[i]
                for i in range(min(stats.link_type_count, <uint32_t>EMTL_LINK_TYPES))
            ],
        }

    @property
    def error(self):
        """What was being read when it proved damaged, or ""."""
        return emtl_capture_error(emtl_meter_capture(self._meter)).decode()

    @property
    def position(self):
        """Byte of the capture that is read next."""
        return emtl_capture_position(emtl_meter_capture(self._meter))

    @property
    def is_whole(self):
        """Whether the capture's header was read and no block is half skipped."""
        return emtl_capture_is_whole(emtl_meter_capture(self._meter)) != 0

    @property
    def times_us(self):
        """Of the capture's first record and of its latest; 0 where there is none, or no time."""
        cdef int64_t first_us, latest_us
        emtl_capture_times(emtl_meter_capture(self._meter), &first_us, &latest_us)
        return first_us, latest_us


cdef enum:
    RECORDS = 512  # handed out at a time: more than a block of the ring usually holds


cdef class Live:
    """Owns one emtl_live: an open network interface, whose packets go to a Meter.

    Parameters
    ----------
    name, filter, ring_bytes, promiscuous
        As in emtl.h, emtl_live_config; `filter` may be None. CaptureError says why it can't be
        opened, and what to do.
    """

    cdef emtl_live *_live
    cdef emtl_record _records[RECORDS]
    cdef size_t _n, _done  # records handed out, and of these accounted
    cdef readonly int64_t clock_us  # every packet up to then was accounted

    def __cinit__(self, str name not None, filter, ring_bytes, bint promiscuous):
        cdef bytes c_name = os.fsencode(name)
        cdef bytes c_filter = os.fsencode(filter or "")  # "" takes every packet
        cdef char error[EMTL_LIVE_ERROR]
        if b"\0" in c_name + c_filter:
            raise CaptureError(f"{name!r}: interfaces and filters are text without a 0")
        if not EMTL_LIVE_RING_MIN <= ring_bytes <= EMTL_LIVE_RING_MAX:
            raise CaptureError(f"{name}: a ring takes {EMTL_LIVE_RING_MIN} to {EMTL_LIVE_RING_MAX} "
                               f"bytes, got {ring_bytes}")
        cdef emtl_live_config config = [c_name, c_filter, ring_bytes, promiscuous]
        if emtl_live_open(&config, error, &self._live) != EMTL_OK:
            raise CaptureError(error.decode("utf-8", "replace"))

    def __dealloc__(self):
        emtl_live_close(self._live)

    cdef int account(self, Meter meter, int timeout_ms) noexcept nogil:
        cdef size_t done = 0
        cdef int status
        if self._done == self._n:
            self._done = 0
            status = emtl_live_read(self._live, timeout_ms, self._records, RECORDS, &self._n,
                                    &self.clock_us)
            if status != EMTL_OK:
                return status
        status = emtl_meter_packets(meter._meter, self._records + self._done,
                                    self._n - self._done, &done, &meter._ended)
        self._done += done
        if status != EMTL_OK:
            return status
        return emtl_meter_tick(meter._meter, self.clock_us, &meter._ended)

    def step(self, Meter meter not None, int timeout_ms):
        """Let `meter` account the next packets, and the time; wait so long where there are none.

        Where the meter is `full` afterwards, take() and step again. CaptureError: the interface is
        gone. A signal ends the wait.
        """
        cdef int status
        meter.enter()
        with nogil:
            status = self.account(meter, timeout_ms)
        if status == EMTL_E_SYSTEM:
            meter._busy = False
            raise CaptureError(emtl_live_error(self._live).decode("utf-8", "replace"))
        meter.leave(status)

    def stats(self):
        """Return what emtl_live_stats holds."""
        cdef emtl_live_stats stats
        emtl_live_stats_get(self._live, &stats)
        return {
            "packets": stats.packets,
            "dropped": stats.dropped,
            "downs": stats.downs,
            "ring_bytes": stats.ring_bytes,
            "segments": stats.segments != 0,
            "stepped_us": stats.stepped_us,
        }


def addresses_text(const uint8_t[::1] version not None, const uint8_t[:, ::1] addresses not None):
    """n addresses of 16 bytes as text: bytes one after the other, and where each begins and ends.

    Returns
    -------
    offsets, text : arrays of int64, shape (n + 1,), and of uint8
    """
    cdef size_t n = version.shape[0]
    if <size_t>addresses.shape[0] != n or addresses.shape[1] != 16:
        raise ValueError(f"addresses_text: {n} versions need as many addresses of 16 bytes")
    offsets = np.zeros(n + 1, np.int64)
    text = np.empty(n * EMTL_ADDRESS_TEXT, np.uint8)
    cdef int64_t[::1] c_offsets = offsets
    cdef uint8_t[::1] c_text = text
    if n:
        with nogil:
            emtl_addresses_text(&version[0], &addresses[0, 0], n, &c_offsets[0],
                                <char *>&c_text[0])
    return offsets, text[: offsets[n]]


def features_fill(const int64_t[::1] iat_us not None, const int32_t[::1] length not None,
                  const int32_t[::1] payload, const int8_t[::1] direction not None, const int64_t[::1] offsets not None, spec):
    """`edgemtl.features.ppi_tensor`, on arrays of exactly these types."""
    cdef emtl_feature_spec c_spec = [
        spec.k,
        EMTL_IAT_LOG if spec.iat == "log" else EMTL_IAT_CLIP,
        spec.length_scale,
        spec.signed,
        EMTL_PADDING_PRE if spec.padding == "pre" else EMTL_PADDING_POST,
        EMTL_LENGTH_PAYLOAD if spec.length_kind == "payload" else EMTL_LENGTH_IP,
        spec.skip_empty,
    ]
    cdef size_t m = iat_us.shape[0], n = 0
    cdef int status
    if length.shape[0] != iat_us.shape[0] or direction.shape[0] != iat_us.shape[0]:
        raise ValueError(
            f"ppi_tensor: the series must be equally long, got {iat_us.shape[0]} times, "
            f"{length.shape[0]} lengths and {direction.shape[0]} directions"
        )
    if payload is None:
        if spec.needs_payload:
            raise ValueError("ppi_tensor: the FeatureSpec needs payload lengths, got none")
    elif payload.shape[0] != iat_us.shape[0]:
        raise ValueError(
            f"ppi_tensor: the series must be equally long, got {iat_us.shape[0]} times and "
            f"{payload.shape[0]} payload lengths"
        )
    if offsets.shape[0] == 0:
        raise ValueError("ppi_tensor: offsets must hold n + 1 values, got none")
    n = offsets.shape[0] - 1
    tensor = np.empty((n, 2, spec.k), np.float32)
    cdef float[:, :, ::1] out = tensor
    with nogil:
        status = emtl_features_fill(
            &c_spec, &iat_us[0] if m else NULL, &length[0] if m else NULL,
            &payload[0] if m and payload is not None else NULL, &direction[0] if m else NULL, m, &offsets[0], n, &out[0, 0, 0] if n else NULL)
    if status == EMTL_E_ARG:
        raise ValueError(
            f"ppi_tensor: offsets must rise from 0 or more to at most {m}, the packets given"
        )
    check(status)
    return tensor
