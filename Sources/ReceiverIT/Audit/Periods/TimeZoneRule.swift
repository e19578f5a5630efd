/// A time zone: a fixed offset, or what a TZif file says (RFC 8536).
public struct TimeZoneRule: Hashable, Sendable {
    /// As it was asked for: `UTC`, `+02:00`, `Europe/Berlin`.
    public let name: String
    /// Instants from which an offset holds, ascending, in Unix seconds. Empty for a fixed offset.
    private let transitions: [Int64]
    /// Offsets in seconds east of UTC: one before the first transition, then one from each.
    private let offsets: [Int]
    private let footer: TimeZoneFooter?

    public static let utc = TimeZoneRule(name: "UTC", transitions: [], offsets: [0], footer: nil)

    private init(name: String, transitions: [Int64], offsets: [Int], footer: TimeZoneFooter?) {
        self.name = name
        self.transitions = transitions
        self.offsets = offsets
        self.footer = footer
    }

    /// `UTC`, `Z`, `+02:00`; nil for anything else, which may be the name of a file.
    public init?(offset text: String) {
        guard let seconds = text == "UTC" ? 0 : CalendarDay.offsetSeconds(text) else { return nil }
        self.init(name: text, transitions: [], offsets: [seconds], footer: nil)
    }

    /// Whether a text may be looked up below a folder of zones: letters, digits, `_`, `+`, `-` in parts between slashes, so
    /// that it cannot leave that folder.
    public static func isFileName(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return 1...64 ~= text.utf8.count
            && parts.allSatisfy { part in
                !part.isEmpty
                    && part.allSatisfy { byte in
                        switch byte {
                        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "+"),
                            UInt8(ascii: "-"):
                            true
                        default: false
                        }
                    }
            }
    }

    /// Reads a TZif file of version 2 or later.
    ///
    /// - Returns: nil for what is none, or is cut short.
    public init?(name: String, file: [UInt8]) {
        guard let first = ZoneHeader(file, at: 0), first.version >= UInt8(ascii: "2"),
            let second = ZoneHeader(file, at: ZoneHeader.byteCount + first.bodyBytes(timeBytes: 4)),
            second.types > 0
        else { return nil }
        let times = second.start + ZoneHeader.byteCount
        let indices = times + second.times * 8
        let types = indices + second.times
        let end = second.start + ZoneHeader.byteCount + second.bodyBytes(timeBytes: 8)
        guard end < file.count, file[end] == UInt8(ascii: "\n") else { return nil }
        var kinds: [Int] = []
        for type in 0..<second.types {
            let offset = Int(Int32(truncatingIfNeeded: Self.bigEndian(file, at: types + type * 6, bytes: 4)))
            // RFC 8536 §3.2 says −25 h … +26 h.
            guard -93_599...93_599 ~= offset else { return nil }
            kinds.append(offset)
        }
        var transitions: [Int64] = []
        var offsets = [kinds[0]]
        for number in 0..<second.times {
            let index = Int(file[indices + number])
            guard index < kinds.count else { return nil }
            transitions.append(Int64(bitPattern: Self.bigEndian(file, at: times + number * 8, bytes: 8)))
            offsets.append(kinds[index])
        }
        guard zip(transitions, transitions.dropFirst()).allSatisfy(<) else { return nil }
        let text = file[(end + 1)...].prefix { $0 != UInt8(ascii: "\n") }
        self.init(
            name: name, transitions: transitions, offsets: offsets,
            footer: TimeZoneFooter(String(decoding: text, as: UTF8.self)))
    }

    /// Seconds east of UTC at an instant.
    public func offset(at second: Int64) -> Int {
        if let footer, let last = transitions.last ?? Int64?(.min), second >= last {
            return footer.offset(at: second)
        }
        var low = 0
        var high = transitions.count
        while low < high {
            let middle = (low + high) / 2
            if transitions[middle] <= second { low = middle + 1 } else { high = middle }
        }
        return offsets[low]
    }

    /// The first instant at which clocks in this zone show a local time or, where they jump over it, a later one.
    ///
    /// - Parameter local: the local time as if it were UTC, in Unix seconds.
    func firstInstant(ofLocalSeconds local: Int64) -> Int64 {
        // No offset reaches 26 h, and no zone changes twice within two days.
        let window: Int64 = 93_600
        let around = [offset(at: local - window), offset(at: local + window)]
        let exact = around.map { local - Int64($0) }.filter { $0 + Int64(offset(at: $0)) == local }
        if let instant = exact.min() { return instant }
        // Clocks jump over it: the instant of the jump.
        var before = local - window
        var after = local + window
        while after - before > 1 {
            let middle = before + (after - before) / 2
            if offset(at: middle) == around[0] { before = middle } else { after = middle }
        }
        return after
    }

    static func bigEndian(_ bytes: [UInt8], at offset: Int, bytes count: Int) -> UInt64 {
        bytes[offset..<offset + count].reduce(0) { $0 << 8 | UInt64($1) }
    }
}

/// The head of one of the two data blocks of a TZif file (RFC 8536 §3.1).
private struct ZoneHeader {
    static let byteCount = 44
    let start: Int
    let version: UInt8
    let utcFlags, standardFlags, leaps, times, types, characters: Int

    init?(_ file: [UInt8], at start: Int) {
        guard start >= 0, file.count <= 1 << 20, file.count - start >= Self.byteCount,
            Array(file[start..<start + 4]) == Array("TZif".utf8)
        else { return nil }
        self.start = start
        version = file[start + 4]
        let counts = (0..<6).map { Int(TimeZoneRule.bigEndian(file, at: start + 20 + 4 * $0, bytes: 4)) }
        // None counts anything shorter than a byte.
        guard counts.allSatisfy({ $0 <= file.count }) else { return nil }
        (utcFlags, standardFlags, leaps) = (counts[0], counts[1], counts[2])
        (times, types, characters) = (counts[3], counts[4], counts[5])
        guard file.count - start - Self.byteCount >= bodyBytes(timeBytes: 4) else { return nil }
    }

    func bodyBytes(timeBytes: Int) -> Int {
        times * (timeBytes + 1) + types * 6 + characters + leaps * (timeBytes + 4) + standardFlags + utcFlags
    }
}
