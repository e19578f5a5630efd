#!/usr/bin/env python3
"""A host application by mqtt-spb-wrapper: see library_host.py. The library does not follow aliases: such data has no names for it."""

import threading

from mqtt_spb_wrapper import MqttSpbEntityScada

import library_host


def connect(arguments, tell):
    def teller(topic, payload):
        tell(topic.message_type, str(topic), {metric.get("name"): metric.get("value") for metric in payload.get("metrics", [])})

    host = MqttSpbEntityScada(arguments.group, "host", callback_birth=teller, callback_data=teller, callback_death=teller)
    host.connect(arguments.host, arguments.port, skip_death=True)
    # The library does not say when it is subscribed: the answer to a later subscription does.
    ready = threading.Event()
    host._mqtt.on_subscribe = lambda *_: ready.set()
    host._mqtt.subscribe("spBv1.0/ready")
    ready.wait(10)
    return lambda: host.disconnect(skip_death_publish=True)


if __name__ == "__main__":
    library_host.run(__doc__, connect)
