#!/usr/bin/env python3
"""A small plant that speaks JSON: ISA-95 topics, enterprise/site/area/line/cell/tag, published over MQTT 5.

What it publishes follows from --seed alone, but for the time stamps of --live: retained values and events that are not, QoS 0, 1 and 2,
binary payloads, MQTT 5 properties with repeated user properties whose order matters, and now and then the deletion of a
retained value. Each message is written to --manifest as one line of JSON, in the order of publishing, once the broker has
acknowledged it (QoS 0: once it was handed over). Prints READY when connected and a summary as JSON at the end; exit 0 if
everything was acknowledged.
"""

import collections
import json
import queue
import random
import sys
import threading
import time

import common
import connection
import paho_properties

SITES = ["graz", "linz"]
AREAS = ["assembly", "paint"]
TAGS = ["temperature", "pressure", "speed", "state", "energy"]


class Plant:
    """Makes messages: a seeded stream of (topic, payload, qos, retain, properties)."""

    def __init__(self, arguments):
        self.random = random.Random(arguments.seed)
        self.arguments = arguments
        self.clock = 1_700_000_000_000
        self.qos = [int(digit) for digit in arguments.qos.split(",")]
        self.cells = [
            f"{arguments.root}/{site}/{area}/line{line}/cell{cell}"
            for site in SITES
            for area in AREAS
            for line in range(1, arguments.lines + 1)
            for cell in range(1, arguments.cells + 1)
        ]
        self.retained = []

    def message(self, number):
        draw = self.random
        cell = draw.choice(self.cells)
        self.clock = int(time.time() * 1000) if self.arguments.live else self.clock + draw.randint(1, 50)
        qos = draw.choice(self.qos)
        kind = draw.random()
        if kind < 0.70:
            topic = f"{cell}/{draw.choice(TAGS)}"
            payload = {"timestamp_ms": self.clock, "value": round(draw.gauss(60, 12), 3), "n": number}
            return self.remember(topic), json.dumps(payload).encode(), qos, True, self.properties(0.2)
        if kind < 0.90:
            payload = {"timestamp_ms": self.clock, "event": draw.choice(["start", "stop", "Störung", "操作"]), "n": number}
            return f"{cell}/event", json.dumps(payload, ensure_ascii=False).encode(), qos, False, self.properties(0.5)
        if kind < 0.97 or not self.retained or self.arguments.no_deletions:
            size = draw.randint(0, self.arguments.blob)
            return f"{cell}/camera", number.to_bytes(4, "big") + draw.randbytes(size), qos, False, self.properties(0.5)
        topic = self.retained.pop(draw.randrange(len(self.retained)))
        return topic, b"", max(qos, 1), True, []

    def remember(self, topic):
        if topic not in self.retained:
            self.retained.append(topic)
        return topic

    def properties(self, share):
        """Pairs of name and value; user properties may repeat a name, and their order matters."""
        draw = self.random
        if draw.random() >= share:
            return []
        chosen = [["user", [draw.choice(["unit", "source", "b", "a"]), draw.choice(["°C", "", "plc 7", "x"])]] for _ in range(draw.randint(1, 4))]
        if draw.random() < 0.5:
            chosen.append(["content_type", "application/json"])
        if draw.random() < 0.3:
            chosen.append(["payload_format", 0])
        if draw.random() < 0.2:
            chosen += [["response_topic", f"{self.arguments.root}/reply"], ["correlation", draw.randbytes(4)]]
        return chosen


class Manifest:
    """Writes what was acknowledged, in the order of publishing."""

    # Far below the 65,535 packet identifiers, so that none is in use twice.
    WINDOW = 500

    def __init__(self, path):
        self.file = open(path, "w", encoding="utf-8") if path else None
        self.lines = collections.deque()
        self.open = {}
        self.written = 0
        # Filled by paho's thread, which must not wait for us: it holds locks that publish() needs.
        self.acknowledged = queue.SimpleQueue()

    def publish(self, client, message):
        topic, payload, qos, retain, properties = message
        sent = client.publish(topic, payload, qos, retain, paho_properties.from_pairs(properties))
        line = common.line(topic, payload, qos, retain, properties)
        entry = [False, line]
        self.lines.append(entry)
        self.open[sent.mid] = entry
        self.settle(down_to=self.WINDOW)

    def settle(self, down_to=0, seconds=60):
        """Takes acknowledgements until at most so many are missing; False when none came for so long."""
        while True:
            try:
                mid = self.acknowledged.get(len(self.open) > down_to, seconds)
            except queue.Empty:
                return len(self.open) <= down_to
            self.open.pop(mid)[0] = True
            while self.lines and self.lines[0][0]:
                self.written += 1
                line = self.lines.popleft()[1]
                if self.file:
                    self.file.write(line)
                    self.file.flush()


def main():
    options = common.parser(__doc__)
    options.add_argument("--count", type=int, default=1000, help="messages; 0 goes on until SIGTERM")
    options.add_argument("--rate", type=float, default=0, help="messages a second; 0 is as fast as it goes")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--root", default="acme", help="the enterprise level of all topics")
    options.add_argument("--lines", type=int, default=2)
    options.add_argument("--cells", type=int, default=3)
    options.add_argument("--qos", default="0,1,2", help="drawn from these")
    options.add_argument("--blob", type=int, default=2000, help="longest binary payload")
    options.add_argument("--live", action="store_true", help="time stamps of now, not of the seed")
    options.add_argument("--no-deletions", action="store_true")
    options.add_argument("--manifest")
    arguments = options.parse_args()

    stop = common.stop_on_signal()
    plant = Plant(arguments)
    manifest = Manifest(arguments.manifest)
    client = connection.client(arguments)
    client.max_queued_messages_set(0)
    client.on_publish = lambda _client, _userdata, mid, _reason, _properties: manifest.acknowledged.put(mid)
    ready = threading.Event()
    client.on_connect = lambda *_: ready.set()
    client.connect(arguments.host, arguments.port)
    client.loop_start()
    if not ready.wait(10):
        sys.exit("no connection")
    print("READY", flush=True)

    started = time.monotonic()
    number = 0
    while not stop.is_set() and (arguments.count == 0 or number < arguments.count):
        if arguments.rate and stop.wait(max(0, started + number / arguments.rate - time.monotonic())):
            break
        manifest.publish(client, plant.message(number))
        number += 1
    settled = manifest.settle()
    client.disconnect()
    client.loop_stop()
    print(json.dumps({"published": number, "acknowledged": manifest.written}), flush=True)
    sys.exit(0 if settled else 1)


if __name__ == "__main__":
    main()
