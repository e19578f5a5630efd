#!/usr/bin/env python3
"""A host application by a library from PyPI, whichever this environment has: pysparkplug, or mqtt-spb-wrapper.

One line of JSON per birth, data or death, as the library understood it: `type`, `node`, `device` and `values` by name (those that JSON has;
others as text). What the library could not understand is a line with `error`. Prints READY once subscribed; ends on SIGTERM.
"""

import json
import sys
import threading

import common


def written(values):
    return {name: value if isinstance(value, (int, float, str, bool, type(None))) else str(value) for name, value in values.items()}


def by_pysparkplug(arguments, tell):
    import pysparkplug as spb

    client = spb.Client()

    def on_message(_client, _userdata, message):
        try:
            understood = client._handle_message(message)
            metrics = getattr(understood.payload, "metrics", ())
            values = {metric.name: metric.value for metric in metrics}
            topic = understood.topic
            tell(str(topic.message_type), f"{topic.group_id}/{topic.edge_node_id}", topic.device_id, values)
        except Exception as error:  # whatever the library trips over is what the tests want to see
            tell("error", message.topic, None, {}, repr(error))

    ready = threading.Event()
    client._client.on_message = on_message
    client._client.on_subscribe = lambda *_: ready.set()
    client.connect(arguments.host, port=arguments.port, callback=lambda made: made._client.subscribe("spBv1.0/#"))
    ready.wait(10)
    return client.disconnect


def by_wrapper(arguments, tell):
    from mqtt_spb_wrapper import MqttSpbEntityScada

    def teller(topic, payload):
        metrics = payload.get("metrics", [])
        values = {metric.get("name"): metric.get("value") for metric in metrics}
        tell(topic.message_type, f"{topic.group_name}/{topic.eon_name}", topic.eon_device_name, values)

    host = MqttSpbEntityScada(arguments.group, "host", callback_birth=teller, callback_data=teller, callback_death=teller)
    ready = threading.Event()
    host.on_connect = lambda _code: ready.set()
    host.connect(arguments.host, arguments.port, skip_death=True)
    ready.wait(10)
    # The library names no moment at which it is subscribed: whoever has an answer to a packet after it is.
    host._mqtt.on_subscribe = lambda *_: ready.set()
    ready.clear()
    host._mqtt.subscribe("spBv1.0/ready")
    ready.wait(10)
    return lambda: host.disconnect(skip_death_publish=True)


def main():
    options = common.parser(__doc__)
    options.add_argument("--group", default="plant")
    options.add_argument("--out", help="a file instead of standard output")
    arguments = options.parse_args()
    stop = common.stop_on_signal()
    out = open(arguments.out, "w", encoding="utf-8") if arguments.out else sys.stdout

    def tell(kind, node, device, values, error=None):
        line = {"type": kind, "node": node, "device": device, "values": written(values), "error": error}
        out.write(json.dumps(line) + "\n")
        out.flush()

    try:
        disconnect = by_pysparkplug(arguments, tell)
    except ImportError:
        disconnect = by_wrapper(arguments, tell)
    print("READY", flush=True)
    stop.wait()
    disconnect()


if __name__ == "__main__":
    main()
