/// One thing that happened, as the ledger keeps it.
public struct LedgerEntry: Sendable, Equatable {
    /// The link that it concerns; empty: the receiver as a whole.
    public var link: String
    /// The receiver's clock, Unix milliseconds.
    public var at: UInt64
    /// What happened, one lower-case word or two with a dot: `gap.opened`.
    public var kind: String
    /// A JSON object on one line.
    public var body: String

    public init(link: String, at: UInt64, kind: String, body: String) {
        self.link = link
        self.at = at
        self.kind = kind
        self.body = body
    }
}

/// The ledger's newest entry: who knows it knows what all entries up to it were.
public struct LedgerHead: Sendable, Equatable {
    /// 0 before the first entry.
    public var number: Int64
    /// 32 bytes; zeros before the first entry.
    public var hash: [UInt8]

    public init(number: Int64, hash: [UInt8]) {
        self.number = number
        self.hash = hash
    }

    /// Before the first entry.
    public static let empty = LedgerHead(number: 0, hash: [UInt8](repeating: 0, count: 32))

    /// As the audit and the log write it: `number:hash` in hexadecimal.
    public var text: String { "\(number):\(NotedHead.hexadecimal(hash))" }
}
