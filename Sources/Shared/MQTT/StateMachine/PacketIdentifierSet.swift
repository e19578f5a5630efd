/// A set of packet identifiers, one bit each; takes its 8 KiB with the first insertion.
struct PacketIdentifierSet: Sendable {
    private var words: [UInt64] = []
    private(set) var count = 0

    func contains(_ identifier: UInt16) -> Bool {
        guard !words.isEmpty else { return false }
        return words[Int(identifier >> 6)] & (1 << UInt64(identifier & 63)) != 0
    }

    /// - Returns: false if it was there already.
    @discardableResult
    mutating func insert(_ identifier: UInt16) -> Bool {
        if words.isEmpty { words = Array(repeating: 0, count: 1_024) }
        guard !contains(identifier) else { return false }
        words[Int(identifier >> 6)] |= 1 << UInt64(identifier & 63)
        count += 1
        return true
    }

    /// - Returns: false if it was not there.
    @discardableResult
    mutating func remove(_ identifier: UInt16) -> Bool {
        guard contains(identifier) else { return false }
        words[Int(identifier >> 6)] &= ~(1 << UInt64(identifier & 63))
        count -= 1
        return true
    }

    mutating func removeAll() {
        guard count > 0 else { return }
        words = Array(repeating: 0, count: 1_024)
        count = 0
    }
}
