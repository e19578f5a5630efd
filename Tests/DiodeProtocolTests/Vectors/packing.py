"""Vectors of §2 and §5: padding, packing."""

from wire import RAW, REPEATED, zstd_frame

CONTENT = b"a content of forty bytes, compressed not"


def vector(about, packed, plain, flags=1, padded=None, rule=None, counter="malformed"):
    out = {
        "about": about,
        "kind": "block",
        "result": "refuse" if rule else "accept",
        "flags": flags,
        "packed": packed.hex(),
        "plainBytes": plain if rule else len(plain),
        "source": (padded or packed).hex(),
    }
    if rule:
        out.update(rule=rule, counter=counter)
    else:
        out["plain"] = plain.hex()
    return out


def vectors():
    raw = zstd_frame([(RAW, CONTENT)], size=40)
    yield "accept-uncompressed", vector("packed = plain", CONTENT, CONTENT, flags=0)
    yield "accept-padded", vector("padding of zeros", CONTENT, CONTENT, flags=0, padded=CONTENT + bytes(8))
    yield "accept-raw-block", vector("a frame of one raw block", raw, CONTENT)
    yield "accept-repeated-byte", vector(
        "a frame of one repeated byte", zstd_frame([(REPEATED, b"\x07", 200)], size=200), b"\x07" * 200)
    yield "accept-no-size", vector(
        "two blocks, a window of 2^22 bytes, no content size",
        zstd_frame([(RAW, CONTENT), (REPEATED, b"!", 10)], descriptor=0, window=b"\x60"), CONTENT + b"!" * 10)

    def refused(name, about, packed, plain, **fields):
        rule = name[:4]
        return name, vector(about, packed, plain, rule=rule, **fields)

    yield refused("W-14-padding", "a byte behind the packed ones", CONTENT, 40, flags=0, padded=CONTENT + b"\0\0\1")
    yield refused("W-25-shorter-than-plain", "uncompressed, plain says 41", CONTENT, 41, flags=0)
    yield refused("W-25-not-zstd", "no frame at all", CONTENT, 40)
    yield refused("W-25-byte-behind-frame", "a byte behind the frame", raw + b"\0", 40)
    yield refused("W-25-two-frames", "two frames of 20 bytes", zstd_frame([(RAW, CONTENT[:20])], size=20) * 2, 40)
    yield refused("W-25-frame-cut-off", "the last byte is missing", raw[:-1], 40)
    yield refused("W-25-yields-less", "yields 40 of 41 bytes", raw, 41)
    yield refused("W-25-yields-more", "yields 40 bytes where 39 are said", raw, 39)
    yield refused(
        "W-25-yields-less-unsaid", "yields 40 of 41 bytes, and does not say how many",
        zstd_frame([(RAW, CONTENT)], descriptor=0, window=b"\x60"), 41)
    yield refused(
        "W-25-yields-more-unsaid", "yields 40 bytes where 39 are said, and does not say how many",
        zstd_frame([(RAW, CONTENT)], descriptor=0, window=b"\x60"), 39)
    yield refused("W-25-skippable-frame", "a skippable frame before it", b"\x50\x2a\x4d\x18\1\0\0\0x" + raw, 40)
    yield refused("W-25-only-skippable", "nothing but a skippable frame", b"\x50\x2a\x4d\x18\1\0\0\0x", 1)
    dictionary = zstd_frame([(RAW, CONTENT)], descriptor=0x21, window=b"\x09", size=40)
    yield refused("W-25-dictionary", "names dictionary 9", dictionary, 40)
    large = zstd_frame([(RAW, CONTENT)], descriptor=0, window=b"\x61")
    yield refused("W-25-window", "a window of 2^22 + 2^19 bytes", large, 40)
    yield refused("W-25-reserved-bit", "the reserved bit of the descriptor", zstd_frame([(RAW, CONTENT)], 0x28, size=40), 40)
    yield refused("W-25-older-format", "the magic number of zstd 0.7", b"\x27" + raw[1:], 40)
    yield refused("W-27-sealed", "sealed, and no seal key here", CONTENT, 40, flags=2, counter="sealed")
    yield refused("W-27-sealed-and-compressed", "both flags", raw, 40, flags=3, counter="sealed")
