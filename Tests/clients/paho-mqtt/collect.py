#!/usr/bin/env python3
"""Writes every message that a broker delivers as one line of JSON: topic, payload (hex), qos, retain, properties.

MQTT 5 with Retain As Published. Prints READY once subscribed; ends on SIGTERM or after --count messages, with exit 0.
"""

import json
import sys
import threading
import time

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

import common
import connection


def property_pairs(properties):
    """The same form as the manifest of publish_json.py: user properties first, in their order."""
    pairs = [["user", list(pair)] for pair in getattr(properties, "UserProperty", [])]
    for name, attribute in [
        ("content_type", "ContentType"), ("payload_format", "PayloadFormatIndicator"),
        ("response_topic", "ResponseTopic"), ("correlation", "CorrelationData"), ("expiry", "MessageExpiryInterval"),
    ]:  # fmt: skip
        if hasattr(properties, attribute):
            value = getattr(properties, attribute)
            pairs.append([name, value.hex() if isinstance(value, bytes) else value])
    return pairs


def main():
    options = common.parser(__doc__)
    options.add_argument("--filter", action="append", help="may be repeated; # by default")
    options.add_argument("--qos", type=int, default=2)
    options.add_argument("--count", type=int, default=0, help="end after so many; 0 goes on until SIGTERM")
    options.add_argument("--out", help="a file instead of standard output")
    options.add_argument("--session", type=int, default=0, help="seconds that the session outlives a connection")
    arguments = options.parse_args()

    stop = common.stop_on_signal()
    out = open(arguments.out, "w", encoding="utf-8") if arguments.out else sys.stdout
    lock = threading.Lock()
    received = 0

    def on_connect(client, _userdata, _flags, reason, _properties):
        if reason.value >= 0x80:
            sys.exit(f"refused: {reason}")
        topics = [
            (topic, SubscribeOptions(qos=arguments.qos, retainAsPublished=True, retainHandling=0))
            for topic in arguments.filter or ["#"]
        ]
        client.subscribe(topics)

    def on_message(_client, _userdata, message):
        nonlocal received
        line = {
            "topic": message.topic, "payload": message.payload.hex(), "qos": message.qos,
            "retain": bool(message.retain), "properties": property_pairs(message.properties),
            "received_ms": int(time.time() * 1000),
        }  # fmt: skip
        with lock:
            if arguments.count and received >= arguments.count:
                return
            out.write(json.dumps(line) + "\n")
            out.flush()
            received += 1
            if received == arguments.count:
                stop.set()

    client = connection.client(arguments)
    client.on_connect = on_connect
    client.on_subscribe = lambda *_: print("READY", flush=True)
    client.on_message = on_message
    session = Properties(PacketTypes.CONNECT)
    # mosquitto 2.0 loses QoS 2 messages of a burst at the default window, which is 20.
    session.ReceiveMaximum = 65535
    session.SessionExpiryInterval = arguments.session
    client.connect(arguments.host, arguments.port, clean_start=arguments.session == 0, properties=session)
    client.loop_start()
    stop.wait()
    client.disconnect()
    client.loop_stop()


if __name__ == "__main__":
    main()
