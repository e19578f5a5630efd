"""What the host applications by a library share: they write down what the library understood.

One line of JSON per message: `type`, `topic` and `values` by name (those that JSON has; others as text). What the library could not understand
is a line with `error`. Prints READY once subscribed; ends on SIGTERM.
"""

import json
import sys

import common


def run(description, connect):
    """Runs a host. `connect(arguments, tell)` subscribes, and returns how to disconnect; it tells of each message."""
    options = common.parser(description)
    options.add_argument("--group", default="plant")
    options.add_argument("--out", help="a file instead of standard output")
    arguments = options.parse_args()
    stop = common.stop_on_signal()
    out = open(arguments.out, "w", encoding="utf-8") if arguments.out else sys.stdout

    def tell(kind, topic, values, error=None):
        plain = {name: value if isinstance(value, (int, float, str, bool)) else str(value) for name, value in values.items()}
        out.write(json.dumps({"type": kind, "topic": topic, "values": plain, "error": error}) + "\n")
        out.flush()

    disconnect = connect(arguments, tell)
    print("READY", flush=True)
    stop.wait()
    disconnect()
