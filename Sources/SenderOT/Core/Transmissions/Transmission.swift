public import DiodeProtocol

/// One sending of a block, asked for.
public struct Transmission: Sendable {
    public let block: ClosedBlock
    public let number: TransmissionNumber
    /// The ESI it begins with.
    public let firstSymbol: EncodingSymbolID
    public let kind: TransmissionClass

    /// A first transmission.
    public init(first block: ClosedBlock) {
        self.block = block
        number = .first
        firstSymbol = EncodingSymbolID(rawValue: 0)
        kind = block.firstClass
    }

    /// A repetition, for example an echo.
    public init(
        repeating block: ClosedBlock, number: TransmissionNumber, firstSymbol: EncodingSymbolID,
        kind: TransmissionClass
    ) {
        self.block = block
        self.number = number
        self.firstSymbol = firstSymbol
        self.kind = kind
    }
}
