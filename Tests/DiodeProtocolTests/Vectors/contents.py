"""Vectors of §6: live, snapshot and beat contents. Items, entries and fields are given as they are read."""

from wire import beat, item, live, prefixed, record, shed_run, slice_content, slot, topic_hash, topics, u64, varint, zigzag

BASE = 1763716000000
A, B, C = b"acme/press/temperature", "acme/Straße/°C".encode(), b"c"
# The carousel's order of these three.
BY_HASH = sorted([A, B, C], key=lambda name: (topic_hash(name), name))
TOP = 2**64 - 1


def accepted(kind, about, content, **fields):
    return {"about": about, "kind": kind, "result": "accept", "bytes": content.hex(), **fields}


def refusal(kind, **extra):
    def refused(name, about, content, counter="malformed", **fields):
        vector = {"about": about, "rule": name.split("/")[-1][:4], "kind": kind, "result": "refuse", "counter": counter}
        return f"{kind}-{name}", {**vector, "bytes": content.hex(), **extra, **fields}

    return refused


def record_read(topic, version, time, payload, sequence, flags=0, properties=b""):
    return {
        "kind": "record", "sequenceOffset": sequence, "topic": topic.decode(), "qos": flags & 3, "retain": bool(flags & 4),
        "unjournalled": bool(flags & 16), "reconciled": bool(flags & 32), "version": str(version), "time": str(time),
        "properties": properties.hex(), "payload": payload.hex(),
    }


def live_accept():
    one = live(BASE, [A], [record(0, 1, 0, b"21.5")])
    yield "live-accept-one-record", accepted(
        "live", "one record", one, sequences=1, items=[record_read(A, 1, BASE, b"21.5", 0)])
    properties = b"\x01\x01\x26\x00\x01k\x00\x01v"
    several = [
        record(0, 7, 0, b"", 0x05),
        record(1, 2**63 - 1, -3, b"\x00\xff", 0x0A, properties),
        record(0, 8, 86_400_000, bytes(200), 0x34),
    ]
    yield "live-accept-records", accepted(
        "live", "a deletion, properties and QoS 2, an earlier and a later time, an unjournalled and reconciled one",
        live(BASE, [A, B], several), sequences=3, items=[
            record_read(A, 7, BASE, b"", 0, 0x05),
            record_read(B, 2**63 - 1, BASE - 3, b"\x00\xff", 1, 0x0A, properties),
            record_read(A, 8, BASE + 86_400_000, bytes(200), 2, 0x34),
        ])
    run = shed_run(2, 5, 0, 90, [(0, 3, 12), (1, 2, 0)])
    yield "live-accept-shed-run", accepted(
        "live", "a shed run between two records", live(BASE, [B, A], [run, record(1, 1, 5, b"x")]), sequences=6, items=[
            {"kind": "shed", "sequenceOffset": 0, "reason": 2, "from": str(BASE), "to": str(BASE + 90), "entries": [
                {"topic": B.decode(), "records": "3", "lastVersion": "12"},
                {"topic": A.decode(), "records": "2", "lastVersion": "0"}]},
            record_read(A, 1, BASE + 5, b"x", 5)])
    digest = bytes(range(100, 132))
    yield "live-accept-checkpoint", accepted(
        "live", "a checkpoint alone: no sequence, no topic, no time",
        live(0, [], [item(0x03, digest + varint(1000) + varint(0) + varint(300) + varint(2**63 - 1))]), sequences=0,
        items=[{"kind": "checkpoint", "sequenceOffset": 0, "digest": digest.hex(), "versions": "1000", "forgotten": "0",
                "topics": "300", "slots": str(2**63 - 1)}])
    action = item(0x04, zigzag(0) + prefixed(b"resend") + "Müller: 12 blocks".encode())
    gone = item(0x05, zigzag(-60000) + zigzag(0) + b"\x01" + varint(0) + b"broker restarted")
    counted = item(0x05, zigzag(-60000) + zigzag(0) + b"\x00" + varint(8) + b"")
    yield "live-accept-control-items", accepted(
        "live", "action, unobserved intervals, and one item of a later release that may be skipped",
        live(BASE, [], [action, gone, counted, item(0x90, b"?"), item(0xFF, b"")]), sequences=0, items=[
            {"kind": "action", "sequenceOffset": 0, "at": str(BASE), "what": "resend", "detail": "Müller: 12 blocks"},
            {"kind": "unobserved", "sequenceOffset": 0, "from": str(BASE - 60000), "to": str(BASE), "resumed": True,
             "reason": "broker restarted"},
            {"kind": "unobserved", "sequenceOffset": 0, "from": str(BASE - 60000), "to": str(BASE), "resumed": False,
             "dropped": "7", "reason": ""},
            {"kind": "skipped", "sequenceOffset": 0, "unknown": 0x90}, {"kind": "skipped", "sequenceOffset": 0, "unknown": 0xFF}])
    queue = item(0x80, b"\x01" + u64(BASE - 60000) + u64(BASE) + varint(53_466))
    session = item(0x80, b"\x02" + u64(0) + u64(2**63 - 1) + varint(0))
    restarted = item(0x80, b"\x03" + u64(5) + u64(5) + varint(1))
    yield "live-accept-broker-drops", accepted(
        "live", "what the broker dropped: counted, unknown, and none", live(0, [], [queue, session, restarted]), sequences=0, items=[
            {"kind": "drop", "sequenceOffset": 0, "reason": 1, "from": str(BASE - 60000), "to": str(BASE), "dropped": "53465"},
            {"kind": "drop", "sequenceOffset": 0, "reason": 2, "from": "0", "to": str(2**63 - 1)},
            {"kind": "drop", "sequenceOffset": 0, "reason": 3, "from": "5", "to": "5", "dropped": "0"}])
    yield "live-accept-extreme-times", accepted(
        "live", "from the last millisecond that counts to the first", live(2**63 - 1, [C], [
            record(0, 1, 0, b""), record(0, 2, -(2**63 - 1), b"")]), sequences=2, items=[
            record_read(C, 1, 2**63 - 1, b"", 0), record_read(C, 2, 0, b"", 1)])


def topic_vectors(refused):
    def named(name, about, topic):
        return refused(name, about, live(BASE, [topic], [record(0, 1, 0, b"")]), sequences=1)

    yield named("W-28-plus", "a wildcard in a topic", b"a/+/c")
    yield named("W-28-number-sign", "a wildcard at the end", b"acme/line/cell/#")
    yield named("W-28-null", "U+0000", b"acme\x00press")
    yield named("W-28-overlong", "an overlong slash", b"acme\xc0\xafpress")
    yield named("W-28-surrogate", "a surrogate", b"a\xed\xa0\x80")
    yield named("W-28-above-unicode", "U+110000", b"a\xf4\x90\x80\x80")
    yield named("W-28-cut-off", "half a character", b"acme/press/\xe2\x82")
    yield named("W-28-empty", "an empty topic", b"")
    one = record(0, 1, 0, b"")
    yield refused("W-28-unused", "a topic that no item uses", live(BASE, [A, B], [one]), sequences=1)
    yield refused("W-28-twice", "a topic twice", live(BASE, [A, A], [one, record(1, 2, 0, b"")]), sequences=2)
    many = [b"t%d" % index for index in range(20)] + [b"t7"]
    items = [record(index, 1, 0, b"") for index in range(21)]
    yield refused("W-28-twice-of-many", "the 8th of 20 topics again", live(BASE, many, items), sequences=21)
    swapped = live(BASE, [A, B], [record(1, 1, 0, b""), one])
    yield refused("W-28-order", "the second topic is used first", swapped, sequences=2)
    yield refused("W-32-topic-index", "topic 1 of 1", live(BASE, [A], [record(1, 1, 0, b"")]), sequences=1)


def item_vectors(refused):
    def holding(name, about, *items, sequences=0, names=(), base=BASE, counter="malformed"):
        return refused(name, about, live(base, list(names), list(items)), counter, sequences=sequences)

    good = record(0, 1, 0, b"21.5")
    yield holding("W-29-kind-6", "a kind below 0x80 that is unknown", item(0x06, b""), base=0, counter="version")
    yield holding("W-29-kind-7", "another", item(0x07, b""), base=0, counter="version")
    yield holding("W-29-kind-0", "kind 0", item(0x00, b""), base=0, counter="version")
    yield holding("W-29-kind-127", "kind 0x7F", good, item(0x7F, b"?"), names=[A], sequences=1, counter="version")
    skipped = live(BASE, [A, B], [good, item(0x90, varint(1))])
    yield refused("W-29-skipped-uses-topic", "a topic that only an item to be skipped could use", skipped, sequences=1)
    yield holding("W-30-too-few", "one record where the header says two", good, names=[A], sequences=2)
    yield holding("W-30-too-many", "two records where the header says one", good, good, names=[A], sequences=1)
    yield holding("W-30-none", "one record where the header says none", good, names=[A], sequences=0)
    run = shed_run(1, 3, 0, 0, [(0, 3, 3)])
    yield holding("W-30-shed-run", "a run of three where the header says one", run, names=[A], sequences=1)
    yield refused("W-31-no-items", "no item", live(0, [], []), sequences=0)
    yield refused("W-31-empty", "no content", b"", sequences=0)
    one = live(BASE, [A], [good])
    yield refused("W-31-trailing", "a byte behind the last item", one + b"\x00", sequences=1)
    yield refused("W-31-truncated", "the last byte is missing", one[:-1], sequences=1)
    more = u64(BASE) + topics(A) + varint(2) + good
    yield refused("W-31-fewer-items", "two items are announced, one is there", more, sequences=1)
    long_form = u64(BASE) + b"\x81\x00" + prefixed(A) + varint(1) + good
    yield refused("W-31-long-varint", "1 as 81 00", long_form, sequences=1)
    huge = u64(BASE) + topics(A) + varint(1) + item(0x01, b"\x00\x00" + b"\xff" * 9 + b"\x02" + zigzag(0))
    yield refused("W-31-varint-of-65-bits", "a tenth byte of 2", huge, sequences=1)
    endless = u64(BASE) + topics(A) + varint(1) + item(0x01, b"\x00\x00" + b"\xff" * 12 + zigzag(0))
    yield refused("W-31-varint-of-12-bytes", "a varint that goes on", endless, sequences=1)
    yield refused("W-31-topic-count", "more topics than bytes", u64(BASE) + varint(2**40) + b"\x01a", sequences=1)
    yield refused("W-31-item-count", "more items than bytes", u64(0) + varint(0) + varint(2**62) + item(0x90, b""), sequences=0)
    for bit in (6, 7):
        yield holding(
            f"W-31-record-bit-{bit}", "a reserved flag of a record", record(0, 1, 0, b"", 1 << bit), names=[A], sequences=1)
    yield holding("W-31-empty-properties", "properties are said, none are there", record(0, 1, 0, b"", 8), names=[A], sequences=1)
    yield holding("W-31-first-difference", "the time base is not the first time", record(0, 1, 1, b""), names=[A], sequences=1)
    checkpoint = bytes(32) + varint(1) * 4
    yield holding("W-31-base-without-time", "a time base, but no time", item(0x03, checkpoint), base=1)
    yield holding("W-31-time-below-0", "a time before 1970", good, record(0, 2, -BASE - 1, b""), names=[A], sequences=2)
    late = record(0, 2, 2**63 - 1 - BASE + 1, b"")
    yield holding("W-31-time-beyond-63-bits", "a time of 2^63", good, late, names=[A], sequences=2)
    yield holding("W-31-base-beyond-63-bits", "a time base of 2^63", good, names=[A], sequences=1, base=2**63)
    yield holding("W-31-version-beyond-63-bits", "version 2^63", record(0, 2**63, 0, b""), names=[A], sequences=1)
    yield holding("W-31-checkpoint-beyond-63-bits", "2^63 versions", item(0x03, bytes(32) + varint(2**63) + varint(1) * 3), base=0)
    yield holding("W-31-checkpoint-trailing", "a byte behind a checkpoint", item(0x03, checkpoint + b"\0"), base=0)
    yield holding("W-31-checkpoint-truncated", "a checkpoint of 35 bytes", item(0x03, checkpoint[:-1]), base=0)
    yield holding("W-31-shed-reason-0", "shed reason 0", shed_run(0, 1, 0, 0, [(0, 1, 1)]), names=[A], sequences=1)
    yield holding("W-31-shed-reason-7", "shed reason 7", shed_run(7, 1, 0, 0, [(0, 1, 1)]), names=[A], sequences=1)
    yield holding("W-31-action-of-nothing", "an empty what", item(0x04, zigzag(0) + varint(0) + b"detail"))
    yield holding("W-31-action-long-what", "a what of 65 bytes", item(0x04, zigzag(0) + prefixed(b"w" * 65)))
    yield holding("W-31-action-long-detail", "a detail of 4,097", item(0x04, zigzag(0) + prefixed(b"w") + b"d" * 4097))
    yield holding("W-31-action-not-text", "a detail that is not UTF-8", item(0x04, zigzag(0) + prefixed(b"w") + b"\xff"))
    gone = zigzag(0) + zigzag(0)
    yield holding("W-31-unobserved-resumed-2", "resumed is 2", item(0x05, gone + b"\x02" + varint(0)))
    yield holding("W-31-unobserved-long-reason", "a reason of 257", item(0x05, gone + b"\x00" + varint(0) + b"r" * 257))
    times = u64(5, 6)
    yield holding("W-31-drop-reason-0", "drop reason 0", item(0x80, b"\x00" + times + varint(1)), base=0)
    yield holding("W-31-drop-reason-4", "drop reason 4", item(0x80, b"\x04" + times + varint(1)), base=0)
    yield holding("W-31-drop-time-beyond-63-bits", "a time of 2^63", item(0x80, b"\x01" + u64(5, 2**63) + varint(1)), base=0)
    yield holding("W-31-drop-count-beyond-63-bits", "2^63 records", item(0x80, b"\x01" + times + varint(2**63)), base=0)
    yield holding("W-31-drop-trailing", "a byte behind a drop", item(0x80, b"\x01" + times + varint(1) + b"\0"), base=0)
    yield holding("W-31-drop-truncated", "a drop without a count", item(0x80, b"\x01" + times), base=0)
    yield holding("W-32-qos-3", "QoS 3", record(0, 1, 0, b"", 3), names=[A], sequences=1)
    yield holding("W-32-version-0", "version 0", record(0, 0, 0, b""), names=[A], sequences=1)
    yield holding("W-32-shed-sum", "entries of 2 in a run of 3", shed_run(1, 3, 0, 0, [(0, 2, 1)]), names=[A], sequences=3)
    yield holding("W-32-shed-nothing", "a run of no record", shed_run(1, 0, 0, 0, []), sequences=0)
    zero = shed_run(1, 1, 0, 0, [(0, 1, 1), (0, 0, 1)])
    yield holding("W-32-shed-entry-of-none", "an entry of no record", zero, names=[A], sequences=1)
    wide = shed_run(1, 2, 0, 0, [(0, 2**64 - 1, 1), (0, 3, 1)])
    yield holding("W-32-shed-sum-wraps", "entries whose sum passes 64 bits", wide, names=[A], sequences=2)


def slot_read(kind, topic, stamp, version, time, payload, flags=0, properties=b""):
    read = record_read(topic, version, time, payload, 0, flags, properties)
    del read["sequenceOffset"]
    return {**read, "kind": kind, "hash": str(topic_hash(topic)), "epoch": str(stamp[0]), "sequence": str(stamp[1])}


def heading(capture, interval, number=(1, 1), last=0):
    return {
        "captureEpoch": str(capture[0]), "captureSequence": str(capture[1]), "round": str(number[0]), "slice": str(number[1]),
        "last": bool(last), "from": str(interval[0]), "to": str(interval[1]),
    }


def slice_accept():
    whole = (0, TOP)
    yield "slice-accept-empty", accepted(
        "slice", "an interval that holds no topic", slice_content((9, 0), (5, 5), 0, [], [], (2**63 - 1, 0), 1),
        heading=heading((9, 0), (5, 5), (2**63 - 1, 0), 1), entries=[], skipped=0)
    x, y, z = BY_HASH
    content = slice_content((9, 70), whole, BASE, BY_HASH, [
        slot(0x11, 0, (9, 70), 3, 0, b"on", 0x05), slot(0x12, 0, (9, 60), 2, -5, b"", 0x01),
        slot(0x13, 1, (8, 2**63 - 1), 1, 7, b"\x08\x01", 0x08, b"\x01\x01"), item(0x90, b"later"),
        slot(0x14, 2, (1, 1), 2**63 - 1, 9, b"", 0x24)])
    yield "slice-accept-slots", accepted(
        "slice", "every kind of slot, and one of a later release that may be skipped", content,
        heading=heading((9, 70), whole), skipped=1, entries=[
            slot_read(0x11, x, (9, 70), 3, BASE, b"on", 0x05), slot_read(0x12, x, (9, 60), 2, BASE - 5, b"", 0x01),
            slot_read(0x13, y, (8, 2**63 - 1), 1, BASE + 7, b"\x08\x01", 0x08, b"\x01\x01"),
            slot_read(0x14, z, (1, 1), 2**63 - 1, BASE + 9, b"", 0x24)])
    one = (topic_hash(A), topic_hash(A))
    yield "slice-accept-one-hash", accepted(
        "slice", "an interval of one hash", slice_content((9, 70), one, BASE, [A], [slot(0x11, 0, (9, 1), 1, 0, b"")]),
        heading=heading((9, 70), one), entries=[slot_read(0x11, A, (9, 1), 1, BASE, b"")], skipped=0)


def slice_vectors(refused):
    whole = (0, TOP)

    def holding(name, about, names, entries, interval=whole, capture=(9, 70), base=BASE, counter="malformed", **fields):
        return refused(name, about, slice_content(capture, interval, base, names, entries, **fields), counter)

    one = slot(0x11, 0, (9, 1), 1, 0, b"")
    event = slot(0x12, 0, (9, 2), 2, 0, b"")
    second = slot(0x11, 1, (9, 1), 1, 0, b"")
    good = slice_content((9, 70), whole, BASE, [A], [one])
    yield holding("W-28-plus", "a wildcard in a topic", [b"a/+"], [one])
    yield holding("W-29-kind-16", "kind 0x10", [A], [one, item(0x10, b"")], counter="version")
    yield holding("W-29-record", "a live record's kind", [A], [slot(0x01, 0, (9, 1), 1, 0, b"")], counter="version")
    yield refused("W-31-trailing", "a byte behind the last entry", good + b"\0")
    yield refused("W-31-truncated", "the last byte is missing", good[:-1])
    yield holding("W-31-last-2", "last = 2", [A], [one], last=2)
    yield holding("W-31-first-difference", "the time base is not the first time", [A], [slot(0x11, 0, (9, 1), 1, 2, b"")])
    yield holding("W-31-base-without-time", "a time base, but no time", [], [])
    yield holding("W-31-capture-epoch-0", "capture epoch 0", [], [], capture=(0, 0), base=0)
    yield holding("W-31-capture-beyond-63-bits", "capture sequence 2^63", [], [], capture=(9, 2**63), base=0)
    yield holding("W-31-round-beyond-63-bits", "round 2^63", [], [], base=0, number=(2**63, 0))
    yield holding("W-31-slot-bit-6", "a reserved flag", [A], [slot(0x11, 0, (9, 1), 1, 0, b"", 64)])
    yield holding("W-32-qos-3", "QoS 3", [A], [slot(0x11, 0, (9, 1), 1, 0, b"", 3)])
    yield holding("W-32-version-0", "version 0", [A], [slot(0x11, 0, (9, 1), 0, 0, b"")])
    yield holding("W-32-topic-index", "topic 1 of 1", [A], [one, second])
    yield holding("W-33-interval", "from above to", [], [], interval=(6, 5), base=0)
    outside = (topic_hash(A) + 1, TOP)
    yield holding("W-33-topic-below", "a topic below the interval", [A], [one], interval=outside)
    yield holding("W-33-topic-above", "a topic above the interval", [A], [one], interval=(0, topic_hash(A) - 1))
    yield holding("W-33-topic-order", "topics not by their hashes", BY_HASH[:2][::-1], [one, second])
    yield holding("W-33-topic-twice", "a topic twice", [A, A], [one, second])
    yield holding("W-33-topic-without-entry", "a topic that no entry uses", BY_HASH[:2], [one])
    yield holding("W-33-topic-skipped", "the first topic has no entry", BY_HASH[:2], [second])
    yield holding("W-33-kind-order", "the event before the retained value", [A], [event, one])
    yield holding("W-33-kind-twice", "the retained value twice", [A], [one, one])
    yield holding("W-33-back", "the first topic again behind the second", BY_HASH[:2], [one, second, event])
    yield holding("W-33-newer-than-capture", "a sequence above the capture's", [A], [slot(0x11, 0, (9, 71), 1, 0, b"")])
    yield holding("W-33-later-epoch", "an epoch above the capture's", [A], [slot(0x11, 0, (10, 1), 1, 0, b"")])
    yield holding("W-33-sequence-0", "sequence 0", [A], [slot(0x11, 0, (9, 0), 1, 0, b"")])
    yield holding("W-33-epoch-0", "epoch 0", [A], [slot(0x11, 0, (0, 1), 1, 0, b"")])
    yield holding("W-33-tombstone-payload", "a tombstone with a payload", [A], [slot(0x14, 0, (9, 1), 1, 0, b"x")])
    yield holding("W-33-tombstone-properties", "with properties", [A], [slot(0x14, 0, (9, 1), 1, 0, b"", 8, b"\x01\x01")])


CLOCK, NEWEST, PERIOD = (0x01, u64(BASE)), (0x02, u64(7000, 31, 2)), (0x03, varint(1000))
LEAST = [CLOCK, NEWEST, PERIOD]
LEAST_READ = {
    "clock": str(BASE), "lastSequence": "7000", "lastLiveBlock": "31", "lastSnapshotBlock": "2", "period": "1000",
    "epochs": [], "counters": {}, "alarms": [],
}


def beat_accept():
    yield "beat-accept-least", accepted("beat", "the three fields that must be there", beat(*LEAST), fields=LEAST_READ)
    digest = bytes(range(32))
    epochs = [(5, 2**64 - 1, 1, 900, 12), (2**63 - 1, 0, 0, 0, 0)]
    fields = LEAST + [
        (0x04, b"1.2.3"), (0x05, digest), (0x06, b"\x01"), (0x07, u64(5, 17)), (0x08, varint(1200) + varint(100000)),
        (0x09, varint(2**32 - 1)), (0x0A, varint(2) + b"".join(u64(*epoch) for epoch in epochs)),
        (0x0B, varint(3) + varint(2**63 - 1)), (0x0C, varint(3) + b"\x01" + varint(5) + b"\x07" + varint(0) + b"\x80" + varint(9)),
        (0x0D, b"\x00" + u64(BASE - 1) + b"connection refused"), (0x0E, varint(2) + prefixed(b"") + prefixed("Größe".encode())),
        (0x80, b"later"), (0xFF, b"")]
    yield "beat-accept-all", accepted(
        "beat", "every field, and two fields and a counter of a later release that may be skipped", beat(*fields), skips=True,
        fields={
            **LEAST_READ, "software": "1.2.3", "configuration": digest.hex(), "durable": True, "floorEpoch": "5",
            "floorSequence": "17", "topicsHeld": "1200", "topicsLimit": "100000", "round": str(2**32 - 1),
            "epochs": [dict(zip(["epoch", "incarnation", "first", "last", "block"], map(str, epoch))) for epoch in epochs],
            "olderEpochs": "3", "olderRecords": str(2**63 - 1), "counters": {"1": "5", "7": "0"}, "brokerOnline": False,
            "brokerSince": str(BASE - 1), "brokerReason": "connection refused", "alarms": ["", "Größe"]})


    yield "beat-accept-uptime", accepted(
        "beat", "how long the sender's machine runs, which earlier receivers skip", beat(*LEAST, (0x81, u64(2**63 - 1))),
        fields={**LEAST_READ, "uptime": str(2**63 - 1)})
    yield "beat-accept-stands-by", accepted(
        "beat", "another sender of the link speaks", beat(*LEAST, (0x83, b"\x01")), fields={**LEAST_READ, "standsBy": True})


def beat_vectors(refused):
    def holding(name, about, *fields, counter="malformed"):
        return refused(name, about, beat(*LEAST, *fields), counter)

    yield refused("W-34-no-clock", "no clock", beat(NEWEST, PERIOD))
    yield refused("W-34-no-newest", "no newest", beat(CLOCK, PERIOD))
    yield refused("W-34-no-period", "no period", beat(CLOCK, NEWEST))
    yield refused("W-34-empty", "no field at all", b"")
    yield refused("W-34-period-0", "a period of 0", beat(CLOCK, NEWEST, (0x03, varint(0))))
    yield refused("W-34-period-beyond-32-bits", "a period of 2^32 ms", beat(CLOCK, NEWEST, (0x03, varint(2**32))))
    yield holding("W-34-round-beyond-32-bits", "a round of 2^32 ms", (0x09, varint(2**32)))
    yield refused("W-31-order", "newest before clock", beat(NEWEST, CLOCK, PERIOD))
    yield refused("W-31-twice", "the clock twice", beat(CLOCK, CLOCK, NEWEST, PERIOD))
    yield refused("W-31-tag-0", "tag 0", beat((0, b""), *LEAST))
    yield holding("W-29-tag-15", "tag 0x0F", (0x0F, b""), counter="version")
    yield holding("W-29-tag-127", "tag 0x7F", (0x7F, b"x"), counter="version")
    yield refused("W-31-truncated", "the last byte is missing", beat(*LEAST)[:-1])
    yield refused("W-31-clock-of-9-bytes", "a byte behind the clock", beat((0x01, u64(BASE) + b"\0"), NEWEST, PERIOD))
    yield refused("W-31-clock-of-7-bytes", "a clock of 7 bytes", beat((0x01, u64(BASE)[1:]), NEWEST, PERIOD))
    yield refused("W-31-clock-beyond-63-bits", "a clock of 2^63", beat((0x01, u64(2**63)), NEWEST, PERIOD))
    yield holding("W-31-uptime-of-7-bytes", "an uptime of 7 bytes", (0x81, u64(5)[1:]))
    yield holding("W-31-uptime-beyond-63-bits", "an uptime of 2^63 ms", (0x81, u64(2**63)))
    yield holding("W-31-stands-by-0", "a field that says that the sender does not stand by", (0x83, b"\x00"))
    yield holding("W-31-stands-by-2", "stands by = 2", (0x83, b"\x02"))
    yield holding("W-31-stands-by-empty", "stands by without a value", (0x83, b""))
    yield refused("W-31-newest-beyond-63-bits", "last sequence 2^63", beat(CLOCK, (0x02, u64(2**63, 0, 0)), PERIOD))
    yield holding("W-31-software-of-65", "65 bytes of software", (0x04, b"v" * 65))
    yield holding("W-31-software-not-text", "software that is not UTF-8", (0x04, b"\x80"))
    yield holding("W-31-configuration-of-31", "a fingerprint of 31 bytes", (0x05, bytes(31)))
    yield holding("W-31-durable-2", "durable = 2", (0x06, b"\x02"))
    yield holding("W-31-floor-epoch-0", "a floor of epoch 0", (0x07, u64(0, 1)))
    yield holding("W-31-topics-beyond-63-bits", "2^63 topics", (0x08, varint(2**63) + varint(1)))
    yield holding("W-31-no-epochs", "an empty list of epochs", (0x0A, varint(0)))
    yield holding("W-31-epoch-order", "epochs that do not ascend", (0x0A, varint(2) + u64(5, 1, 1, 1, 1) + u64(5, 2, 1, 1, 1)))
    many = varint(65) + b"".join(u64(epoch, 1, 1, 1, 1) for epoch in range(1, 66))
    yield holding("W-31-65-epochs", "65 epochs", (0x0A, many))
    yield holding("W-31-counter-order", "counters that do not ascend", (0x0C, varint(2) + b"\x02\x01\x01\x01"))
    yield holding("W-29-counter-8", "counter 8", (0x0C, varint(1) + b"\x08\x01"), counter="version")
    yield holding("W-31-broker-2", "broker state 2", (0x0D, b"\x02" + u64(BASE)))
    yield holding("W-31-broker-long-reason", "a reason of 257", (0x0D, b"\x00" + u64(BASE) + b"r" * 257))
    yield holding("W-31-17-alarms", "17 alarms", (0x0E, varint(17) + prefixed(b"a") * 17))
    yield holding("W-31-long-alarm", "an alarm of 257", (0x0E, varint(1) + prefixed(b"a" * 257)))
    yield holding("W-31-alarms-trailing", "a byte behind the alarms", (0x0E, varint(1) + prefixed(b"a") + b"\0"))


def vectors():
    yield from live_accept()
    yield from topic_vectors(refusal("live"))
    yield from item_vectors(refusal("live"))
    yield from slice_accept()
    yield from slice_vectors(refusal("slice"))
    yield from beat_accept()
    yield from beat_vectors(refusal("beat"))
