internal import Collections

/// What a session asks of the server, and the answers: publishes, subscriptions, acknowledgements.
extension Session {
    /// Sends one message, if the window has room.
    /// - Parameter message: with a topic and without alias; a QoS above the server's maximum is lowered. With a packet identifier, which is
    ///   one of those kept for the user, and perhaps DUP: at QoS 2 it is held (``HeldPublishes``). Else without both.
    /// - Returns: false while there is no room; else it is sent, or settled in `events` if this server cannot take it.
    public mutating func publish(
        _ message: PublishView, token: UInt64, now: Duration, events: inout SessionEvents
    ) -> Bool {
        guard phase == .connected, let grant else { return false }
        let qos = min(message.qos, grant.maximumQoS)
        let isHeld = qos == .exactlyOnce && outbound.isHeld(message.packetIdentifier)
        let hasRoom: Bool
        switch qos {
        case .atMostOnce: hasRoom = unconfirmed.count < settings.publishWindow
        case .exactlyOnce where isHeld: hasRoom = outbound.hasRoomToHold
        case .atLeastOnce, .exactlyOnce: hasRoom = outbound.hasRoom(qos)
        }
        guard hasRoom, !outbound.isResending else { return false }
        let identifier = isHeld ? message.packetIdentifier : outbound.nextIdentifier
        let outgoing = PublishView(
            topic: message.topic, properties: message.properties, payload: message.payload, qos: qos,
            retain: message.retain, duplicate: isHeld && message.duplicate,
            packetIdentifier: qos == .atMostOnce ? 0 : identifier)
        if message.retain, !grant.retainAvailable {
            events.settlements.append(Settlement(token: token, outcome: .refused(.retainNotSupported)))
            return true
        }
        let size = outgoing.packetBytes(version: version)
        guard size <= grant.maximumPacketBytes else {
            events.settlements.append(
                Settlement(
                    token: token, outcome: .tooLarge(packetBytes: size, limitBytes: grant.maximumPacketBytes)))
            return true
        }
        guard qos != .atMostOnce else {
            outgoing.encode(into: &output.bytes, version: version)
            unconfirmed.append(token: token, order: nextOrder())
            return true
        }
        guard !isHeld else {
            outgoing.encode(into: &output.bytes, version: version)
            outbound.held.sent(identifier, token: token, awaiting: .pubrec, order: nextOrder(), now: now)
            return true
        }
        var packet: [UInt8] = []
        packet.reserveCapacity(size)
        outgoing.encode(into: &packet, version: version)
        output.bytes.append(span: packet.span.bytes)
        outbound.append(
            OutboundWindow.Request(
                token: token, awaiting: qos == .atLeastOnce ? .puback : .pubrec, packet: packet,
                order: nextOrder(), sentAt: now, isSent: true))
        return true
    }

    /// Releases a message that the server has received (PUBREL), on this connection or on an earlier one of the session. Its answer settles it.
    /// While no connection stands nothing happens: what was held there is settled already.
    /// - Parameter token: comes back in the settlement.
    public mutating func release(_ identifier: UInt16, token: UInt64, now: Duration) {
        guard phase == .connected, outbound.isHeld(identifier) else { return }
        release(identifier, .success)
        outbound.held.sent(identifier, token: token, awaiting: .pubcomp, order: nextOrder(), now: now)
    }

    /// Sends a SUBSCRIBE.
    /// - Returns: false while no packet identifier is free.
    public mutating func subscribe(
        _ filters: [Subscription], request: SubscriptionRequest, now: Duration, events: inout SessionEvents
    ) -> Bool {
        precondition(!filters.isEmpty, "a SUBSCRIBE has at least one filter [MQTT-3.8.3-2]")
        guard phase == .connected, outbound.hasIdentifier else { return false }
        let size = SubscribePacket.packetBytes(filters.map(\.filter), optionBytes: 1, version: version)
        guard fits(size, request, &events) else { return true }
        SubscribePacket.encode(
            filters, packetIdentifier: outbound.nextIdentifier, version: version, into: &output.bytes)
        appendRequest(request, .suback(filters: filters.count), now)
        return true
    }

    /// Sends an UNSUBSCRIBE.
    /// - Returns: false while no packet identifier is free.
    public mutating func unsubscribe(
        _ filters: [String], request: SubscriptionRequest, now: Duration, events: inout SessionEvents
    ) -> Bool {
        precondition(!filters.isEmpty, "an UNSUBSCRIBE has at least one filter [MQTT-3.10.3-2]")
        guard phase == .connected, outbound.hasIdentifier else { return false }
        let size = SubscribePacket.packetBytes(filters, optionBytes: 0, version: version)
        guard fits(size, request, &events) else { return true }
        SubscribePacket.encode(
            unsubscribing: filters, packetIdentifier: outbound.nextIdentifier, version: version, into: &output.bytes)
        appendRequest(request, .unsuback(filters: filters.count), now)
        return true
    }

    /// The user is done with a delivery; PUBACK or PUBREC leaves when its turn has come.
    public mutating func acknowledge(_ delivery: DeliveryID) {
        messages.acknowledge(delivery, version: version, output: &output.bytes)
    }

    /// The user is done with every delivery up to and including `last`.
    public mutating func acknowledge(through last: DeliveryID) {
        messages.acknowledge(through: last, version: version, output: &output.bytes)
    }

    /// Nothing is under way that the server has yet to answer, but for what is held: it outlives the connection.
    package var isSettled: Bool { outbound.unsettled == 0 && unconfirmed.count == 0 }

    private func fits(_ size: Int, _ request: SubscriptionRequest, _ events: inout SessionEvents) -> Bool {
        let limit = min(grant?.maximumPacketBytes ?? 0, PacketHeader.largestPacketBytes)
        guard size > limit else { return true }
        events.subscriptions.append(SubscriptionResult(request: request, outcome: .tooLarge(limitBytes: limit)))
        return false
    }

    private mutating func appendRequest(
        _ request: SubscriptionRequest, _ awaiting: OutboundWindow.Awaiting, _ now: Duration
    ) {
        outbound.append(
            OutboundWindow.Request(
                token: request.rawValue, awaiting: awaiting, packet: [], order: nextOrder(), sentAt: now,
                isSent: true))
    }

    // MARK: - Answers

    /// An answer to something that is not under way changes nothing: the server may have lost count, or the session is another one.
    mutating func take(
        _ packet: AcknowledgementPacket, now: Duration, events: inout SessionEvents, _ faults: inout FaultSet
    ) {
        let identifier = packet.packetIdentifier
        if packet.type == .pubrel {
            let isInTurn = messages.release(identifier, version: version, output: &output.bytes)
            if !isInTurn { faults.insert(.acknowledgement) }
            return
        }
        guard !outbound.isHeld(identifier) else { return takeHeld(packet, &events, &faults) }
        guard let position = outbound.position(of: identifier), outbound.ring[position].isPublish else {
            faults.insert(.acknowledgement)
            if packet.type == .pubrec, !packet.reason.isFailure { release(identifier, .packetIdentifierNotFound) }
            return
        }
        switch (packet.type, outbound.ring[position].awaiting) {
        case (.puback, .puback), (.pubcomp, .pubcomp):
            settle(position, packet.reason, &events)
        case (.pubrec, .pubrec) where packet.reason.isFailure:
            settle(position, packet.reason, &events)
        case (.pubrec, .pubrec), (.pubrec, .pubcomp):
            unconfirmed.confirm(before: outbound.ring[position].order, &events.settlements)
            outbound.received(at: position)
            release(identifier, .success)
        default:
            // An answer of another QoS, as RabbitMQ 3.10 gives PUBACK at QoS 2: the server says that it has the message, or refuses it.
            faults.insert(.acknowledgement)
            settle(position, packet.reason, &events)
            if packet.type == .pubrec, !packet.reason.isFailure { release(identifier, .success) }
        }
        sendAgain(now: now, events: &events)
    }

    /// An answer under an identifier of the user's. What is not under way is never released: only the user knows what it is.
    private mutating func takeHeld(
        _ packet: AcknowledgementPacket, _ events: inout SessionEvents, _ faults: inout FaultSet
    ) {
        let identifier = packet.packetIdentifier
        guard let held = outbound.held[identifier] else { return faults.insert(.acknowledgement) }
        let settlement: Settlement.Outcome
        switch (packet.type, held.awaiting) {
        case (.pubrec, .pubrec) where !packet.reason.isFailure:
            outbound.held.received(identifier)
            unconfirmed.confirm(before: held.order, &events.settlements)
            return events.settlements.append(Settlement(token: held.token, outcome: .received))
        case (.pubrec, .release) where !packet.reason.isFailure: return
        case (.pubrec, .pubcomp) where !packet.reason.isFailure: return release(identifier, .success)
        case (.pubrec, .pubrec): settlement = .refused(packet.reason)
        // That it does not know the identifier means that it was released before [MQTT-4.3.3].
        case (.pubcomp, .pubcomp): settlement = .delivered(packet.reason)
        default:
            // As RabbitMQ 3.10 gives PUBACK.
            faults.insert(.acknowledgement)
            settlement = packet.reason.isFailure ? .refused(packet.reason) : .delivered(packet.reason)
        }
        outbound.held.remove(identifier)
        unconfirmed.confirm(before: held.order, &events.settlements)
        events.settlements.append(Settlement(token: held.token, outcome: settlement))
    }

    private mutating func release(_ identifier: UInt16, _ reason: ReasonCode) {
        AcknowledgementPacket(.pubrel, packetIdentifier: identifier, reason: reason)
            .encode(into: &output.bytes, version: version)
    }

    private mutating func settle(_ position: Int, _ reason: ReasonCode, _ events: inout SessionEvents) {
        let request = outbound.settle(at: position)
        unconfirmed.confirm(before: request.order, &events.settlements)
        events.settlements.append(
            Settlement(
                token: request.token, outcome: reason.isFailure ? .refused(reason) : .delivered(reason)))
    }

    /// A filter without a reason code, or with one that MQTT does not know, counts as refused.
    mutating func take(_ packet: SubackPacket, events: inout SessionEvents, _ faults: inout FaultSet) {
        guard let position = outbound.position(of: packet.packetIdentifier) else {
            return faults.insert(.acknowledgement)
        }
        var reasons = packet.reasons
        switch (packet.type, outbound.ring[position].awaiting) {
        case (.suback, .suback(let filters)), (.unsuback, .unsuback(let filters)):
            if packet.type == .unsuback, version == .v3_1_1 {
                reasons = Array(repeating: .success, count: filters)
            }
            if reasons.count != filters { faults.insert(.reasonCount) }
            reasons = Array(reasons.prefix(filters))
            reasons += Array(repeating: .unspecifiedError, count: filters - reasons.count)
        default:
            return faults.insert(.acknowledgement)
        }
        if packet.type == .suback {
            for index in reasons.indices where reasons[index].rawValue > 2 && !reasons[index].isFailure {
                faults.insert(.reasonCode)
                reasons[index] = .unspecifiedError
            }
        }
        let request = outbound.settle(at: position)
        unconfirmed.confirm(before: request.order, &events.settlements)
        events.subscriptions.append(
            SubscriptionResult(
                request: SubscriptionRequest(rawValue: request.token), outcome: .answered(reasons)))
    }

    /// On a resumed session: sends again what the server has not answered, in order, as far as the window allows.
    mutating func sendAgain(now: Duration, events: inout SessionEvents) {
        guard outbound.isResending, let grant else { return }
        while let (position, identifier) = outbound.nextResend() {
            let request = outbound.ring[position]
            if request.awaiting == .pubcomp {
                AcknowledgementPacket(.pubrel, packetIdentifier: identifier)
                    .encode(into: &output.bytes, version: version)
            } else if request.packet.count > grant.maximumPacketBytes {
                outbound.settle(at: position)
                events.settlements.append(
                    Settlement(
                        token: request.token,
                        outcome: .tooLarge(
                            packetBytes: request.packet.count, limitBytes: grant.maximumPacketBytes)))
                continue
            } else {
                let start = output.bytes.count
                output.bytes.append(span: request.packet.span.bytes)
                output.bytes[start] |= 0x08  // DUP
            }
            outbound.resent(at: position, order: nextOrder(), now: now)
        }
    }
}
