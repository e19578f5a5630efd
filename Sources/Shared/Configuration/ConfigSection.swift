internal import JSON

/// One object of the file. Takes its keys one by one, and in the end refuses those that nobody took.
///
/// Every taken key is noted with the value that holds, also where the default does: that is the effective
/// configuration which `check` prints.
public struct ConfigSection {
    /// Its path, for example `link` or `links[0]`; empty for the whole file.
    public let path: String
    private let members: [JSONValue.Member]
    private let source: ConfigFile
    private var known: [String] = []
    private var effective: [JSONValue.Member] = []

    init(value: JSONValue, path: String, source: ConfigFile) throws(ConfigError) {
        guard case .object(let members) = value else {
            throw source.error(path, "a \(value.kind) stands here", allowed: "an object { … }")
        }
        self.members = members
        self.path = path
        self.source = source
    }

    /// A key that must be there.
    public mutating func required<Value>(_ key: String, _ kind: ConfigKind<Value>) throws(ConfigError) -> Value {
        guard let given = take(key) else { throw missing(key, allowed: kind.allowed) }
        return try note(key, kind, parse(key, given, kind))
    }

    /// A key that may be left out.
    public mutating func value<Value>(
        _ key: String, _ kind: ConfigKind<Value>, default standard: Value
    ) throws(ConfigError) -> Value {
        guard let given = take(key) else { return note(key, kind, standard) }
        return try note(key, kind, parse(key, given, kind))
    }

    /// The path of a file; the default is relative to the configuration file too.
    public mutating func file(_ key: String, default standard: String) throws(ConfigError) -> FilePath {
        try value(key, .path, default: FilePath(standard, relativeTo: source.path))
    }

    /// A key that may be left out or be null, which both mean that there is no such value.
    public mutating func optional<Value>(_ key: String, _ kind: ConfigKind<Value>) throws(ConfigError) -> Value? {
        guard let given = take(key), given != .null else {
            effective.append(.init(key, .null))
            return nil
        }
        return try note(key, kind, parse(key, given, kind))
    }

    /// A list of values.
    /// - Parameters:
    ///   - count: how many are allowed.
    ///   - standard: what holds if the key is left out, as it would be written; nil makes the key required.
    public mutating func list<Value>(
        _ key: String, of kind: ConfigKind<Value>, count: ClosedRange<Int>, default standard: [String]? = nil
    ) throws(ConfigError) -> [Value] {
        guard let given = take(key) ?? standard.map({ .array($0.map { .text($0) }) }) else {
            throw missing(key, allowed: Self.allowedCount(count, of: kind.allowed))
        }
        var values: [Value] = []
        for (index, element) in try elements(key, given, count: count, allowed: kind.allowed).enumerated() {
            values.append(try parse("\(key)[\(index)]", element, kind))
        }
        effective.append(.init(key, .array(values.map(kind.render))))
        return values
    }

    /// An object within this one that must be there.
    public mutating func requiredSection<Result>(
        _ key: String, _ body: (inout ConfigSection) throws(ConfigError) -> Result
    ) throws(ConfigError) -> Result {
        guard let given = take(key) else { throw missing(key, allowed: "an object { … }") }
        return try section(key, given, body)
    }

    /// An object within this one. Left out, it is read as if it were empty, so that its own defaults hold and its
    /// required keys are missed.
    public mutating func section<Result>(
        _ key: String, _ body: (inout ConfigSection) throws(ConfigError) -> Result
    ) throws(ConfigError) -> Result {
        try section(key, take(key) ?? .object([]), body)
    }

    /// An object within this one that null switches off. Left out, it is read as if it were empty.
    public mutating func optionalSection<Result>(
        _ key: String, _ body: (inout ConfigSection) throws(ConfigError) -> Result
    ) throws(ConfigError) -> Result? {
        let given = take(key) ?? .object([])
        guard given != .null else {
            effective.append(.init(key, .null))
            return nil
        }
        return try section(key, given, body)
    }

    private mutating func section<Result>(
        _ key: String, _ given: JSONValue, _ body: (inout ConfigSection) throws(ConfigError) -> Result
    ) throws(ConfigError) -> Result {
        var section = try ConfigSection(value: given, path: inner(key), source: source)
        let result = try body(&section)
        effective.append(.init(key, try section.finish()))
        return result
    }

    /// A list of objects.
    /// - Parameters:
    ///   - count: how many are allowed.
    ///   - shorthand: if given, a text `"x"` in the list stands for the object `{ shorthand: "x" }`.
    ///   - standard: such texts, which hold if the key is left out; nil makes it required.
    public mutating func sections<Result>(
        _ key: String, count: ClosedRange<Int>, shorthand: String? = nil, default standard: [String]? = nil,
        _ body: (inout ConfigSection) throws(ConfigError) -> Result
    ) throws(ConfigError) -> [Result] {
        let allowed = shorthand.map { "objects, or texts that stand for { \($0): … }" } ?? "objects"
        guard let given = take(key) ?? standard.map({ .array($0.map { .text($0) }) }) else {
            throw missing(key, allowed: Self.allowedCount(count, of: allowed))
        }
        var results: [Result] = []
        var notes: [JSONValue] = []
        for (index, element) in try elements(key, given, count: count, allowed: allowed).enumerated() {
            var value = element
            if let shorthand, case .text = element { value = .object([.init(shorthand, element)]) }
            var section = try ConfigSection(value: value, path: "\(inner(key))[\(index)]", source: source)
            results.append(try body(&section))
            notes.append(try section.finish())
        }
        effective.append(.init(key, .array(notes)))
        return results
    }

    /// Whether a key is written in the file.
    public func has(_ key: String) -> Bool { members.contains { $0.name == key } }

    /// The error of a key whose value is allowed alone, but not together with others.
    public func error(_ key: String, _ reason: String, allowed: String? = nil) -> ConfigError {
        source.error(inner(key), reason, allowed: allowed)
    }

    /// Refuses what nobody took.
    /// - Returns: every key with the value that holds.
    func finish() throws(ConfigError) -> JSONValue {
        for member in members where !known.contains(member.name) {
            throw source.error(inner(member.name), "unknown key", allowed: known.sorted().joined(separator: ", "))
        }
        return .object(effective)
    }

    /// Whether the file says anything of a key, of which another one is the short form.
    public func isGiven(_ key: String) -> Bool { members.contains { $0.name == key } }

    private mutating func take(_ key: String) -> JSONValue? {
        precondition(!known.contains(key), "each key is taken once")
        known.append(key)
        return members.first { $0.name == key }?.value
    }

    private mutating func note<Value>(_ key: String, _ kind: ConfigKind<Value>, _ value: Value) -> Value {
        effective.append(.init(key, kind.render(value)))
        return value
    }

    private func parse<Value>(
        _ key: String, _ given: JSONValue, _ kind: ConfigKind<Value>
    ) throws(ConfigError) -> Value {
        do throws(ConfigFault) { return try kind.parse(given, source.path) } catch {
            throw source.error(inner(key), error.reason, allowed: kind.allowed)
        }
    }

    private func elements(
        _ key: String, _ given: JSONValue, count: ClosedRange<Int>, allowed: String
    ) throws(ConfigError) -> [JSONValue] {
        guard case .array(let elements) = given else {
            throw source.error(
                inner(key), "a \(given.kind) stands here", allowed: Self.allowedCount(count, of: allowed))
        }
        guard count.contains(elements.count) else {
            throw source.error(
                inner(key), "\(elements.count) stand in this list", allowed: Self.allowedCount(count, of: allowed))
        }
        return elements
    }

    private func missing(_ key: String, allowed: String) -> ConfigError {
        source.error(inner(key), "this key is missing and has no default", allowed: allowed)
    }

    private func inner(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    private static func allowedCount(_ count: ClosedRange<Int>, of allowed: String) -> String {
        "a list [ … ] of \(count.lowerBound)…\(count.upperBound): \(allowed)"
    }
}
