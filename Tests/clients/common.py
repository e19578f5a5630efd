"""What all scripts of these folders share: the options by which they reach a broker, and how they end."""

import argparse
import json
import signal
import threading


def parser(description):
    options = argparse.ArgumentParser(description=description)
    options.add_argument("--host", default="127.0.0.1")
    options.add_argument("--port", type=int, default=1883)
    options.add_argument("--client-id", default="")
    options.add_argument("--username")
    options.add_argument("--password")
    options.add_argument("--ca", help="speak TLS, trusting this authority")
    options.add_argument("--cert")
    options.add_argument("--key")
    options.add_argument("--version", choices=["3.1.1", "5"], default="5", help="of MQTT")
    return options


def stop_on_signal():
    """An event that SIGTERM and SIGINT set."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def publisher(description):
    """Options of a script that publishes the messages of a file, one line of JSON each."""
    options = parser(description)
    options.add_argument("--messages", required=True, help="topic, payload (hex), qos, retain, properties in each line")
    options.add_argument("--manifest", help="where what was acknowledged is written, in the order of publishing")
    options.add_argument("--patience", type=int, default=30, help="seconds for an acknowledgement")
    options.add_argument("--will", help="a file whose first line is the will")
    options.add_argument("--die", action="store_true", help="end without a goodbye, so that the broker publishes the will")
    return options


def collector(description):
    """Options of a script that writes down every message that a broker delivers."""
    options = parser(description)
    options.add_argument("--filter", action="append", help="may be repeated; # by default")
    options.add_argument("--qos", type=int, default=2)
    options.add_argument("--out", required=True)
    return options


def read_messages(path):
    """The messages of a file, with payload and correlation as bytes."""
    messages = []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            message = json.loads(line)
            message["payload"] = bytes.fromhex(message["payload"])
            message["properties"] = [
                [name, bytes.fromhex(value) if name == "correlation" else value] for name, value in message["properties"]
            ]
            messages.append(message)
    return messages


def line(topic, payload, qos, retain, properties):
    """A message as one line of JSON. User properties come first, in their order; correlation is bytes here."""
    pairs = [[name, value.hex() if isinstance(value, bytes) else value] for name, value in properties]
    message = {"topic": topic, "payload": payload.hex(), "qos": qos, "retain": bool(retain), "properties": pairs}
    return json.dumps(message) + "\n"
