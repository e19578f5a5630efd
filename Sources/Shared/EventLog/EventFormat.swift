internal import Glibc
internal import JSON
internal import Time

/// How an event becomes a line.
public enum EventFormat: Sendable, CaseIterable {
    /// For people: `2026-11-21T09:31:02.120Z warning link.stale: no beat for 3 s link=plant-a`.
    case text
    /// For machines: one JSON object with `time`, `level`, `event`, `message` and the fields beside them.
    case json
}

/// One event on its way to a line.
struct Event {
    /// The most bytes of a message or of a field; what is longer is cut, since topics may have 65,535 bytes.
    static let maximumBytes = 1_024

    let level: EventLevel
    let name: String
    let message: String
    let fields: [(name: String, value: EventField)]
    /// Milliseconds since 1970.
    let time: UnixMilliseconds

    /// The line without its newline.
    /// - Parameter journal: whether journald reads it, which takes the level from a prefix and adds the time itself.
    func line(_ format: EventFormat, journal: Bool) -> String {
        let body = format == .json ? json : (journal ? "" : "\(timestamp(time)) \(level.name) ") + text
        return journal ? "<\(level.rawValue)>\(body)" : body
    }

    private var text: String {
        var line = "\(name): \(printable(message))"
        for field in fields {
            switch field.value {
            case .text(let value): line += " \(field.name)=\(bareOrQuoted(value))"
            case .number(let value): line += " \(field.name)=\(value)"
            case .flag(let value): line += " \(field.name)=\(value)"
            }
        }
        return line
    }

    private var json: String {
        var line = "{\"time\":\"\(timestamp(time))\",\"level\":\"\(level.name)\",\"event\":\(quoted(name))"
        line += ",\"message\":\(quoted(message))"
        for field in fields {
            line += ",\(quoted(field.name)):"
            switch field.value {
            case .text(let value): line += quoted(value)
            case .number(let value): line += "\(value)"
            case .flag(let value): line += "\(value)"
            }
        }
        return line + "}"
    }
}

/// Milliseconds since 1970 in RFC 3339, for example `2026-11-21T09:31:02.120Z`.
func timestamp(_ time: UnixMilliseconds) -> String {
    let milliseconds = time.rawValue
    var seconds = time_t(clamping: milliseconds / 1_000)
    var parts = tm()
    guard gmtime_r(&seconds, &parts) != nil else { return "-" }
    func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let fraction = String(1_000 + milliseconds % 1_000).dropFirst()
    return "\(parts.tm_year + 1_900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))T"
        + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)).\(fraction)Z"
}

/// Cuts what is too long at a character.
private func shortened(_ text: String) -> String {
    guard text.utf8.count > Event.maximumBytes else { return text }
    var end = text.utf8.index(text.startIndex, offsetBy: Event.maximumBytes)
    while end > text.startIndex, String.Index(end, within: text) == nil { end = text.utf8.index(before: end) }
    return text[..<end] + "…"
}

/// The text with control characters escaped, so that what comes from outside cannot forge a line.
private func printable(_ text: String) -> String { JSONValue.printable(shortened(text)) }

/// Quotes a text unless it is one word that needs no escape.
private func bareOrQuoted(_ text: String) -> String {
    let inQuotes = quoted(text)
    return text.isEmpty || text.contains(" ") || inQuotes != "\"\(text)\"" ? inQuotes : text
}

private func quoted(_ text: String) -> String { JSONValue.quoted(shortened(text)) }
