internal import DiodeProtocol
public import JSON
internal import Ledger
internal import Storage
public import Time

/// What an operator acknowledges, by the name that the audit prints: `12` or `gap-12`, `loss-3`, `equivocation-57`, `alteration-58`.
public struct AcknowledgedItem: Hashable, Sendable, CustomStringConvertible {
    public enum Kind: String, Sendable, CaseIterable { case gap, loss, equivocation, alteration }

    public let kind: Kind
    /// A gap's number on its link; a loss's in this receiver; the ledger entry of an equivocation or an alteration.
    public let number: UInt64

    /// - Returns: nil for what is no such name.
    public init?(_ text: String) {
        let parts = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        let digits = parts.count == 2 ? parts[1] : parts[0]
        guard let number = UInt64(digits), String(number) == digits, 1...UInt64(Int64.max) ~= number,
            let kind = parts.count == 2 ? Kind(rawValue: String(parts[0])) : .gap
        else { return nil }
        self.kind = kind
        self.number = number
    }

    public var description: String { "\(kind.rawValue)-\(number)" }
}

/// Somebody accepts that records are lost, or that an equivocation or alteration was looked into: an entry of the ledger for ever.
public struct Acknowledgement: Sendable, Equatable {
    public static let maximumByBytes = 64
    public static let maximumReasonBytes = 1_000

    public let item: AcknowledgedItem
    /// Whose gap; nil where only one link has a gap of this number.
    public let link: String?
    /// What the command says of who it is, and why.
    public let by, reason: String
    /// The account that the kernel names: `uid 1000 (maria)`.
    public let account: String

    public init(item: AcknowledgedItem, link: String?, by: String, reason: String, account: String) {
        self.item = item
        self.link = link
        self.by = by
        self.reason = reason
        self.account = account
    }

    /// What the command asks the daemon for.
    public var request: JSONValue {
        [
            "command": "ack", "item": .text(item.description), "link": .optional(link), "by": .text(by),
            "reason": .text(reason),
        ]
    }

    /// - Parameter account: whose request it is; asked for only where it is such a request.
    /// - Returns: nil for what is no such request.
    public init?(_ request: JSONValue, account: @autoclosure () -> String) {
        guard request["command"]?.text == "ack", let item = request["item"]?.text.flatMap({ AcknowledgedItem($0) }),
            let by = request["by"]?.text, let reason = request["reason"]?.text
        else { return nil }
        self.init(item: item, link: request["link"]?.text, by: by, reason: reason, account: account())
    }
}

extension Acknowledgement {
    /// Acknowledges while no daemon runs. The caller holds the state's lock.
    ///
    /// - Parameter path: the database; it is there.
    /// - Returns: what was acknowledged, for people.
    public func store(inDatabase path: String, at time: UnixMilliseconds) throws(OperatorError) -> String {
        let result: Result<String, OperatorError>
        do throws(StorageError) {
            var file = try StoreFile(try Database(path: path, schema: StoreSchema.schema))
            result = try file.run(.acknowledge(self), at: time)
        } catch { throw .notStored(error) }
        return try result.get()
    }
}
