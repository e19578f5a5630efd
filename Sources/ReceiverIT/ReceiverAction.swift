import DiodeProtocol
import JSON
import Ledger

/// What the receiver itself did, as the ledger names it. Each has a body with one `detail`.
enum ReceiverAction {
    static let started = "receiver.started"
    static let stopped = "receiver.stopped"
    static let durableLost = "durable.lost"
    static let durableRegained = "durable.regained"
    /// Whether anything can be written again is tried by writing.
    static let attempted = "durable.attempted"
    static let setAside = "database.set-aside"

    static let all = [started, stopped, durableLost, durableRegained, setAside]

    static func body(_ detail: String) -> String { JSONValue.object([.init("detail", .text(detail))]).line }

    static func entry(_ kind: String, _ detail: String, at time: UnixMilliseconds) -> LedgerEntry {
        LedgerEntry(link: "", at: time.rawValue, kind: kind, body: body(detail))
    }
}
