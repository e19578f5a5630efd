"""The options of the command line, which the head of misbehaving_broker.py describes, and the JSON lines on stdout."""

import json
import sys
import time

UNLIMITED = 1 << 30


class Options:
    """The options of the command line."""

    def __init__(self, words):
        self.values = dict(word.split("=", 1) for word in words)

    def __contains__(self, name):
        return name in self.values

    def text(self, name, default=""):
        return self.values.get(name, default)

    def number(self, name, default=None):
        return int(self.values[name], 0) if name in self.values else default

    def seconds(self, name):
        return float(self.values.get(name, 0))


OPTIONS = Options(sys.argv[2:])


def log(direction, **facts):
    print(json.dumps({"t": round(time.time(), 3), "d": direction, **facts}), flush=True)


def injected_packets(option):
    """The packets of the file that an option names, none without it: see the option `inject`."""
    if option not in OPTIONS:
        return []

    def encoded(word):
        digits, _, times = word.partition("*")
        return bytes.fromhex(digits) * (int(times) if times else 1)

    with open(OPTIONS.text(option), encoding="utf-8") as lines:
        bare = (line.split("//")[0].split() for line in lines)
        return [b"".join(encoded(word) for word in words) for words in bare if words]


class RateWindow:
    """How many times something happened in the last second."""

    def __init__(self):
        self.times = []

    def __len__(self):
        self.times = [moment for moment in self.times if moment > time.time() - 1]
        return len(self.times)

    def note(self):
        self.times.append(time.time())
