public import Time

/// How a part of the pair is: the link, the sender, a broker.
public struct Condition: Sendable, Hashable {
    /// nil: nobody here knows.
    public let state: LinkState?
    /// When that began; nil where nobody knows.
    public let since: UnixMilliseconds?
    /// Why it is not well, or what it cannot do; empty while there is nothing to say.
    public let reason: String
    /// What to do about it; empty where `reason` says it, or there is nothing to do.
    public let advice: String

    public init(_ state: LinkState?, since: UnixMilliseconds?, reason: String, advice: String = "") {
        self.state = state
        self.since = since
        self.reason = reason
        self.advice = advice
    }
}

/// How the namespace of the IT side compares with the plant's. Nothing is called well before this was asked: audit and status have one rule.
public struct Agreement: Sendable, Hashable {
    private let digestMatches: Bool?
    private let itMatches: Bool?
    private let itRefused: UInt64

    /// - Parameters:
    ///   - digestMatches: the replica against the sender's state; nil: not compared.
    ///   - itMatches: what the IT broker retains, read back, against the replica; nil: not read back.
    ///   - itRefused: values that the IT broker does not retain because it has refused them.
    public init(digestMatches: Bool?, itMatches: Bool?, itRefused: UInt64?) {
        self.digestMatches = digestMatches
        self.itMatches = itMatches
        self.itRefused = itRefused ?? 0
    }

    /// What of the replica differs from the plant, as a sentence without a full stop; nil where nothing is known to.
    public var atReplica: String? { digestMatches == false ? "the replica differs from the sender's state" : nil }

    /// The same of the IT broker.
    public var atBroker: String? {
        guard itMatches == false else { return nil }
        let refusal = itRefused > 0 ? ", of which it has refused \(itRefused)" : ""
        return "the IT broker does not retain all values of the replica\(refusal)"
    }

    /// Both.
    public var differences: [String] { [atReplica, atBroker].compactMap(\.self) }
}
