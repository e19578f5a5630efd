"""The bytes of MQTT 3.1.1 and 5 that a broker needs: numbers, strings, packets, properties, topic filters."""

import struct
from enum import IntEnum


class Type(IntEnum):
    CONNECT = 1
    CONNACK = 2
    PUBLISH = 3
    PUBACK = 4
    PUBREC = 5
    PUBREL = 6
    PUBCOMP = 7
    SUBSCRIBE = 8
    SUBACK = 9
    UNSUBSCRIBE = 10
    UNSUBACK = 11
    PINGREQ = 12
    PINGRESP = 13
    DISCONNECT = 14


class Property(IntEnum):
    MESSAGE_EXPIRY = 0x02
    SUBSCRIPTION_IDENTIFIER = 0x0B
    SESSION_EXPIRY = 0x11
    ASSIGNED_CLIENT_IDENTIFIER = 0x12
    SERVER_KEEP_ALIVE = 0x13
    RECEIVE_MAXIMUM = 0x21
    MAXIMUM_QOS = 0x24
    RETAIN_AVAILABLE = 0x25
    MAXIMUM_PACKET_SIZE = 0x27
    WILDCARD_AVAILABLE = 0x28
    SUBSCRIPTION_IDENTIFIERS_AVAILABLE = 0x29


def integer(number):
    """A Variable Byte Integer (MQTT 5, 1.5.5)."""
    encoded = bytearray()
    while True:
        number, low = divmod(number, 128)
        encoded.append(low | (0x80 if number else 0))
        if not number:
            return bytes(encoded)


def read_integer(data, at):
    """The Variable Byte Integer at an offset, and the offset behind it."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def short(number):
    return struct.pack("!H", number)


def read_short(data, at=0):
    return struct.unpack_from("!H", data, at)[0]


def string(text):
    """Bytes with their length before them."""
    return short(len(text)) + text


def read_string(data, at):
    """The bytes of the string at an offset, and the offset behind it."""
    end = at + 2 + read_short(data, at)
    return data[at + 2 : end], end


def packet(kind, body, flags=0):
    return bytes([kind << 4 | flags]) + integer(len(body)) + body


async def read_packet(reader):
    """The first byte and the body of the next packet."""
    header = (await reader.readexactly(1))[0]
    length = shift = 0
    while True:
        byte = (await reader.readexactly(1))[0]
        length |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return header, await reader.readexactly(length)


def properties(data):
    """Each property of a PUBLISH or SUBSCRIBE as (identifier, offset of its value, offset behind it), as far as they are known."""
    at = 0
    while at < len(data):
        identifier, value = data[at], at + 1
        if identifier == 0x01:
            at = value + 1
        elif identifier == Property.MESSAGE_EXPIRY:
            at = value + 4
        elif identifier == Property.SUBSCRIPTION_IDENTIFIER:
            at = read_integer(data, value)[1]
        elif identifier == 0x23:
            at = value + 2
        elif identifier in (0x03, 0x08, 0x09):
            at = read_string(data, value)[1]
        elif identifier == 0x26:
            at = read_string(data, read_string(data, value)[1])[1]
        else:
            return
        yield identifier, value, at


def shorter_expiry(data, seconds):
    """The properties of a PUBLISH after so many seconds in the broker; None once the message has expired."""
    for identifier, value, end in properties(data):
        if identifier == Property.MESSAGE_EXPIRY:
            left = struct.unpack_from("!I", data, value)[0] - seconds
            return data[:value] + struct.pack("!I", left) + data[end:] if left > 0 else None
    return data


def matches(topic_filter, topic):
    """Whether a topic filter takes a topic, both as bytes (MQTT 5, 4.7)."""
    filter_levels, levels = topic_filter.split(b"/"), topic.split(b"/")
    if levels[0][:1] == b"$" and filter_levels[0][:1] in (b"+", b"#"):
        return False
    for index, level in enumerate(filter_levels):
        if level == b"#":
            return True
        if index >= len(levels) or (level != b"+" and level != levels[index]):
            return False
    return len(filter_levels) == len(levels)
