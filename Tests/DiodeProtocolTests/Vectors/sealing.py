"""§5 W-27 once more: X25519 (RFC 7748), HKDF-SHA256 (RFC 5869), AES-256-GCM (NIST SP 800-38D), with the standard library alone."""

import hashlib
import hmac
import struct

P = 2**255 - 19


def x25519(scalar, point):
    k = int.from_bytes(scalar, "little") & ~7 & (2**254 - 1) | 2**254
    u = int.from_bytes(point, "little") & (2**255 - 1)
    x2, z2, x3, z3, swap = 1, 0, u, 1, 0
    for bit in range(254, -1, -1):
        now = k >> bit & 1
        if swap ^ now:
            x2, x3, z2, z3 = x3, x2, z3, z2
        swap = now
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        aa, bb, da, cb = a * a % P, b * b % P, d * a % P, c * b % P
        x3, z3 = (da + cb) ** 2 % P, u * (da - cb) ** 2 % P
        x2, z2 = aa * bb % P, (aa - bb) * (aa + 121665 * (aa - bb)) % P
    if swap:
        x2, z2 = x3, z3
    return (x2 * pow(z2, P - 2, P) % P).to_bytes(32, "little")


def public(scalar):
    return x25519(scalar, (9).to_bytes(32, "little"))


def hkdf(secret, info, count):
    key = hmac.new(bytes(32), secret, hashlib.sha256).digest()
    out, block = b"", b""
    while len(out) < count:
        block = hmac.new(key, block + info + bytes([len(out) // 32 + 1]), hashlib.sha256).digest()
        out += block
    return out[:count]


# AES-256, FIPS 197.


def _times(a, b):
    product = 0
    while b:
        if b & 1:
            product ^= a
        a = a << 1 ^ (0x11B if a & 0x80 else 0)
        b >>= 1
    return product


def _sbox():
    box = []
    for value in range(256):
        inverse = next((b for b in range(256) if _times(value, b) == 1), 0)
        out = 0x63
        for shift in range(5):
            out ^= (inverse << shift | inverse >> (8 - shift)) & 0xFF
        box.append(out)
    return box


SBOX = _sbox()


def _round_keys(key):
    words = [key[at : at + 4] for at in range(0, 32, 4)]
    constant = 1
    for index in range(8, 60):
        word = words[-1]
        if index % 8 == 0:
            word = bytes(SBOX[b] for b in word[1:] + word[:1])
            word = bytes([word[0] ^ constant]) + word[1:]
            constant = _times(constant, 2)
        elif index % 8 == 4:
            word = bytes(SBOX[b] for b in word)
        words.append(bytes(a ^ b for a, b in zip(words[index - 8], word)))
    return [b"".join(words[at : at + 4]) for at in range(0, 60, 4)]


def aes(key, block):
    keys = _round_keys(key)
    state = [a ^ b for a, b in zip(block, keys[0])]
    for number, round_key in enumerate(keys[1:], 1):
        state = [SBOX[state[(at + 4 * (at % 4)) % 16]] for at in range(16)]
        if number < len(keys) - 1:
            mixed = []
            for at in range(0, 16, 4):
                a = state[at : at + 4]
                mixed += [
                    _times(a[i], 2) ^ _times(a[(i + 1) % 4], 3) ^ a[(i + 2) % 4] ^ a[(i + 3) % 4] for i in range(4)]
            state = mixed
        state = [a ^ b for a, b in zip(state, round_key)]
    return bytes(state)


def _ghash(h, data):
    y = 0
    for at in range(0, len(data), 16):
        y ^= int.from_bytes(data[at : at + 16], "big")
        product, value = 0, h
        for bit in range(127, -1, -1):
            if y >> bit & 1:
                product ^= value
            value = value >> 1 ^ (0xE1 << 120 if value & 1 else 0)
        y = product
    return y


def gcm(key, nonce, message, context):
    """Ciphertext ‖ tag."""

    def padded(data):
        return data + bytes(-len(data) % 16)

    def counter(number):
        return aes(key, nonce + struct.pack(">I", number))

    stream = b"".join(counter(2 + at) for at in range((len(message) + 15) // 16))
    sealed = bytes(a ^ b for a, b in zip(message, stream))
    lengths = struct.pack(">QQ", 8 * len(context), 8 * len(sealed))
    tag = _ghash(int.from_bytes(aes(key, bytes(16)), "big"), padded(context) + padded(sealed) + lengths)
    return sealed + bytes(a ^ b for a, b in zip(tag.to_bytes(16, "big"), counter(1)))


# W-27.


def context(sent):
    return b"".join([
        struct.pack(">BBBBBB", 7, sent.suite, sent.channel, sent.flags, sent.part, sent.parts),
        struct.pack(">QQQ", sent.epoch, sent.incarnation, sent.block), struct.pack(">I", sent.plain_bytes),
        struct.pack(">QQ", sent.first_sequence, sent.last_sequence), sent.salt])


def seal(packed, about, ephemeral, receiver):
    """`ephemeral` is a private key, `receiver` a public one; `about` has the header's fields."""
    own = public(ephemeral)
    keys = hkdf(x25519(ephemeral, receiver), b"\x06" + own + receiver, 64)
    nonce = hmac.new(keys[32:], context(about) + packed, hashlib.sha256).digest()[:12]
    return own + nonce + gcm(keys[:32], nonce, packed, context(about))
