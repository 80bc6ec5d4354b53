/* Any bytes as packets of any link type: the decoder stays inside them, and what it keeps is as
 * emtl.h says. SPDX-License-Identifier: Apache-2.0
 *
 * Input: link type (2 bytes), options (1: bit 0 tunnels, bits 1 to 5 protocols), then packets: the
 * bytes captured (2), how many more the wire had (1), and they themselves. One input has several
 * packets, since the later fragments of a datagram need its first. */
#include "fuzz/fuzz.h"
#include "packet/decode.h"

static bool is_asked_for(uint8_t protocol, uint32_t protocols)
{
    switch (protocol) {
    case 6:
        return (protocols & EMTL_PROTOCOL_TCP) != 0;
    case 17:
        return (protocols & EMTL_PROTOCOL_UDP) != 0;
    case 132:
        return (protocols & EMTL_PROTOCOL_SCTP) != 0;
    case 136:
        return (protocols & EMTL_PROTOCOL_UDP_LITE) != 0;
    case 1:
    case 58:
        return (protocols & EMTL_PROTOCOL_ICMP) != 0;
    default:
        return false;
    }
}

static void check_packet(const emtl_packet *packet, const emtl_record *record, uint32_t tunnels,
                         uint32_t protocols)
{
    static const uint8_t zeros[12];
    CHECK(packet->version == 4 || packet->version == 6);
    CHECK(packet->ts_us == record->ts_us);
    CHECK(is_asked_for(packet->protocol, protocols));
    CHECK(packet->length <= INT32_MAX && packet->payload < packet->length);
    CHECK(packet->vlan < 4096);
    CHECK(packet->protocol == 6 || packet->tcp_flags == 0);
    CHECK(tunnels == EMTL_TUNNELS_INNER || packet->tunnels == 0);
    CHECK(packet->segment == 0 || packet->segment == record->segment);
    if (packet->version == 4) {
        CHECK(memcmp(packet->src + 4, zeros, 12) == 0);
        CHECK(memcmp(packet->dst + 4, zeros, 12) == 0);
    }
    if (packet->protocol == 1 || packet->protocol == 58)
        CHECK(packet->src_port == 0 && packet->dst_port == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input input = {data, size};
    emtl_fragments *fragments;
    const uint32_t link_type = take16(&input), options = take8(&input);
    const uint32_t tunnels = options & 1, protocols = options >> 1 & EMTL_PROTOCOLS;
    CHECK_INT(emtl_fragments_new((emtl_hash_key){1, 2}, &fragments), EMTL_OK);
    for (int64_t ts_us = 0; input.size > 0; ts_us += 10000000) {
        size_t n = take16(&input);
        const uint32_t cut = take8(&input);
        n = n < input.size ? n : input.size;
        uint8_t *copy = exact_copy(input.data, n);
        input.data += n;
        input.size -= n;
        const emtl_record record = {copy,      ts_us,    (uint32_t)n, (uint32_t)n + cut,
                                    link_type, 10U * cut};
        emtl_packet packet;
        const emtl_skip skip = emtl_packet_decode(&record, tunnels, protocols, fragments, &packet);
        CHECK(skip == EMTL_KEPT || emtl_skip_name(skip) != NULL);
        if (skip == EMTL_KEPT)
            check_packet(&packet, &record, tunnels, protocols);
        free(copy);
    }
    emtl_fragments_free(fragments);
    return 0;
}
