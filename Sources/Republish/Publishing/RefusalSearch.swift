internal import DiodeProtocol
internal import Outbox
internal import Time

/// Finds the delivery at which an IT broker ends the connection, or which it never answers. MQTT 3.1.1 has no other way to refuse one, and some
/// brokers do it for topics or QoS that they do not have; repeated for ever, it would keep everything behind it.
///
/// ```text
///            twice: lost, nothing settled             lost three times at one delivery, although the broker took our status
///  at ease ──────────────────────────────▶ searching ───────────────────────────────────────────────────▶ that one is dead
///     ▲                                    one delivery at a time                                             │
///     └──────────────── 64 deliveries in a row settled ──────◀─────────────────────────────────────────────────┘
/// ```
///
/// A broker that takes nothing at all, not even our status, is given no delivery to fail at.
struct RefusalSearch: Sendable {
    private static let losses = 2
    private static let strikes = 3
    private static let calm = 64
    /// How long the only delivery on its way may stay without an answer.
    private static let patience = Duration.seconds(5)

    private(set) var isSearching = false
    /// Lost connections in a row that took a delivery and settled none.
    private var fruitless = 0
    /// Settled in a row while searching.
    private var settledInARow = 0
    /// How often a connection was lost at this delivery alone.
    private var suspect: (position: OutboxPosition, strikes: Int)?
    /// What is not to be tried again.
    private var dead: OutboxPosition?

    // Of this connection.
    private var hasTakenOurs = false
    private var hasSettled = false
    private var newest: OutboxPosition?
    private var newestAt = MonotonicInstant(nanoseconds: 0)

    /// How many deliveries may be on their way, out of so many.
    func window(_ usual: Int) -> Int { isSearching ? 1 : usual }

    /// Whether deliveries may be published on this connection now.
    var mayPublish: Bool { !isSearching || hasTakenOurs }

    /// Whether the broker ended its connection at this one again and again.
    func isDead(_ position: OutboxPosition) -> Bool { dead == position }

    /// When the connection has to be given up for want of an answer.
    var deadline: MonotonicInstant? {
        isSearching && newest != nil ? newestAt.advanced(by: Self.patience) : nil
    }

    /// A delivery was handed to the connection.
    mutating func published(_ position: OutboxPosition, at now: MonotonicInstant) {
        (newest, newestAt) = (position, now)
    }

    /// The broker answered: deliveries, or messages of our own.
    mutating func settled(deliveries: Int, others: Int) {
        if others > 0 { hasTakenOurs = true }
        guard deliveries > 0 else { return }
        hasSettled = true
        newest = nil
        fruitless = 0
        guard isSearching else { return }
        settledInARow += deliveries
        if settledInARow >= Self.calm { self = RefusalSearch() }
    }

    /// The connection is gone, and everything on its way with it.
    /// - Returns: whether a delivery was found: `isDead` says of which.
    mutating func lost() -> Bool {
        defer { (hasTakenOurs, hasSettled, newest) = (false, false, nil) }
        guard let newest else { return false }
        settledInARow = 0
        guard isSearching else {
            fruitless = hasSettled ? 0 : fruitless + 1
            isSearching = fruitless >= Self.losses
            return false
        }
        let before = suspect?.position == newest ? suspect?.strikes ?? 0 : 0
        suspect = (newest, before + 1)
        guard before + 1 >= Self.strikes else { return false }
        dead = newest
        suspect = nil
        return true
    }
}
