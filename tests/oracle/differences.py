"""Where edgemtl and the independent readers differ on the real captures, and why.

The tests hold both ways: a capture that is not here must agree, one that is here must differ."""

# Flows, skip reasons or packet counts differ from those of the oracle.
FLOWS = {
    "a chain of 100 IPv6 extension headers: edgemtl gives up after 64 and counts it malformed": [
        "libpcap/tests/filter/ipv6_ext_headers.pcap",
    ],
}

# The count of IP packets, or of TCP or UDP packets, or the conversations, differ from those of
# tshark 4.0.17, after decapsulation.
TSHARK = {
    "IPComp: tshark inflates the packets; for edgemtl they are another protocol, as ESP is": [
        "libpcap/tests/filter/AH-IPcomp-IPv4.pcap",
        "libpcap/tests/filter/AH-IPcomp-IPv6.pcap",
    ],
    "a link type that tshark 4.0 does not read, and tcpdump and edgemtl do: switch tags of Broadcom"
    " and Marvell": [
        "libpcap/tests/filter/brcm-tag.pcap",
        "libpcap/tests/filter/dsa.pcap",
        "tcpdump/brcm-tag-prepend.pcap",
        "tcpdump/brcm-tag.pcap",
        "tcpdump/dsa-high-vid.pcap",
        "tcpdump/dsa.pcap",
        "tcpdump/edsa-high-vid.pcap",
        "tcpdump/edsa.pcap",
    ],
    "SLIP: 16 bytes stand in front of the packet (www.tcpdump.org/linktypes.html); tshark takes"
    " them for the packet": [
        "tcpdump/cve2015-0261-crash.pcap",
        "tcpdump/cve2015-0261-ipv6.pcap",
        "tcpdump/icmp6_nodeinfo_oobr.pcap",
    ],
    "VXLAN on port 8472, which Linux uses: tshark 4.0 sees a UDP packet": [
        "tcpdump/vxlan_port_8472.pcap",
    ],
    "Arista's timestamps of a version that tshark 4.0 does not know": [
        "tcpdump/arista_ether.pcap",
    ],
    "6LoWPAN: IPv6 headers that IEEE 802.15.4 compressed; a link type that edgemtl does not read": [
        "tcpdump/802_15_4-data.pcap",
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
    "a jumbogram of more bytes than the wire had: malformed for edgemtl, IP for tshark": [
        "tcpdump/ipv6-too-long-jumbo.pcap",
        "tcpdump/ipv6_jumbogram_invalid_length.pcap",
        "tcpdump/quic_32_bit_pointer_overflow.pcap",
    ],
    "an IP header that is cut before its end: truncated for edgemtl, IP for tshark": [
        "tcpdump/ipv4_invalid_length.pcap",
        "tcpdump/ipv6_39_byte_header.pcap",
        "tcpdump/ipv6_invalid_length.pcap",
        "zeek/trunc/ip4-trunc.pcap",
        "zeek/trunc/ip6-trunc.pcap",
    ],
    "classical IP over ATM with one byte, of no IP version": [
        "tcpdump/heap-overflow-2.pcap",
    ],
    "tshark refuses the file for its version (pcap 1.x, pcapng 1.1); its packets are as in 2.4 and"
    " 1.0, and dpkt, scapy and edgemtl read them": [
        "libpcap/tests/pcap-invalid-version-1.pcap",
        "libpcap/tests/pcapng-invalid-vers-2.pcapng",
    ],
    "LINKTYPE_IPV6 with an IPv4 packet: edgemtl goes by the packet, tshark refuses it": [
        "tcpdump/LINKTYPE_IPV6_invalid.pcap",
    ],
    "BIG TCP: an IP packet over 65,535 bytes, captured before segmentation, whose length is 0:"
    " edgemtl reads on, with the length on the wire; tshark 4.0 sees nothing behind the header": [
        "tcpdump/bigtcp-ipv4-geneve-ipv4.pcap",
        "tcpdump/bigtcp-ipv4-geneve-ipv6.pcap",
        "tcpdump/bigtcp-ipv4-vxlan-ipv4.pcap",
        "tcpdump/bigtcp-ipv4-vxlan-ipv6.pcap",
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
