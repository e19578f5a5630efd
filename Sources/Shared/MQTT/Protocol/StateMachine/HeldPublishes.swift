internal import Collections

/// QoS 2 publishes under packet identifiers of the user's choice, released when the user says so. So the user can write down which
/// message has which identifier before it is sent, and that the server has it before the server forgets the identifier: then a
/// later process can go on where this one ended [MQTT-4.3.3].
///
/// ```text
///  PUBLISH ─▶ pubrec ─▶ told as `received` ─ the user: release ─▶ PUBREL ─▶ pubcomp ─▶ settled
/// ```
///
/// They belong to one network connection. When it ends they are settled as unknown; on the next one of the same session the user sends
/// each again, the PUBLISH with DUP or the PUBREL. Bounded by the window of publishes, and by the identifiers that there are.
struct HeldPublishes: Sendable {
    enum Awaiting: Sendable, Equatable {
        case pubrec
        /// The user's word.
        case release
        case pubcomp
    }

    struct Publish: Sendable {
        var token: UInt64
        var awaiting: Awaiting
        /// As in `OutboundWindow.Request`.
        var order: UInt64
    }

    private var publishes: [UInt16: Publish] = [:]
    /// What was sent and is to be answered, in that order; answered ones among them.
    private var sent = Ring<(identifier: UInt16, order: UInt64, at: Duration)>()

    /// Publishes that the server counts against its Receive Maximum.
    var count: Int { publishes.count }

    /// Since when the server has been owing an answer. It owes none while the user has to release.
    var oldestSentAt: Duration? { sent.first?.at }

    subscript(identifier: UInt16) -> Publish? { publishes[identifier] }

    /// A PUBLISH or a PUBREL was sent.
    mutating func sent(
        _ identifier: UInt16, token: UInt64, awaiting: Awaiting, order: UInt64, now: Duration
    ) {
        publishes[identifier] = Publish(token: token, awaiting: awaiting, order: order)
        sent.append((identifier, order, now))
        dropAnswered()
    }

    /// PUBREC has come.
    mutating func received(_ identifier: UInt16) {
        publishes[identifier]?.awaiting = .release
        dropAnswered()
    }

    /// Nothing more will come.
    mutating func remove(_ identifier: UInt16) {
        publishes[identifier] = nil
        dropAnswered()
    }

    private mutating func dropAnswered() {
        while let first = sent.first {
            if let publish = publishes[first.identifier], publish.order == first.order, publish.awaiting != .release {
                return
            }
            sent.popFirst()
        }
    }

    /// The network connection has ended.
    /// - Returns: the tokens of what was under way.
    mutating func takeAll() -> [UInt64] {
        let tokens = publishes.values.map(\.token).sorted()
        publishes = [:]
        sent = Ring()
        return tokens
    }
}
