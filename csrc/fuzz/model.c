/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/model.h"

#define S INT64_C(1000000)

bool model_is_tcp(unsigned flow)
{
    return flow % 2 == 0;
}

static int64_t linger_us(const model *m)
{
    const int64_t idle_us = m->config.idle_timeout_s * S;
    return idle_us < EMTL_LINGER_US ? idle_us : EMTL_LINGER_US;
}

/* Flow number's address and port at one of its ends. */
void model_end(unsigned flow, bool is_server, uint8_t address[16], uint16_t *port)
{
    const uint8_t ip[16] = {10, 0, 0, is_server ? 1 : 2};
    memcpy(address, ip, 16);
    *port = (uint16_t)(is_server ? 443 : 1000 + flow);
}

static void give(model *m, const model_flow *flow, emtl_end_reason reason)
{
    emtl_flow_columns *c = m->columns;
    const size_t kept = flow->packets < (int64_t)m->config.packets ? (size_t)flow->packets
                                                                   : (size_t)m->config.packets;
    model_end(flow->number, flow->is_reverse, c->src, c->src_port);
    model_end(flow->number, !flow->is_reverse, c->dst, c->dst_port);
    c->start_us[0] = flow->start_us;
    c->duration_us[0] = flow->latest_us - flow->start_us;
    c->packets[0] = flow->packets;
    c->bytes[0] = flow->bytes;
    c->vlan[0] = 0;
    c->version[0] = 4;
    c->protocol[0] = model_is_tcp(flow->number) ? 6 : 17;
    c->end_reason[0] = (uint8_t)reason;
    c->offsets[0] = 0;
    c->offsets[1] = (int64_t)kept;
    memcpy(c->iat_us, flow->iat_us, kept * sizeof flow->iat_us[0]);
    memcpy(c->length, flow->length, kept * sizeof flow->length[0]);
    memcpy(c->payload, flow->payload, kept * sizeof flow->payload[0]);
    memcpy(c->direction, flow->direction, kept);
    c->n = 1;
    columns_take(c, &m->config, &m->sums);
}

static void take_out(model *m, size_t i)
{
    m->n--;
    memmove(&m->flows[i], &m->flows[i + 1], (m->n - i) * sizeof m->flows[0]);
}

static void end_flow(model *m, size_t i, emtl_end_reason reason)
{
    if (!m->flows[i].was_given)
        give(m, &m->flows[i], m->flows[i].is_closed ? EMTL_END_OF_FLOW : reason);
    take_out(m, i);
}

/* The three lists of emtl.h: 0 closed, 1 new, 2 conversations. */
static int list_of(const model_flow *flow)
{
    return flow->is_closed ? 0 : flow->was_answered && flow->packets >= 4 ? 2 : 1;
}

/* The front of a list, or m->n. */
static size_t front_of(const model *m, int list)
{
    size_t i = 0;
    while (i < m->n && list_of(&m->flows[i]) != list)
        i++;
    return i;
}

/* Rule 1. */
static void end_overdue(model *m, int64_t now_us)
{
    for (int list = 0; list < 3; list++) {
        const int64_t timeout_us = list == 0 ? linger_us(m) : m->config.idle_timeout_s * S;
        for (;;) {
            const size_t i = front_of(m, list);
            if (i == m->n || now_us - m->flows[i].latest_us <= timeout_us)
                break;
            end_flow(m, i, EMTL_END_IDLE);
        }
    }
}

/* Rule 2. Whether the flow ended. */
static bool end_own(model *m, size_t i, const step *s)
{
    const model_flow *flow = &m->flows[i];
    const bool is_idle = s->ts_us - flow->latest_us >
                         (flow->is_closed ? linger_us(m) : m->config.idle_timeout_s * S);
    const bool is_active = s->ts_us - flow->start_us > m->config.active_timeout_s * S;
    const bool opens = flow->is_closed && (s->flags & (SYN | ACK)) == SYN;
    if (!is_idle && !is_active && !opens)
        return false;
    end_flow(m, i, is_idle ? EMTL_END_IDLE : EMTL_END_ACTIVE);
    return true;
}

static size_t find(const model *m, unsigned number)
{
    size_t i = 0;
    while (i < m->n && m->flows[i].number != number)
        i++;
    return i;
}

static void make_room(model *m)
{
    static const int orders[2][3] = {{0, 1, 2}, {0, 2, 1}};
    size_t fresh = 0, i = 0;
    if (m->n < m->config.max_flows)
        return;
    for (size_t j = 0; j < m->n; j++)
        fresh += list_of(&m->flows[j]) == 1;
    const int *list = orders[8 * fresh < m->config.max_flows];
    while ((i = front_of(m, *list)) == m->n)
        list++;
    end_flow(m, i, EMTL_END_LACK_OF_RESOURCES);
}

static void append(model_flow *flow, const step *s, uint32_t payload)
{
    const bool is_back = s->is_reverse != flow->is_reverse;
    const uint32_t length = payload + (model_is_tcp(flow->number) ? 40 : 28);
    if (flow->packets < MODEL_SERIES) {
        flow->iat_us[flow->packets] = s->ts_us - flow->before_us;
        flow->length[flow->packets] = (int32_t)length;
        flow->payload[flow->packets] = (int32_t)payload;
        flow->direction[flow->packets] = is_back ? -1 : 1;
    }
    flow->packets++;
    flow->bytes += length;
    flow->before_us = s->ts_us;
    flow->latest_us = s->ts_us > flow->latest_us ? s->ts_us : flow->latest_us;
    flow->was_answered |= is_back;
    flow->fin[is_back] |= (s->flags & FIN) != 0;
    flow->is_closed |= (s->flags & RST) != 0 || (flow->fin[0] && flow->fin[1]);
}

/* The flow that started first; there is one. */
static size_t eldest(const model *m)
{
    size_t found = 0;
    for (size_t i = 1; i < m->n; i++)
        if (m->flows[i].born < m->flows[found].born)
            found = i;
    return found;
}

static bool is_idle(const model *m, const model_flow *flow, int64_t now_us)
{
    return now_us - flow->latest_us > m->config.idle_timeout_s * S;
}

static void tick(model *m, int64_t now_us)
{
    size_t before;
    do {
        before = m->n;
        end_overdue(m, now_us);
        while (m->n > 0 && now_us - m->flows[eldest(m)].start_us > m->config.active_timeout_s * S)
            end_flow(m, eldest(m),
                     is_idle(m, &m->flows[eldest(m)], now_us) ? EMTL_END_IDLE : EMTL_END_ACTIVE);
    } while (m->n != before);
}

/* The packet's flow, taken out of its order: one that goes on, or a new one. */
static model_flow take_own(model *m, const step *s)
{
    size_t i = find(m, s->flow);
    if (i < m->n && end_own(m, i, s))
        i = m->n;
    if (i < m->n) {
        const model_flow flow = m->flows[i];
        take_out(m, i);
        return flow;
    }
    make_room(m);
    return (model_flow){.number = s->flow,
                        .born = m->births++,
                        .is_reverse = s->is_reverse,
                        .start_us = s->ts_us,
                        .latest_us = s->ts_us,
                        .before_us = s->ts_us};
}

static bool is_shown(const model *m, int64_t before, int64_t after)
{
    bool found = false;
    for (int64_t n = m->config.glance; n > 0 && n <= after; n *= 2)
        found |= before < n;
    return found;
}

void model_step(model *m, const step *s)
{
    uint32_t left = s->payload;
    if (s->is_tick) {
        tick(m, s->ts_us);
        return;
    }
    m->now_us = s->ts_us;
    end_overdue(m, s->ts_us);
    model_flow flow = take_own(m, s);
    const int64_t before = flow.packets;
    for (; s->segment > 0 && left > s->segment; left -= s->segment)
        append(&flow, s, s->segment);
    append(&flow, s, left);
    if (m->config.early && !flow.was_given && flow.packets >= (int64_t)m->config.packets) {
        give(m, &flow, EMTL_END_NONE);
        flow.was_given = true;
    } else if (m->config.early && !flow.was_given && is_shown(m, before, flow.packets)) {
        give(m, &flow, EMTL_END_NONE);
    }
    m->flows[m->n++] = flow;
}

void model_finish(model *m)
{
    while (m->n > 0)
        end_flow(m, 0, is_idle(m, &m->flows[0], m->now_us) ? EMTL_END_IDLE : EMTL_END_FORCED);
}

void model_start(model *m, const emtl_flow_config *config, emtl_flow_columns *columns)
{
    memset(m, 0, sizeof *m);
    m->config = *config;
    m->columns = columns;
}
