public import Account

/// Names an output of the outbox, in the tables and for people.
public struct OutputName: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    /// The IT broker: the first output of every queue.
    public static let mqtt = OutputName(rawValue: "mqtt")

    public var description: String { rawValue }
}

/// What one output lost and one transaction is to name.
public struct OutputLosses: Sendable, Equatable {
    public let output: OutputName
    /// One for each cause, in a fixed order.
    public let losses: [Loss]
}

/// An output that an earlier process had and this one has not: its account ends.
public struct ForgottenOutput: Sendable, Equatable {
    public let output: OutputName
    /// Deliveries that it had not settled, refreshes among them.
    public let waiting: UInt64
}

/// What an output wants to know again after a restart. It is stored in one transaction with what the output has settled until then.
public struct OutputNote: Sendable, Equatable {
    public let name: [UInt8]
    public let value: [UInt8]
}
