#!/usr/bin/env python3
"""A host's command: asks an edge node for a rebirth, by the metric's name or by --alias. Exit 0 once it is handed over.

--write sends a device command instead, which nobody behind a diode may ever see.
"""

import sys

import common
import connection
import sparkplug_payload


def main():
    options = common.parser(__doc__)
    options.add_argument("--group", default="plant")
    options.add_argument("--node", default="press")
    options.add_argument("--alias", type=int)
    options.add_argument("--times", type=int, default=1, help="ask so often")
    options.add_argument("--write", metavar="DEVICE", help="a DCMD to this device")
    arguments = options.parse_args()

    topic = f"spBv1.0/{arguments.group}/NCMD/{arguments.node}"
    if arguments.write:
        topic = f"spBv1.0/{arguments.group}/DCMD/{arguments.node}/{arguments.write}"
    client = connection.client(arguments)
    client.connect(arguments.host, arguments.port)
    client.loop_start()
    for _ in range(arguments.times):
        sent = client.publish(topic, sparkplug_payload.rebirth_request(arguments.alias), qos=0)
        sent.wait_for_publish(10)
    client.disconnect()
    client.loop_stop()
    sys.exit(0 if sent.is_published() else 1)


if __name__ == "__main__":
    main()
