"""Where edgemtl and the independent readers differ on the real captures, and why.

The tests hold both ways: a capture that is not here must agree, one that is here must differ."""

# Flows, skip reasons or packet counts differ from those of the oracle.
FLOWS = {
    "a chain of 100 IPv6 extension headers: edgemtl gives up after 64 and counts it malformed": [
        "libpcap/tests/filter/ipv6_ext_headers.pcap",
    ],
}

# The count of IP packets, or the conversations, differ from those of tshark 4.0.17.
TSHARK = {
    "a link type that edgemtl does not read, and counts as such: FDDI, Frame Relay, ARCNET, 802.11,"
    " radiotap, PPI, 802.15.4, IPNET, NFLOG, IP over InfiniBand, classical IP over ATM, PKTAP,"
    " Juniper": [
        "libpcap/tests/filter/arcnet-rfc1051-arp-icmp-http.pcap",
        "libpcap/tests/filter/arcnet-rfc1201-arp-icmp-http.pcap",
        "libpcap/tests/filter/http_PPI.pcap",
        "tcpdump/802_15_4-data.pcap",
        "tcpdump/LINKTYPE_PKTAP.pcap",
        "tcpdump/LINKTYPE_USER2_PKTAP.pcap",
        "tcpdump/OSPFv3_NBMA_adjacencies.pcap",
        "tcpdump/OSPFv3_multipoint_adjacencies.pcap",
        "tcpdump/arcnet-rfc1051-arp-icmp-http.pcap",
        "tcpdump/arcnet-rfc1201-arp-icmp-http.pcap",
        "tcpdump/bgp-aigp.pcap",
        "tcpdump/e1000g.pcap",
        "tcpdump/heap-overflow-2.pcap",
        "tcpdump/icmp-icmp_print-oobr-2.pcap",
        "tcpdump/ieee802.11_htc.pcap",
        "tcpdump/ipoib.pcap",
        "tcpdump/nflog.pcap",
        "tcpdump/vrrp-vrrp_print-oobr.pcap",
        "zeek/dns-inverse-query.pcap",
        "zeek/llc.pcap",
        "zeek/nflog-http.pcap",
        "zeek/radiotap.pcap",
        "zeek/wlanmon.pcap",
    ],
    "a header between Ethernet and IP that edgemtl does not take off, and counts as not_ip: MACsec,"
    " NSH, PBB, VN-Tag, FabricPath, Arista's timestamps": [
        "tcpdump/arista_ether.pcap",
        "tcpdump/icmp-rfc8335-missing-bytes.pcap",
        "tcpdump/macsec-integonly.pcap",
        "tcpdump/macsec-short-longer.pcap",
        "tcpdump/macsec-short-shorter.pcap",
        "tcpdump/macsec-short-valid.pcap",
        "tcpdump/nsh.pcap",
        "zeek/cisco-fabric-path.pcap",
        "zeek/pbb-recursive-frames.pcapng",
        "zeek/pbb.pcap",
        "zeek/vntag.pcap",
        "zeek/vntag_vlan_sandwich_clean.pcap",
    ],
    "an IP header that contradicts itself: malformed for edgemtl, IP for tshark": [
        "tcpdump/bad-ipv4-version-pgm-heapoverflow.pcap",
        "tcpdump/gre-heapoverflow-1.pcap",
        "tcpdump/ipv4_invalid_hdr_length.pcap",
        "tcpdump/ipv4_invalid_total_length_2.pcap",
        "tcpdump/kday1.pcap",
        "tcpdump/kday3.pcap",
        "zeek/modbus/fuzz-1011.pcap",
        "zeek/trunc/ipv4-truncated-broken-header.pcap",
    ],
    "an IP header that is cut before its end: truncated for edgemtl, IP for tshark": [
        "tcpdump/ipv4_invalid_length.pcap",
        "tcpdump/ipv6_39_byte_header.pcap",
        "tcpdump/ipv6_invalid_length.pcap",
        "zeek/trunc/ip4-trunc.pcap",
        "zeek/trunc/ip6-trunc.pcap",
    ],
    "tshark refuses the file for its version (pcap 1.x, pcapng 1.1); its packets are as in 2.4 and"
    " 1.0, and dpkt, scapy and edgemtl read them": [
        "libpcap/tests/pcap-invalid-version-1.pcap",
        "libpcap/tests/pcapng-invalid-vers-2.pcapng",
    ],
    "LINKTYPE_IPV4 with an IPv6 packet, LINKTYPE_IPV6 with an IPv4 packet: edgemtl goes by the"
    " packet; tshark puts an IPv4 layer around the first and refuses the second": [
        "tcpdump/LINKTYPE_IPV4_invalid.pcap",
        "tcpdump/LINKTYPE_IPV6_invalid.pcap",
    ],
    "fragments after the first: edgemtl counts them in the flow of the first; tshark, asked not to"
    " reassemble, sees no ports in them (the packets more are as many as the later fragments)": [
        "tcpdump/afs.pcap",
        "zeek/dns-edns-ecs.pcap",
        "zeek/ipv4/fragmented-1.pcap",
        "zeek/ipv4/fragmented-2.pcap",
        "zeek/ipv4/fragmented-3.pcap",
        "zeek/ipv4/fragmented-4.pcap",
        "zeek/ipv4/fragmented-syn.pcap",
        "zeek/ipv6-fragmented-dns.pcap",
        "zeek/ipv6-reassembly-state-leak.pcap",
        "zeek/tunnels/gtp/gtp1_gn_normal_incl_fragmentation.pcap",
        "zeek/tunnels/gtp/gtp2_different_udp_port.pcap",
        "zeek/tunnels/gtp/gtp9_unknown_or_too_short_payload.pcap",
        "zeek/tunnels/gtp/gtp_ext_header.pcap",
    ],
    "IPv6 payload length 0 without a jumbo option (BIG TCP, captured before segmentation): edgemtl"
    " reads on, with the length on the wire; tshark 4.0 sees a packet without payload": [
        "tcpdump/bigtcp-ipv6-geneve-ipv4.pcap",
        "tcpdump/bigtcp-ipv6-geneve-ipv6.pcap",
        "tcpdump/bigtcp-ipv6-vxlan-ipv4.pcap",
        "tcpdump/bigtcp-ipv6-vxlan-ipv6.pcap",
        "tcpdump/bigtcp-ipv6.pcap",
    ],
    "an option that claims to be longer than its destination options header: tshark stops there,"
    " edgemtl goes by the header's length": [
        "zeek/ipv6-mobility-dst-opts.pcap",
    ],
    "a chain of 100 IPv6 extension headers: edgemtl gives up after 64 and counts it malformed": [
        "libpcap/tests/filter/ipv6_ext_headers.pcap",
    ],
}
