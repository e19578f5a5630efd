"""The wire format of docs/WIRE.md, for a reader: card, frame, erasure code, seal, contents (the ids W-.. are its rules)."""
import base64, hashlib, hmac, re, struct, time
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

try:
    from compression import zstd
except ImportError:
    zstd = None

CHANNELS = ("live", "snapshot", "beat")


class Refused(Exception):
    """What is wrong with a frame or a block; the message begins with the counter's name in WIRE."""


def h16(*parts):
    return hashlib.sha256(b"".join(parts)).digest()[:16]


# Link card (section 7)

def canonical_base64(text, length):
    value = base64.b64decode(text, validate=True)
    if len(value) != length or base64.b64encode(value).decode() != text:
        raise ValueError("base64 of another length or form")
    return value


def read_card(path):
    return card_of(open(path, "rb").read())


def card_of(text):
    """The link's name and its Ed25519 key (W-35, W-36)."""
    form = re.fullmatch(rb"UNS-DIODE-CARD 1\nlink ([A-Za-z0-9._-]{1,64})\nkey ([A-Za-z0-9+/=]{44})\nlowest-epoch ([1-9]\d{0,18})\n"
                        rb"issued (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.\d{3}Z\n(?:x-[ -~]*\n)*signature ([A-Za-z0-9+/=]{88})\n", text)
    if len(text) > 4096 or not form or int(form[3]) >= 2**63:
        raise ValueError("not a card: another line, order or form")
    time.strptime(form[4].decode(), "%Y-%m-%dT%H:%M:%S")
    key, signature = canonical_base64(form[2].decode(), 32), canonical_base64(form[5].decode(), 64)
    Ed25519PublicKey.from_public_bytes(key).verify(signature, b"\3" + text[: text.rindex(b"signature ")])
    return form[1].decode(), key


def shown(key):
    """The fingerprint as people compare it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")


def read_seal_key(path):
    key = serialization.load_pem_private_key(open(path, "rb").read(), None)
    if not isinstance(key, X25519PrivateKey):
        raise ValueError(f"{path}: no X25519 key")
    return key


# Frames (sections 1 and 3)

class Header:
    """The signed header of a frame or of a signed beat."""
    FORM = struct.Struct(">4sBBBB16sQQQHBBHBBIIQQ16s")

    def __init__(self, bytes_):
        if len(bytes_) < 96 or bytes_[:4] != b"UNSD":
            raise Refused("malformed: not a frame")  # W-02
        if bytes_[4] not in (1, 2):
            raise Refused(f"version: {bytes_[4]}")  # W-03
        self.size = 96 if bytes_[4] == 1 else 113
        if len(bytes_) < self.size:
            raise Refused("malformed: too short")
        self.bytes = bytes_[: self.size]
        (_, self.version, self.channel, self.flags, self.k, self.link, self.epoch, self.incarnation, self.block, self.tx,
         self.first_esi, self.n, self.t, self.part, self.parts, self.packed, self.plain, self.first, self.last,
         self.content) = self.FORM.unpack(bytes_[:96])
        if self.version == 2 and bytes_[96] != 1:
            raise Refused(f"version: suite {bytes_[96]}")  # W-44
        self.salt = bytes_[97:113] if self.version == 2 else b""
        self.depth = (self.n - 1).bit_length() if self.n else 0

    def check(self):
        """W-05 to W-10, W-25."""
        ranges = [(self.channel, 0, 2), (self.flags, 0, 3), (self.k, 1, 255), (self.epoch, 1, 2**63 - 1),
                  (self.block, 1, 2**63 - 1), (self.first_esi, 0, 254), (self.n, 1, 255), (self.t, 1, 65000),
                  (self.parts, 1, 64), (self.part, 0, self.parts - 1), (self.packed, 1, 2**20), (self.plain, 1, 2**22)]
        if any(not low <= value <= high for value, low, high in ranges):
            raise Refused("malformed: a field is out of range")
        if self.k != -(-self.packed // self.t) or self.flags == 0 and self.packed != self.plain:
            raise Refused("malformed: K, packed or plain bytes")  # W-06, W-25
        if self.channel == 0:
            if not (self.first >= 1 and self.last + 1 >= self.first and self.last - self.first < 2**32 and self.last < 2**63):
                raise Refused("malformed: sequences")
            if self.parts > 1 and self.first != self.last:
                raise Refused("malformed: parts of more than one record")
        elif self.first or self.last:
            raise Refused("malformed: sequences")

    def leaf(self, esi, symbol):
        if self.version == 2:
            return h16(b"\0", self.salt, bytes([esi]), symbol)
        place = struct.pack(">BQQQB", self.channel, self.epoch, self.incarnation, self.block, esi)
        return h16(b"\0", place, symbol)

    def content_hash(self, sources):
        return h16(b"\5", self.salt, *(self.leaf(esi, symbol) for esi, symbol in enumerate(sources)))


def read_frame(datagram):
    """The header of a frame, its ESI, symbol, root and signature (W-01, W-07)."""
    header = Header(datagram)
    header.check()
    start = header.size + 65 + 16 * header.depth
    if len(datagram) != start + header.t:
        raise Refused("malformed: of another length than its header says")
    esi = datagram[header.size]
    index = (esi - header.first_esi) % 255
    if esi > 254 or index >= header.n:
        raise Refused("malformed: ESI outside of the transmission")
    symbol = datagram[start:]
    node = header.leaf(esi, symbol)
    for level in range(header.depth):
        sibling = datagram[header.size + 65 + 16 * level :][:16]
        pair = (sibling, node) if index >> level & 1 else (node, sibling)
        node = h16(b"\1", header.salt, *pair)
    return header, esi, symbol, node, datagram[header.size + 1 : header.size + 65]


# Erasure code (section 2): GF(2^8) with 0x11D. TIMES[a] is a table for bytes.translate that multiplies by a.

def times(a, b):
    product = 0
    while b:
        product ^= a if b & 1 else 0
        a = a << 1 ^ (0x11D if a & 0x80 else 0)
        b >>= 1
    return product


TIMES = [bytes(times(a, b) for b in range(256)) for a in range(256)]
INVERSE = [0] + [TIMES[a].index(1) for a in range(1, 256)]


def add(a, b):
    return (int.from_bytes(a, "big") ^ int.from_bytes(b, "big")).to_bytes(len(a), "big")


def restore(k, symbols):
    """The K source symbols from any K symbols by ESI (W-12, W-13): what repair symbols say of the missing ones, solved."""
    missing = [esi for esi in range(k) if esi not in symbols]
    rows = []
    for esi in sorted(esi for esi in symbols if esi >= k)[: len(missing)]:
        rest = symbols[esi]
        for j in range(k):
            if j in symbols:
                rest = add(rest, symbols[j].translate(TIMES[INVERSE[esi ^ j]]))
        rows.append(([INVERSE[esi ^ j] for j in missing], rest))
    for column in range(len(missing)):
        pivot = next(row for row in range(column, len(rows)) if rows[row][0][column])
        rows[column], rows[pivot] = rows[pivot], rows[column]
        scale = TIMES[INVERSE[rows[column][0][column]]]
        rows[column] = ([scale[x] for x in rows[column][0]], rows[column][1].translate(scale))
        for row in range(len(rows)):
            factor = rows[row][0][column]
            if row != column and factor:
                rows[row] = ([x ^ TIMES[factor][y] for x, y in zip(rows[row][0], rows[column][0])],
                             add(rows[row][1], rows[column][1].translate(TIMES[factor])))
    found = dict(zip(missing, (row[1] for row in rows)))
    return [symbols.get(esi, found.get(esi)) for esi in range(k)]


# Packing (section 5)

def open_sealed(header, sealed, keys):
    """What was sealed (W-27); None without the right key."""
    if header.version == 1:
        raise Refused("sealed: in version 1")
    ephemeral, nonce = sealed[:32], sealed[32:44]
    context = b"\7" + struct.pack(">BBBBBQQQIQQ", 1, header.channel, header.flags, header.part, header.parts, header.epoch,
                                  header.incarnation, header.block, header.plain, header.first, header.last) + header.salt
    for key in keys:
        public = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        try:
            shared = key.exchange(X25519PublicKey.from_public_bytes(ephemeral))
            secret = HKDF(hashes.SHA256(), 64, None, b"\6" + ephemeral + public).derive(shared)
            packed = AESGCM(secret[:32]).decrypt(nonce, sealed[44:], context)
        except (InvalidTag, ValueError):
            continue
        if hmac.digest(secret[32:], context + packed, "sha256")[:12] != nonce:
            raise Refused("corrupt: a nonce that does not follow from what was sealed")
        return packed
    return None


def decode(header, symbols):
    """The packed bytes of a block from any K of its symbols (W-14, W-19)."""
    sources = restore(header.k, symbols)
    if header.content_hash(sources) != header.content:
        raise Refused("corrupt: not the content hash of its header")
    padded = b"".join(sources)
    if any(padded[header.packed :]):
        raise Refused("corrupt: padding that is not zero")
    return padded[: header.packed]


def unpack(header, packed, keys):
    """The plain bytes of a block; None where the right seal key or zstd is lacking (W-25)."""
    if header.flags & 2:
        packed = open_sealed(header, packed, keys)
    if packed is not None and header.flags & 1:
        packed = zstd.decompress(packed) if zstd else None
    if packed is not None and len(packed) != header.plain:
        raise Refused("corrupt: not as many bytes as its header says")
    return packed


# Contents (section 6): as much as tells which sequences are there

class Reader:
    def __init__(self, bytes_):
        self.bytes, self.at = bytes_, 0

    def take(self, count):
        if self.at + count > len(self.bytes):
            raise Refused("malformed content: it ends early")
        self.at += count
        return self.bytes[self.at - count : self.at]

    def varint(self):
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        if value >= 2**64 or shift > 7 and byte == 0:
            raise Refused("malformed content: a varint that is not canonical")
        return value


def check_live(header, content):
    """W-30: the sequences that the items take are those of the header."""
    reader, taken = Reader(content), 0
    reader.take(8)
    for _ in range(reader.varint()):
        reader.take(reader.varint())
    for _ in range(reader.varint()):
        kind = reader.take(1)[0]
        body = Reader(reader.take(reader.varint()))
        if kind == 1:
            taken += 1
        elif kind == 2:
            body.take(1)
            taken += body.varint()
    if reader.at != len(content) or taken != header.last - header.first + 1:
        raise Refused("malformed content: its items do not take the sequences of its header")


def read_signed_beat(signed, key, seal_keys):
    """The header and the plain content of a signed beat (section 9); no content where the right seal key or zstd is lacking."""
    header = Header(signed)
    header.check()
    packed = signed[header.size + 80 :]
    if header.channel != 2 or header.parts != 1 or len(packed) != header.packed:
        raise Refused("malformed: no signed beat")  # W-39
    root, signature = signed[header.size : header.size + 16], signed[header.size + 16 : header.size + 80]
    padded = packed.ljust(header.k * header.t, b"\0")
    sources = [padded[at : at + header.t] for at in range(0, len(padded), header.t)]
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, b"\2" + header.bytes + root)
    except InvalidSignature:
        raise Refused("bad_signature: the sender did not sign it") from None
    if header.content_hash(sources) != header.content:
        raise Refused("corrupt: not the content hash of its header")  # W-40
    return header, unpack(header, packed, seal_keys)


def read_beat(content):
    """The fields of a beat by their tags (section 6.3)."""
    reader, fields = Reader(content), {}
    while reader.at < len(content):
        tag = reader.take(1)[0]
        if fields and tag <= max(fields):
            raise Refused("malformed content: tags do not ascend")
        fields[tag] = reader.take(reader.varint())
    if any(len(fields.get(tag, b"")) != size for tag, size in ((1, 8), (2, 24))) or 3 not in fields:
        raise Refused("malformed content: a beat without clock, newest or period")
    return fields
