internal import JSON

/// What `check` prints: one line a check, `ok` or `FAIL`, what, and why.
///
/// ```text
/// ok    key       /etc/uns-diode/plant-a.key  SHA256:…
/// FAIL  broker    mqtt://127.0.0.1:1883: Connection refused
/// ```
public struct CheckReport: Sendable {
    /// Whether every check so far was passed.
    public private(set) var isGood = true
    /// The lines so far.
    public private(set) var lines: [String] = []

    public init() {}

    /// A check that was passed.
    /// - Parameters:
    ///   - what: one word.
    ///   - found: what was found.
    public mutating func pass(_ what: String, _ found: String) { add("ok  ", what, found) }

    /// A check that was not.
    /// - Parameter why: one line that says what and where.
    public mutating func fail(_ what: String, _ why: String) {
        isGood = false
        add("FAIL", what, why)
    }

    /// What cannot be tested here, or is worth knowing, and does not count.
    public mutating func note(_ what: String, _ why: String) { add("note", what, why) }

    private mutating func add(_ verdict: String, _ what: String, _ text: String) {
        let space = String(repeating: " ", count: max(0, 10 - what.count))
        lines.append("\(verdict)  \(what)\(space)  \(JSONValue.printable(text))")
    }
}
