import MQTTProtocol

/// A session and a server that sends anything. The first byte says how many bytes of script follow; the rest is what the
/// server sends, fed piece by piece between the steps of the script.
@c public func LLVMFuzzerTestOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard count > 1 else { return 0 }
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    let steps = min(Int(input[0] & 0x3F), count - 1)
    var run = Run(isResumable: input[0] & 0x40 != 0, server: Array(input[(1 + steps)...]))
    for step in input[1..<(1 + steps)] { run.take(step) }
    run.feed(Int.max)
    run.finish()
    return 0
}

private struct Run {
    var session: Session
    var events = SessionEvents()
    var server: [UInt8]
    var now = Duration.seconds(1)
    var isOpen = false
    var deliveries: UInt64 = 0
    var accepted = 0
    var settled: Set<UInt64> = []

    init(isResumable: Bool, server: [UInt8]) {
        var settings = ConnectionSettings(host: "h", port: 1)
        settings.clientIdentifier = "c"
        settings.cleanStart = !isResumable
        settings.sessionExpiry = isResumable ? .seconds(60) : .zero
        settings.receiveMaximum = 4
        settings.topicAliasMaximum = 3
        settings.keptPacketBytes = 2_048
        session = Session(settings)
        self.server = server
    }

    mutating func take(_ step: UInt8) {
        switch step % 16 {
        case 0, 1:
            if isOpen { lose() }
            session.open(version: step % 16 == 0 ? .v5 : .v3_1_1, now: now)
            isOpen = true
        case 2: lose()
        case 3...6: feed(Int(step >> 4) * 4 + Int(step % 16))
        case 7:
            if deliveries > 0 {
                session.acknowledge(through: DeliveryID(rawValue: max(1, deliveries - UInt64(step >> 4) % deliveries)))
            }
        case 8:
            if deliveries > 0 {
                session.acknowledge(DeliveryID(rawValue: max(1, deliveries - UInt64(step >> 4) % deliveries)))
            }
        case 9, 10, 11: publish(QoS(rawValue: step % 16 - 9) ?? .atMostOnce, retain: step & 0x10 != 0)
        case 12:
            _ = session.subscribe(
                [Subscription("a/#")], request: SubscriptionRequest(rawValue: 1), now: now, events: &events)
        case 13:
            _ = session.unsubscribe(["a"], request: SubscriptionRequest(rawValue: 2), now: now, events: &events)
        case 14:
            now += .seconds(Int64(step >> 4))
            do throws(SessionError) { try session.tick(now: now) } catch { lose() }
        default: session.wrote(session.outgoing.byteCount / 2, now: now)
        }
        collect()
    }

    mutating func publish(_ qos: QoS, retain: Bool) {
        let topic = "t"
        let message = PublishView(
            topic: topic.utf8.span.bytes, properties: RawSpan(), payload: RawSpan(), qos: qos, retain: retain)
        if session.publish(message, token: UInt64(accepted), now: now, events: &events) { accepted += 1 }
    }

    mutating func feed(_ limit: Int) {
        guard isOpen else { return }
        var available = min(limit, server.count)
        while available > 0 {
            let bytes = Array(server.prefix(available))
            var taken = 0
            var isBroken = false
            do throws(SessionError) {
                taken = try session.receive(bytes.span.bytes, now: now, events: &events)
            } catch {
                isBroken = true
            }
            look(at: bytes)
            if isBroken {
                server.removeFirst(min(available, 1))
                return lose()
            }
            guard taken > 0 else { return }
            server.removeFirst(taken)
            available -= taken
        }
    }

    /// Every view of a batch can be read.
    mutating func look(at bytes: [UInt8]) {
        deliveries = Self.newest(in: events, bytes, session.version, after: deliveries)
        collect()
    }

    /// - Returns: the newest delivery.
    static func newest(
        in events: SessionEvents, _ bytes: [UInt8], _ version: ProtocolVersion, after newest: UInt64
    ) -> UInt64 {
        var newest = newest
        let batch = events.batch(bytes: bytes.span.bytes, version: version)
        for index in 0..<batch.messageCount {
            let message = batch.message(at: index)
            if case .malformed? = message.loss {
                precondition(
                    message.properties.byteCount + message.payload.byteCount == 0, "what is lost has no content")
            } else {
                precondition(UTF8Rules.isTopicName(message.topic), "a topic is one")
            }
            precondition((try? PropertyID.Set.publish.validate(message.properties)) != nil, "properties are sound")
            precondition(message.payload.byteCount <= bytes.count, "a payload lies in what was read")
            if let delivery = message.delivery {
                precondition(delivery.rawValue > newest, "deliveries are numbered upwards")
                newest = delivery.rawValue
            }
        }
        return newest
    }

    mutating func collect() {
        for settlement in events.settlements {
            precondition(settlement.token < UInt64(accepted), "only what was accepted is settled")
            precondition(settled.insert(settlement.token).inserted, "and once")
        }
        events.clear()
    }

    mutating func lose() {
        guard isOpen else { return }
        session.close(events: &events)
        isOpen = false
        collect()
    }

    mutating func finish() {
        lose()
        session.abandon(events: &events)
        collect()
        precondition(settled.count == accepted, "everything is settled in the end")
    }
}
