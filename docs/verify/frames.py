#!/usr/bin/env python3
"""Checks a capture of a link with its card alone, by docs/WIRE.md (the ids W-.. are its rules).

usage: frames.py [--seal-key FILE]... CARD CAPTURE

CARD      the link card (WIRE section 7)
CAPTURE   either a classic pcap file, as `tcpdump -w CAPTURE 'udp port 9000'` writes it: Ethernet, raw IP, loopback or
          Linux "any"; or datagrams one behind the other, each as its length (4 bytes, big-endian) and its bytes
FILE      a private seal key of the receiver (PKCS#8 in PEM), to open sealed blocks; may be given several times

Every datagram of the capture has to be a frame of this link: use a filter that leaves others out. Blocks that are missing are
named; that a capture lacks some is no fault. A key that has handed over to another one in the capture is
followed; frames of the former key stay authentic, since a capture may begin before.
Compressed contents are read where Python has zstd (3.14 and later); they are authenticated in any case.

exit      0 every frame is authentic, 1 usage or a file that cannot be read, 5 something is forged, malformed or contradicts
"""
import struct, sys, time
import keys, wire
from wire import CHANNELS, Ed25519PublicKey, InvalidSignature, Refused

SHOWN = 100  # Findings that are printed one by one.


# Captures

def plain_datagrams(data):
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if at + 4 + size > len(data):
            raise ValueError("the capture is cut off, or in another form")
        yield data[at + 4 : at + 4 + size]
        at += 4 + size


def pcap_datagrams(data, order):
    """Payloads of UDP. What the capture cut off is yielded as it is there, and so is malformed."""
    link_type = int.from_bytes(data[20:24], order) & 0xFFFF
    if len(data) < 24 or link_type not in (0, 1, 12, 101, 108, 113, 228, 229, 276):
        raise ValueError(f"a capture of link type {link_type}, which this program does not read")
    at = 24
    while at < len(data):
        size = int.from_bytes(data[at + 8 : at + 12], order)
        if at + 16 + size > len(data):
            raise ValueError("the capture is cut off")
        packet = data[at + 16 : at + 16 + size]
        at += 16 + size
        start = {0: 4, 108: 4, 1: 14, 113: 16, 276: 20}.get(link_type, 0)
        while link_type == 1 and packet[start - 2 : start] in (b"\x81\x00", b"\x88\xa8"):
            start += 4  # A VLAN tag.
        packet = packet[start:]
        version = packet[0] >> 4 if len(packet) >= 20 else 0
        if version == 4 and packet[9] == 17:
            if packet[6] & 0x3F or packet[7]:
                raise ValueError("a packet is a fragment: capture where datagrams are whole")
            packet = packet[(packet[0] & 15) * 4 :]
        elif version == 6 and packet[6] == 17:
            packet = packet[40:]
        else:
            continue
        yield packet[8 : int.from_bytes(packet[4:6], "big")]


def datagrams(path):
    data = open(path, "rb").read()
    for order in ("little", "big"):
        if int.from_bytes(data[:4], order) in (0xA1B2C3D4, 0xA1B23C4D):
            return pcap_datagrams(data, order)
    return plain_datagrams(data)


# What a capture holds

class Block:
    """The symbols of one block that came, of whatever transmission (W-18)."""

    def __init__(self, header):
        self.header, self.symbols, self.plain, self.state = header, {}, None, "incomplete"

    def agrees(self, other):
        names = ("incarnation", "content", "k", "t", "version", "salt", "flags", "part", "parts", "packed", "plain", "first", "last")
        return all(getattr(self.header, name) == getattr(other, name) for name in names)


class Capture:
    def __init__(self, link, key, seal_keys):
        self.chain, self.seal_keys = keys.KeyChain(link, key), seal_keys
        self.frames = self.authentic = 0
        self.versions, self.findings, self.blocks = {}, [], {}
        self.signed = {}  # (header, root, signature): whether the sender made it.
        self.settled = {}  # transmission: its header and root (W-16).

    def learn(self, datagram):
        try:
            self.chain.take(datagram)
        except Refused:
            pass  # Told when it is taken in its place.

    def take(self, datagram):
        self.frames += 1
        try:
            if keys.is_rotation(datagram):
                self.authentic += self.chain.take(datagram)
                return
            header, esi, symbol, root, signature = wire.read_frame(datagram)
            if header.link not in self.chain.keys:
                raise Refused("unknown_link: " + header.link.hex())  # W-04
            said = (header.bytes, root)
            if (said, signature) not in self.signed:
                try:
                    Ed25519PublicKey.from_public_bytes(self.chain.keys[header.link]).verify(signature, b"\2" + header.bytes + root)
                    self.signed[said, signature] = True
                except InvalidSignature:
                    self.signed[said, signature] = False
            if not self.signed[said, signature]:
                raise Refused(f"bad_signature: {name(header)}")  # W-15
            if self.settled.setdefault((header.link, header.channel, header.epoch, header.block, header.tx), said) != said:
                raise Refused(f"equivocation: {name(header)}: two headers for one transmission, both signed")
            block = self.blocks.setdefault((header.channel, header.epoch, header.block), Block(header))
            if not block.agrees(header):
                raise Refused(f"equivocation: {name(header)}: another content under one number, both signed")  # W-21
            block.symbols[esi] = symbol
            self.authentic += 1
            self.versions[header.version] = self.versions.get(header.version, 0) + 1
        except Refused as refused:
            self.findings.append(f"frame {self.frames}: {refused}")

    def decode(self):
        """Decodes what can be, and checks contents."""
        for block in self.blocks.values():
            if len(block.symbols) >= block.header.k:
                self.guarded(block, lambda: self.unpack(block))
        for key, block in sorted(self.blocks.items()):
            header = block.header
            if header.channel == 0 and header.part == 0 and block.state == "complete":
                parts = [self.blocks.get((*key[:2], header.block + part)) for part in range(header.parts)]
                if all(part and part.plain is not None for part in parts):
                    self.guarded(block, lambda: wire.check_live(header, b"".join(part.plain for part in parts)))
            before = self.blocks.get((key[0], key[1], key[2] - 1))
            if header.channel == 0 and (before or header.block == 1):
                # W-24
                joint = before.header.last + (0 if before.header.parts > 1 and header.part > 0 else 1) if before else 1
                if header.first != joint:
                    self.findings.append(f"inconsistent: {name(header)}: begins at sequence {header.first} and not {joint}")

    def unpack(self, block):
        block.plain = wire.unpack(block.header, wire.decode(block.header, block.symbols), self.seal_keys)
        block.state = "complete"

    def guarded(self, block, check):
        try:
            check()
        except Refused as refused:
            block.state = "refused"
            self.findings.append(f"{refused}: {name(block.header)}")
        except ValueError as error:
            block.state = "refused"
            self.findings.append(f"corrupt: {name(block.header)}: {error}")

    def report(self):
        versions = ", ".join(f"{count} of version {version}" for version, count in sorted(self.versions.items()))
        print(f"frames    {self.frames}, authentic {self.authentic}" + (f": {versions}" if versions else ""))
        for key in list(self.chain.keys.values())[1:]:
            print(f"rotated   to {wire.shown(key)}")
        for epoch in sorted({key[1] for key in self.blocks}):
            print(f"epoch     {epoch}")
            said = self.newest_beat(epoch)
            for channel, word in enumerate(CHANNELS):
                mine = {key[2]: block for key, block in self.blocks.items() if key[:2] == (channel, epoch)}
                if not mine and channel:
                    continue
                complete = {number for number, block in mine.items() if block.state == "complete"}
                line = f"  {word:<9} blocks {runs(complete)}"
                if channel == 0:
                    held = [(block.header.first, block.header.last) for number, block in mine.items() if number in complete]
                    line += f"; sequences {runs(held)}"
                newest = max([*mine, (said[2], said[3], 0)[channel] if said else 0], default=0)
                line += f"; missing {runs(set(range(1, newest + 1)) - set(mine))}"
                line += f"; incomplete {runs(number for number, block in mine.items() if block.state == 'incomplete')}"
                unread = sum(block.state == "complete" and block.plain is None for block in mine.values())
                print(line + (f"; {unread} not read (sealed or compressed)" if unread else ""))
            if said:
                at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(said[0] / 1000))
                print(f"  said      at {at}: the last sequence {said[1]}, the last live block {said[2]}")
        for finding in self.findings[:SHOWN]:
            print("forged or malformed:", finding)
        if len(self.findings) > SHOWN:
            print(f"forged or malformed: {len(self.findings) - SHOWN} more")

    def newest_beat(self, epoch):
        """Clock, last sequence, last live block, last snapshot block of the newest beat of an epoch that can be read."""
        for key in sorted((key for key in self.blocks if key[:2] == (2, epoch)), reverse=True):
            block = self.blocks[key]
            if block.plain is not None and block.header.parts == 1 and block.state == "complete":
                fields = {}
                self.guarded(block, lambda: fields.update(wire.read_beat(block.plain)))
                if fields:
                    return struct.unpack(">QQQQ", fields[1] + fields[2])
        return None


def name(header):
    return f"{CHANNELS[header.channel]} block {header.block} of epoch {header.epoch}, transmission {header.tx}"


def runs(numbers):
    """Numbers, or pairs of first and last, as text: 1-31, 40. A pair whose last is below its first is empty."""
    joined = []
    for first, last in sorted(number if isinstance(number, tuple) else (number, number) for number in numbers):
        if last < first:
            continue
        if joined and first <= joined[-1][1] + 1:
            joined[-1][1] = max(last, joined[-1][1])
        else:
            joined.append([first, last])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in joined) or "none"


def main(arguments):
    seal_paths = []
    while arguments[:1] == ["--seal-key"] and len(arguments) > 1:
        seal_paths.append(arguments[1])
        arguments = arguments[2:]
    if len(arguments) != 2 or arguments[0].startswith("-"):
        print(__doc__)
        return 0 if arguments == ["--help"] else 1
    try:
        link, key = wire.read_card(arguments[0])
        capture = Capture(link, key, [wire.read_seal_key(path) for path in seal_paths])
        captured = list(datagrams(arguments[1]))
        # A statement is repeated: the first one of a capture may come behind frames of the key that it leads to.
        for datagram in filter(keys.is_rotation, captured):
            capture.learn(datagram)
        for datagram in captured:
            capture.take(datagram)
    except (OSError, ValueError, TypeError, InvalidSignature) as error:
        print("frames.py:", error or "a card that its own key did not sign", file=sys.stderr)
        return 1
    capture.decode()
    print(f"link      {link} {wire.shown(key)}")
    capture.report()
    return 5 if capture.findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
