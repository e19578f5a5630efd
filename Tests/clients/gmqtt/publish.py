#!/usr/bin/env python3
"""Publishes the messages of a file, by gmqtt, and ends once the broker has acknowledged them. Prints READY when connected."""

import asyncio
import os

import common
import server


async def main():
    arguments = common.publisher(__doc__).parse_args()
    messages = common.read_messages(arguments.messages)
    will = server.message(common.read_messages(arguments.will)[0]) if arguments.will else None
    client = server.client(arguments, will)
    await server.connect(client, arguments)
    print("READY", flush=True)
    for message in messages:
        client.publish(server.message(message))
        # The library tells in no other way that a message was acknowledged.
        await asyncio.wait_for(client._persistent_storage.wait_empty(), arguments.patience)
    if arguments.manifest:
        with open(arguments.manifest, "w", encoding="utf-8") as manifest:
            manifest.writelines(common.line(**message) for message in messages)
    if arguments.die:
        os._exit(0)
    await client.disconnect()


if __name__ == "__main__":
    asyncio.run(main())
