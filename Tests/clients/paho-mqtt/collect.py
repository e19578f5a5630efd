#!/usr/bin/env python3
"""Writes every message that a broker delivers as one line of JSON: topic, payload (hex), qos, retain, properties.

MQTT 5 with Retain As Published, or 3.1.1. Prints READY once subscribed; ends on SIGTERM or after --count messages, with exit 0.
"""

import sys
import threading

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

import common
import connection
import paho_properties


def main():
    options = common.collector(__doc__)
    options.add_argument("--count", type=int, default=0, help="end after so many; 0 goes on until SIGTERM")
    options.add_argument("--session", type=int, default=0, help="seconds that the session outlives a connection")
    arguments = options.parse_args()

    stop = common.stop_on_signal()
    out = open(arguments.out, "w", encoding="utf-8")
    lock = threading.Lock()
    received = 0

    def on_connect(client, _userdata, _flags, reason, _properties):
        if reason.is_failure:
            sys.exit(f"refused: {reason}")
        topics = arguments.filter or ["#"]
        if arguments.version == "5":
            asked = SubscribeOptions(qos=arguments.qos, retainAsPublished=True, retainHandling=0)
            client.subscribe([(topic, asked) for topic in topics])
        else:
            client.subscribe([(topic, arguments.qos) for topic in topics])

    def on_message(_client, _userdata, message):
        nonlocal received
        properties = paho_properties.to_pairs(message.properties) if message.properties else []
        line = common.line(message.topic, message.payload, message.qos, message.retain, properties)
        with lock:
            if arguments.count and received >= arguments.count:
                return
            out.write(line)
            out.flush()
            received += 1
            if received == arguments.count:
                stop.set()

    client = connection.client(arguments)
    client.on_connect = on_connect
    client.on_subscribe = lambda *_: print("READY", flush=True)
    client.on_message = on_message
    if arguments.version == "5":
        session = Properties(PacketTypes.CONNECT)
        # mosquitto 2.0 loses QoS 2 messages of a burst at the default window, which is 20.
        session.ReceiveMaximum = 65535
        session.SessionExpiryInterval = arguments.session
        client.connect(arguments.host, arguments.port, clean_start=arguments.session == 0, properties=session)
    else:
        client.connect(arguments.host, arguments.port)
    client.loop_start()
    stop.wait()
    client.disconnect()
    client.loop_stop()


if __name__ == "__main__":
    main()
