internal import Crypto

/// How entries are chained.
///
/// ```text
/// hash(n) = SHA-256("UNS-DIODE-LEDGER 1\n" ‖ hash(n − 1) ‖ n ‖ at ‖ #link ‖ link ‖ #kind ‖ kind ‖ #body ‖ body)
/// ```
/// Numbers are 8 bytes, big-endian; # is the length in bytes of what follows, so that no two entries hash the same bytes.
/// `hash(0)` is 32 zeros.
public enum LedgerChain {
    private static let prefix = "UNS-DIODE-LEDGER 1\n"

    /// The head once `entry` stands behind `head`.
    public static func head(after head: LedgerHead, with entry: LedgerEntry) -> LedgerHead {
        let number = head.number + 1
        var bytes = Array(prefix.utf8)
        bytes += head.hash
        append(UInt64(number), to: &bytes)
        append(entry.at, to: &bytes)
        for text in [entry.link, entry.kind, entry.body] {
            let content = Array(text.utf8)
            append(UInt64(content.count), to: &bytes)
            bytes += content
        }
        return LedgerHead(number: number, hash: SHA256Hasher.hash(bytes.span.bytes).bytes)
    }

    private static func append(_ number: UInt64, to bytes: inout [UInt8]) {
        for shift in stride(from: 56, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: number >> shift)) }
    }
}
