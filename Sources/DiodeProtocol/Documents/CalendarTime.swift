public import Time

/// RFC 3339 in UTC with milliseconds, `2026-11-21T09:30:00.000Z`: the one form in which the project writes times.
public enum CalendarTime {
    /// Days from 1970-01-01 to year 10,000, in milliseconds: the last instant with a four-digit year.
    static let end: UInt64 = 253_402_300_800_000

    /// The text of a time; times after year 9999 are shown as its last millisecond.
    public static func text(_ time: UnixMilliseconds) -> String {
        let value = min(time.rawValue, end - 1)
        let (days, inDay) = value.quotientAndRemainder(dividingBy: 86_400_000)
        let (year, month, day) = civil(days: Int(days))
        let seconds = Int(inDay / 1000)
        // Byte by byte: an audit writes hundreds of thousands of times.
        var bytes: [UInt8] = []
        bytes.reserveCapacity(24)
        func put(_ value: Int, _ width: Int, then mark: Unicode.Scalar) {
            var power = width == 2 ? 10 : width == 3 ? 100 : 1000
            while power > 0 {
                bytes.append(UInt8(ascii: "0") + UInt8(value / power % 10))
                power /= 10
            }
            bytes.append(UInt8(ascii: mark))
        }
        put(year, 4, then: "-")
        put(month, 2, then: "-")
        put(day, 2, then: "T")
        put(seconds / 3600, 2, then: ":")
        put(seconds / 60 % 60, 2, then: ":")
        put(seconds % 60, 2, then: ".")
        put(Int(inDay % 1000), 3, then: "Z")
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The same without colons, for names of files.
    public static func fileName(_ time: UnixMilliseconds) -> String {
        String(decoding: text(time).utf8.filter { $0 != UInt8(ascii: ":") }, as: UTF8.self)
    }

    /// The time of exactly such a text, or nil.
    public static func time(_ text: String) -> UnixMilliseconds? {
        let bytes = Array(text.utf8)
        guard bytes.count == 24 else { return nil }
        func number(_ range: Range<Int>) -> Int? {
            bytes[range].reduce(Int?(0)) { sum, digit in
                guard let sum, 48...57 ~= digit else { return nil }
                return sum * 10 + Int(digit - 48)
            }
        }
        guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10), let hour = number(11..<13),
            let minute = number(14..<16), let second = number(17..<19), let milli = number(20..<23), year >= 1970,
            1...12 ~= month, 1...31 ~= day
        else { return nil }
        let seconds = ((daysFromCivil(year, month, day) * 24 + hour) * 60 + minute) * 60 + second
        let time = UnixMilliseconds(rawValue: UInt64(seconds * 1000 + milli))
        return Self.text(time) == text ? time : nil
    }

    /// Gregorian date of a day number: years are counted from March, so that a leap day ends its year.
    private static func civil(days: Int) -> (Int, Int, Int) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
    }

    private static func daysFromCivil(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let marchYear = month <= 2 ? year - 1 : year
        let era = marchYear / 400
        let yearOfEra = marchYear % 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
