internal import KeyFiles
internal import Outbox

/// How a ``FlowTable`` lies in the outbox's notes.
///
/// ```text
/// "q"             │ format:1 │ flags:1 │ boot:8 │ distrusted before:8 │ n:2 │ server:n │ ( stage:1 │ identifier:2 │ position:8 ) … │
///                   flags: 1 the last broker spoke MQTT 3.1.1;  stage: 1 may be sent, 2 received, 3 orphan
/// "q" block:8     │ one bit for each of 1,024 positions │   (``DoneMarks``)
/// ```
/// Integers are big-endian.
enum FlowNotes {
    static let prefix: UInt8 = 0x71
    static let format: UInt8 = 1
    private static let headBytes = 20
    private static let entryBytes = 11

    enum Stage: UInt8 {
        case sent = 1
        case received
        case orphan
    }

    struct Entry: Equatable {
        let stage: Stage
        let identifier: UInt16
        /// Of an orphan: 0.
        let position: UInt64
    }

    /// The note of a table.
    struct Table: Equatable {
        var isOldBroker = false
        /// Whose session it is: host and port; empty: nobody's yet.
        var server: String
        /// When the machine was started: what was written under another boot may be older than what was done.
        var boot: UInt64
        /// Below it, a position that has no flow may have been sent all the same.
        var distrustedBefore: UInt64
        var entries: [Entry] = []

        var bytes: [UInt8] {
            var bytes = [FlowNotes.format, isOldBroker ? 1 : 0]
            bytes.reserveCapacity(FlowNotes.headBytes + entries.count * FlowNotes.entryBytes)
            FlowNotes.append(boot, to: &bytes)
            FlowNotes.append(distrustedBefore, to: &bytes)
            let name = server.utf8.prefix(Int(UInt16.max))
            bytes.append(UInt8(name.count >> 8))
            bytes.append(UInt8(truncatingIfNeeded: name.count))
            bytes.append(contentsOf: name)
            for entry in entries {
                bytes.append(entry.stage.rawValue)
                bytes.append(UInt8(entry.identifier >> 8))
                bytes.append(UInt8(truncatingIfNeeded: entry.identifier))
                FlowNotes.append(entry.position, to: &bytes)
            }
            return bytes
        }

        init(
            isOldBroker: Bool = false, server: String = "", boot: UInt64, distrustedBefore: UInt64,
            entries: [Entry] = []
        ) {
            self.isOldBroker = isOldBroker
            self.server = server
            self.boot = boot
            self.distrustedBefore = distrustedBefore
            self.entries = entries
        }

        /// - Returns: nil if these bytes are none.
        init?(_ bytes: [UInt8]) {
            guard bytes.count >= FlowNotes.headBytes, bytes[0] == FlowNotes.format else { return nil }
            let first = FlowNotes.headBytes + Int(FlowNotes.number(bytes[18..<20]))
            guard bytes.count >= first, (bytes.count - first) % FlowNotes.entryBytes == 0 else { return nil }
            server = String(decoding: bytes[FlowNotes.headBytes..<first], as: UTF8.self)
            isOldBroker = bytes[1] & 1 != 0
            boot = FlowNotes.number(bytes[2..<10])
            distrustedBefore = FlowNotes.number(bytes[10..<18])
            for start in stride(from: first, to: bytes.count, by: FlowNotes.entryBytes) {
                let identifier = UInt16(FlowNotes.number(bytes[start + 1..<start + 3]))
                guard let stage = Stage(rawValue: bytes[start]), identifier > 0 else { return nil }
                entries.append(
                    Entry(
                        stage: stage, identifier: identifier,
                        position: FlowNotes.number(bytes[start + 3..<start + 11])))
            }
        }
    }

    static let tableName = [prefix]

    static func name(of block: UInt64) -> [UInt8] {
        var name = [prefix]
        append(block, to: &name)
        return name
    }

    /// The block that a note is named for; nil if it is another note.
    static func block(of name: [UInt8]) -> UInt64? { name.count == 9 ? number(name[1...]) : nil }

    private static func append(_ number: UInt64, to bytes: inout [UInt8]) {
        for shift in stride(from: 56, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: number >> shift)) }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }

    /// From the kernel's boot identifier; 0 where there is none.
    static func bootNumber() -> UInt64 {
        guard let bytes = try? WholeFile.read("/proc/sys/kernel/random/boot_id", maximumBytes: 64) else { return 0 }
        let digits = String(decoding: bytes.prefix { $0 != 0x0A }, as: UTF8.self).filter { $0 != "-" }.prefix(16)
        return UInt64(digits, radix: 16) ?? 0
    }
}
