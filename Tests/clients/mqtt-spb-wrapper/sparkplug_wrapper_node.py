#!/usr/bin/env python3
"""A Sparkplug B edge node with one device, by mqtt-spb-wrapper, as the library comes.

What a host finds wrong with it: bdSeq of birth and death differ, data bears other names than the birth (`temperature`, not
`DATA/temperature`), no answer to a rebirth request, the device is a connection of its own whose death has no sequence number. --retain
retains births, which the library offers. Each message is written to --manifest as one line of JSON. Prints READY once born. SIGUSR1 ends the
device. Ends after --count data messages or on SIGTERM; --die ends like a crash.
"""

import json
import os
import random
import signal
import uuid
from datetime import datetime

from mqtt_spb_wrapper import MqttSpbEntityDevice, MqttSpbEntityEdgeNode
from mqtt_spb_wrapper.spb_protobuf.sparkplug_b import MetricDataType

import common
from sparkplug_payload import manifest_line


def recording(entity, manifest):
    """The entity, writing down what it publishes."""
    publish = entity._mqtt_payload_publish

    def record(topic, payload, *options):
        if manifest:
            manifest.write(json.dumps(manifest_line(topic, bytes(payload))) + "\n")
            manifest.flush()
        return publish(topic, payload, *options)

    entity._mqtt_payload_publish = record
    return entity


def set_values(device, draw, step):
    """Current values of every type that the library tells apart."""
    device.data.set_value("temperature", round(draw.gauss(60, 5), 2))
    device.data.set_value("count", step)
    device.data.set_value("running", step % 2 == 0)
    device.data.set_value("state", draw.choice(["idle", "Störung"]))
    device.data.set_value("at", datetime.fromtimestamp(1e9 + step), spb_data_type=MetricDataType.DateTime)
    device.data.set_value("id", uuid.UUID(int=step), spb_data_type=MetricDataType.UUID)
    device.data.set_value("blob", bytes([0, 255, step % 256]), spb_data_type=MetricDataType.Bytes)
    device.data.set_value("table", {"a": [step, 2], "b": ["x", "y"]}, spb_data_type=MetricDataType.DataSet)


def main():
    options = common.parser(__doc__)
    options.add_argument("--group", default="plant")
    options.add_argument("--node", default="oven")
    options.add_argument("--device", default="plc")
    options.add_argument("--count", type=int, default=0, help="data messages; 0 goes on until SIGTERM")
    options.add_argument("--rate", type=float, default=5, help="data messages a second")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--retain", action="store_true", help="retain the births")
    options.add_argument("--stay", action="store_true", help="after --count messages, say nothing more until SIGTERM")
    options.add_argument("--die", action="store_true", help="end without saying so: the broker publishes the wills")
    options.add_argument("--manifest")
    arguments = options.parse_args()

    stop = common.stop_on_signal()
    manifest = open(arguments.manifest, "w", encoding="utf-8") if arguments.manifest else None
    draw = random.Random(arguments.seed)
    node = recording(MqttSpbEntityEdgeNode(arguments.group, arguments.node, retain_birth=arguments.retain), manifest)
    device = recording(MqttSpbEntityDevice(arguments.group, arguments.node, arguments.device, retain_birth=arguments.retain), manifest)
    node.attributes.set_value("site", "graz")
    node.data.set_value("uptime", 0)
    set_values(device, draw, 0)
    for entity in (node, device):
        if not entity.connect(arguments.host, arguments.port):
            raise SystemExit("not connected")
        entity.publish_birth()
    gone = []

    def end_device(*_):
        if not gone:
            device.disconnect()
            gone.append(True)

    signal.signal(signal.SIGUSR1, end_device)
    print("READY", flush=True)
    step = 0
    while (arguments.count == 0 or step < arguments.count) and not stop.wait(1 / arguments.rate):
        step += 1
        if step % 4 == 0 or gone:
            node.data.set_value("uptime", step)
            node.publish_data()
        else:
            set_values(device, draw, step)
            device.publish_data()
    if arguments.stay:
        stop.wait()
    if arguments.die:
        os._exit(0)
    end_device()
    node.disconnect()
    print(json.dumps({"data": step}), flush=True)


if __name__ == "__main__":
    main()
