internal import Collections

/// The QoS 2 messages that PUBREC was sent for and PUBREL has not come for, with a hash of their contents: what comes again of them is not
/// another message (§4.3.3).
///
/// A server may have forgotten such a handshake without a word: mosquitto 2.0 gives messages other identifiers after a restart, and no
/// PUBREL ever comes for the old ones. So the table has a limit and lets the oldest go: if its server does know it still, the message
/// comes twice, and the handshake ends as that of any unknown identifier.
struct UnreleasedMessages: Sendable {
    private var contents: [UInt16: Int] = [:]
    /// Identifiers in the order in which they came, with some that are released already.
    private var order = Ring<UInt16>()

    var count: Int { contents.count }

    subscript(packetIdentifier: UInt16) -> Int? { contents[packetIdentifier] }

    mutating func insert(_ packetIdentifier: UInt16, content: Int) {
        contents[packetIdentifier] = content
        // The released ones are taken out when they are more than the others could ever be.
        if order.count > 2 * Int(UInt16.max) { takeOutReleased() }
        order.append(packetIdentifier)
    }

    /// - Returns: whether it was there.
    mutating func remove(_ packetIdentifier: UInt16) -> Bool { contents.removeValue(forKey: packetIdentifier) != nil }

    /// Lets the oldest go, if there is one.
    mutating func removeOldest() {
        while let oldest = order.popFirst() { if remove(oldest) { return } }
    }

    mutating func removeAll() {
        contents.removeAll()
        order.removeAll()
    }

    private mutating func takeOutReleased() {
        var seen = Set<UInt16>()
        for _ in 0..<order.count {
            guard let identifier = order.popFirst() else { return }
            if contents[identifier] != nil, seen.insert(identifier).inserted { order.append(identifier) }
        }
    }
}
