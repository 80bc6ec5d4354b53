/* Which packets are taken. SPDX-License-Identifier: Apache-2.0
 * libpcap compiles the expression; the kernel runs it where it can. It can't where the expression
 * names VLANs, whose tags the kernel takes off before it looks, nor where a "cooked" header is put
 * before the packet afterwards, nor where it is very long: there libpcap runs it on the records. */
#define _DEFAULT_SOURCE /* SO_ATTACH_FILTER, and what pcap.h needs */
#include "live/live.h"

#if defined(__linux__)

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#if defined(EMTL_HAVE_PCAP)
#include <pcap.h>
#endif

/* A program's result is how many bytes of the packet are kept: 0 is none of it. */
static int attach(emtl_live *live, unsigned count, void *code, char error[EMTL_LIVE_ERROR])
{
    const struct sock_fprog program = {.len = (unsigned short)count, .filter = code};
    if (setsockopt(live->fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0)
        return emtl_live_fail(error, EMTL_E_SYSTEM, "%s: filter: %s", live->name, strerror(errno));
    return EMTL_OK;
}

static bool is_empty(const char *expression)
{
    return expression == NULL || expression[0] == '\0';
}

static int take_all(emtl_live *live, char error[EMTL_LIVE_ERROR])
{
    struct sock_filter all = {BPF_RET | BPF_K, 0, 0, EMTL_LIVE_SNAPLEN};
    return attach(live, 1, &all, error);
}

#if defined(EMTL_HAVE_PCAP)

struct emtl_live_filter {
    struct bpf_program program;
};

static int compile(const emtl_live *live, const char *expression, struct bpf_program *program,
                   char error[EMTL_LIVE_ERROR])
{
    pcap_t *pcap = pcap_open_dead((int)live->link_type, EMTL_LIVE_SNAPLEN);
    if (pcap == NULL)
        return emtl_live_fail(error, EMTL_E_NOMEM, "%s: out of memory", live->name);
    int status = EMTL_OK;
    if (pcap_compile(pcap, program, expression, 1, (bpf_u_int32)PCAP_NETMASK_UNKNOWN) != 0)
        status =
            emtl_live_fail(error, EMTL_E_ARG, "filter '%s': %s", expression, pcap_geterr(pcap));
    pcap_close(pcap);
    return status;
}

/* Whether something is compared with an EtherType of VLAN tags, as "vlan" and "ether proto 0x8100"
 * do. Where it was a port, nothing is lost but a little speed. */
static bool looks_for_tags(const struct bpf_program *program)
{
    for (unsigned i = 0; i < program->bf_len; i++) {
        const struct bpf_insn *step = &program->bf_insns[i];
        if (step->code == (BPF_JMP | BPF_JEQ | BPF_K) &&
            (step->k == ETH_P_8021Q || step->k == ETH_P_8021AD || step->k == ETH_P_QINQ1))
            return true;
    }
    return false;
}

static bool kernel_can(const emtl_live *live, const struct bpf_program *program)
{
    return live->link_type == EMTL_LIVE_ETHERNET && !looks_for_tags(program) &&
           program->bf_len <= BPF_MAXINSNS;
}

int emtl_live_filter_attach(emtl_live *live, const char *expression, char error[EMTL_LIVE_ERROR])
{
    struct bpf_program program = {0};
    if (is_empty(expression))
        return take_all(live, error);
    int status = compile(live, expression, &program, error);
    if (status != EMTL_OK)
        return status;
    if (kernel_can(live, &program)) {
        status = attach(live, program.bf_len, program.bf_insns, error);
        pcap_freecode(&program);
        return status;
    }
    live->filter = calloc(1, sizeof *live->filter);
    if (live->filter == NULL) {
        pcap_freecode(&program);
        return emtl_live_fail(error, EMTL_E_NOMEM, "%s: out of memory", live->name);
    }
    live->filter->program = program;
    return take_all(live, error);
}

void emtl_live_filter_free(emtl_live_filter *filter)
{
    if (filter != NULL)
        pcap_freecode(&filter->program);
    free(filter);
}

bool emtl_live_filter_takes(const emtl_live_filter *filter, const emtl_record *record)
{
    return bpf_filter(filter->program.bf_insns, record->data, record->wire, record->captured) != 0;
}

#else

int emtl_live_filter_attach(emtl_live *live, const char *expression, char error[EMTL_LIVE_ERROR])
{
    if (is_empty(expression))
        return take_all(live, error);
    return emtl_live_fail(error, EMTL_E_UNSUPPORTED,
                          "filter '%s': needs libpcap, whose header was not there at build time: "
                          "install libpcap-dev and build again",
                          expression);
}

void emtl_live_filter_free(emtl_live_filter *filter)
{
    (void)filter;
}

bool emtl_live_filter_takes(const emtl_live_filter *filter, const emtl_record *record)
{
    (void)filter;
    (void)record;
    return true;
}

#endif
#endif
