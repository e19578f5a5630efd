internal import Crypto
internal import DiodeProtocol
internal import Storage

/// How many rows each sealed table has, and the sum of their hashes mod 2²⁵⁶, so that a row that changes costs a subtraction and an
/// addition.
///
/// ```text
/// hash(row) = SHA-256("UNS-DIODE-ROW 1\n" ‖ row)      the row's bytes: RowLayout
/// text      = a line for each table: name, space, rows, space, sum as 64 hexadecimal digits, LF
/// ```
struct RowSums: Equatable {
    struct Sum: Equatable {
        var rows: Int64 = 0
        var sum = StateDigest()
    }

    private static let prefix = Array("UNS-DIODE-ROW 1\n".utf8)

    /// By table.
    private var sums: [String: Sum] = [:]

    /// - Returns: nil for what is no such text.
    init?(_ text: String) {
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            let words = line.split(separator: " ", omittingEmptySubsequences: false)
            guard words.count == 3, let rows = Int64(words[1]), let sum = Digest32(hexadecimal: words[2]) else {
                return nil
            }
            var entry = Sum(rows: rows)
            entry.sum.add(sum)
            sums[String(words[0])] = entry
        }
        guard self.text == text else { return nil }
    }

    /// In the order of the names.
    var text: String {
        sums.sorted { $0.key < $1.key }.map { Self.line($0.key, $0.value) }.joined()
    }

    static func line(_ table: String, _ sum: Sum) -> String { "\(table) \(sum.rows) \(sum.sum.sum)\n" }

    subscript(table: String) -> Sum? { sums[table] }

    /// Counts a table as it is; nil if there is none.
    static func count(_ table: String, in database: borrowing Database) throws(StorageError) -> Sum? {
        guard let layout = try RowLayout(of: table, in: database) else { return nil }
        var sum = Sum()
        var hasher = SHA256Hasher()
        var bytes: [UInt8] = []
        var rows = try database.prepare("SELECT * FROM \(table)")
        while try rows.step() {
            bytes.removeAll(keepingCapacity: true)
            rows.append(layout, to: &bytes)
            sum.note(bytes.span.bytes, comes: true, with: &hasher)
        }
        return sum
    }
}

extension RowSums.Sum {
    mutating func note(_ row: RawSpan, comes: Bool, with hasher: inout SHA256Hasher) {
        hasher.update(RowSums.prefix.span.bytes)
        let hash = hasher.hash(row)
        if comes {
            rows += 1
            sum.add(hash)
        } else {
            rows -= 1
            sum.subtract(hash)
        }
    }
}

extension Digest32 {
    /// 64 lower-case digits.
    fileprivate init?(hexadecimal text: Substring) {
        guard text.utf8.count == 64 else { return nil }
        var words: [UInt64] = []
        var rest = text
        while !rest.isEmpty {
            guard let word = UInt64(rest.prefix(16), radix: 16) else { return nil }
            words.append(word)
            rest = rest.dropFirst(16)
        }
        guard words.count == 4 else { return nil }
        self.init(first: words[0], second: words[1], third: words[2], fourth: words[3])
    }
}
