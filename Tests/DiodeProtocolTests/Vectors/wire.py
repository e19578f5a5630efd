"""docs/WIRE.md once more, in Python and with its standard library alone. It shares no code with the Swift implementation, so
that vectors made with it check one reading of the specification against another. It is slow and checks nothing."""

import base64
import hashlib
import struct

# Ed25519, RFC 8032 §5.1, in affine coordinates.

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


def _add(a, b):
    (x1, y1), (x2, y2) = a, b
    t = D * x1 * x2 * y1 * y2 % P
    x = (x1 * y2 + x2 * y1) * pow(1 + t, -1, P) % P
    y = (y1 * y2 + x1 * x2) * pow(1 - t, -1, P) % P
    return x, y


def _multiply(point, scalar):
    result = (0, 1)
    while scalar:
        if scalar & 1:
            result = _add(result, point)
        point = _add(point, point)
        scalar >>= 1
    return result


def _base():
    y = 4 * pow(5, -1, P) % P
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    return (x if x % 2 == 0 else P - x), y


BASE = _base()


def _compress(point):
    x, y = point
    return (y | (x & 1) << 255).to_bytes(32, "little")


class Key:
    def __init__(self, seed):
        self.seed = seed
        digest = hashlib.sha512(seed).digest()
        self.scalar = int.from_bytes(digest[:32], "little") & (2**254 - 8) | 2**254
        self.prefix = digest[32:]
        self.public = _compress(_multiply(BASE, self.scalar))

    def sign(self, message):
        r = int.from_bytes(hashlib.sha512(self.prefix + message).digest(), "little") % ORDER
        point = _compress(_multiply(BASE, r))
        k = int.from_bytes(hashlib.sha512(point + self.public + message).digest(), "little") % ORDER
        return point + ((r + k * self.scalar) % ORDER).to_bytes(32, "little")

    @property
    def link(self):
        return hashlib.sha256(self.public).digest()[:16]


# §2 Encoding symbols.


def _gf_multiply(a, b):
    product = 0
    while b:
        if b & 1:
            product ^= a
        a <<= 1
        if a & 0x100:
            a ^= 0x11D
        b >>= 1
    return product


INVERSE = [0] + [next(b for b in range(1, 256) if _gf_multiply(a, b) == 1) for a in range(1, 256)]


def encoding_symbol(source, esi):
    if esi < len(source):
        return source[esi]
    symbol = bytearray(len(source[0]))
    for j, piece in enumerate(source):
        coefficient = INVERSE[esi ^ j]
        for index, byte in enumerate(piece):
            symbol[index] ^= _gf_multiply(coefficient, byte)
    return bytes(symbol)


# §1 Frame, §3 Authentication.


def h16(data):
    return hashlib.sha256(data).digest()[:16]


class Transmission:
    """One sending of a block; every number can be set to what the rules forbid."""

    def __init__(self, key, packed, **fields):
        self.key = key
        self.packed = packed
        self.version, self.channel, self.flags, self.suite = 2, 0, 0, 1
        self.salt = bytes(range(0xA0, 0xB0))
        self.epoch, self.incarnation, self.block, self.number = 1763716000000, 0x0123456789ABCDEF, 1, 0
        self.first_esi, self.symbol_bytes, self.part, self.parts = 0, 32, 0, 1
        self.plain_bytes = self.packed_bytes = len(packed)
        self.first_sequence = self.last_sequence = 1
        self.source_symbols = self.symbol_count = self.content = self.link = None
        self.__dict__.update(fields)
        size = self.symbol_bytes
        padded = packed + bytes(-len(packed) % size)
        self.source = [padded[at : at + size] for at in range(0, len(padded), size)]
        if self.source_symbols is None:
            self.source_symbols = len(self.source)
        if self.symbol_count is None:
            self.symbol_count = len(self.source) + 2
        if self.link is None:
            self.link = key.link
        if self.version == 1:
            self.salt = b""
        block_id = struct.pack(">BQQQ", self.channel, self.epoch, self.incarnation, self.block)
        # What ties a leaf to its block: in version 1 its numbers, later its salt.
        self.binding = self.salt or block_id
        if self.content is None:
            leaves = [self.leaf(esi) for esi in range(len(self.source))]
            self.content = h16(b"\x05" + self.salt + b"".join(leaves))

    def leaf(self, esi):
        return h16(b"\x00" + self.binding + bytes([esi]) + encoding_symbol(self.source, esi))

    @property
    def esis(self):
        return [(self.first_esi + index) % 255 for index in range(self.symbol_count)]

    @property
    def header(self):
        numbers = struct.pack(">BBBB", self.version, self.channel, self.flags, self.source_symbols)
        position = struct.pack(">QQQH", self.epoch, self.incarnation, self.block, self.number)
        shape = struct.pack(">BBHBB", self.first_esi, self.symbol_count, self.symbol_bytes, self.part, self.parts)
        sizes = struct.pack(">II", self.packed_bytes, self.plain_bytes)
        sequences = struct.pack(">QQ", self.first_sequence, self.last_sequence)
        end = bytes([self.suite]) + self.salt if self.salt else b""
        return b"UNSD" + numbers + self.link + position + shape + sizes + sequences + self.content + end

    @property
    def levels(self):
        """Leaves first, the root last."""
        levels = [[self.leaf(esi) for esi in self.esis]]
        while len(levels[-1]) > 1:
            below = levels[-1] + ([bytes(16)] if len(levels[-1]) % 2 else [])
            levels.append([h16(b"\x01" + self.salt + below[i] + below[i + 1]) for i in range(0, len(below), 2)])
        return levels

    @property
    def root(self):
        return self.levels[-1][0]

    def path(self, index):
        path = []
        for level in self.levels[:-1]:
            sibling = index ^ 1
            path.append(level[sibling] if sibling < len(level) else bytes(16))
            index >>= 1
        return path

    @property
    def signed(self):
        return b"\x02" + self.header + self.root

    def frame(self, index, signature=None):
        esi = self.esis[index]
        parts = [self.header, bytes([esi]), signature or self.key.sign(self.signed)]
        return b"".join(parts + self.path(index) + [encoding_symbol(self.source, esi)])


# §6 Contents.


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out + bytes([value]))


def zigzag(value):
    return varint((value << 1 ^ value >> 63) & (2**64 - 1))


def prefixed(data):
    return varint(len(data)) + data


def u64(*values):
    return b"".join(struct.pack(">Q", value) for value in values)


def topics(*names):
    return varint(len(names)) + b"".join(prefixed(name) for name in names)


def item(kind, body):
    return bytes([kind]) + prefixed(body)


def live(base, names, items):
    return u64(base) + topics(*names) + varint(len(items)) + b"".join(items)


def record(topic, version, difference, payload, flags=0, properties=b""):
    body = bytes([flags]) + varint(topic) + varint(version) + zigzag(difference)
    return item(0x01, body + (prefixed(properties) if flags & 8 else b"") + payload)


def shed_run(reason, count, start, end, entries):
    body = bytes([reason]) + varint(count) + zigzag(start) + zigzag(end) + varint(len(entries))
    return item(0x02, body + b"".join(varint(t) + varint(r) + varint(v) for t, r, v in entries))


def topic_hash(name):
    return int.from_bytes(hashlib.sha256(name).digest()[:8], "big")


def slice_content(capture, interval, base, names, entries, number=(1, 1), last=0):
    start = u64(*capture) + varint(number[0]) + varint(number[1]) + bytes([last]) + u64(*interval) + u64(base)
    return start + topics(*names) + varint(len(entries)) + b"".join(entries)


def slot(kind, topic, stamp, version, difference, payload, flags=0, properties=b""):
    body = bytes([flags]) + varint(topic) + varint(stamp[0]) + varint(stamp[1]) + varint(version) + zigzag(difference)
    return item(kind, body + (prefixed(properties) if flags & 8 else b"") + payload)


def beat(*fields):
    return b"".join(bytes([tag]) + prefixed(value) for tag, value in fields)


# §5 Packing: zstd frames whose blocks are raw or one repeated byte (RFC 8878 §3.1.1), made by hand.

RAW, REPEATED = 0, 1


def zstd_frame(blocks, descriptor=0x20, window=b"", size=None):
    """`blocks` are (kind, data) or (REPEATED, byte, count); `size` is the content size in one byte."""
    out = b"\x28\xb5\x2f\xfd" + bytes([descriptor]) + window + (bytes([size]) if size is not None else b"")
    for index, block in enumerate(blocks):
        last = 1 if index == len(blocks) - 1 else 0
        count = block[2] if block[0] == REPEATED else len(block[1])
        out += (last | block[0] << 1 | count << 3).to_bytes(3, "little") + block[1]
    return out


# §7 Link card.


def card_lines(key, link=b"plant-a", epoch=b"1763716000000", issued=b"2026-11-21T09:30:00.000Z"):
    return [
        b"UNS-DIODE-CARD 1",
        b"link " + link,
        b"key " + base64.b64encode(key.public),
        b"lowest-epoch " + epoch,
        b"issued " + issued,
    ]


def card(key, lines, newline=b"\n"):
    text = b"".join(line + newline for line in lines)
    return text + b"signature " + base64.b64encode(key.sign(b"\x03" + text)) + newline
