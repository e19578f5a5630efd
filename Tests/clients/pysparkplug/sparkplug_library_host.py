#!/usr/bin/env python3
"""A host application by pysparkplug: see library_host.py."""

import threading

import pysparkplug as spb

import library_host


def connect(arguments, tell):
    client = spb.Client()
    ready = threading.Event()

    def on_message(_client, _userdata, message):
        try:
            # The library's own way from a message to metrics with names; its public subscribe takes no wildcards.
            understood = client._handle_message(message)
            values = {metric.name: metric.value for metric in getattr(understood.payload, "metrics", ())}
            tell(str(understood.topic.message_type), message.topic, values)
        except Exception as error:  # whatever the library trips over is what the tests want to see
            tell("error", message.topic, {}, repr(error))

    client._client.on_message = on_message
    client._client.on_subscribe = lambda *_: ready.set()
    client.connect(arguments.host, port=arguments.port, callback=lambda made: made._client.subscribe("spBv1.0/#"))
    ready.wait(10)
    return client.disconnect


if __name__ == "__main__":
    library_host.run(__doc__, connect)
