/// One sender lifetime, counted up for ever: max(last + 1, Unix milliseconds) at each start. 1 … 2⁶³−1 (WIRE W-10).
public struct Epoch: RawRepresentable, Hashable, Comparable, Sendable {
    public let rawValue: UInt64
    @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }
    @inlinable public static func < (a: Epoch, b: Epoch) -> Bool { a.rawValue < b.rawValue }
}

/// A random number that tells two sender lifetimes with one epoch apart.
public struct Incarnation: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt64
    @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// The number of a block within its channel and epoch, from 1 without holes (WIRE W-10).
public struct BlockNumber: RawRepresentable, Hashable, Comparable, Sendable {
    public let rawValue: UInt64
    @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }
    @inlinable public static func < (a: BlockNumber, b: BlockNumber) -> Bool { a.rawValue < b.rawValue }
    /// The block after this one. Block numbers stay below 2⁶³, so this does not overflow.
    @inlinable public var next: BlockNumber { BlockNumber(rawValue: rawValue + 1) }
}

/// The number of a record within its epoch, from 1 without holes. (`Sequence` would hide the standard library's protocol.)
public struct SequenceNumber: RawRepresentable, Hashable, Comparable, Sendable {
    public let rawValue: UInt64
    @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }
    @inlinable public static func < (a: SequenceNumber, b: SequenceNumber) -> Bool { a.rawValue < b.rawValue }
    /// The sequence after this one. Sequences stay below 2⁶³ (WIRE W-08), so this does not overflow.
    @inlinable public var next: SequenceNumber { SequenceNumber(rawValue: rawValue + 1) }
}

/// Which sending of a block this is: 0 the first, 1 … 255 echoes, above them resends.
public struct TransmissionNumber: RawRepresentable, Hashable, Comparable, Sendable {
    public let rawValue: UInt16
    @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }
    @inlinable public static func < (a: TransmissionNumber, b: TransmissionNumber) -> Bool { a.rawValue < b.rawValue }
    public static let first = TransmissionNumber(rawValue: 0)
    public static let firstResend = TransmissionNumber(rawValue: 256)
}

/// The index of an encoding symbol within its block (ESI, RFC 5052): 0 … 254; below K a source symbol, else a repair symbol.
public struct EncodingSymbolID: RawRepresentable, Hashable, Comparable, Sendable {
    public static let count = 255
    public let rawValue: UInt8
    @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }
    @inlinable public static func < (a: EncodingSymbolID, b: EncodingSymbolID) -> Bool { a.rawValue < b.rawValue }
}

/// How many records a topic has had up to and with this one; it outlives epochs.
public struct TopicVersion: RawRepresentable, Hashable, Comparable, Sendable {
    public let rawValue: UInt64
    @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }
    @inlinable public static func < (a: TopicVersion, b: TopicVersion) -> Bool { a.rawValue < b.rawValue }
}

/// A topic's place in the order of the carousel: the first 8 bytes of SHA-256 of its name (WIRE §6.2).
public struct TopicHash: RawRepresentable, Hashable, Comparable, Sendable {
    public let rawValue: UInt64
    @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }
    @inlinable public static func < (a: TopicHash, b: TopicHash) -> Bool { a.rawValue < b.rawValue }
}

/// Says which of two records is newer, on both sides and over restarts: by epoch, then by sequence.
public struct Stamp: Hashable, Comparable, Sendable {
    public var epoch: Epoch
    public var sequence: SequenceNumber
    @inlinable public init(epoch: Epoch, sequence: SequenceNumber) {
        self.epoch = epoch
        self.sequence = sequence
    }
    @inlinable public static func < (a: Stamp, b: Stamp) -> Bool {
        a.epoch == b.epoch ? a.sequence < b.sequence : a.epoch < b.epoch
    }
}

/// The stream a block belongs to.
public enum Channel: UInt8, Hashable, CaseIterable, Sendable {
    /// Records, in sequence. Only a hole here is a gap.
    case live = 0
    /// The carousel: slices of the whole state.
    case snapshot = 1
    /// Heartbeats.
    case beat = 2
}

/// Quality of service of a PUBLISH (MQTT 5 §4.3).
public enum QualityOfService: UInt8, Hashable, Comparable, CaseIterable, Sendable {
    case atMostOnce = 0
    case atLeastOnce = 1
    case exactlyOnce = 2
    @inlinable public static func < (a: QualityOfService, b: QualityOfService) -> Bool { a.rawValue < b.rawValue }
}

/// What a block is called on its link. Its transmissions share it, and so do their leaves.
public struct BlockID: Hashable, Sendable {
    public var channel: Channel
    public var epoch: Epoch
    public var incarnation: Incarnation
    public var block: BlockNumber
    @inlinable public init(channel: Channel, epoch: Epoch, incarnation: Incarnation, block: BlockNumber) {
        self.channel = channel
        self.epoch = epoch
        self.incarnation = incarnation
        self.block = block
    }

    /// The number alone: tables are asked with each frame, and hardly any two of their blocks have the same.
    @inlinable public func hash(into hasher: inout Hasher) { hasher.combine(block.rawValue) }
}
