# cython: language_level=3, boundscheck=False, wraparound=False
"""The C99 core of csrc/, as Python sees it: checks what C can't, calls, and translates."""

import os

from libc.string cimport memcpy

import numpy as np

from edgemtl._emtl cimport *
from edgemtl.errors import CaptureError, EdgemtlError

FLOWS_MAX = EMTL_FLOWS_MAX
PACKETS_MAX = EMTL_PACKETS_MAX


cdef int check(int status) except -1:
    """Turn a core status into the Python exception of the same meaning."""
    if status == EMTL_E_NOMEM:
        raise MemoryError()
    if status < 0:
        kind = ValueError if status == EMTL_E_ARG else EdgemtlError
        raise kind(emtl_strerror(status).decode())
    return 0


cdef class Meter:
    """Owns one emtl_meter: bytes of a capture in, ended flows out.

    Parameters
    ----------
    max_flows, idle_timeout_s, active_timeout_s, packets, by_vlan
        As in emtl.h, emtl_flow_config. ValueError where one is outside its range.
    """

    cdef emtl_meter *_meter
    cdef bint _busy
    cdef readonly bint full  # take() before the next feed() or finish()

    def __cinit__(self, uint32_t max_flows, uint32_t idle_timeout_s, uint32_t active_timeout_s,
                  uint32_t packets, bint by_vlan):
        cdef emtl_flow_config config = [
            max_flows, idle_timeout_s, active_timeout_s, packets, by_vlan
        ]
        cdef bytes key = os.urandom(EMTL_HASH_KEY)
        check(emtl_meter_new(&config, <const uint8_t *><const char *>key, &self._meter))

    def __dealloc__(self):
        emtl_meter_free(self._meter)

    cdef int enter(self) except -1:
        if self._busy:  # without the GIL nothing else keeps a second thread out
            raise RuntimeError("Meter: another thread is inside")
        self._busy = True
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
            status = emtl_meter_feed(self._meter, first, data.shape[0], &used)
        self._busy = False
        if status == EMTL_E_UNSUPPORTED:
            raise CaptureError(self.error)
        self.full = status == EMTL_E_FULL
        if status != EMTL_E_FULL and status != EMTL_E_MALFORMED:
            check(status)
        return used

    def finish(self):
        """End every flow; call again after take() while the meter is `full`."""
        cdef int status
        self.enter()
        with nogil:
            status = emtl_meter_finish(self._meter)
        self._busy = False
        self.full = status == EMTL_E_FULL
        if status != EMTL_E_FULL:
            check(status)

    def take(self):
        """Return the ended flows as a dict of new arrays, named as in `Flows`."""
        cdef emtl_flow_columns ended
        self.enter()
        emtl_meter_take(self._meter, &ended)
        try:
            return copy_columns(&ended)
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
            "link_types": [stats.link_types[i] for i in range(stats.link_type_count)],
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


cdef object copy(const void *data, size_t n, object dtype):
    """A new array of n values."""
    array = np.empty(n, dtype)
    cdef uint8_t[::1] view
    if n > 0:
        view = array.view(np.uint8)
        memcpy(&view[0], data, view.shape[0])
    return array


cdef dict copy_columns(const emtl_flow_columns *ended):
    cdef Py_ssize_t i, n = ended.n
    cdef const emtl_flow *flow
    cdef char text[EMTL_ADDRESS_TEXT]
    numbers = np.empty((8, n), np.int64)
    cdef int64_t[:, ::1] number = numbers
    cdef list src = [None] * n, dst = [None] * n
    for i in range(n):
        flow = &ended.flows[i]
        number[0, i] = flow.start_us
        number[1, i] = flow.duration_us
        number[2, i] = flow.packets
        number[3, i] = flow.bytes
        number[4, i] = flow.protocol
        number[5, i] = flow.src_port
        number[6, i] = flow.dst_port
        number[7, i] = flow.vlan
        emtl_address_text(flow.version, flow.src, text)
        src[i] = (<bytes>text).decode("ascii")
        emtl_address_text(flow.version, flow.dst, text)
        dst[i] = (<bytes>text).decode("ascii")
    names = ("start_us", "duration_us", "packets", "bytes", "protocol", "src_port", "dst_port",
             "vlan")
    columns = dict(zip(names, numbers))
    columns["src"] = np.array(src, object)
    columns["dst"] = np.array(dst, object)
    columns["end_reason"] = np.array([ended.flows[i].end_reason for i in range(n)], np.int8)
    columns["offsets"] = copy(ended.offsets, n + 1, np.int64)
    m = columns["offsets"][n]
    columns["iat_us"] = copy(ended.iat_us, m, np.int64)
    columns["length"] = copy(ended.length, m, np.int32)
    columns["direction"] = copy(ended.direction, m, np.int8)
    return columns


def features_fill(const int64_t[::1] iat_us not None, const int32_t[::1] length not None,
                  const int8_t[::1] direction not None, const int64_t[::1] offsets not None, spec):
    """`edgemtl.features.ppi_tensor`, on arrays of exactly these types."""
    cdef emtl_feature_spec c_spec = [
        spec.k,
        EMTL_IAT_LOG if spec.iat == "log" else EMTL_IAT_CLIP,
        spec.length_scale,
        spec.signed,
        EMTL_PADDING_PRE if spec.padding == "pre" else EMTL_PADDING_POST,
    ]
    cdef size_t m = iat_us.shape[0], n = 0
    cdef int status
    if length.shape[0] != iat_us.shape[0] or direction.shape[0] != iat_us.shape[0]:
        raise ValueError(
            f"ppi_tensor: the series must be equally long, got {iat_us.shape[0]} times, "
            f"{length.shape[0]} lengths and {direction.shape[0]} directions"
        )
    if offsets.shape[0] == 0:
        raise ValueError("ppi_tensor: offsets must hold n + 1 values, got none")
    n = offsets.shape[0] - 1
    tensor = np.empty((n, 2, spec.k), np.float32)
    cdef float[:, :, ::1] out = tensor
    with nogil:
        status = emtl_features_fill(
            &c_spec, &iat_us[0] if m else NULL, &length[0] if m else NULL,
            &direction[0] if m else NULL, m, &offsets[0], n, &out[0, 0, 0] if n else NULL)
    if status == EMTL_E_ARG:
        raise ValueError(
            f"ppi_tensor: offsets must rise from 0 or more to at most {m}, the packets given"
        )
    check(status)
    return tensor
