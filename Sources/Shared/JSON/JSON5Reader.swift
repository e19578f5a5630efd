/// Reads JSON5 (json5.org) strictly.
///
/// Stricter than its grammar where a slip would otherwise pass unseen: a name that stands twice in an object, a number
/// that is not finite, and anything after the value are errors. Names without quotes are ASCII. At most
/// `maximumDepth` levels and `maximumValues` values, so that no text makes it use more memory than a small multiple of
/// its own size.
public struct JSON5Reader {
    /// The deepest nesting.
    public static let maximumDepth = 32
    /// The most values in one text.
    public static let maximumValues = 200_000

    /// Names of one object up to which each is compared with those before it.
    private static let comparedNames = 16

    private var scanner: JSON5Scanner
    private let keepsPositions: Bool
    private var positions: [String: JSON5Document.Position] = [:]
    private var values = 0

    private init(_ bytes: [UInt8], keepsPositions: Bool) {
        scanner = JSON5Scanner(bytes)
        self.keepsPositions = keepsPositions
    }

    /// Reads one value with the place of each value in it.
    /// - Parameter bytes: UTF-8. The caller bounds the length.
    public static func read(_ bytes: [UInt8]) throws(JSON5Error) -> JSON5Document {
        var reader = JSON5Reader(bytes, keepsPositions: true)
        let value = try reader.document()
        return JSON5Document(value: value, positions: reader.positions)
    }

    /// Reads one value without places, for what a program wrote.
    /// - Parameter bytes: UTF-8. The caller bounds the length.
    public static func value(of bytes: [UInt8]) throws(JSON5Error) -> JSONValue {
        var reader = JSON5Reader(bytes, keepsPositions: false)
        return try reader.document()
    }

    private mutating func document() throws(JSON5Error) -> JSONValue {
        try scanner.validateEncoding()
        try scanner.skipSpace()
        let value = try value(path: "", depth: 0)
        try scanner.skipSpace()
        guard scanner.isAtEnd else { throw scanner.fault("something stands after the value") }
        return value
    }

    private mutating func value(path: String, depth: Int) throws(JSON5Error) -> JSONValue {
        values += 1
        guard values <= Self.maximumValues else { throw scanner.fault("more than \(Self.maximumValues) values") }
        if keepsPositions { positions[path] = scanner.position }
        switch scanner.next {
        case nil: throw scanner.fault("the text ends where a value should stand")
        case UInt8(ascii: "{")?: return try object(path: path, depth: depth)
        case UInt8(ascii: "[")?: return try array(path: path, depth: depth)
        case UInt8(ascii: "\"")?, UInt8(ascii: "'")?: return .text(try scanner.string())
        case let byte? where JSON5Scanner.beginsName(byte): return try word()
        default: return try scanner.number()
        }
    }

    private mutating func word() throws(JSON5Error) -> JSONValue {
        let start = scanner.position
        let name = try scanner.name()
        switch name {
        case "null": return .null
        case "true": return .flag(true)
        case "false": return .flag(false)
        case "Infinity", "NaN": throw JSON5Error(position: start, reason: "a number must be finite")
        default: throw JSON5Error(position: start, reason: "\"\(name)\" is no value; a text stands in quotes")
        }
    }

    private mutating func object(path: String, depth: Int) throws(JSON5Error) -> JSONValue {
        try descend(depth)
        var members: [JSONValue.Member] = []
        // Comparing is faster than hashing as long as they are few.
        var names: Set<String> = []
        while try !closes(with: UInt8(ascii: "}")) {
            let start = scanner.position
            let name = try scanner.memberName()
            if members.count == Self.comparedNames { names = Set(members.map(\.name)) }
            let isNew =
                members.count < Self.comparedNames
                ? !members.contains { $0.name == name } : names.insert(name).inserted
            guard isNew else {
                throw JSON5Error(position: start, reason: "\"\(name)\" stands twice in this object")
            }
            try scanner.skipSpace()
            guard scanner.take(UInt8(ascii: ":")) else { throw scanner.fault("a \":\" is missing after \"\(name)\"") }
            try scanner.skipSpace()
            let inner = keepsPositions ? (path.isEmpty ? name : "\(path).\(name)") : ""
            members.append(JSONValue.Member(name, try value(path: inner, depth: depth + 1)))
            try separator(before: UInt8(ascii: "}"))
        }
        return .object(members)
    }

    private mutating func array(path: String, depth: Int) throws(JSON5Error) -> JSONValue {
        try descend(depth)
        var elements: [JSONValue] = []
        while try !closes(with: UInt8(ascii: "]")) {
            elements.append(
                try value(path: keepsPositions ? "\(path)[\(elements.count)]" : "", depth: depth + 1))
            try separator(before: UInt8(ascii: "]"))
        }
        return .array(elements)
    }

    private mutating func descend(_ depth: Int) throws(JSON5Error) {
        guard depth < Self.maximumDepth else { throw scanner.fault("nested deeper than \(Self.maximumDepth) levels") }
        scanner.advance()
    }

    private mutating func closes(with closing: UInt8) throws(JSON5Error) -> Bool {
        try scanner.skipSpace()
        return scanner.take(closing)
    }

    /// A comma, or nothing right before the end.
    private mutating func separator(before closing: UInt8) throws(JSON5Error) {
        try scanner.skipSpace()
        guard scanner.take(UInt8(ascii: ",")) || scanner.next == closing else {
            let mark = Character(Unicode.Scalar(closing))
            throw scanner.fault(
                scanner.isAtEnd ? "the text ends before its \"\(mark)\"" : "a \",\" or \"\(mark)\" is missing here")
        }
    }
}
