"""What all connections of the broker share: the sessions and the retained messages."""

import re
import time
from dataclasses import dataclass, field, replace

import packets
from options import OPTIONS, UNLIMITED, RateWindow, injected_packets
from packets import Property


def readable(topic):
    return topic.decode("utf8", "backslashreplace")


@dataclass
class Message:
    topic: bytes
    payload: bytes
    properties: bytes
    qos: int
    retain: int


@dataclass
class Subscription:
    """What a client asked for one filter: the options byte (MQTT 5, 3.8.3.1) and its Subscription Identifier, 0 for none."""

    options: int
    identifier: int

    @property
    def qos(self):
        return self.options & 3

    @property
    def retain_as_published(self):
        return self.options >> 3 & 1

    def sends_retained(self, is_new):
        """Whether its Retain Handling asks for the retained messages."""
        handling = self.options >> 4 & 3
        return handling == 0 or (handling == 1 and is_new)


@dataclass
class Session:
    client: str
    connection: "object | None" = None
    subscriptions: dict = field(default_factory=dict)
    # What was sent at QoS 1 and 2 and is not yet acknowledged, by packet identifier.
    unacknowledged: dict = field(default_factory=dict)
    # What waits for the client to come back.
    queue: list = field(default_factory=list)
    last_identifier: int = 0
    # The packet identifiers of QoS 2 publishes that the client has not released.
    unreleased: set = field(default_factory=set)
    # The packet identifiers that the client ever acknowledged: no injected packet of theirs is sent again.
    acknowledged: set = field(default_factory=set)
    was_injected: bool = False

    def new_identifier(self):
        self.last_identifier = self.last_identifier % 65535 + 1
        return self.last_identifier

    def take_acknowledgement(self, identifier):
        self.unacknowledged.pop(identifier, None)
        self.acknowledged.add(identifier)

    def cut(self, topic):
        """Closes the connection if the session is subscribed to a topic."""
        if self.connection and any(packets.matches(text, topic) for text in self.subscriptions):
            self.connection.close()
            self.connection = None

    @property
    def is_injected(self):
        """Whether the option `inject` means this session: the main one of a program."""
        return not self.client.endswith(("-watch", "-fetch", "-read"))


class Broker:
    """The sessions by client identifier, and the retained messages by topic."""

    def __init__(self):
        self.sessions = {}
        # (message, when it was stored) by topic.
        self.retained = {}
        self.retained_writes = RateWindow()
        self.injected = injected_packets("inject")
        self.injected_retained = injected_packets("inject_retained")
        self.refusals = 0
        self.closings = 0
        self.places_taken = 0
        self.assigned_clients = 0

    def connections(self, but):
        """How many places are taken by other clients than this one."""
        standing = sum(1 for session in self.sessions.values() if session.connection and session.client != but)
        return standing + self.places_taken

    def assigned_client(self):
        self.assigned_clients += 1
        return f"auto-{self.assigned_clients}"

    def publish(self, message):
        """Stores and hands on what a client published."""
        if message.retain:
            self.retain(message)
        is_cut = "cut_topic" in OPTIONS and re.search(OPTIONS.text("cut_topic"), readable(message.topic)) is not None
        for session in list(self.sessions.values()):
            if is_cut:
                session.cut(message.topic)
                continue
            for delivery in self.deliveries(message, session):
                if session.connection:
                    session.connection.deliver(delivery)
                elif delivery.qos:
                    session.queue.append(delivery)

    def retain(self, message):
        if not message.payload:
            self.retained.pop(message.topic, None)
        elif len(self.retained_writes) < OPTIONS.number("retain_write_cap", UNLIMITED):
            self.retained_writes.note()
            self.retained[message.topic] = message, time.time()

    def deliveries(self, message, session):
        """One for all filters of a session that take the message; with `copies` one for each."""
        hits = [asked for text, asked in session.subscriptions.items() if packets.matches(text, message.topic)]
        if "copies" in OPTIONS and OPTIONS.number("copies"):
            return [self.delivery(message, [hit]) for hit in hits]
        return [self.delivery(message, hits)] if hits else []

    def delivery(self, message, hits):
        identifiers = b"".join(
            bytes([Property.SUBSCRIPTION_IDENTIFIER]) + packets.integer(hit.identifier) for hit in hits if hit.identifier
        )
        retain = message.retain if any(hit.retain_as_published for hit in hits) else 0
        qos = min(message.qos, max(hit.qos for hit in hits))
        return replace(message, properties=message.properties + identifiers, qos=qos, retain=retain)

    def retained_for(self, text, asked):
        """The retained messages below a filter, with what is left of their message expiry interval."""
        for topic, (message, stored) in list(self.retained.items()):
            if not packets.matches(text, topic):
                continue
            properties = message.properties
            if not OPTIONS.number("keep_expiry", 0):
                properties = packets.shorter_expiry(properties, int(time.time() - stored))
            if properties is not None:
                yield replace(self.delivery(replace(message, properties=properties), [asked]), retain=1)
