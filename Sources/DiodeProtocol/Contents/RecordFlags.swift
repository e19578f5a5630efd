/// The first byte of a record's and of a slot entry's body (WIRE §6.1).
public struct RecordFlags: Hashable, Sendable {
    public let rawValue: UInt8

    private static let retainBit: UInt8 = 4
    private static let propertiesBit: UInt8 = 8
    private static let unjournalledBit: UInt8 = 16
    private static let reconciledBit: UInt8 = 32

    public init(
        qos: QualityOfService, retain: Bool, hasProperties: Bool, isUnjournalled: Bool = false,
        isReconciled: Bool = false
    ) {
        var bits = qos.rawValue
        if retain { bits |= Self.retainBit }
        if hasProperties { bits |= Self.propertiesBit }
        if isUnjournalled { bits |= Self.unjournalledBit }
        if isReconciled { bits |= Self.reconciledBit }
        rawValue = bits
    }

    /// - Returns: nil for QoS 3 or a reserved bit (W-31, W-32).
    public init?(rawValue: UInt8) {
        guard rawValue & 0xC0 == 0, rawValue & 3 != 3 else { return nil }
        self.rawValue = rawValue
    }

    public var qos: QualityOfService { QualityOfService(rawValue: rawValue & 3) ?? .atMostOnce }
    public var retain: Bool { rawValue & Self.retainBit != 0 }
    public var hasProperties: Bool { rawValue & Self.propertiesBit != 0 }
    /// Acknowledged from memory while commits failed (ADR 0009).
    public var isUnjournalled: Bool { rawValue & Self.unjournalledBit != 0 }
    /// Made by the sender: a reconciled or expired deletion.
    public var isReconciled: Bool { rawValue & Self.reconciledBit != 0 }
}
