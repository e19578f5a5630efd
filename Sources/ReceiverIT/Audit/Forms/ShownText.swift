internal import DiodeProtocol
internal import JSON
internal import Time

/// Text from outside, made harmless and visible for people: topics, reasons, names.
enum ShownText {
    /// One line without control characters and without the invisible characters that turn text around or hide in it.
    static func line(_ text: String) -> String {
        // Nearly every topic is plain ASCII.
        if text.utf8.allSatisfy({ 0x20..<0x7F ~= $0 }) { return text }
        var result = ""
        for scalar in JSONValue.printable(text).unicodeScalars {
            switch scalar.value {
            case 0x00AD, 0x061C, 0x180E, 0x200B...0x200F, 0x202A...0x202E, 0x2060...0x206F, 0xFEFF, 0xFFF9...0xFFFB,
                0xE0000...0xE007F:
                result += "\\u{\(String(scalar.value, radix: 16))}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// Whether a spreadsheet may take it for a formula: by its first character, in the narrow forms, in the full-width ones that some
    /// programs read alike (U+FF1D and its like), and behind space or control characters, which are trimmed.
    static func beginsFormula(_ text: String) -> Bool {
        let scalars = text.unicodeScalars
        if let first = scalars.first, first == "\t" || first == "\r" || first == "\n" { return true }
        let start = scalars.first { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format: false
            default: !scalar.properties.isWhitespace
            }
        }
        return start.map(formulaStarts.contains) ?? false
    }

    private static let formulaStarts: Set<Unicode.Scalar> = [
        "=", "+", "-", "@", "\u{FF1D}", "\u{FF0B}", "\u{FF0D}", "\u{FF20}", "\u{FE62}", "\u{FE63}", "\u{FE66}",
        "\u{FE6B}",
        "\u{2212}",
    ]

    /// Columns that a text takes in a terminal: two for wide East Asian characters and pictures, none for marks.
    static func columns(_ text: String) -> Int {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
        return text.unicodeScalars.reduce(0) { $0 + columns($1) }
    }

    private static func columns(_ scalar: Unicode.Scalar) -> Int {
        switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
            0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
            2
        default:
            switch scalar.properties.generalCategory {
            case .nonspacingMark, .enclosingMark, .format: 0
            default: 1
            }
        }
    }

    /// At most so many columns: what does not fit is cut out at the front, since the end of a topic tells it from its
    /// neighbours.
    static func keepingEnd(_ text: String, columns limit: Int) -> String {
        guard columns(text) > limit else { return text }
        var kept: [Unicode.Scalar] = []
        var used = 1
        for scalar in text.unicodeScalars.reversed() {
            used += columns(scalar)
            if used > limit { break }
            kept.append(scalar)
        }
        var result = "…"
        result.unicodeScalars.append(contentsOf: kept.reversed())
        return result
    }

    /// At most so many columns: what does not fit is cut off at the end.
    static func keepingStart(_ text: String, columns limit: Int) -> String {
        guard columns(text) > limit else { return text }
        var result = ""
        var used = 1
        for scalar in text.unicodeScalars {
            used += columns(scalar)
            if used > limit { break }
            result.unicodeScalars.append(scalar)
        }
        return result + "…"
    }
}

/// Numbers for people.
enum ShownNumber {
    /// `1,234,567`.
    static func text(_ value: some BinaryInteger) -> String {
        let digits = Array(String(value.magnitude))
        var result = value < 0 ? "−" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { result.append(",") }
            result.append(digit)
        }
        return result
    }

    /// `1 gap`, `2 gaps`.
    static func counted(_ count: some BinaryInteger, _ noun: String) -> String {
        "\(text(count)) \(noun)\(count == 1 ? "" : "s")"
    }

    /// With a plus sign, for changes.
    static func change(_ value: Int64) -> String { value > 0 ? "+" + text(value) : text(value) }
}

/// Times for people: UTC, to the second.
enum ShownTime {
    /// `2026-11-21 09:30:00`; who shows it says once that it is UTC.
    static func text(_ time: UnixMilliseconds) -> String {
        let text = CalendarTime.text(time)
        return "\(text.prefix(10)) \(text.dropFirst(11).prefix(8))"
    }

    /// `2026-11-21 09:30:00 – 09:30:40`, with the second date where it is another one.
    static func span(_ from: UnixMilliseconds, _ to: UnixMilliseconds) -> String {
        let start = text(from)
        let end = text(to)
        if start == end { return start }
        return start.prefix(10) == end.prefix(10) ? "\(start) – \(end.dropFirst(11))" : "\(start) – \(end)"
    }

    /// `40 s`, `10 min 3 s`, `2 h 5 min`, `3 d 4 h`: the two largest units.
    static func duration(_ from: UnixMilliseconds, _ to: UnixMilliseconds) -> String {
        let milliseconds = to.rawValue > from.rawValue ? to.rawValue - from.rawValue : 0
        if milliseconds < 1000 { return "\(milliseconds) ms" }
        let seconds = milliseconds / 1000
        let units: [(UInt64, String)] = [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")]
        guard let first = units.firstIndex(where: { seconds >= $0.0 }) else { return "0 s" }
        let (size, name) = units[first]
        var text = "\(ShownNumber.text(seconds / size)) \(name)"
        if first + 1 < units.count {
            let rest = seconds % size / units[first + 1].0
            if rest > 0 { text += " \(rest) \(units[first + 1].1)" }
        }
        return text
    }
}
