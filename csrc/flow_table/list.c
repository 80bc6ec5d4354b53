/* Flows in the order of their latest packets. SPDX-License-Identifier: Apache-2.0 */
#include "flow_table/flow_table.h"

void emtl_flow_list_append(emtl_flow_list *list, emtl_open_flow *flows, uint32_t flow)
{
    flows[flow].older = list->newest;
    flows[flow].newer = EMTL_NO_FLOW;
    if (list->newest == EMTL_NO_FLOW)
        list->oldest = flow;
    else
        flows[list->newest].newer = flow;
    list->newest = flow;
}

void emtl_flow_list_remove(emtl_flow_list *list, emtl_open_flow *flows, uint32_t flow)
{
    const uint32_t older = flows[flow].older, newer = flows[flow].newer;
    if (older == EMTL_NO_FLOW)
        list->oldest = newer;
    else
        flows[older].newer = newer;
    if (newer == EMTL_NO_FLOW)
        list->newest = older;
    else
        flows[newer].older = older;
}
