internal import DiodeProtocol
internal import Time

/// The rule that holds after the last transition of a TZif file: `CET-1CEST,M3.5.0,M10.5.0/3` (POSIX `TZ`, RFC 8536 §3.3).
///
/// Dates are read in the form `Mmonth.week.day`, in which every zone of today has them.
struct TimeZoneFooter: Hashable, Sendable {
    /// `M10.5.0/3`: the last Sunday of October, three o'clock.
    private struct Turn: Hashable {
        let month, week, weekday: Int
        /// Local seconds after midnight of that day, maybe below 0 or beyond a day.
        let seconds: Int
    }

    private struct Daylight: Hashable {
        let offset: Int
        let from, until: Turn
    }

    private let standard: Int
    private let daylight: Daylight?

    init?(_ text: String) {
        var rest = Array(text.utf8)[...]
        guard Self.skipName(&rest), let standard = Self.time(&rest) else { return nil }
        self.standard = -standard
        guard !rest.isEmpty else {
            daylight = nil
            return
        }
        guard Self.skipName(&rest) else { return nil }
        let offset = rest.first == UInt8(ascii: ",") ? self.standard + 3600 : Self.time(&rest).map { -$0 }
        guard let offset, let from = Self.turn(&rest), let until = Self.turn(&rest), rest.isEmpty else { return nil }
        daylight = Daylight(offset: offset, from: from, until: until)
    }

    func offset(at second: Int64) -> Int {
        guard let daylight else { return standard }
        let local = UnixMilliseconds(rawValue: UInt64(max(0, second + Int64(standard))) * 1000)
        let year = CalendarTime.text(local).prefix(4)
        guard let from = Self.start(of: daylight.from, year: year),
            let until = Self.start(of: daylight.until, year: year)
        else { return standard }
        let begins = from - Int64(standard)
        let ends = until - Int64(daylight.offset)
        // In the southern half of the world summer time ends in the year before it begins.
        let isDaylight = begins < ends ? begins <= second && second < ends : !(ends <= second && second < begins)
        return isDaylight ? daylight.offset : standard
    }

    /// A turn in a year, as local seconds.
    private static func start(of turn: Turn, year: Substring) -> Int64? {
        func day(_ month: Int) -> Int64? {
            CalendarTime.time("\(year)-\(month < 10 ? "0" : "")\(month)-01T00:00:00.000Z").map {
                Int64($0.rawValue / 86_400_000)
            }
        }
        guard let first = day(turn.month) else { return nil }
        let next = turn.month == 12 ? first + 31 : day(turn.month + 1) ?? first + 31
        // 1970-01-01 was a Thursday.
        let weekday = (first + 4) % 7
        var date = first + (Int64(turn.weekday) - weekday + 7) % 7 + Int64(turn.week - 1) * 7
        if date >= next { date -= 7 }
        return date * 86_400 + Int64(turn.seconds)
    }

    private static func skipName(_ text: inout ArraySlice<UInt8>) -> Bool {
        if text.first == UInt8(ascii: "<") {
            guard let end = text.firstIndex(of: UInt8(ascii: ">")) else { return false }
            text = text[(end + 1)...]
            return true
        }
        let name = text.prefix { 65...90 ~= $0 || 97...122 ~= $0 }
        text = text.dropFirst(name.count)
        return name.count >= 3
    }

    /// `[+-]h[h[h]][:mm[:ss]]` in seconds.
    private static func time(_ text: inout ArraySlice<UInt8>) -> Int? {
        var sign = 1
        if let first = text.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "+") {
            sign = first == UInt8(ascii: "-") ? -1 : 1
            text = text.dropFirst()
        }
        guard var seconds = number(&text, below: 168).map({ $0 * 3600 }) else { return nil }
        for unit in [60, 1] where text.first == UInt8(ascii: ":") {
            text = text.dropFirst()
            guard let part = number(&text, below: 60) else { return nil }
            seconds += part * unit
        }
        return sign * seconds
    }

    private static func turn(_ text: inout ArraySlice<UInt8>) -> Turn? {
        func take(_ character: Unicode.Scalar) -> Bool {
            guard text.first == UInt8(ascii: character) else { return false }
            text = text.dropFirst()
            return true
        }
        guard take(","), take("M"), let month = number(&text, below: 13), take("."),
            let week = number(&text, below: 6), take("."), let weekday = number(&text, below: 7), month > 0, week > 0
        else { return nil }
        guard take("/") else { return Turn(month: month, week: week, weekday: weekday, seconds: 7200) }
        guard let seconds = time(&text) else { return nil }
        return Turn(month: month, week: week, weekday: weekday, seconds: seconds)
    }

    private static func number(_ text: inout ArraySlice<UInt8>, below limit: Int) -> Int? {
        let digits = text.prefix { 48...57 ~= $0 }
        guard 1...3 ~= digits.count else { return nil }
        text = text.dropFirst(digits.count)
        let value = digits.reduce(0) { $0 * 10 + Int($1 - 48) }
        return value < limit ? value : nil
    }
}
