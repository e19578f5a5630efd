"""Sparkplug B payloads without generated code: just enough protobuf to read every field of one and to write a command.

What it says of a metric (`metric`) is what the tests compare: name, alias, type, value, marks, and the bytes themselves, so that nothing
that this reader does not know can go missing unseen.
"""

import json
import struct
import time

SIGNED_BITS = {1: 8, 2: 16, 3: 32, 4: 64}
DATASET, TEMPLATE = 16, 19


def varint(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out + bytearray([number]))


def field(number, content):
    """A field as bytes: an int or bool as a varint, bytes with their length."""
    if isinstance(content, bytes):
        return varint(number << 3 | 2) + varint(len(content)) + content
    return varint(number << 3) + varint(int(content))


def fields(message):
    """The fields of a message in their order: (number, content, all the field's bytes).

    Content is an int for varints, else bytes. ValueError if the message does not end where a field ends.
    """

    def read_varint(at):
        number = shift = 0
        while True:
            if at >= len(message) or shift > 63:
                raise ValueError("a varint without an end")
            number |= (message[at] & 0x7F) << shift
            shift += 7
            at += 1
            if message[at - 1] < 0x80:
                return number, at

    at = 0
    found = []
    while at < len(message):
        start = at
        key, at = read_varint(at)
        if key & 7 == 0:
            content, at = read_varint(at)
        elif key & 7 in (1, 2, 5):
            size, at = read_varint(at) if key & 7 == 2 else ({1: 8, 5: 4}[key & 7], at)
            content, at = message[at : at + size], at + size
        else:
            raise ValueError(f"wire type {key & 7}")
        if at > len(message):
            raise ValueError("a field beyond the end")
        found.append((key >> 3, content, message[start:at]))
    return found


def last(found, number, default=None):
    """The content of the last field of that number: what protobuf says counts."""
    return next((content for seen, content, _ in reversed(found) if seen == number), default)


def every(found, number):
    return [content for seen, content, _ in found if seen == number]


def text(content):
    return None if content is None else content.decode("utf-8")


def value(found, datatype):
    """The value of a metric in a form that JSON has; what is not a scalar as the hex of its bytes. None where there is none."""
    for number, content, _ in reversed(found):
        if number in (10, 11):
            bits = SIGNED_BITS.get(datatype, 0)
            content &= (1 << bits) - 1 if bits else (1 << 64) - 1
            return content - (1 << bits) if bits and content >> (bits - 1) else content
        if number == 12:
            return struct.unpack("<f", content)[0]
        if number == 13:
            return struct.unpack("<d", content)[0]
        if number == 14:
            return bool(content)
        if number == 15:
            return content.decode("utf-8")
        if number == 18:
            return template(content).hex()
        if 16 <= number <= 19:
            return content.hex()
    return None


def template(content):
    """A template with its fields, and those of its members, in the order of their numbers: who merges members may write another order."""

    def ordered(message):
        return b"".join(raw for _, _, raw in sorted(fields(message), key=lambda each: each[0]))

    members = [(number, field(2, ordered(inner)) if number == 2 else raw) for number, inner, raw in fields(content)]
    return b"".join(raw for _, raw in sorted(members, key=lambda each: each[0]))


def metric(raw, known_type=None):
    """What the bytes of a metric say. A type that is left out is the one of the birth, `known_type`."""
    found = fields(raw)
    datatype = last(found, 4)
    return {
        "name": text(last(found, 1)), "alias": last(found, 2), "timestamp": last(found, 3), "type": datatype,
        "historical": bool(last(found, 5, 0)), "transient": bool(last(found, 6, 0)), "null": bool(last(found, 7, 0)),
        "value": value(found, datatype if datatype is not None else known_type), "raw": raw.hex(),
    }  # fmt: skip


def payload(message):
    """(timestamp, seq, the metrics' bytes, the bytes of all other fields in their order)."""
    found = fields(message)
    rest = b"".join(raw for number, _, raw in found if number not in (2, 3))
    return last(found, 1), last(found, 3), every(found, 2), rest


def shown(one):
    """A metric as the tests read it: its value as text, so that each type has one form."""
    value = one["value"]
    return {**one, "value": value if value is None else json.dumps(value, ensure_ascii=False)}


def now_ms():
    return int(time.time() * 1000)


def rebirth_request(alias=None):
    """An NCMD that says true to Node Control/Rebirth, by its name or by an alias."""
    named = field(1, b"Node Control/Rebirth") if alias is None else field(2, alias)
    wanted = named + field(3, now_ms()) + field(4, 11) + field(14, True)
    return field(1, now_ms()) + field(2, wanted)


def manifest_line(topic, message):
    """What a publishing client writes down of a message: the form that the tests read."""
    _, seq, metrics, rest = payload(message)
    shape = {"seq": seq, "rest": rest.hex(), "metrics": [shown(metric(raw)) for raw in metrics]}
    return {"topic": topic, "payload": message.hex(), **shape}
