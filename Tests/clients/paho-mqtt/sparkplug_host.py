#!/usr/bin/env python3
"""A strict Sparkplug host: subscribes to spBv1.0/# and judges every message by the clauses of Sparkplug 3.0.0 that bind an edge node.

One line of JSON per message, to --out or standard output: what it says (`type`, `node`, `device`, `seq`, `bdseq`, `metrics`, …) and
`faults`, each beginning with the id of the clause that is broken (its tck-id without `tck-id-`). `advice` has what a clause only
recommends. Prints READY once subscribed; ends on SIGTERM. With --host-id it says STATE, as a primary host does.

A node whose birth it has not heard is `unborn`: such messages are no fault of the node unless --from-start says that this host was there
before it.
"""

import json
import sys
import time

from paho.mqtt.subscribeoptions import SubscribeOptions

import common
import connection
from sparkplug_payload import DATASET, TEMPLATE, every, fields, last, metric, payload, shown, text

REBIRTH = "Node Control/Rebirth"
TYPES = ("NBIRTH", "NDEATH", "DBIRTH", "DDEATH", "NDATA", "DDATA", "NCMD", "DCMD")
PLAUSIBLE_MS = range(1_000_000_000_000, 4_100_000_000_000)


class Judgement:
    """What is said of one message."""

    def __init__(self):
        self.faults = []
        self.advice = []

    def require(self, holds, clause, words=""):
        if not holds:
            self.faults.append(f"{clause}: {words}" if words else clause)

    def advise(self, holds, clause, words=""):
        if not holds:
            self.advice.append(f"{clause}: {words}" if words else clause)


class Born:
    """The metrics that a birth named, of a node or of a device."""

    def __init__(self, metrics):
        self.types = {each["name"]: each["type"] for each in metrics}
        self.names = {each["alias"]: each["name"] for each in metrics if each["alias"] is not None}
        self.aliases = {name: alias for alias, name in self.names.items()}
        self.newest = {each["name"]: each["timestamp"] or 0 for each in metrics}

    def name_of(self, one):
        return self.names.get(one["alias"]) if one["name"] is None else one["name"]


class EdgeNode:
    """What a host remembers of one edge node."""

    def __init__(self):
        self.heard = self.online = False
        self.seq = self.bdseq = None
        self.died_since_birth = False
        self.node = None
        self.devices = {}
        # Devices that lived before this NBIRTH: their DBIRTH comes before any data.
        self.awaited = set()


class Host:
    def __init__(self, from_start):
        self.from_start = from_start
        self.nodes = {}

    def judge(self, message):
        """The observation of one message."""
        said = Judgement()
        line = {
            "at_ms": int(time.time() * 1000), "topic": message.topic, "qos": message.qos, "retain": bool(message.retain),
            "size": len(message.payload),
        }  # fmt: skip
        levels = message.topic.split("/")
        if levels[1:2] == ["STATE"] and len(levels) == 3:
            return {**line, "type": "STATE", "node": levels[2]}
        kind = levels[2] if len(levels) > 2 else ""
        named = 5 if kind.startswith("D") else 4
        said.require(kind in TYPES and len(levels) == named and all(levels), "topic-structure", message.topic)
        if said.faults:
            return {**line, "type": "?", "faults": said.faults}
        device = levels[4] if named == 5 else None
        line |= {"type": kind, "node": f"{levels[1]}/{levels[3]}", "device": device}
        try:
            timestamp, seq, raw, rest = payload(message.payload)
            metrics = [metric(each) for each in raw]
        except (ValueError, UnicodeDecodeError) as error:
            clause = {"NBIRTH": "message-flow-edge-node-birth-publish-nbirth-payload",
                      "DBIRTH": "message-flow-device-birth-publish-dbirth-payload",
                      "NDEATH": "message-flow-edge-node-birth-publish-will-message-payload"}  # fmt: skip
            said.require(False, clause.get(kind, "payload"), str(error))
            return {**line, "faults": said.faults}
        if kind.endswith("CMD"):
            self.command(said, kind.lower(), message, timestamp, seq, metrics)
            return {**line, "metrics": [shown(each) for each in metrics], "faults": said.faults}
        node = self.nodes.setdefault(line["node"], EdgeNode())
        line |= {"timestamp": timestamp, "seq": seq, "rest": rest.hex(), "unborn": kind != "NBIRTH" and not node.heard}
        self.delivery(said, kind, message, timestamp, seq)
        if self.from_start or not line["unborn"]:
            self.session(said, node, kind, device, seq, metrics)
        born = node.devices.get(device) if device else node.node
        if born and kind.endswith("DATA"):
            metrics = [self.resolved(each, born) for each in metrics]
        bdseq = [each["value"] for each in metrics if each["name"] == "bdSeq"]
        return {
            **line, "bdseq": bdseq[0] if bdseq and not device else None, "metrics": [shown(each) for each in metrics],
            "faults": said.faults, "advice": said.advice,
        }  # fmt: skip

    @staticmethod
    def command(said, kind, message, timestamp, seq, metrics):
        """A host's command; the only ones that anybody sends here ask for a rebirth."""
        said.require(message.qos == 0 and not message.retain, f"topics-{kind}-mqtt", f"QoS {message.qos}, retain {message.retain}")
        said.require(timestamp in PLAUSIBLE_MS, f"payloads-{kind}-timestamp", str(timestamp))
        said.require(seq is None, f"payloads-{kind}-seq", f"seq {seq}")
        named = [each["name"] or each["alias"] for each in metrics]
        said.require(named and all(named), "operational-behavior-data-commands-ncmd-rebirth-name", str(named))
        said.require(all(each["value"] is True for each in metrics), "operational-behavior-data-commands-ncmd-rebirth-value")

    def session(self, said, node, kind, device, seq, metrics):
        """What a message changes of its node, and whether it may come now."""
        if kind == "NDEATH":
            self.node_death(said, node, metrics)
        elif kind == "NBIRTH":
            self.node_birth(said, node, seq, metrics)
        else:
            self.sequence(said, node, kind, seq)
            {"DBIRTH": self.device_birth, "DDEATH": self.device_death}.get(kind, self.data)(said, node, device, metrics)

    @staticmethod
    def resolved(one, born):
        """A metric of data with the name and the value that its birth gives it."""
        name = born.name_of(one)
        return {**metric(bytes.fromhex(one["raw"]), born.types.get(name)), "name": name}

    @staticmethod
    def delivery(said, kind, message, timestamp, seq):
        """QoS, retain, sequence number and time of publishing."""
        lower = kind.lower()
        if kind == "NDEATH":
            said.require(message.qos == 1, "payloads-ndeath-will-message-qos", f"QoS {message.qos}")
            said.require(not message.retain, "payloads-ndeath-will-message-retain")
            said.require(seq is None, "payloads-ndeath-seq", f"seq {seq}")
        else:
            said.require(message.qos == 0 and not message.retain, f"topics-{lower}-mqtt", f"QoS {message.qos}, retain {message.retain}")
            said.require(seq is not None and 0 <= seq <= 255, "payloads-sequence-num-always-included", f"seq {seq}")
            said.require(timestamp is not None, f"payloads-{lower}-timestamp")
        said.require(timestamp is None or timestamp in PLAUSIBLE_MS, "payloads-timestamp-in-UTC", str(timestamp))

    def sequence(self, said, node, kind, seq):
        """One more than the message before, of whatever kind, and only within a session that an NBIRTH has opened."""
        said.require(node.online, "principles-birth-certificates-order", f"{kind} while the node is offline")
        if node.seq is not None:
            said.require(seq == (node.seq + 1) % 256, "payloads-sequence-num-incrementing", f"{kind} has {seq} after {node.seq}")
        node.seq = seq

    def node_birth(self, said, node, seq, metrics):
        said.require(seq == 0, "topics-nbirth-seq-num", f"seq {seq}")
        found = [each for each in metrics if each["name"] == "bdSeq"]
        said.require(len(found) == 1, "topics-nbirth-bdseq-included", f"{len(found)} of them")
        for each in found:
            said.require(each["type"] == 4, "message-flow-edge-node-birth-publish-nbirth-payload-bdSeq", f"type {each['type']}")
            now = each["value"]
            said.require(now in range(256), "message-flow-edge-node-birth-publish-will-message-payload-bdSeq", f"bdSeq {now}")
            if node.heard and node.died_since_birth:
                said.require(now in (0, (node.bdseq + 1) % 256), "topics-nbirth-bdseq-increment", f"{now} after {node.bdseq}")
            elif node.heard:
                said.require(now == node.bdseq, "operational-behavior-data-commands-rebirth-action-3", f"{now} after {node.bdseq}")
            node.bdseq = now
        control = [each for each in metrics if each["name"] == REBIRTH]
        right = len(control) == 1 and control[0]["type"] == 11 and control[0]["value"] is False
        said.require(right, "topics-nbirth-rebirth-metric", str(control and control[0]["value"]))
        said.require(all(each["alias"] is None for each in control), "operational-behavior-data-commands-rebirth-name-aliases")
        node.awaited = set(node.devices)
        node.devices = {}
        self.birth(said, node, metrics, "nbirth")
        node.node = Born(metrics)
        node.heard = node.online = True
        node.died_since_birth = False
        node.seq = seq

    def device_birth(self, said, node, device, metrics):
        said.require(node.online, "message-flow-device-birth-publish-nbirth-wait")
        node.awaited.discard(device)
        node.devices.pop(device, None)
        self.birth(said, node, metrics, "dbirth")
        definitions = [each["name"] for each in metrics if each["type"] == TEMPLATE and is_definition(each)]
        said.require(not definitions, "payloads-template-definition-nbirth-only", str(definitions))
        node.devices[device] = Born(metrics)

    def birth(self, said, node, metrics, kind):
        """What every metric of a birth needs."""
        taken = {alias for born in [node.node, *node.devices.values()] if born and kind == "dbirth" for alias in born.names}
        for each in metrics:
            name = each["name"]
            said.require(name, "payloads-name-requirement", f"alias {each['alias']}")
            said.require(each["type"] is not None, "payloads-metric-datatype-req", str(name))
            said.require(each["type"] is None or each["type"] in range(1, 35), "payloads-metric-datatype-value", f"{name}: {each['type']}")
            said.require(each["alias"] not in taken, "payloads-alias-uniqueness", f"{name}: {each['alias']}")
            if each["alias"] is not None:
                taken.add(each["alias"])
            has_value = each["value"] is not None
            said.require(has_value != each["null"], f"operational-behavior-data-publish-{kind}-values", str(name))
            contents(said, each)
        names = [each["name"].lower() for each in metrics if each["name"]]
        said.advise(len(names) == len(set(names)), "case-sensitivity-metric-names")
        self.times(said, metrics, kind, None)
        moments = [each["timestamp"] or 0 for each in metrics if not each["historical"]]
        said.require(moments == sorted(moments), f"operational-behavior-data-publish-{kind}-order", "metrics out of the order of their times")

    @staticmethod
    def times(said, metrics, kind, born):
        """Each metric has a time; current values do not go back in it."""
        newest = dict(born.newest) if born else {}
        for each in metrics:
            name = born.name_of(each) if born else each["name"]
            time_ms = each["timestamp"]
            said.require(time_ms is not None, "payloads-name-birth-data-requirement", str(name))
            said.require(time_ms is None or time_ms in PLAUSIBLE_MS, "payloads-metric-timestamp-in-UTC", f"{name}: {time_ms}")
            if time_ms is None or each["historical"]:
                continue
            said.require(time_ms >= newest.get(name, 0), f"operational-behavior-data-publish-{kind}-order", str(name))
            newest[name] = time_ms
        if born:
            born.newest = newest

    def data(self, said, node, device, metrics):
        kind = "ddata" if device else "ndata"
        born = node.devices.get(device) if device else node.node
        said.require(born is not None and not node.awaited, f"payloads-{kind}-order", f"{device}, awaited {sorted(node.awaited)}")
        if born is None:
            return
        birth = "dbirth" if device else "nbirth"
        for each in metrics:
            name = born.name_of(each)
            said.require(name in born.types, f"operational-behavior-data-publish-{birth}", f"unknown {each['name'] or each['alias']}")
            bare = each["name"] is None or name not in born.aliases
            said.require(bare, "payloads-alias-data-cmd-requirement", f"{name} by its name")
            said.advise(each["type"] is None, "payloads-metric-datatype-not-req", str(name))
            if each["type"] == TEMPLATE:
                said.require(not is_definition(each), "payloads-template-definition-nbirth-only", str(name))
            contents(said, each)
        self.times(said, metrics, birth, born)

    def device_death(self, said, node, device, _metrics):
        said.require(device in node.devices or device in node.awaited, "operational-behavior-device-ddeath", f"{device} was not alive")
        node.devices.pop(device, None)
        node.awaited.discard(device)

    @staticmethod
    def node_death(said, node, metrics):
        right = len(metrics) == 1 and metrics[0]["name"] == "bdSeq"
        said.require(right, "topics-ndeath-payload", str([each["name"] for each in metrics]))
        if right and node.heard:
            said.require(metrics[0]["value"] == node.bdseq, "payloads-ndeath-bdseq", f"{metrics[0]['value']}, birth {node.bdseq}")
        node.online = False
        node.died_since_birth = node.heard
        node.seq = node.node = None
        node.devices = {}
        node.awaited = set()


def is_definition(one):
    template = last(fields(bytes.fromhex(one["raw"])), 18)
    return bool(template is not None and last(fields(template), 5, 0))


def contents(said, one):
    """The inner rules of property sets, data sets and templates: a relay must not damage them."""
    found = fields(bytes.fromhex(one["raw"]))
    for properties in every(found, 9):
        inner = fields(properties)
        keys, values = every(inner, 1), every(inner, 2)
        said.require(len(keys) == len(values), "payloads-propertyset-keys-array-size", one["name"])
        for key, content in zip(keys, values):
            kind = last(fields(content), 1)
            said.require(kind is not None, "payloads-metric-propertyvalue-type-req", text(key))
            if key == b"Quality":
                said.require(kind == 3, "payloads-propertyset-quality-value-type", str(kind))
                code = last(fields(content), 3, 0)
                said.require(code in (0, 192, 500), "payloads-propertyset-quality-value-value", str(code))
    if one["type"] == DATASET and not one["null"]:
        inner = fields(last(found, 17, b""))
        columns, types = every(inner, 2), every(inner, 3)
        said.require(len(types) == len(columns), "payloads-dataset-column-num-headers", one["name"])
        said.require(last(inner, 1) == len(columns), "payloads-dataset-column-size", one["name"])
        rows_fit = all(len(every(fields(row), 1)) == len(columns) for row in every(inner, 4))
        said.require(rows_fit, "payloads-dataset-types-num", f"{one['name']}: a row of another length")
    if one["type"] == TEMPLATE and not one["null"]:
        inner = fields(last(found, 18, b""))
        said.require(last(inner, 5) is not None, "payloads-template-is-definition", one["name"])
        refers = last(inner, 4) is not None
        clause = "payloads-template-ref-definition" if last(inner, 5) else "payloads-template-ref-instance"
        said.require(refers != bool(last(inner, 5)), clause, one["name"])


def main():
    options = common.parser(__doc__)
    options.add_argument("--out", help="a file instead of standard output")
    options.add_argument("--from-start", action="store_true", help="this host was there before any edge node")
    options.add_argument("--host-id", help="say STATE under this name, and offline as the will")
    arguments = options.parse_args()

    stop = common.stop_on_signal()
    out = open(arguments.out, "w", encoding="utf-8") if arguments.out else sys.stdout
    host = Host(arguments.from_start)
    started = int(time.time() * 1000)
    client = connection.client(arguments)
    state = f"spBv1.0/STATE/{arguments.host_id}"

    def on_connect(made, _userdata, _flags, reason, _properties):
        if reason.value >= 0x80:
            sys.exit(f"refused: {reason}")
        made.subscribe([("spBv1.0/#", SubscribeOptions(qos=1, retainAsPublished=True))])

    def on_subscribe(made, *_):
        if arguments.host_id:
            made.publish(state, json.dumps({"online": True, "timestamp": started}), qos=1, retain=True)
        print("READY", flush=True)

    def on_message(_client, _userdata, message):
        out.write(json.dumps(host.judge(message)) + "\n")
        out.flush()

    client.on_connect, client.on_subscribe, client.on_message = on_connect, on_subscribe, on_message
    if arguments.host_id:
        client.will_set(state, json.dumps({"online": False, "timestamp": started}), qos=1, retain=True)
    client.connect(arguments.host, arguments.port)
    client.loop_start()
    stop.wait()
    if arguments.host_id:
        client.publish(state, json.dumps({"online": False, "timestamp": int(time.time() * 1000)}), qos=1, retain=True).wait_for_publish(5)
    client.disconnect()
    client.loop_stop()


if __name__ == "__main__":
    main()
