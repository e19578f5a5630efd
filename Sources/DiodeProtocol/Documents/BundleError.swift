/// Why a file is not a resend bundle (docs/WIRE.md §8). Lines count from 1.
public enum BundleError: Error, Hashable, Sendable, CustomStringConvertible {
    /// W-43.
    case tooLong(Int)
    case notText
    case missing(String, line: Int)
    case linkName(String)
    case fingerprint(String)
    case written(String)
    case afterEnd(line: Int)
    /// W-38.
    case epoch(line: Int)
    case blocks(line: Int)
    case empty
    case total(String)

    public var description: String {
        switch self {
        case .tooLong(let bytes): "the bundle has \(bytes) bytes; at most \(WireLimits.maximumBundleBytes) are allowed"
        case .notText: "the bundle is not printable ASCII in whole lines"
        case .missing(let name, let line): "line \(line) should be '\(name)': the file is cut short or no bundle"
        case .linkName(let name): "'\(name)' is no link name: 1 to 64 of A-Z a-z 0-9 . _ -"
        case .fingerprint(let text): "'\(text)' is no fingerprint of the form SHA256:..."
        case .written(let text): "'\(text)' is no time of the form 2026-11-21T09:30:00.000Z"
        case .afterEnd(let line): "line \(line) stands after the end"
        case .epoch(let line): "line \(line): epochs are 1 to 2^63-1, ascending, without leading zeros"
        case .blocks(let line):
            "line \(line): blocks are N or FIRST-LAST below 2^63, ascending, not touching those before, without leading zeros"
        case .empty: "an epoch without blocks"
        case .total(let text): "'\(text)' is not the number of blocks in the file: it is cut short or was changed"
        }
    }
}
