#!/usr/bin/env python3
"""Writes every message that a broker delivers as one line of JSON, by aiomqtt. Prints READY once subscribed; ends on SIGTERM."""

import asyncio
import signal

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

import common
import paho_properties
import server


async def main():
    arguments = common.collector(__doc__).parse_args()
    more = {}
    if arguments.version == "5":
        more["properties"] = Properties(PacketTypes.CONNECT)
        more["properties"].ReceiveMaximum = 65535
    out = open(arguments.out, "w", encoding="utf-8")
    async with server.client(arguments, **more) as client:
        for topic in arguments.filter or ["#"]:
            if arguments.version == "5":
                await client.subscribe(topic, options=SubscribeOptions(qos=arguments.qos, retainAsPublished=True))
            else:
                await client.subscribe(topic, arguments.qos)
        print("READY", flush=True)
        async for message in client.messages:
            properties = paho_properties.to_pairs(message.properties) if message.properties else []
            out.write(common.line(str(message.topic), message.payload, message.qos, message.retain, properties))
            out.flush()


async def until_signal():
    task = asyncio.create_task(main())
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        pass


if __name__ == "__main__":
    asyncio.run(until_signal())
