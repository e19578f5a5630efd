import DiodeProtocol
import SenderOT

/// Blocks that left, so that some are repeated: as the journal will do it, with symbols that were not sent before.
struct SentBlocks {
    struct Repetition {
        var due: UInt64
        var block: ClosedBlock
        var number: TransmissionNumber
        var firstSymbol: EncodingSymbolID
    }

    private var waiting: [Repetition] = []

    var nextDue: UInt64? { waiting.map(\.due).min() }

    mutating func schedule(_ block: ClosedBlock, number: UInt16, at due: UInt64) {
        let first = Int(number) * block.shape.symbolCount % EncodingSymbolID.count
        waiting.append(
            Repetition(
                due: due, block: block, number: TransmissionNumber(rawValue: number),
                firstSymbol: EncodingSymbolID(rawValue: UInt8(first))))
    }

    mutating func takeDue(_ now: UInt64) -> [Repetition] {
        let due = waiting.filter { $0.due <= now }
        waiting.removeAll { $0.due <= now }
        return due
    }
}
