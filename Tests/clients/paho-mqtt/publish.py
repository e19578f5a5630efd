#!/usr/bin/env python3
"""Publishes the messages of a file, by paho-mqtt, and ends once the broker has acknowledged them. Prints READY when connected."""

import os
import sys
import threading

import common
import connection
import paho_properties


def main():
    arguments = common.publisher(__doc__).parse_args()
    messages = common.read_messages(arguments.messages)
    client = connection.client(arguments)
    client.max_queued_messages_set(0)
    is_new = arguments.version == "5"

    def properties(message):
        return paho_properties.from_pairs(message["properties"]) if is_new else None

    if arguments.will:
        will = common.read_messages(arguments.will)[0]
        client.will_set(will["topic"], will["payload"], will["qos"], will["retain"], properties(will))
    ready = threading.Event()
    client.on_connect = lambda *_: ready.set()
    client.connect(arguments.host, arguments.port)
    client.loop_start()
    if not ready.wait(10):
        sys.exit("no connection")
    print("READY", flush=True)
    for message in messages:
        sent = client.publish(message["topic"], message["payload"], message["qos"], message["retain"], properties(message))
        sent.wait_for_publish(arguments.patience)
        if not sent.is_published():
            sys.exit(f"not acknowledged: {message['topic'][:100]}")
    if arguments.manifest:
        with open(arguments.manifest, "w", encoding="utf-8") as manifest:
            manifest.writelines(common.line(**message) for message in messages)
    if arguments.die:
        os._exit(0)
    client.disconnect()
    client.loop_stop()


if __name__ == "__main__":
    main()
