#!/usr/bin/env python3
"""A Sparkplug B edge node with one device, by pysparkplug: NBIRTH, DBIRTH, then NDATA and DDATA, and NDEATH as its will.

Values follow from --seed. With --alias the births name an alias for each metric and data carries the alias alone. --types gives the device
a metric of every type that the library can encode. A rebirth command is answered with the current values; with --sloppy the library is
left as it comes: no answer, no metric to ask by, and an NDEATH with the next bdSeq instead of the birth's. Each message is written to
--manifest as one line of JSON with topic, payload (hex) and metrics. Prints READY once born. SIGUSR1 takes the device away (DDEATH),
SIGUSR2 brings it back. Ends after --count data messages or on SIGTERM, with an NDEATH; --die ends without one, so that the broker publishes
the will.
"""

import itertools
import json
import os
import random
import signal
import sys
import threading
import time
from datetime import datetime, timezone

import pysparkplug as spb

import common
from sparkplug_payload import manifest_line


SAMPLES = {
    spb.DataType.INT8: lambda step: -(step % 128), spb.DataType.INT16: lambda step: -step, spb.DataType.INT32: lambda step: -step << 8,
    spb.DataType.INT64: lambda step: -step << 40, spb.DataType.UINT8: lambda step: step % 256, spb.DataType.UINT16: lambda step: step,
    spb.DataType.UINT32: lambda step: step << 8, spb.DataType.UINT64: lambda step: (1 << 63) + step,
    spb.DataType.FLOAT: lambda step: step / 4, spb.DataType.DOUBLE: lambda step: step / 3, spb.DataType.BOOLEAN: lambda step: step % 2 == 0,
    spb.DataType.STRING: lambda step: f"Maß {step}", spb.DataType.DATETIME: lambda step: datetime.fromtimestamp(1e9 + step, timezone.utc),
    spb.DataType.TEXT: lambda step: "", spb.DataType.UUID: lambda step: f"00000000-0000-4000-8000-{step:012}",
    spb.DataType.BYTES: lambda step: bytes([0, 255, step % 256]), spb.DataType.FILE: lambda step: bytes(step),
    spb.DataType.INT8_ARRAY: lambda step: (-1, step % 128), spb.DataType.INT16_ARRAY: lambda step: (-1, step),
    spb.DataType.INT32_ARRAY: lambda step: (-1, step), spb.DataType.INT64_ARRAY: lambda step: (-1, step),
    spb.DataType.UINT8_ARRAY: lambda step: (1, step % 256), spb.DataType.UINT16_ARRAY: lambda step: (1, step),
    spb.DataType.UINT32_ARRAY: lambda step: (1, step), spb.DataType.UINT64_ARRAY: lambda step: (1, step),
    spb.DataType.FLOAT_ARRAY: lambda step: (0.5, step), spb.DataType.DOUBLE_ARRAY: lambda step: (0.1, step),
    spb.DataType.BOOLEAN_ARRAY: lambda step: (True, False, step % 2 == 0), spb.DataType.STRING_ARRAY: lambda step: ("ß", str(step)),
    spb.DataType.DATETIME_ARRAY: lambda step: (datetime.fromtimestamp(1e9 + step, timezone.utc),),
}  # fmt: skip


class RecordingClient(spb.Client):
    """Writes down what it publishes."""

    def __init__(self, manifest, **options):
        super().__init__(**options)
        self.manifest = manifest
        self.count = 0
        self.bdseq = None

    def publish(self, message, *, include_dtypes=False):
        if isinstance(message.payload, spb.NBirth):
            self.bdseq = next(metric for metric in message.payload.metrics if metric.name == "bdSeq")
        payload = message.payload.encode(include_dtypes=include_dtypes)
        if self.manifest:
            self.manifest.write(json.dumps(manifest_line(str(message.topic), payload)) + "\n")
            self.manifest.flush()
        self.count += 1
        super().publish(message, include_dtypes=include_dtypes)


class Node:
    """The edge node, its device and their values."""

    node_metrics = [("uptime", spb.DataType.INT64), ("healthy", spb.DataType.BOOLEAN)]
    device_metrics = [("temperature", spb.DataType.DOUBLE), ("count", spb.DataType.UINT32), ("state", spb.DataType.STRING)]

    def __init__(self, arguments, manifest):
        self.arguments = arguments
        if arguments.types:
            self.device_metrics = self.device_metrics + [(f"type/{kind.name}", kind) for kind in SAMPLES]
        self.random = random.Random(arguments.seed)
        self.step = 0
        self.lock = threading.Lock()
        names = [name for name, _ in self.node_metrics + self.device_metrics]
        self.aliases = {name: index + 1 for index, name in enumerate(names)} if arguments.alias else {}
        self.client = RecordingClient(manifest, client_id=arguments.client_id or None)
        rebirth = spb.Metric(
            timestamp=spb.get_current_timestamp(), name="Node Control/Rebirth", datatype=spb.DataType.BOOLEAN, value=False
        )
        control = [] if arguments.sloppy else [rebirth]
        self.node = spb.EdgeNode(
            arguments.group, arguments.node, [*self.values(self.node_metrics), *control], self.client, self.on_command
        )
        self.device = spb.Device(arguments.device, self.values(self.device_metrics))
        self.node.register(self.device)

    def values(self, metrics):
        """Current values of these metrics, with name and alias."""
        draw = self.random
        now = spb.get_current_timestamp()
        made = {
            "uptime": self.step, "healthy": draw.random() < 0.9, "temperature": round(draw.gauss(60, 5), 2),
            "count": self.step * 3, "state": draw.choice(["idle", "running", "Störung"]),
        }  # fmt: skip
        made |= {f"type/{kind.name}": sample(self.step) for kind, sample in SAMPLES.items()}
        return [
            spb.Metric(timestamp=now, name=name, datatype=kind, value=made[name], alias=self.aliases.get(name))
            for name, kind in metrics
        ]

    def data(self):
        """One NDATA or DDATA with changed values."""
        with self.lock:
            self.step += 1
            if self.step % 4 == 0 or not self.node.devices:
                metrics = self.values(self.node_metrics)
                self.publish_data(spb.NData, spb.MessageType.NDATA, metrics, None)
            else:
                count = self.random.randint(1, len(self.device_metrics))
                metrics = self.random.sample(self.values(self.device_metrics), count)
                self.publish_data(spb.DData, spb.MessageType.DDATA, metrics, self.arguments.device)

    def publish_data(self, payload, kind, metrics, device):
        if not self.aliases:
            if device:
                self.node.update_device(device, metrics)
            else:
                self.node.update(metrics)
            return
        # The library only sends names: with aliases the message is made here, on the library's own sequence numbers.
        held = self.node._devices[device]._metrics if device else self.node._metrics
        held.update({metric.name: metric for metric in metrics})
        bare = [
            spb.Metric(timestamp=metric.timestamp, name=None, datatype=metric.datatype, value=metric.value, alias=metric.alias)
            for metric in metrics
        ]
        self.publish(kind, payload(timestamp=spb.get_current_timestamp(), seq=self.node._seq, metrics=tuple(bare)), device)

    def publish(self, kind, payload, device=None):
        topic = spb.Topic(
            message_type=kind, group_id=self.arguments.group, edge_node_id=self.arguments.node, device_id=device
        )
        births = kind in (spb.MessageType.NBIRTH, spb.MessageType.DBIRTH)
        self.client.publish(
            spb.Message(topic=topic, payload=payload, qos=spb.QoS.AT_MOST_ONCE, retain=False), include_dtypes=births or not self.aliases
        )

    def on_command(self, _node, message):
        """Node Control/Rebirth: births with current values. The library leaves that to its user."""
        wanted = any(metric.name == "Node Control/Rebirth" and metric.value for metric in message.payload.metrics)
        if wanted and not self.arguments.sloppy:
            threading.Thread(target=self.rebirth, daemon=True).start()

    def rebirth(self):
        with self.lock:
            now = spb.get_current_timestamp()
            self.node._EdgeNode__seq_cycler = itertools.cycle(range(256))
            # bdSeq stays that of this connection's birth and will; the library has already counted on for the next one.
            metrics = (*self.node.metrics.values(), self.client.bdseq)
            self.publish(spb.MessageType.NBIRTH, spb.NBirth(timestamp=now, seq=self.node._seq, metrics=metrics))
            for name, device in self.node.devices.items():
                metrics = tuple(device.metrics.values())
                self.publish(spb.MessageType.DBIRTH, spb.DBirth(timestamp=now, seq=self.node._seq, metrics=metrics), name)

    def take_device(self):
        with self.lock:
            if self.node.devices:
                self.node.deregister(self.arguments.device)

    def bring_device(self):
        with self.lock:
            if not self.node.devices:
                self.node.register(self.device)

    def end(self):
        """NDEATH with the bdSeq of the birth (the library would say the next one), then a proper goodbye."""
        if self.arguments.sloppy:
            self.node.disconnect()
            return
        death = spb.NDeath(timestamp=spb.get_current_timestamp(), bd_seq_metric=self.client.bdseq)
        self.publish(spb.MessageType.NDEATH, death)
        self.client.disconnect()


def main():
    options = common.parser(__doc__)
    options.add_argument("--group", default="plant")
    options.add_argument("--node", default="press")
    options.add_argument("--device", default="plc")
    options.add_argument("--count", type=int, default=0, help="data messages; 0 goes on until SIGTERM")
    options.add_argument("--rate", type=float, default=5, help="data messages a second")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--alias", action="store_true")
    options.add_argument("--types", action="store_true", help="every type of value that the library has")
    options.add_argument("--sloppy", action="store_true", help="the library as it comes")
    options.add_argument("--stay", action="store_true", help="after --count messages, say nothing more until SIGTERM")
    options.add_argument("--die", action="store_true", help="end without NDEATH: the broker publishes the will")
    options.add_argument("--manifest")
    arguments = options.parse_args()

    stop = common.stop_on_signal()
    manifest = open(arguments.manifest, "w", encoding="utf-8") if arguments.manifest else None
    node = Node(arguments, manifest)
    signal.signal(signal.SIGUSR1, lambda *_: threading.Thread(target=node.take_device).start())
    signal.signal(signal.SIGUSR2, lambda *_: threading.Thread(target=node.bring_device).start())
    node.node.connect(arguments.host, port=arguments.port)
    deadline = time.monotonic() + 10
    while node.client.count < 2:
        if time.monotonic() > deadline or stop.wait(0.01):
            sys.exit("not born in time")
    print("READY", flush=True)
    done = 0
    while (arguments.count == 0 or done < arguments.count) and not stop.wait(1 / arguments.rate):
        node.data()
        done += 1
    if arguments.stay:
        stop.wait()
    if arguments.die:
        os._exit(0)
    node.end()
    print(json.dumps({"data": done, "published": node.client.count}), flush=True)


if __name__ == "__main__":
    main()
