/// What an output wants to know again after a restart. It is stored in one transaction with what the output has settled until then.
public struct OutputNote: Sendable, Equatable {
    public let name: [UInt8]
    public let value: [UInt8]
}

/// What an output has asked to keep: waiting for a transaction, handed over for the one under way, and what an earlier process kept.
struct OutputNotes: Sendable {
    private var waiting: [[UInt8]: [UInt8]?] = [:]
    private var inFlight: [[UInt8]: [UInt8]?] = [:]
    /// Until it is asked for.
    var restored: [OutputNote] = []
    /// Numbers what was asked to be kept; the newest, the newest in the transaction under way, and the newest that is stored.
    private(set) var newest: UInt64 = 0
    private var newestInFlight: UInt64 = 0
    private(set) var stored: UInt64 = 0

    /// Nothing waits.
    var isEmpty: Bool { waiting.isEmpty }

    /// Keeps a note with the next transaction; nil: not any more.
    mutating func keep(_ name: [UInt8], _ value: [UInt8]?) {
        waiting[name] = .some(value)
        newest += 1
    }

    /// Moves out what an earlier process kept.
    mutating func takeRestored(_ isWanted: (OutputNote) -> Bool) -> [OutputNote] {
        defer { restored.removeAll(where: isWanted) }
        return restored.filter(isWanted)
    }

    mutating func beginWrite() -> [[UInt8]: [UInt8]?] {
        (inFlight, waiting) = (waiting, [:])
        newestInFlight = newest
        return inFlight
    }

    mutating func committed() {
        inFlight = [:]
        stored = newestInFlight
    }

    mutating func failed() {
        waiting.merge(inFlight) { newer, _ in newer }
        inFlight = [:]
    }
}
