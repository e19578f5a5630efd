public import JSON

/// The double entry of a link, in records.
///
/// ```text
/// sent             = delivered + late + missing + lost
/// delivered + late = published + outbox + shed + dead + folded
/// ```
/// In a whole report every number is a balance and at least 0. Narrowed to a period, they are what changed in it, and
/// `missing`, `pending`, `outbox` may be below 0: a gap of last month that healed in this one.
public struct LinkTotals: Hashable, Sendable {
    /// Numbered by the sender, and decided here: delivered, late, missing or lost.
    public var sent: Int64 = 0
    /// Came in order.
    public var delivered: Int64 = 0
    /// Filled a gap, or came after a newer epoch had begun.
    public var late: Int64 = 0
    /// In gaps that can still be filled.
    public var missing: Int64 = 0
    /// Beyond the journal, or shed by the sender.
    public var lost: Int64 = 0
    /// Announced by the sender and not decided yet.
    public var pending: Int64 = 0
    /// The instant of the account: all the other numbers are as of this many decided records.
    public var decided: Int64 = 0
    /// Settled on the IT broker.
    public var published: Int64 = 0
    /// Waiting for the IT broker.
    public var outbox: Int64 = 0
    /// Given up at `outbox.limit`, or late under `late: "drop"`.
    public var shed: Int64 = 0
    /// In dead letters.
    public var dead: Int64 = 0
    /// Taken up by the Sparkplug proxy.
    public var folded: Int64 = 0
    /// Publishes that repaired the IT broker; outside of both sums.
    public var refreshed: Int64 = 0
    /// Void duplicates, and records that the IT broker may have got more than once; outside of both sums. What was in doubt and turns out to be
    /// no repetition is taken off again.
    public var repeated: Int64 = 0

    public init() {}

    /// Every number by its name, in the order of the contract.
    public static let fields: [(name: String, path: any WritableKeyPath<LinkTotals, Int64> & Sendable)] = [
        ("sent", \.sent), ("delivered", \.delivered), ("late", \.late), ("missing", \.missing), ("lost", \.lost),
        ("pending", \.pending), ("decided", \.decided), ("published", \.published), ("outbox", \.outbox),
        ("shed", \.shed), ("dead", \.dead), ("folded", \.folded), ("refreshed", \.refreshed),
        ("repeated", \.repeated),
    ]

    /// Why the two sums do not hold, each as a sentence; empty when they do.
    public var disagreements: [String] {
        var found: [String] = []
        if sent != delivered.plus(late).plus(missing).plus(lost) {
            found.append(
                "sent \(sent) is not delivered \(delivered) + late \(late) + missing \(missing) + lost \(lost)")
        }
        if delivered.plus(late) != published.plus(outbox).plus(shed).plus(dead).plus(folded) {
            found.append(
                "delivered + late \(delivered.plus(late)) is not published \(published) + outbox \(outbox) + shed \(shed)"
                    + " + dead \(dead) + folded \(folded)")
        }
        return found
    }

    public static func + (a: LinkTotals, b: LinkTotals) -> LinkTotals { combine(a, b) { $0.plus($1) } }
    public static func - (a: LinkTotals, b: LinkTotals) -> LinkTotals { combine(a, b) { $0.minus($1) } }

    private static func combine(
        _ a: LinkTotals, _ b: LinkTotals, _ operation: (Int64, Int64) -> Int64
    ) -> LinkTotals {
        var result = LinkTotals()
        for (_, path) in fields { result[keyPath: path] = operation(a[keyPath: path], b[keyPath: path]) }
        return result
    }

    /// All fields, each by its name.
    public var json: JSONValue { .object(Self.fields.map { .init($0.name, .integer(self[keyPath: $0.path])) }) }

    /// - Returns: nil unless every field is there, as an integer.
    public init?(json: JSONValue) {
        for (name, path) in Self.fields {
            guard let value = json[name]?.integer else { return nil }
            self[keyPath: path] = value
        }
    }
}
