#!/usr/bin/env python3
"""Plain UDP, to try a link without the pair: `send ADDRESS PORT COUNT BYTES`, or `listen ADDRESS PORT` until SIGTERM.

The listener prints READY and, at the end, how many datagrams it got.
"""

import signal
import socket
import sys
import time


def send(address, port, count, size):
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for number in range(count):
        sender.sendto(number.to_bytes(4, "big") + bytes(size - 4), (address, port))
        # A pace that the listener's buffer keeps up with.
        if number % 50 == 49:
            time.sleep(0.001)


def listen(address, port):
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    listener.bind((address, port))
    listener.settimeout(0.05)
    ending = []
    signal.signal(signal.SIGTERM, lambda *_: ending.append(True))
    print("READY", flush=True)
    count = 0
    # Asked to end, it still takes what is waiting.
    while True:
        try:
            listener.recv(65536)
            count += 1
        except TimeoutError:
            if ending:
                break
    print(count, flush=True)


if sys.argv[1] == "send":
    send(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]))
else:
    listen(sys.argv[2], int(sys.argv[3]))
