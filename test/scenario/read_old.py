#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What is in AH of RFC 1826 and ESP of RFC 1827, read by another program than ours: hashlib, and openssl's command.

read_old.py FILE.pcap ALGORITHM KEY [ALGORITHM KEY ...]: a line for each packet of protocol 50 or 51, with the number of the protocol that is
inside at last. The algorithms and the keys, in hexadecimal digits, are those of the packets' layers, the outermost first. Anything that
is not as it should be is an error.
"""
import hashlib
import hmac
import struct
import subprocess
import sys

CIPHERS = {"des-cbc": ("des-cbc", 8, 8), "des-32iv": ("des-cbc", 8, 4), "3des-cbc": ("des-ede3-cbc", 8, 8)}


def enveloped(digest, order, key, text):
    fill = b"\x80" + bytes(55 - len(key)) + (8 * len(key)).to_bytes(8, order)
    return hashlib.new(digest, key + fill + text + key).digest()


MACS = {
    "keyed-md5": lambda key, text: enveloped("md5", "little", key, text),
    "keyed-sha1": lambda key, text: enveloped("sha1", "big", key, text),
    "hmac-md5": lambda key, text: hmac.new(key, text, "md5").digest(),
    "hmac-sha1": lambda key, text: hmac.new(key, text, "sha1").digest(),
    "null": lambda key, text: bytes(16),
}


def packets(data):
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    at = 24
    while at < len(data):
        have, was = struct.unpack(order + "8xII", data[at:at + 16])
        assert have == was, "cut by the capture"
        yield data[at + 16:at + 16 + have]
        at += 16 + have


def zeroed(head):
    """The IP header as it is in the digest."""
    h = bytearray(head)
    for i in (1, 6, 7, 8, 10, 11) if h[0] >> 4 == 4 else (1, 2, 3, 7):
        h[i] = 0
    if h[0] >> 4 == 6:
        h[0] = 0x60
    return bytes(h)


def off_ah(head, body, algorithm, key):
    protocol, words, reserved = struct.unpack(">BBH", body[:4])
    assert (words, reserved) == (4, 0), "the length is not that of 128 bits"
    want = MACS[algorithm](key, zeroed(head) + body[:8] + bytes(16) + body[24:])[:16]
    assert body[8:24] == want, "another ICV"
    return protocol, body[24:]


def off_esp(body, algorithm, key):
    name, block, niv = CIPHERS[algorithm]
    iv, text = body[4:4 + niv], body[4 + niv:]
    assert text and len(text) % block == 0, "no whole blocks"
    iv += bytes(x ^ 0xff for x in iv) if niv == 4 else b""
    clear = subprocess.run(["openssl", "enc", "-d", "-" + name, "-nopad", "-K", key.hex(), "-iv", iv.hex(), "-provider", "legacy",
                            "-provider", "default"], input=text, stdout=subprocess.PIPE, check=True).stdout
    pad, protocol = clear[-2:]
    assert pad <= len(clear) - 2, "more padding than text"
    return protocol, clear[:len(clear) - 2 - pad]


def complete(packet):
    """Internet checksums: of the IP header, and of the echo that is in it."""
    six = packet[0] >> 4 == 6
    n = 40 if six else 20
    echo = packet[n:]
    if six:
        echo = packet[8:40] + struct.pack(">II", len(echo), 58) + echo
    for text in (echo,) if six else (echo, packet[:20]):
        words = struct.unpack(">%dH" % (len(text) // 2), text)
        assert sum(words) % 0xffff == 0, "another checksum"


def inside(packet, layers):
    n = 20 if packet[0] >> 4 == 4 else 40
    assert n == 40 or packet[0] == 0x45
    head, protocol, body = packet[:n], packet[9 if n == 20 else 6], packet[n:]
    for algorithm, key in layers:
        assert protocol in (50, 51), "a layer is missing"
        protocol, body = off_ah(head, body, algorithm, key) if protocol == 51 else off_esp(body, algorithm, key)
    if protocol in (4, 41):
        assert body[0] >> 4 == (4 if protocol == 4 else 6)
        protocol = body[9 if protocol == 4 else 6]
        complete(body)
    elif n == 40:
        complete(head + body)
    else:
        head = head[:2] + struct.pack(">H", n + len(body)) + head[4:9] + bytes([protocol, 0, 0]) + head[12:]
        check = 0xffff - sum(struct.unpack(">10H", head)) % 0xffff
        complete(head[:10] + struct.pack(">H", check) + head[12:] + body)
    return protocol


def main():
    layers = [(sys.argv[i], bytes.fromhex(sys.argv[i + 1])) for i in range(2, len(sys.argv), 2)]
    with open(sys.argv[1], "rb") as f:
        for frame in packets(f.read()):
            packet = frame[14:]
            if packet[9 if packet[0] >> 4 == 4 else 6] in (50, 51):
                print(inside(packet[:struct.unpack(">H", packet[2:4])[0] if packet[0] >> 4 == 4 else 40 + struct.unpack(">H", packet[4:6])[0]], layers))


main()
