/// What was read, with the place of each value.
public struct JSON5Document: Sendable {
    /// A place in the text; both count from 1, columns in bytes.
    public struct Position: Hashable, Sendable, CustomStringConvertible {
        public let line, column: Int
        public var description: String { "\(line):\(column)" }
    }

    public let value: JSONValue
    /// By path, as in `link.paths[0].to`; the whole document is the empty path.
    let positions: [String: Position]

    /// Where the value of a path stands, or the nearest value around it.
    public func position(of path: String) -> Position? {
        var path = path[...]
        while true {
            if let position = positions[String(path)] { return position }
            guard let end = path.lastIndex(where: { $0 == "." || $0 == "[" }) else { return positions[""] }
            path = path[..<end]
        }
    }
}

/// Why a text is not JSON5, and where.
public struct JSON5Error: Error, Hashable, Sendable, CustomStringConvertible {
    public let position: JSON5Document.Position
    public let reason: String

    public var description: String { "\(position): \(reason)" }
}
