"""The properties of a PUBLISH as paho has them, and as pairs of name and value: user properties first, in their order."""

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

ATTRIBUTES = {
    "content_type": "ContentType", "payload_format": "PayloadFormatIndicator", "response_topic": "ResponseTopic",
    "correlation": "CorrelationData", "expiry": "MessageExpiryInterval",
}  # fmt: skip


def from_pairs(pairs, packet=PacketTypes.PUBLISH):
    properties = Properties(packet)
    for name, value in pairs:
        if name == "user":
            properties.UserProperty = tuple(value)
        else:
            setattr(properties, ATTRIBUTES[name], value)
    return properties


def to_pairs(properties):
    pairs = [["user", list(pair)] for pair in getattr(properties, "UserProperty", [])]
    pairs += [[name, getattr(properties, place)] for name, place in ATTRIBUTES.items() if hasattr(properties, place)]
    return pairs
