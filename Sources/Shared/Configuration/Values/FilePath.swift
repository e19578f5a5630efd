internal import JSON

/// A path from a configuration file. A relative one is relative to the folder of that file, whatever folder the
/// program runs in.
public struct FilePath: Hashable, Sendable, CustomStringConvertible {
    /// As it was written.
    public let written: String
    /// Ready to be opened.
    public let resolved: String

    public init(_ written: String, relativeTo file: String) {
        self.written = written
        let folder = file.lastIndex(of: "/").map { file[...$0] } ?? ""
        resolved = written.hasPrefix("/") ? written : folder + written
    }

    public var description: String { resolved }
}

extension ConfigKind where Value == FilePath {
    /// A path of a file that may or may not exist.
    public static var path: ConfigKind {
        .init(
            allowed: "a path of 1…4095 bytes, relative to this file",
            parse: { value, file throws(ConfigFault) in
                guard case .text(let text) = value else { throw ConfigFault("a \(value.kind) stands here") }
                guard (1...4_095).contains(text.utf8.count), !text.utf8.contains(0) else {
                    throw ConfigFault("\"\(text.prefix(60))\" is no path")
                }
                return FilePath(text, relativeTo: file)
            }, render: { .text($0.written) })
    }
}
