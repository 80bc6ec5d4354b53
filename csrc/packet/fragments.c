/* Ports for IP fragments after the first. SPDX-License-Identifier: Apache-2.0
 *
 * A ring of the latest first fragments, found through chains of a keyed hash: bounded, and what it
 * remembers depends on the packets alone, not on the key. */
#include <stdlib.h>
#include <string.h>

#include "packet/packet.h"

#define FRAGMENTS 1024u     /* first fragments remembered; a power of two */
#define TIMEOUT_US 60000000 /* RFC 1122, section 3.3.2; RFC 8200, section 4.5 */
#define NONE UINT16_MAX

/* What the fragments of one datagram share (RFC 791, section 2.3; RFC 8200, section 4.5). */
typedef struct {
    uint8_t src[16], dst[16];
    uint32_t id;
    uint8_t version, protocol; /* protocol: as in emtl_fragment */
    uint8_t zero[2];
} datagram;

typedef struct {
    datagram key;
    int64_t ts_us;
    uint16_t src_port, dst_port;
    uint16_t bucket, next; /* chain */
    uint8_t protocol;
    uint8_t later; /* emtl_skip of the later fragments */
} first_fragment;

struct emtl_fragments {
    emtl_hash_key hash_key;
    uint32_t oldest; /* the slot that is written next */
    uint32_t used;
    uint16_t heads[FRAGMENTS];
    first_fragment slots[FRAGMENTS];
};

int emtl_fragments_new(emtl_hash_key key, emtl_fragments **out)
{
    *out = calloc(1, sizeof **out);
    if (*out == NULL)
        return EMTL_E_NOMEM;
    (*out)->hash_key = key;
    memset((*out)->heads, 0xff, sizeof(*out)->heads); /* NONE */
    return EMTL_OK;
}

void emtl_fragments_free(emtl_fragments *fragments)
{
    free(fragments);
}

static datagram datagram_of(const emtl_fragment *fragment, const emtl_packet *packet)
{
    datagram key;
    memset(&key, 0, sizeof key);
    memcpy(key.src, packet->src, 16);
    memcpy(key.dst, packet->dst, 16);
    key.id = fragment->id;
    key.version = packet->version;
    key.protocol = fragment->protocol;
    return key;
}

static uint16_t bucket_of(const emtl_fragments *fragments, const datagram *key)
{
    const uint64_t hash = emtl_siphash13(fragments->hash_key, (const uint8_t *)key, sizeof *key);
    return (uint16_t)(hash & (FRAGMENTS - 1));
}

static uint16_t find(const emtl_fragments *fragments, const datagram *key)
{
    uint16_t i = fragments->heads[bucket_of(fragments, key)];
    while (i != NONE && memcmp(&fragments->slots[i].key, key, sizeof *key) != 0)
        i = fragments->slots[i].next;
    return i;
}

static void unlink_slot(emtl_fragments *fragments, uint16_t slot)
{
    uint16_t *link = &fragments->heads[fragments->slots[slot].bucket];
    while (*link != slot)
        link = &fragments->slots[*link].next;
    *link = fragments->slots[slot].next;
}

void emtl_fragments_put(emtl_fragments *fragments, const emtl_fragment *fragment,
                        const emtl_packet *first, emtl_skip later)
{
    const datagram key = datagram_of(fragment, first);
    uint16_t i = find(fragments, &key); /* the id was used before: the new one counts */
    if (i == NONE) {
        i = (uint16_t)fragments->oldest;
        fragments->oldest = (fragments->oldest + 1) % FRAGMENTS;
        if (fragments->used == FRAGMENTS)
            unlink_slot(fragments, i);
        else
            fragments->used++;
        const uint16_t bucket = bucket_of(fragments, &key);
        fragments->slots[i].key = key;
        fragments->slots[i].bucket = bucket;
        fragments->slots[i].next = fragments->heads[bucket];
        fragments->heads[bucket] = i;
    }
    first_fragment *slot = &fragments->slots[i];
    slot->ts_us = first->ts_us;
    slot->src_port = first->src_port;
    slot->dst_port = first->dst_port;
    slot->protocol = first->protocol;
    slot->later = (uint8_t)later;
}

emtl_skip emtl_fragments_get(const emtl_fragments *fragments, const emtl_fragment *fragment,
                             emtl_packet *later)
{
    const datagram key = datagram_of(fragment, later);
    const uint16_t i = find(fragments, &key);
    if (i == NONE)
        return EMTL_SKIP_FRAGMENT;
    const first_fragment *first = &fragments->slots[i];
    const int64_t age_us = later->ts_us - first->ts_us;
    if (age_us > TIMEOUT_US || age_us < -TIMEOUT_US)
        return EMTL_SKIP_FRAGMENT;
    later->src_port = first->src_port;
    later->dst_port = first->dst_port;
    later->protocol = first->protocol;
    return (emtl_skip)first->later;
}
