#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Datagrams with IP options or extension headers, by the interface of RFC 3542 (IPv4: IP_OPTIONS).

beside.py give SOURCE DESTINATION OCTETS [TTL [KIND=HEX ...]]: one to port 7007. KIND: options (IPv4), hop, dst, route (IPv6).
beside.py take ADDRESS: prints "ready"; then of the first datagram to port 7007 "OCTETS ttl TTL", KIND=HEX of all that came beside it, and
whether its octets are those that were sent.
"""
import socket
import sys

PORT = 7007
KINDS = {"options": socket.IP_OPTIONS, "hop": socket.IPV6_HOPOPTS, "route": socket.IPV6_RTHDR, "dst": socket.IPV6_DSTOPTS}
SHOW = (socket.IPV6_RECVHOPOPTS, socket.IPV6_RECVRTHDR, socket.IPV6_RECVDSTOPTS, socket.IPV6_RECVHOPLIMIT)
IP_RECVOPTS, IP_RECVTTL = 6, 12


def text(octets):
    return bytes(n % 16 for n in range(octets))


def of(address):
    v6 = ":" in address
    s = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_DGRAM)
    return v6, s


def give(source, destination, octets, ttl="64", *beside):
    v6, s = of(source)
    s.bind((source, 0))
    if v6:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, int(ttl))
    else:
        s.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, int(ttl))
    for kind, value in (b.split("=") for b in beside):
        s.setsockopt(socket.IPPROTO_IPV6 if v6 else socket.IPPROTO_IP, KINDS[kind], bytes.fromhex(value))
    s.sendto(text(int(octets)), (destination, PORT))


def take(address):
    v6, s = of(address)
    if v6:
        for option in SHOW:
            s.setsockopt(socket.IPPROTO_IPV6, option, 1)
    else:
        s.setsockopt(socket.IPPROTO_IP, IP_RECVOPTS, 1)
        s.setsockopt(socket.IPPROTO_IP, IP_RECVTTL, 1)
    s.bind((address, PORT))
    s.settimeout(60)
    print("ready", flush=True)
    got, ancillary, flags, _ = s.recvmsg(65536, 4096)
    says = []
    ttl = None
    for level, kind, value in ancillary:
        if kind in (socket.IP_TTL, socket.IPV6_HOPLIMIT) and len(value) == 4:
            ttl = int.from_bytes(value, sys.byteorder)
        elif level == socket.IPPROTO_IP:
            says.append("options=" + value.hex())
        else:
            # who comes next is the reader's own affair: 17 at the end, whatever it was on the way
            says += [name + "=" + "00" + value.hex()[2:] for name, number in KINDS.items() if number == kind]
    if got != text(len(got)) or flags:
        says.append("changed")
    print(len(got), "ttl", ttl, *sorted(says))


{"give": give, "take": take}[sys.argv[1]](*sys.argv[2:])
