public import DiodeProtocol

/// What a tap saw of numbered messages: which were handed over, and for which of them the taker answered.
///
/// A number is *handed over* when its PUBLISH was passed on, and *acknowledged* when the taker's PUBACK or PUBREC came back:
/// from then on the giver may forget it. Numbers at QoS 0 are not looked at.
public struct TapAccount: Sendable {
    /// A number that was handed over again although it had been acknowledged.
    public struct Repeat: Sendable {
        public let number: Int
        /// Milliseconds of `MQTTTap.milliseconds`.
        public let acknowledgedAt: UInt32
        public let againAt: UInt32
        /// What `diode-seq` said, at the acknowledgement and now; nil where a message bears none. The same stamp twice is the receiver's
        /// repetition; two stamps are one message that the sender numbered twice.
        public let acknowledgedStamp: Stamp?
        public let stampAgain: Stamp?
    }

    /// A connection that ended.
    public struct Ending: Sendable {
        public let at: UInt32
        /// Messages that were handed over on it and not acknowledged.
        public let unacknowledged: Int
    }

    private struct Entry {
        var handedOver: UInt8 = 0
        var acknowledged: UInt8 = 0
        var isSideways = false
        /// Of the first handing over, of the newest, and of the newest acknowledgement.
        var firstHandedOverAt: UInt32 = 0
        var handedOverAt: UInt32 = 0
        var acknowledgedAt: UInt32 = 0
        var acknowledgedStamp: Stamp?
    }

    private var entries: [Entry] = []
    public private(set) var handedOver = 0
    public private(set) var acknowledged = 0
    /// Acknowledgements that said no.
    public private(set) var refused = 0
    public private(set) var repeats: [Repeat] = []
    public private(set) var endings: [Ending] = []

    /// Numbers are below this.
    public var end: Int { entries.count }
    /// How often a number was handed over on a connection that keeps its session; at most 255 is counted.
    public func timesHandedOver(_ number: Int) -> Int { number < end ? Int(entries[number].handedOver) : 0 }
    /// From when it was handed over first to when it was last.
    public func handedOverAt(_ number: Int) -> ClosedRange<UInt32> {
        number < end ? entries[number].firstHandedOverAt...entries[number].handedOverAt : 0...0
    }
    /// When it was acknowledged last.
    public func acknowledgedAt(_ number: Int) -> UInt32 { number < end ? entries[number].acknowledgedAt : 0 }
    public func isAcknowledged(_ number: Int) -> Bool { number < end && entries[number].acknowledged > 0 }
    /// Whether it came on a connection without a session as well: a retained message that was fetched.
    public func wasFetched(_ number: Int) -> Bool { number < end && entries[number].isSideways }

    mutating func handOver(_ number: Int, _ stamp: Stamp?, sideways: Bool, at time: UInt32) {
        grow(to: number)
        guard !sideways else {
            entries[number].isSideways = true
            return
        }
        entries[number].handedOverAt = time
        if entries[number].handedOver == 0 {
            handedOver += 1
            entries[number].firstHandedOverAt = time
        }
        if entries[number].handedOver < .max { entries[number].handedOver += 1 }
        if entries[number].acknowledged > 0 {
            repeats.append(
                Repeat(
                    number: number, acknowledgedAt: entries[number].acknowledgedAt, againAt: time,
                    acknowledgedStamp: entries[number].acknowledgedStamp, stampAgain: stamp))
        }
    }

    mutating func acknowledge(_ number: Int, _ stamp: Stamp?, at time: UInt32) {
        grow(to: number)
        if entries[number].acknowledged == 0 { acknowledged += 1 }
        if entries[number].acknowledged < .max { entries[number].acknowledged += 1 }
        entries[number].acknowledgedAt = time
        entries[number].acknowledgedStamp = stamp
    }

    mutating func refuse() { refused += 1 }

    mutating func end(unacknowledged: Int, at time: UInt32) {
        endings.append(Ending(at: time, unacknowledged: unacknowledged))
    }

    private mutating func grow(to number: Int) {
        guard number >= entries.count else { return }
        entries.append(contentsOf: repeatElement(Entry(), count: number + 65_536 - entries.count))
    }
}
