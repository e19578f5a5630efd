public import EventLog

/// What was asked, in the words of the language: every option is known, has its value, and stands once if it may not repeat.
public struct Invocation: Sendable, Equatable {
    /// The command's name.
    public let command: String
    /// What stands beside the options, in order.
    public let operands: [String]
    let values: [String: String]
    /// Of options that may repeat, the second value and those behind it, in order.
    var further: [String: [String]] = [:]

    /// The value of an option; nil where it was not given.
    public func value(_ option: String) -> String? { values[option] }

    /// Every value of an option that may repeat, in order.
    public func values(_ option: String) -> [String] { (value(option).map { [$0] } ?? []) + (further[option] ?? []) }

    /// Whether an option was given.
    public func has(_ option: String) -> Bool { values[option] != nil }

    /// The value of an option or the operand that the language requires, so that it is there.
    public func required(_ option: String) -> String {
        guard let value = values[option] else { preconditionFailure("\(option) is required by the language") }
        return value
    }
}

extension Invocation {
    /// `--log-format text|json`; text where it was not given.
    public func logFormat() throws(UsageError) -> EventFormat {
        switch value("--log-format") {
        case nil, "text"?: return .text
        case "json"?: return .json
        case let other?: throw UsageError("--log-format: \"\(other)\" is no format; allowed: text or json")
        }
    }
}

/// What a command line comes to.
public enum Request: Sendable, Equatable {
    case invoke(Invocation)
    /// Help about a command, or about the program.
    case help(command: String?)
    case version
}

/// Why a command line is wrong; one line that says what would be right.
public struct UsageError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String
    public init(_ description: String) { self.description = description }
}
