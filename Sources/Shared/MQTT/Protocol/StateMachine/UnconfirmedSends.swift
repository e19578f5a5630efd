internal import Collections

/// QoS 0 publishes that were written and are not yet known to have reached the server.
///
/// A server works through one connection in order: its answer to something sent later proves that it has read what was
/// sent before. `order` counts what we send; a PINGRESP, PUBACK, PUBREC or SUBACK confirms everything before the packet
/// it answers.
struct UnconfirmedSends: Sendable {
    private var ring = Ring<(token: UInt64, order: UInt64)>()

    var count: Int { ring.count }

    mutating func append(token: UInt64, order: UInt64) {
        ring.append((token, order))
    }

    /// Settles everything sent before `order`.
    mutating func confirm(before order: UInt64, _ settlements: inout [Settlement]) {
        while let first = ring.first, first.order < order {
            ring.popFirst()
            settlements.append(Settlement(token: first.token, outcome: .delivered(.success)))
        }
    }

    /// The connection is gone: nobody knows.
    mutating func abandon(_ settlements: inout [Settlement]) {
        while let first = ring.popFirst() {
            settlements.append(Settlement(token: first.token, outcome: .unknown))
        }
    }
}
