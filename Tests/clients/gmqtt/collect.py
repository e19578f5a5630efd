#!/usr/bin/env python3
"""Writes every message that a broker delivers as one line of JSON, by gmqtt. Prints READY once subscribed; ends on SIGTERM."""

import asyncio
import signal

import gmqtt

import common
import server


async def main():
    arguments = common.collector(__doc__).parse_args()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    out = open(arguments.out, "w", encoding="utf-8")
    subscribed = asyncio.Event()

    def on_message(_client, topic, payload, qos, properties):
        out.write(common.line(topic, payload, qos, properties["retain"], server.to_pairs(properties)))
        out.flush()
        return 0

    client = server.client(arguments, **({"receive_maximum": 65535} if arguments.version == "5" else {}))
    client.on_message = on_message
    client.on_subscribe = lambda *_: subscribed.set()
    await server.connect(client, arguments)
    for topic in arguments.filter or ["#"]:
        subscribed.clear()
        client.subscribe(gmqtt.Subscription(topic, qos=arguments.qos, retain_as_published=arguments.version == "5"))
        await asyncio.wait_for(subscribed.wait(), 10)
    print("READY", flush=True)
    await stop.wait()
    await client.disconnect()


if __name__ == "__main__":
    asyncio.run(main())
