internal import DiodeProtocol
public import Time

/// Dates, and RFC 3339 times with any offset, as people type them.
public enum CalendarDay {
    /// The instant of `2026-11-21T10:30:00+01:00` (RFC 3339 §5.6; fractions below a millisecond are cut off, and a leap second
    /// is the second after it), or nil. Before 1970 and after 9999 there is none.
    public static func instant(_ text: String) -> UnixMilliseconds? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes[10] | 0x20 == UInt8(ascii: "t") else { return nil }
        let date = String(decoding: bytes[..<10], as: UTF8.self)
        var clock = String(decoding: bytes[11..<19], as: UTF8.self)
        var rest = bytes[19...]
        var extra: Int64 = 0
        if clock.hasSuffix(":60") {
            clock = String(clock.dropLast(2)) + "59"
            extra = 1000
        }
        if rest.first == UInt8(ascii: ".") {
            let digits = rest.dropFirst().prefix { 48...57 ~= $0 }
            guard !digits.isEmpty else { return nil }
            extra += digits.prefix(3).reduce(0) { $0 * 10 + Int64($1 - 48) } * [100, 10, 1][min(digits.count, 3) - 1]
            rest = rest.dropFirst(1 + digits.count)
        }
        guard let start = CalendarTime.time("\(date)T\(clock).000Z"),
            let offset = offsetSeconds(String(decoding: rest, as: UTF8.self))
        else { return nil }
        return unix(Int64(start.rawValue) + extra - Int64(offset) * 1000)
    }

    /// The first instant of a date, `2026-11-21`, in a zone; or nil.
    public static func start(_ text: String, in zone: TimeZoneRule) -> UnixMilliseconds? {
        guard text.utf8.count == 10, let local = CalendarTime.time(text + "T00:00:00.000Z") else { return nil }
        return unix(zone.firstInstant(ofLocalSeconds: Int64(local.rawValue / 1000)) * 1000)
    }

    /// Seconds east of UTC of `Z`, `+01:00`, `-23:59`; or nil.
    static func offsetSeconds(_ text: String) -> Int? {
        let bytes = Array(text.utf8)
        if bytes == [UInt8(ascii: "Z")] || bytes == [UInt8(ascii: "z")] { return 0 }
        guard bytes.count == 6, bytes[0] == UInt8(ascii: "+") || bytes[0] == UInt8(ascii: "-"),
            bytes[3] == UInt8(ascii: ":"), [1, 2, 4, 5].allSatisfy({ 48...57 ~= bytes[$0] })
        else { return nil }
        let hours = Int(bytes[1] - 48) * 10 + Int(bytes[2] - 48)
        let minutes = Int(bytes[4] - 48) * 10 + Int(bytes[5] - 48)
        guard hours < 24, minutes < 60 else { return nil }
        return (hours * 60 + minutes) * (bytes[0] == UInt8(ascii: "-") ? -60 : 60)
    }

    private static func unix(_ milliseconds: Int64) -> UnixMilliseconds? {
        milliseconds < 0 ? nil : UnixMilliseconds(rawValue: UInt64(milliseconds))
    }
}
