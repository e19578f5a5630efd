#!/usr/bin/env python3
"""A small broker for MQTT 5 and 3.1.1 that misbehaves on request: what no real broker here shows. Standard library only.

    misbehaving_broker.py PORT [option=value ...]

Without options it behaves. On stdout it writes one JSON line for each packet in (">") and out ("<"), for each publish that it
took ("P"), for each connection's end ("-"), and "up" once it listens. Numbers may be hexadecimal (0x87).

CONNACK: what the broker grants, or refuses
  receive_max, max_qos, retain_available, max_packet, wildcard, keepalive, session_expiry, subscription_identifiers
                        the property of that name; retain_available and max_qos also refuse such wills and publishes
  will_rc=0x87          a CONNECT with a will is refused with this code; will_close=1 closes it without a word
  connack_rc=0x..       every CONNECT is refused with this code
  one_client=REGEX      all clients with such an identifier are one: each connection takes the others' over
  max_clients=5         a CONNECT beside so many connections is closed without a word
  close_granted=REGEX   such a client's connection is closed behind its CONNACK, each time
  invent_session=REGEX  such a client's CONNACK claims a session that was kept, and none is
  v5=0                  MQTT 5 is answered with "unsupported version"; v5=close closes without a word, v5=silent
                        says nothing

SUBSCRIBE
  max_filters=8         a SUBSCRIBE with more filters closes the connection
  suback_rc=0x87        the code of every filter in the SUBACK
  refuse_filter=REGEX   such a filter is not authorized (0x87)
  close_filter=REGEX    such a filter closes the connection

RETAINED: how retained messages follow a SUBACK
  retained_most=47      so many for each filter, the rest is never sent
  retained_cap=1000     so many a second and client, the rest is never sent
  retained_delay=0.4    seconds between the SUBACK and the first
  retained_pause=N      sends N, then nothing until the client's next packet
  keep_expiry=1         the message expiry interval is not counted down
  retain_write_cap=50   so many retained publishes a second are stored; all are acknowledged

PUBLISH: how a client's publishes are answered
  puback_rc=0x97        the code of PUBACK or PUBREC; puback_first=100 only of the first so many, puback_topic=REGEX of those
  pubcomp_rc=0x92       the code of PUBCOMP
  close_topic=REGEX     such a topic closes the connection; close_first=1 only the first so many times, and close_taken=1
                        lets somebody else have its place of max_clients
  max_slashes=7         a topic with more closes the connection
  close_bytes=131072    a packet that is larger closes the connection, unannounced
  rate=100              more a second: DISCONNECT 0x96

DELIVERY: how messages reach subscribers
  copies=1              one copy for each matching filter
  cut_topic=REGEX       such a topic closes its subscribers' connections and reaches nobody
  dup0=1                what is sent again after a reconnection does not carry DUP
  inject=FILE           raw packets, sent to each session but -watch, -fetch and -read after its first SUBACK, and again at each
                        reconnection until their packet identifier is acknowledged (at QoS 0: at each reconnection).
                        One packet a line in hexadecimal digits; 41*1000 stands for a byte that is repeated so often; // begins
                        a comment
  inject_retained=FILE  the same, sent to each -fetch session after each of its SUBACKs, as retained messages are

To add an option: describe it here under the packet that it changes, read it with OPTIONS where that packet is made or answered
(a line or a method of its own that says what a good broker would do instead), and nowhere else.
"""

import asyncio
import re
import struct
import sys

import packets
from options import OPTIONS, UNLIMITED, RateWindow, log
from packets import Property, Type
from sessions import Broker, Message, Session, Subscription, readable


class Connection:
    def __init__(self, broker, reader, writer):
        self.broker = broker
        self.reader = reader
        self.writer = writer
        self.version = 5
        self.session = None
        self.will = None
        self.packets_in = 0
        self.retained_sent = RateWindow()
        self.publishes = RateWindow()

    # What goes out

    @property
    def client(self):
        return self.session.client if self.session else None

    def send(self, raw, **facts):
        log("<", client=self.client, type=raw[0] >> 4, **facts)
        self.writer.write(raw)

    def end(self, reason):
        """DISCONNECT with a reason code, then the connection's end."""
        if self.version == 5:
            self.send(packets.packet(Type.DISCONNECT, bytes([reason])), rc=reason)
        raise ConnectionError(hex(reason))

    def acknowledge(self, kind, identifier, reason=0):
        """PUBACK, PUBREC or PUBCOMP; MQTT 3.1.1 has no room for a reason."""
        tail = bytes([reason]) if reason and self.version == 5 else b""
        self.send(packets.packet(kind, packets.short(identifier) + tail), rc=reason)

    def deliver(self, message, is_repeated=False, identifier=None):
        """A PUBLISH; a good broker sets DUP on what it sends again (option `dup0`)."""
        if message.qos:
            identifier = identifier or self.session.new_identifier()
            self.session.unacknowledged[identifier] = message
        body = packets.string(message.topic)
        if message.qos:
            body += packets.short(identifier)
        if self.version == 5:
            body += packets.integer(len(message.properties)) + message.properties
        dup = 8 if is_repeated and not OPTIONS.number("dup0", 0) else 0
        raw = packets.packet(Type.PUBLISH, body + message.payload, dup | message.qos << 1 | message.retain)
        self.send(raw, topic=readable(message.topic), pid=identifier, bytes=len(message.payload))

    def inject_retained(self):
        for raw in self.broker.injected_retained:
            self.send(raw, injected=raw[:40].hex())

    def inject(self):
        """The raw packets of the option `inject` that this session has not acknowledged."""
        self.session.was_injected = True
        for raw in self.broker.injected:
            if self.identifier_of(raw) in self.session.acknowledged:
                continue
            self.send(raw, injected=raw[:40].hex())

    def identifier_of(self, raw):
        """The packet identifier of an injected PUBLISH; None for one that has none, or is cut before it."""
        if raw[0] >> 4 != Type.PUBLISH or not raw[0] & 6:
            return None
        _, at = packets.read_integer(raw, 1)
        _, at = packets.read_string(raw, at)
        return packets.read_short(raw, at) if at + 2 <= len(raw) else None

    # What comes in

    async def run(self):
        try:
            while await self.answer_next():
                await self.writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, OSError) as error:
            log("-", client=self.client, closed=repr(error))
        if self.session and self.session.connection is self:
            self.session.connection = None
        if self.will:
            self.broker.publish(self.will)
        self.close()

    def close(self):
        try:
            self.writer.close()
        except OSError:
            pass

    async def answer_next(self):
        """Answers the client's next packet; false after its DISCONNECT."""
        header, body = await packets.read_packet(self.reader)
        kind = header >> 4
        self.packets_in += 1
        log(">", client=self.client, type=kind, bytes=len(body), body=body[:60].hex())
        if kind == Type.CONNECT:
            self.connect(body)
        elif kind == Type.PUBLISH:
            self.publish(header, body)
        elif kind in (Type.PUBACK, Type.PUBCOMP):
            self.session.take_acknowledgement(packets.read_short(body))
        elif kind == Type.PUBREC:
            self.pubrec(body)
        elif kind == Type.PUBREL:
            self.pubrel(body)
        elif kind == Type.SUBSCRIBE:
            await self.subscribe(body)
        elif kind == Type.UNSUBSCRIBE:
            self.unsubscribe(body)
        elif kind == Type.PINGREQ:
            self.send(packets.packet(Type.PINGRESP, b""))
        elif kind == Type.DISCONNECT:
            if body[:1] != b"\x04":  # 0x04 asks for the will (MQTT 5, 3.14.2.1)
                self.will = None
            return False
        return True

    def skip_properties(self, body, at):
        """The properties at an offset, and the offset behind them; none in MQTT 3.1.1."""
        if self.version < 5:
            return b"", at
        length, at = packets.read_integer(body, at)
        return body[at : at + length], at + length

    # CONNECT

    def connect(self, body):
        self.version, flags = body[6], body[7]
        if self.refuse_version():
            return
        _, at = self.skip_properties(body, 10)
        client, at = packets.read_string(body, at)
        will = self.read_will(body, at, flags) if flags & 4 else None
        assigned = None if client else self.broker.assigned_client()
        client = assigned or client.decode()
        if "one_client" in OPTIONS and re.search(OPTIONS.text("one_client"), client):
            client = OPTIONS.text("one_client")
        if self.broker.connections(but=client) >= OPTIONS.number("max_clients", UNLIMITED):
            raise ConnectionError("no place")
        reason = self.connect_refusal(will)
        if reason:
            self.session = Session(client)
            self.send_connack(reason if self.version == 5 else 5)
            raise ConnectionError(hex(reason))
        self.open_session(client, is_clean=bool(flags & 2), assigned=assigned)
        self.will = will

    def refuse_version(self):
        """The option `v5`: a broker that does not speak MQTT 5. True if it says nothing at all."""
        if self.version < 5 or "v5" not in OPTIONS:
            return False
        if OPTIONS.text("v5") == "silent":
            return True
        if OPTIONS.text("v5") == "0":
            self.writer.write(packets.packet(Type.CONNACK, b"\0\1"))
        raise ConnectionError("no MQTT 5")

    def read_will(self, body, at, flags):
        _, at = self.skip_properties(body, at)
        topic, at = packets.read_string(body, at)
        payload, _ = packets.read_string(body, at)
        return Message(topic, payload, b"", flags >> 3 & 3, flags >> 5 & 1)

    def connect_refusal(self, will):
        """The reason code against a CONNECT; 0 for none. A will is refused for what publishes are (3.2.2.3.4, 3.2.2.3.5)."""
        if will and will.qos > OPTIONS.number("max_qos", 2):
            return 0x9B
        if will and will.retain and OPTIONS.number("retain_available", 1) == 0:
            return 0x9A
        if will and "will_close" in OPTIONS:
            raise ConnectionError("a will")
        if will and "will_rc" in OPTIONS:
            return OPTIONS.number("will_rc", 0)
        return OPTIONS.number("connack_rc", 0)

    def open_session(self, client, is_clean, assigned):
        """Takes over the client's session, ends its older connection, and sends what waited."""
        old = self.broker.sessions.get(client)
        if old and old.connection:
            old.connection.send(packets.packet(Type.DISCONNECT, b"\x8e"))
            old.connection.close()
        is_invented = "invent_session" in OPTIONS and re.search(OPTIONS.text("invent_session"), client) is not None
        self.session = Session(client) if is_clean or is_invented or not old else old
        self.broker.sessions[client] = self.session
        self.session.connection = self
        self.send_connack(0, is_present=is_invented or bool(old) and not is_clean, assigned=assigned)
        if "close_granted" in OPTIONS and re.search(OPTIONS.text("close_granted"), client):
            raise ConnectionError("granted")
        for identifier, message in list(self.session.unacknowledged.items()):
            self.deliver(message, is_repeated=True, identifier=identifier)
        waiting, self.session.queue = self.session.queue, []
        for message in waiting:
            self.deliver(message)
        if self.session.was_injected:
            self.inject()

    def send_connack(self, reason, is_present=False, assigned=None):
        body = bytes([is_present, reason])
        if self.version == 5:
            granted = self.granted_properties(assigned)
            body += packets.integer(len(granted)) + granted
        self.send(packets.packet(Type.CONNACK, body), rc=reason)

    def granted_properties(self, assigned):
        encoded = b""
        if assigned:
            encoded += bytes([Property.ASSIGNED_CLIENT_IDENTIFIER]) + packets.string(assigned.encode())
        for option, identifier, layout in (
            ("session_expiry", Property.SESSION_EXPIRY, "!I"),
            ("receive_max", Property.RECEIVE_MAXIMUM, "!H"),
            ("max_qos", Property.MAXIMUM_QOS, "!B"),
            ("retain_available", Property.RETAIN_AVAILABLE, "!B"),
            ("max_packet", Property.MAXIMUM_PACKET_SIZE, "!I"),
            ("wildcard", Property.WILDCARD_AVAILABLE, "!B"),
            ("subscription_identifiers", Property.SUBSCRIPTION_IDENTIFIERS_AVAILABLE, "!B"),
            ("keepalive", Property.SERVER_KEEP_ALIVE, "!H"),
        ):
            if option in OPTIONS:
                encoded += bytes([identifier]) + struct.pack(layout, OPTIONS.number(option))
        return encoded

    # SUBSCRIBE

    async def subscribe(self, body):
        asked, at = self.skip_properties(body, 2)
        identifier = self.subscription_identifier(asked)
        filters = []
        while at < len(body):
            text, at = packets.read_string(body, at)
            filters.append((text, Subscription(body[at], identifier)))
            at += 1
        if len(filters) > OPTIONS.number("max_filters", UNLIMITED):
            raise ConnectionError("too many filters")
        if len(body) + 2 > OPTIONS.number("max_packet", UNLIMITED):
            self.end(0x95)
        if "close_filter" in OPTIONS and any(re.search(OPTIONS.text("close_filter"), readable(text)) for text, _ in filters):
            raise ConnectionError("filter")
        self.send_suback(body[:2], filters)
        if "suback_rc" in OPTIONS:
            return
        filters = [each for each in filters if not self.is_refused(each[0])]
        await self.writer.drain()
        await asyncio.sleep(OPTIONS.seconds("retained_delay"))
        for text, subscription in filters:
            is_new = text not in self.session.subscriptions
            self.session.subscriptions[text] = subscription
            if subscription.sends_retained(is_new):
                self.send_retained(text, subscription)
        if self.session.is_injected and not self.session.was_injected:
            self.inject()
        if self.client.endswith("-fetch"):
            self.inject_retained()

    def subscription_identifier(self, asked):
        """The Subscription Identifier of a SUBSCRIBE; one that the CONNACK forbade ends the connection (3.2.2.3.12)."""
        for identifier, value, _ in packets.properties(asked):
            if identifier == Property.SUBSCRIPTION_IDENTIFIER:
                if OPTIONS.number("subscription_identifiers", 1) == 0:
                    self.end(0xA1)
                return packets.read_integer(asked, value)[0]
        return 0

    def send_suback(self, identifier, filters):
        granted = [min(subscription.qos, OPTIONS.number("max_qos", 2)) for _, subscription in filters]
        reasons = [OPTIONS.number("suback_rc", qos) for qos in granted]
        reasons = [0x87 if self.is_refused(text) else reason for (text, _), reason in zip(filters, reasons)]
        empty = b"\0" if self.version == 5 else b""
        self.send(packets.packet(Type.SUBACK, identifier + empty + bytes(reasons)), filters=len(filters))

    def is_refused(self, text):
        return "refuse_filter" in OPTIONS and re.search(OPTIONS.text("refuse_filter"), readable(text)) is not None

    def send_retained(self, text, subscription):
        """Sends what is retained below a filter; a good broker sends all of it (options `retained_…`)."""
        waiting = list(self.broker.retained_for(text, subscription))[: OPTIONS.number("retained_most", UNLIMITED)]
        pause = OPTIONS.number("retained_pause", len(waiting))
        for message in waiting[:pause]:
            if len(self.retained_sent) < OPTIONS.number("retained_cap", UNLIMITED):
                self.retained_sent.note()
                self.deliver(message)
        if waiting[pause:]:
            asyncio.get_running_loop().create_task(self.send_later(waiting[pause:], self.packets_in))

    async def send_later(self, messages, packets_in):
        while self.packets_in == packets_in:
            await asyncio.sleep(0.02)
        for message in messages:
            self.deliver(message)

    def unsubscribe(self, body):
        _, at = self.skip_properties(body, 2)
        count = 0
        while at < len(body):
            text, at = packets.read_string(body, at)
            self.session.subscriptions.pop(text, None)
            count += 1
        reasons = b"\0" + bytes(count) if self.version == 5 else b""
        self.send(packets.packet(Type.UNSUBACK, body[:2] + reasons))

    # PUBLISH, and the rest of QoS 2

    def publish(self, header, body):
        qos, retain = header >> 1 & 3, header & 1
        topic, at = packets.read_string(body, 0)
        identifier = None
        if qos:
            identifier = packets.read_short(body, at)
            at += 2
        properties, at = self.skip_properties(body, at)
        message = Message(topic, body[at:], properties, qos, retain)
        self.check_limits(message, len(body))
        is_repeated = qos == 2 and identifier in self.session.unreleased
        reason = self.publish_refusal(readable(topic))
        log(
            "P",
            client=self.client,
            topic=readable(topic),
            qos=qos,
            retain=retain,
            bytes=len(message.payload),
            rc=reason,
            props=properties.hex()[:200],
        )
        if not reason and not is_repeated:
            if qos == 2:
                self.session.unreleased.add(identifier)
            self.broker.publish(message)
        if qos:
            self.acknowledge(Type.PUBACK if qos == 1 else Type.PUBREC, identifier, reason)

    def check_limits(self, message, packet_bytes):
        """Ends the connection for what a good broker would take, or refuse by a code."""
        topic = readable(message.topic)
        self.publishes.note()
        if len(self.publishes) > OPTIONS.number("rate", UNLIMITED):
            self.end(0x96)
        if "close_topic" in OPTIONS and re.search(OPTIONS.text("close_topic"), topic):
            if self.broker.closings < OPTIONS.number("close_first", UNLIMITED):
                self.broker.closings += 1
                self.broker.places_taken += OPTIONS.number("close_taken", 0)
                raise ConnectionError("topic")
        if topic.count("/") > OPTIONS.number("max_slashes", UNLIMITED):
            raise ConnectionError("levels")
        if packet_bytes > OPTIONS.number("close_bytes", UNLIMITED):
            raise ConnectionError("size")
        if message.retain and OPTIONS.number("retain_available", 1) == 0:
            self.end(0x9A)
        if message.qos > OPTIONS.number("max_qos", 2):
            self.end(0x9B)

    def publish_refusal(self, topic):
        """The code of the option `puback_rc` for a publish under this topic; 0 for none."""
        if "puback_rc" not in OPTIONS or not re.search(OPTIONS.text("puback_topic"), topic):
            return 0
        if self.broker.refusals >= OPTIONS.number("puback_first", UNLIMITED):
            return 0
        self.broker.refusals += 1
        return OPTIONS.number("puback_rc")

    def pubrec(self, body):
        identifier = packets.read_short(body)
        reason = body[2] if len(body) > 2 else 0
        if reason >= 0x80:
            self.session.unacknowledged.pop(identifier, None)
        else:
            self.send(packets.packet(Type.PUBREL, body[:2], flags=2))

    def pubrel(self, body):
        identifier = packets.read_short(body)
        self.session.unreleased.discard(identifier)
        self.acknowledge(Type.PUBCOMP, identifier, OPTIONS.number("pubcomp_rc", 0))


async def main():
    port = int(sys.argv[1])
    broker = Broker()
    server = await asyncio.start_server(
        lambda reader, writer: Connection(broker, reader, writer).run(), "127.0.0.1", port, limit=1 << 29
    )
    log("up", port=port, options=OPTIONS.values)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass
