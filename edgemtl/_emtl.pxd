# What csrc/include/emtl.h declares and _core.pyx uses: same names, same order.

from libc.stdint cimport int8_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

cdef extern from "emtl.h" nogil:
    enum:
        EMTL_OK
        EMTL_E_UNSUPPORTED
        EMTL_E_MALFORMED
        EMTL_E_FULL
        EMTL_E_NOMEM
        EMTL_E_ARG
        EMTL_E_SYSTEM

    const char *emtl_strerror(int status)

    ctypedef struct emtl_record:
        pass

    ctypedef struct emtl_capture:
        pass

    const char *emtl_capture_error(const emtl_capture *capture)
    uint64_t emtl_capture_position(const emtl_capture *capture)
    int emtl_capture_is_whole(const emtl_capture *capture)
    void emtl_capture_times(const emtl_capture *capture, int64_t *first_us, int64_t *latest_us)

    enum:
        EMTL_KEPT
        EMTL_SKIP_REASONS

    const char *emtl_skip_name(int skip)

    enum:
        EMTL_TUNNELS_INNER
        EMTL_TUNNELS_OUTER
        EMTL_PROTOCOL_TCP
        EMTL_PROTOCOL_UDP
        EMTL_PROTOCOL_SCTP
        EMTL_PROTOCOL_UDP_LITE
        EMTL_PROTOCOL_ICMP
        EMTL_ADDRESS_TEXT

    void emtl_addresses_text(const uint8_t *version, const uint8_t *addresses, size_t n,
                             int64_t *offsets, char *text)

    enum:
        EMTL_PACKETS_MAX
        EMTL_FLOWS_MAX
        EMTL_MEMORY_MIN
        EMTL_SPLIT_MIN
        EMTL_HASH_KEY

    ctypedef struct emtl_flow_config:
        uint32_t max_flows
        uint32_t idle_timeout_s
        uint32_t active_timeout_s
        uint32_t packets
        uint32_t by_vlan
        uint32_t tunnels
        uint32_t protocols
        uint32_t split_mtu
        uint32_t early
        uint32_t glance
        uint64_t max_memory

    ctypedef struct emtl_flow_columns:
        size_t room
        size_t series_room
        size_t n
        int64_t *start_us
        int64_t *duration_us
        int64_t *packets
        int64_t *bytes
        uint8_t *src
        uint8_t *dst
        uint16_t *src_port
        uint16_t *dst_port
        uint16_t *vlan
        uint8_t *version
        uint8_t *protocol
        uint8_t *end_reason
        int64_t *offsets
        int64_t *iat_us
        int32_t *length
        int32_t *payload
        int8_t *direction

    enum:
        EMTL_LINK_TYPES
        EMTL_MTU

    ctypedef struct emtl_meter:
        pass

    ctypedef struct emtl_meter_stats:
        uint64_t packets
        uint64_t flow_packets
        uint64_t ip_packets
        uint64_t *skipped
        uint64_t flows
        uint64_t evicted
        uint64_t clock_back
        uint64_t tunnelled
        uint64_t split
        uint64_t segments
        uint64_t oversized
        uint64_t open_flows
        uint64_t memory_bytes
        uint32_t *link_types
        uint32_t link_type_count

    int emtl_meter_new(const emtl_flow_config *config, const uint8_t *hash_key, emtl_meter **out)
    void emtl_meter_free(emtl_meter *meter)
    int emtl_meter_feed(emtl_meter *meter, const uint8_t *data, size_t size, size_t *used,
                        emtl_flow_columns *columns)
    void emtl_meter_next_file(emtl_meter *meter)
    int emtl_meter_packets(emtl_meter *meter, const emtl_record *records, size_t n, size_t *done,
                           emtl_flow_columns *columns)
    int emtl_meter_tick(emtl_meter *meter, int64_t now_us, emtl_flow_columns *columns)
    int emtl_meter_finish(emtl_meter *meter, emtl_flow_columns *columns)
    const emtl_capture *emtl_meter_capture(const emtl_meter *meter)
    void emtl_meter_stats_get(const emtl_meter *meter, emtl_meter_stats *stats)

    enum:
        EMTL_LIVE_ERROR
        EMTL_LIVE_RING_MIN
        EMTL_LIVE_RING_MAX

    ctypedef struct emtl_live:
        pass

    ctypedef struct emtl_live_config:
        const char *name
        const char *filter
        uint32_t ring_bytes
        uint32_t promiscuous

    ctypedef struct emtl_live_stats:
        uint64_t packets
        uint64_t dropped
        uint64_t downs
        uint32_t ring_bytes
        uint32_t segments
        int64_t stepped_us

    int emtl_live_open(const emtl_live_config *config, char *error, emtl_live **out)
    void emtl_live_close(emtl_live *live)
    int emtl_live_read(emtl_live *live, int timeout_ms, emtl_record *records, size_t max,
                       size_t *n, int64_t *clock_us)
    const char *emtl_live_error(const emtl_live *live)
    void emtl_live_stats_get(emtl_live *live, emtl_live_stats *stats)

    enum:
        EMTL_IAT_CLIP
        EMTL_IAT_LOG
        EMTL_PADDING_POST
        EMTL_PADDING_PRE
        EMTL_LENGTH_IP
        EMTL_LENGTH_PAYLOAD

    ctypedef struct emtl_feature_spec:
        uint32_t k
        uint32_t iat
        double length_scale
        uint32_t is_signed
        uint32_t padding
        uint32_t length_kind
        uint32_t skip_empty

    int emtl_features_fill(const emtl_feature_spec *spec, const int64_t *iat_us,
                           const int32_t *length, const int32_t *payload,
                           const int8_t *direction, size_t m, const int64_t *offsets, size_t n,
                           float *tensor)
