#!/usr/bin/env python3
"""Publishes the messages of a file, by aiomqtt, and ends once the broker has acknowledged them. Prints READY when connected."""

import asyncio
import os

import aiomqtt

import common
import paho_properties
import server


async def main():
    arguments = common.publisher(__doc__).parse_args()
    messages = common.read_messages(arguments.messages)
    is_new = arguments.version == "5"

    def properties(message):
        return paho_properties.from_pairs(message["properties"]) if is_new else None

    will = None
    if arguments.will:
        told = common.read_messages(arguments.will)[0]
        will = aiomqtt.Will(told["topic"], told["payload"], told["qos"], told["retain"], properties(told))
    async with server.client(arguments, will=will) as client:
        print("READY", flush=True)
        for message in messages:
            await client.publish(
                message["topic"], message["payload"], message["qos"], message["retain"], properties(message),
                timeout=arguments.patience,
            )
        if arguments.manifest:
            with open(arguments.manifest, "w", encoding="utf-8") as manifest:
                manifest.writelines(common.line(**message) for message in messages)
        if arguments.die:
            os._exit(0)


if __name__ == "__main__":
    asyncio.run(main())
