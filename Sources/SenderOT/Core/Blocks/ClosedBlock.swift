public import DiodeProtocol
public import Time

/// Says how far the OT broker's deliveries have been taken in: it grows, and acknowledging one acknowledges all before.
public struct DeliveryTicket: RawRepresentable, Hashable, Comparable, Sendable {
    public let rawValue: UInt64

    public init(rawValue: UInt64) { self.rawValue = rawValue }

    public static func < (a: DeliveryTicket, b: DeliveryTicket) -> Bool { a.rawValue < b.rawValue }
}

/// A source block that will not change any more: what the journal stores and every transmission is made from.
public struct ClosedBlock: Sendable {
    public let id: BlockID
    public let flags: TransmissionHeader.Flags
    /// 0…`partCount` − 1.
    public let partIndex: Int
    /// How many blocks hold this content together, 1…64.
    public let partCount: Int
    /// Zero on channels other than live; `last` is `first` − 1 in a block that takes no sequence (WIRE W-08).
    public let firstSequence: SequenceNumber
    public let lastSequence: SequenceNumber
    /// Bytes after compression and sealing, 1…2²⁰.
    public let packedBytes: Int
    /// Bytes before them, 1…2²².
    public let plainBytes: Int
    /// K and T; N of the first transmission.
    public let shape: BlockGeometry.Shape
    /// The packed bytes, zero padded to K · T.
    public let symbols: [UInt8]
    /// What its hashes begin with; nil in a block that a release of before has closed: it goes on the wire in version 1, as it always did.
    public let salt: BlockSalt?
    /// What it was sealed with, for the journal; nil where it is not sealed, or was read back.
    package let keys: SealKeys?
    /// With this block, everything that the OT broker delivered up to here is in blocks. Nil says nothing new.
    public let lastDelivery: DeliveryTicket?
    /// Under which packet identifiers its records were delivered.
    package let packets: PacketList
    /// When its newest item came.
    public let closedAt: UnixMilliseconds

    /// A block as the journal gives it back. `symbols` holds K · T bytes; the other numbers are within WIRE W-05 to W-10, or
    /// encoding its header traps.
    public init(
        id: BlockID, flags: TransmissionHeader.Flags, partIndex: Int, partCount: Int, firstSequence: SequenceNumber,
        lastSequence: SequenceNumber, packedBytes: Int, plainBytes: Int, shape: BlockGeometry.Shape, symbols: [UInt8],
        salt: BlockSalt?, lastDelivery: DeliveryTicket?, closedAt: UnixMilliseconds = UnixMilliseconds(rawValue: 0)
    ) {
        self.init(
            id: id, flags: flags, partIndex: partIndex, partCount: partCount, firstSequence: firstSequence,
            lastSequence: lastSequence, packedBytes: packedBytes, plainBytes: plainBytes, shape: shape,
            symbols: symbols, salt: salt, lastDelivery: lastDelivery, packets: PacketList(), closedAt: closedAt,
            keys: nil)
    }

    package init(
        id: BlockID, flags: TransmissionHeader.Flags, partIndex: Int, partCount: Int, firstSequence: SequenceNumber,
        lastSequence: SequenceNumber, packedBytes: Int, plainBytes: Int, shape: BlockGeometry.Shape, symbols: [UInt8],
        salt: BlockSalt?, lastDelivery: DeliveryTicket?, packets: PacketList, closedAt: UnixMilliseconds,
        keys: SealKeys? = nil
    ) {
        precondition(symbols.count == shape.sourceSymbols * shape.symbolBytes, "a block holds K symbols of T bytes")
        self.id = id
        self.flags = flags
        self.partIndex = partIndex
        self.partCount = partCount
        self.firstSequence = firstSequence
        self.lastSequence = lastSequence
        self.packedBytes = packedBytes
        self.plainBytes = plainBytes
        self.shape = shape
        self.symbols = symbols
        self.salt = salt
        self.keys = keys
        self.lastDelivery = lastDelivery
        self.packets = packets
        self.closedAt = closedAt
    }

    /// Records, shed ones included; a record of several parts counts with its last.
    package var recordCount: UInt64 {
        partIndex == partCount - 1 ? lastSequence.rawValue + 1 - firstSequence.rawValue : 0
    }

    /// What is authenticated beside its bytes where they are sealed; nil in version 1.
    package var sealedContext: SealedContext? {
        salt.map {
            SealedContext(
                id, flags: flags, part: partIndex, parts: partCount, plainBytes: plainBytes, first: firstSequence,
                last: lastSequence, salt: $0)
        }
    }

    /// What its hashes are made for.
    var binding: HashBinding { salt.map(HashBinding.salt) ?? .identity(id) }

    /// What a first transmission and its repetitions are for.
    public var firstClass: TransmissionClass {
        switch id.channel {
        case .live: .live
        case .snapshot: .snapshot
        case .beat: .beat
        }
    }
}
