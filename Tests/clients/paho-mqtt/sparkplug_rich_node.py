#!/usr/bin/env python3
"""A Sparkplug B edge node that uses all the specification has, on plain MQTT: templates, data sets, property sets, metadata, aliases.

Beside them stand fields that Sparkplug 3.0 does not have, at every level, and protobuf written as no generated code would: whoever relays
these payloads must not lose a byte. Its device `cell` has --metrics more, all Double. With --old, `Node Control/Rebirth` has the alias 9,
as before 3.0. A rebirth request is answered with current values. Each message is written to --manifest as one line of JSON. Prints READY
once born; ends on SIGTERM with an NDEATH, or after --count data messages.
"""

import json
import random
import struct
import threading
import time

import common
import connection
from sparkplug_payload import field, manifest_line, now_ms, varint

INT32, INT64, DOUBLE, BOOLEAN, STRING, DATASET_TYPE, BYTES, TEMPLATE_TYPE, INT32_ARRAY = 3, 4, 10, 11, 12, 16, 17, 19, 24
UNKNOWN = field(777, b"of a later version") + field(1000, 5)


def double(number, value):
    return varint(number << 3 | 1) + struct.pack("<d", value)


def metric(name, alias, datatype, content, more=b"", time_ms=None):
    """A metric of a birth; `content` is the field of its value."""
    labelled = field(1, name.encode()) + (b"" if alias is None else field(2, alias))
    return field(2, labelled + field(3, time_ms or now_ms()) + field(4, datatype) + more + content)


def bare(alias, content, more=b""):
    """A metric of data: its alias alone."""
    return field(2, field(2, alias) + field(3, now_ms()) + more + content)


def quality(code):
    """A property set with a quality, a nested set, and a field that nobody knows."""
    code_value = field(1, INT32) + field(3, code)
    unit = field(1, STRING) + field(8, "°C".encode())
    nested = field(1, 20) + field(9, field(1, b"inner") + field(2, field(1, BOOLEAN) + field(7, True)))
    keys = field(1, b"Quality") + field(1, b"engUnit") + field(1, b"nested")
    return field(9, keys + field(2, code_value) + field(2, unit + UNKNOWN) + field(2, nested))


def data_set(rows):
    head = field(1, 2) + field(2, b"at") + field(2, b"text") + field(3, INT64) + field(3, STRING)
    body = b"".join(field(4, field(1, field(2, at)) + field(1, field(6, words.encode()))) for at, words in rows)
    return field(17, head + body + UNKNOWN)


def motor(speed, definition):
    """A template with two members and a parameter: its definition, or one instance."""
    members = metric("speed", None, DOUBLE, double(13, speed)) + metric("label", None, STRING, field(15, b"M1"))
    parameter = field(3, field(1, b"rated") + field(2, DOUBLE) + double(6, 1_480.5))
    reference = b"" if definition else field(4, b"Motor")
    return field(18, field(1, b"1.2") + members + parameter + reference + field(5, definition) + UNKNOWN)


class Node:
    def __init__(self, arguments, client, manifest):
        self.arguments, self.client, self.manifest = arguments, client, manifest
        self.random = random.Random(arguments.seed)
        self.lock = threading.Lock()
        self.ending = False
        self.seq = self.step = 0
        # The step of the device's newest data: what its birth says is current.
        self.told = 0
        self.many = [0.0] * arguments.metrics

    def topic(self, kind, device=None):
        named = f"spBv1.0/{self.arguments.group}/{kind}/{self.arguments.node}"
        return f"{named}/{device}" if device else named

    def publish(self, kind, metrics, device=None):
        message = field(1, now_ms()) + metrics + field(3, self.seq) + field(5, b"body") + UNKNOWN
        self.seq = (self.seq + 1) % 256
        topic = self.topic(kind, device)
        if self.manifest:
            self.manifest.write(json.dumps(manifest_line(topic, message)) + "\n")
            self.manifest.flush()
        return self.client.publish(topic, message, qos=0)

    def death(self):
        return field(1, now_ms()) + metric("bdSeq", None, INT64, field(11, 0))

    def born(self):
        """NBIRTH and DBIRTH with what is true now."""
        with self.lock:
            self.seq = 0
            node = metric("bdSeq", None, INT64, field(11, 0)) + metric("Node Control/Rebirth", 9 if self.arguments.old else None, BOOLEAN, field(14, False))
            node += metric("Motor", None, TEMPLATE_TYPE, motor(0.0, True))
            node += metric("steps", 1, INT64, field(11, self.step), quality(192))
            self.publish("NBIRTH", node)
            return self.publish("DBIRTH", self.device(), "cell")

    def device(self):
        step = self.told
        metadata = field(8, field(2, b"text/plain") + field(3, 11) + field(5, b"a.txt") + UNKNOWN)
        found = metric("history", 10, DATASET_TYPE, data_set([(step, "new"), (0, "rät"), (1, "")]))
        found += metric("drive", 11, TEMPLATE_TYPE, motor(step / 4, False))
        found += metric("rated", 12, DOUBLE, double(13, step / 8), quality(500) + UNKNOWN)
        found += metric("blob", 13, BYTES, field(16, struct.pack("<i", step) + b"\x00\xff"), metadata)
        found += metric("vector", 14, INT32_ARRAY, field(16, struct.pack("<3i", step, -step, 1)))
        found += metric("absent", 15, STRING, field(15, b"now there") if step else field(7, True))
        found += metric("passing", 16, INT32, field(10, 2**32 - 5), field(6, True))
        for index, value in enumerate(self.many):
            found += metric(f"many/{index}", 100 + index, DOUBLE, double(13, value))
        return found

    def data(self):
        with self.lock:
            self.step += 1
            step = self.step
            if step % 4 == 0:
                self.publish("NDATA", bare(1, field(11, step), quality(0)))
                return
            self.told = step
            changed = bare(10, data_set([(step, "new")])) + bare(11, motor(step / 4, False))
            changed += bare(12, double(13, step / 8), UNKNOWN) + bare(13, field(16, struct.pack("<i", step)))
            changed += bare(15, field(15, b"now there"))
            if self.many:
                index = self.random.randrange(len(self.many))
                self.many[index] = float(step)
                changed += bare(100 + index, double(13, float(step)))
            self.publish("DDATA", changed, "cell")

    def on_command(self, _client, _userdata, message):
        if b"Node Control/Rebirth" in message.payload and not self.ending:
            threading.Thread(target=self.born).start()


def main():
    options = common.parser(__doc__)
    options.add_argument("--group", default="plant")
    options.add_argument("--node", default="rich")
    options.add_argument("--metrics", type=int, default=0)
    options.add_argument("--count", type=int, default=0, help="data messages; 0 goes on until SIGTERM")
    options.add_argument("--rate", type=float, default=5, help="data messages a second")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--old", action="store_true", help="an alias for Node Control/Rebirth")
    options.add_argument("--stay", action="store_true", help="after --count messages, say nothing more until SIGTERM")
    options.add_argument("--manifest")
    arguments = options.parse_args()

    stop = common.stop_on_signal()
    manifest = open(arguments.manifest, "w", encoding="utf-8") if arguments.manifest else None
    client = connection.client(arguments)
    node = Node(arguments, client, manifest)
    client.will_set(node.topic("NDEATH"), node.death(), qos=1)
    client.on_connect = lambda made, *_: made.subscribe(node.topic("NCMD"), qos=1)
    subscribed = threading.Event()
    client.on_subscribe = lambda *_: subscribed.set()
    client.on_message = node.on_command
    client.connect(arguments.host, arguments.port)
    client.loop_start()
    subscribed.wait(10)
    node.born().wait_for_publish(10)
    print("READY", flush=True)
    done = 0
    while (arguments.count == 0 or done < arguments.count) and not stop.wait(1 / arguments.rate):
        node.data()
        done += 1
    if arguments.stay:
        stop.wait()
    node.ending = True
    client.publish(node.topic("NDEATH"), node.death(), qos=1).wait_for_publish(5)
    client.disconnect()
    client.loop_stop()
    print(json.dumps({"data": done}), flush=True)


if __name__ == "__main__":
    main()
