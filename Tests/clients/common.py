"""What all scripts of these folders share: the options by which they reach a broker, and how they end."""

import argparse
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
    return options


def stop_on_signal():
    """An event that SIGTERM and SIGINT set."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
