"""How the clients of this folder reach a broker: the options they share, and a paho client made of them."""

import argparse
import signal
import threading

from paho.mqtt import client as paho


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
    return options


def client(arguments):
    """An MQTT 5 client that reconnects by itself, not connected yet."""
    made = paho.Client(client_id=arguments.client_id, protocol=paho.MQTTv5)
    if arguments.username is not None:
        made.username_pw_set(arguments.username, arguments.password)
    if arguments.ca:
        made.tls_set(ca_certs=arguments.ca, certfile=arguments.cert, keyfile=arguments.key)
    made.reconnect_delay_set(min_delay=1, max_delay=2)
    return made


def stop_on_signal():
    """An event that SIGTERM and SIGINT set."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
