internal import Collections
internal import JSON

/// Whether the primary host is online, by its STATE (Sparkplug 3.0.0 section 6.4.25): `{"online": true, "timestamp": 1700000000000}`, retained.
///
/// ```text
///  unknown ── STATE ──▶ online, offline ── the IT broker is connected anew ──▶ asked again: as it was, until it is heard or silent for a moment
/// ```
struct HostState: Sendable, Equatable {
    /// How long a broker may take to send the retained STATE again.
    static let patience = Duration.seconds(2)
    /// How far a host's clock may be ahead: what says more is taken for said now, so that no later word is older.
    private static let clockLead: UInt64 = 60_000
    private static let largest = 4_096

    private(set) var isOnline = false
    /// Until when a state from before the connection was made anew still counts for nodes that live; nil: it was heard since.
    private(set) var askedUntil: Duration?
    private var timestamp: UInt64 = 0

    /// The connection on which STATE is heard is another one: the broker behind it may know of nothing.
    mutating func ask(now: Duration) {
        timestamp = 0
        guard isOnline else { return }
        askedUntil = now + Self.patience
    }

    /// Nodes that have no connection wait for a word that is new.
    var mayBegin: Bool { isOnline && askedUntil == nil }

    /// Nothing was heard for too long.
    /// - Returns: whether that changes anything.
    mutating func tick(now: Duration) -> Bool {
        guard let askedUntil, askedUntil <= now else { return false }
        (isOnline, self.askedUntil) = (false, nil)
        return true
    }

    /// Takes a STATE. One that is older than what is known says nothing (a host's will that came after its birth), neither does one that
    /// cannot be read. An empty one is a host that was deleted.
    mutating func take(_ payload: RawSpan, now: Moment) {
        guard payload.byteCount > 0 else {
            (isOnline, askedUntil) = (false, nil)
            return
        }
        guard payload.byteCount <= Self.largest, let said = Self.read([UInt8](copying: payload)) else { return }
        let time = said.timestamp > now.unixMilliseconds &+ Self.clockLead ? now.unixMilliseconds : said.timestamp
        guard time >= timestamp else { return }
        (isOnline, timestamp, askedUntil) = (said.isOnline, time, nil)
    }

    /// An object with both keys; others may stand beside them, whatever they hold.
    private static func read(_ bytes: [UInt8]) -> (isOnline: Bool, timestamp: UInt64)? {
        guard let value = try? JSON5Reader.value(of: bytes), let isOnline = value["online"]?.flag else { return nil }
        switch value["timestamp"] {
        case .integer(let time) where time >= 0: return (isOnline, UInt64(time))
        // Beyond every clock: taken for now.
        case .decimal(let time) where time >= 0: return (isOnline, UInt64(exactly: time.rounded()) ?? .max)
        default: return nil
        }
    }
}
