"""Vectors of §7: link cards."""

import base64
import datetime
import hashlib

from wire import Key, card, card_lines

KEY = Key(bytes(range(32)))
OTHER = Key(bytes(range(1, 33)))


def milliseconds(text):
    since = datetime.datetime.fromisoformat(text) - datetime.datetime(1970, 1, 1)
    return since // datetime.timedelta(milliseconds=1)


def accepted(about, data, link="plant-a", epoch="1763716000000", issued="2026-11-21T09:30:00.000"):
    digest = hashlib.sha256(KEY.public).digest()
    return {
        "about": about,
        "kind": "card",
        "result": "accept",
        "seed": KEY.seed.hex(),
        "publicKey": KEY.public.hex(),
        "link": link,
        "lowestEpoch": epoch,
        "issued": str(milliseconds(issued)),
        "fingerprint": "SHA256:" + base64.b64encode(digest).decode().rstrip("="),
        "linkFingerprint": digest[:16].hex(),
        "bytes": data.hex(),
    }


def vectors():
    lines = card_lines(KEY)
    good = card(KEY, lines)
    yield "accept-card", accepted("as docs/WIRE.md shows it", good)
    extended = card(KEY, lines + [b"x-", b"x-site Werk 3, Halle 2"])
    yield "accept-extension-lines", accepted("two lines that begin with x-", extended)
    yield "accept-extremes", accepted(
        "the longest name, the highest epoch, a leap day",
        card(KEY, card_lines(KEY, b"A" * 60 + b"z9._", b"9223372036854775807", b"2028-02-29T23:59:59.999Z")),
        "A" * 60 + "z9._", "9223372036854775807", "2028-02-29T23:59:59.999")

    def refused(name, about, data):
        return name, {
            "about": about, "rule": name[:4], "kind": "card", "result": "refuse", "counter": "card", "bytes": data.hex(),
        }

    def signed(name, about, changed_lines):
        return refused(name, about, card(KEY, changed_lines))

    yield refused("W-35-empty", "an empty file", b"")
    yield refused("W-35-too-long", "4,097 bytes", card(KEY, lines + [b"x-" + b"y" * (4097 - len(good) - 3)]))
    yield refused("W-35-no-last-newline", "the last newline is missing", good[:-1])
    yield refused("W-35-two-last-newlines", "an empty line at the end", good + b"\n")
    yield refused("W-35-crlf", "lines end with CR LF", card(KEY, lines, b"\r\n"))
    yield signed("W-35-carriage-return", "CR LF within a line that is ignored", lines + [b"x-a\r\nlink plant-b"])
    yield signed("W-35-escape", "a terminal's control sequence", lines + [b"x-\x1b[2J"])
    yield signed("W-35-not-ascii", "an umlaut", lines + ["x-Müller".encode()])
    yield signed("W-35-other-heading", "another version of cards", [b"UNS-DIODE-CARD 2"] + lines[1:])
    for index, name in enumerate(["heading", "link", "key", "lowest-epoch", "issued"]):
        yield signed("W-35-without-" + name, name + " is missing", lines[:index] + lines[index + 1 :])
    yield refused("W-35-without-signature", "no signature line", b"\n".join(lines) + b"\n")
    yield signed("W-35-doubled", "two lines of lowest-epoch", lines[:4] + lines[3:])
    yield signed("W-35-reordered", "key before link", [lines[0], lines[2], lines[1]] + lines[3:])
    yield signed("W-35-unknown-line", "a line that no rule knows", lines + [b"valid-until 2030-01-01T00:00:00.000Z"])
    yield signed("W-35-extension-too-early", "an x- line before issued", lines[:4] + [b"x-a b"] + lines[4:])
    yield refused("W-35-extension-too-late", "an x- line behind the signature", good + b"x-a b\n")
    yield refused("W-35-second-signature", "the signature line twice", good + good[good.index(b"signature") :])
    yield signed("W-35-no-name", "an empty link name", card_lines(KEY, b""))
    yield signed("W-35-long-name", "a link name of 65", card_lines(KEY, b"a" * 65))
    yield signed("W-35-name-with-slash", "a link name with a slash", card_lines(KEY, b"plant/a"))
    yield signed("W-35-two-spaces", "two spaces behind link", card_lines(KEY, b" plant-a"))
    yield signed("W-35-epoch-0", "lowest epoch 0", card_lines(KEY, epoch=b"0"))
    yield signed("W-35-epoch-beyond-63-bits", "lowest epoch 2^63", card_lines(KEY, epoch=str(2**63).encode()))
    yield signed("W-35-epoch-leading-zero", "a leading zero", card_lines(KEY, epoch=b"01"))
    yield signed("W-35-epoch-signed", "a plus sign", card_lines(KEY, epoch=b"+1"))
    yield signed("W-35-no-such-day", "30 February", card_lines(KEY, issued=b"2026-02-30T09:30:00.000Z"))
    yield signed("W-35-no-milliseconds", "a time in seconds", card_lines(KEY, issued=b"2026-11-21T09:30:00Z"))
    yield signed("W-35-other-zone", "a time of another zone", card_lines(KEY, issued=b"2026-11-21T09:30:00+01:00"))
    yield signed("W-35-key-of-31-bytes", "a key of 31 bytes", lines[:2] + [b"key " + base64.b64encode(KEY.public[1:])] + lines[3:])
    yield from signature_vectors(refused, lines, good)


def signature_vectors(refused, lines, good):
    start = good.index(b"signature ") + 10
    signature = good[start:-1]
    yield refused("W-36-text-changed", "the link's name was changed", good.replace(b"plant-a", b"plant-b"))
    yield refused("W-36-other-key", "signed by another key", card(OTHER, lines))
    yield refused("W-36-signature-changed", "one bit of S", good[:start] + changed_bit(signature) + b"\n")
    message = b"".join(line + b"\n" for line in lines)
    plain = base64.b64encode(KEY.sign(message))
    yield refused("W-36-no-domain", "the signature leaves the first byte out", message + b"signature " + plain + b"\n")
    yield refused("W-36-unpadded", "base64 without its padding", good[:start] + signature.rstrip(b"=") + b"\n")
    yield refused("W-36-loose-bits", "base64 whose unused bits are not zero", good[:start] + loose(signature) + b"\n")
    key = base64.b64encode(KEY.public)
    loose_key = [lines[0], lines[1], b"key " + loose(key, 1)] + lines[3:]
    yield refused("W-36-loose-bits-of-key", "the same in the key", card(KEY, loose_key))
    short = base64.b64encode(base64.b64decode(signature)[:63])
    yield refused("W-36-63-bytes", "a signature of 63 bytes", good[:start] + short + b"\n")
    spaced = signature[:44] + b" " + signature[44:]
    yield refused("W-36-space", "a space within base64", good[:start] + spaced + b"\n")


def changed_bit(signature):
    data = bytearray(base64.b64decode(signature))
    data[40] ^= 1
    return base64.b64encode(data)


def loose(text, padding=2):
    """The last character before the padding carries unused bits: set the lowest of them."""
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    at = len(text) - padding - 1
    return text[:at] + bytes([alphabet[alphabet.index(text[at]) | 1]]) + text[at + 1 :]
