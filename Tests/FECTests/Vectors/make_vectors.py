#!/usr/bin/env python3
"""Writes the vectors of this folder. Shares nothing with the implementation under test: products are made bit by bit.

    python3 make_vectors.py     run in this folder; the files must not change
"""


def multiply(a, b):
    product = 0
    while b:
        if b & 1:
            product ^= a
        a <<= 1
        if a & 0x100:
            a ^= 0x11D
        b >>= 1
    return product


def inverse(a):
    return next(b for b in range(1, 256) if multiply(a, b) == 1)


INVERSE = [0] + [inverse(a) for a in range(1, 256)]


def row(k, esi):
    if esi < k:
        return bytes(1 if j == esi else 0 for j in range(k))
    return bytes(INVERSE[esi ^ j] for j in range(k))


def source(k, t):
    return bytes((i * i + 7 * i + 11 * k + t) % 251 for i in range(k * t))


def symbol(block, k, t, esi):
    out = bytearray(t)
    for j, coefficient in enumerate(row(k, esi)):
        for b in range(t):
            out[b] ^= multiply(coefficient, block[j * t + b])
    return bytes(out)


def write(name, lines):
    with open(name, "w", encoding="ascii") as file:
        file.write("\n".join(lines) + "\n")


PAIRS = [(0, 0), (0, 255), (1, 255), (2, 128), (128, 128), (29, 142), (83, 202), (254, 255), (255, 255)]
write(
    "field.txt",
    ["# inverses of 1 to 255", "inverses " + bytes(INVERSE[1:]).hex(), "# a b product"]
    + ["product %02x %02x %02x" % (a, b, multiply(a, b)) for a, b in PAIRS],
)

ROWS = [(1, 0), (1, 1), (1, 2), (1, 254), (2, 2), (2, 3), (3, 1), (5, 5), (5, 8), (10, 10), (10, 254)]
ROWS += [(32, 32), (32, 38), (104, 104), (104, 124), (104, 254), (254, 254)]
write("generator.txt", ["# K ESI coefficients"] + ["%d %d %s" % (k, e, row(k, e).hex()) for k, e in ROWS])

lines = ["# block K T source, then symbol ESI bytes for that block"]
for k, t, esis in [
    (1, 1, [0, 1, 2]),
    (1, 7, [1, 2, 254]),
    (2, 3, [2, 3, 4, 5]),
    (3, 5, [0, 3, 4, 254]),
    (5, 65, [5, 6]),
    (10, 16, [10, 11, 12, 100]),
    (32, 4, [32, 33, 38]),
    (104, 2, [104, 124, 125, 254]),
    (254, 1, [254]),
]:
    block = source(k, t)
    lines.append("block %d %d %s" % (k, t, block.hex()))
    lines += ["symbol %d %s" % (e, symbol(block, k, t, e).hex()) for e in esis]
write("symbols.txt", lines)

lines = ["# decode K T, then received ESI bytes, and the source that they give"]
for k, t, esis in [
    (1, 4, [254]),
    (3, 2, [4, 1, 3]),
    (4, 3, [7, 6, 5, 4]),
    (10, 5, [0, 10, 2, 11, 4, 12, 6, 13, 8, 254]),
    (20, 1, list(range(235, 255))),
]:
    block = source(k, t)
    lines.append("decode %d %d" % (k, t))
    lines += ["received %d %s" % (e, symbol(block, k, t, e).hex()) for e in esis]
    lines.append("source " + block.hex())
write("decoding.txt", lines)
