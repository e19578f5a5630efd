/// How a link hurts the datagrams that cross it. Shares are probabilities, 0…1, each drawn per datagram.
public struct LinkFaults: Sendable, Equatable {
    /// Independent loss.
    public var loss = 0.0
    /// Gilbert–Elliott burst loss: the probability that a burst begins, and that it ends, per datagram. 0 begins none.
    public var burstBegin = 0.0
    public var burstEnd = 0.2
    /// Share sent twice, share held back by up to `delay`, share with one bit flipped.
    public var duplicate = 0.0
    public var reorder = 0.0
    public var flip = 0.0
    /// Share after which an old datagram is played again, and share after which a forged one is added.
    public var replay = 0.0
    public var forge = 0.0
    /// Longest delay of a held-back, doubled, replayed or forged datagram, in nanoseconds.
    public var delayNanoseconds: UInt64 = 2_000_000
    /// The fibre is out: nothing arrives.
    public var cut = false
    /// Somebody keeps the beats back and lets the rest through.
    public var cutsBeats = false

    public init() {}
}

/// Decides what a hurt link does with each datagram: pure, seeded, bounded. The simulator runs it under virtual time, the
/// relay of the demo and of the process tests under real time.
public struct FaultInjector: Sendable {
    /// One datagram as it leaves the link, `after` nanoseconds later.
    public struct Arrival: Sendable {
        public var afterNanoseconds: UInt64
        public var bytes: [UInt8]
        public var kind: Kind
    }

    public enum Kind: Sendable, CaseIterable { case genuine, delayed, doubled, flipped, replayed, forged }

    /// What was done so far.
    public struct Counts: Sendable, Equatable {
        public var offered = 0, lost = 0, cut = 0, doubled = 0, delayed = 0, flipped = 0, replayed = 0, forged = 0

        public init() {}
    }

    public var faults: LinkFaults
    public private(set) var counts = Counts()
    private var random: SeededGenerator
    private var inBurst = false
    /// The newest datagrams, kept to be replayed: at most `memory`.
    private var recorded: [[UInt8]] = []
    private var nextRecord = 0
    private static let memory = 256

    public init(faults: LinkFaults, seed: UInt64) {
        self.faults = faults
        random = SeededGenerator(seed: seed)
    }

    /// What leaves the link because this datagram entered it: nothing when it is lost, several when it is doubled or joined
    /// by replayed and forged ones.
    public mutating func pass(_ datagram: [UInt8]) -> [Arrival] {
        counts.offered += 1
        var arrivals: [Arrival] = []
        if faults.replay > 0 { remember(datagram) }
        if !isLost(datagram) {
            arrivals.append(surviving(datagram))
            if draw(faults.duplicate) {
                counts.doubled += 1
                arrivals.append(Arrival(afterNanoseconds: delay(), bytes: datagram, kind: .doubled))
            }
        }
        if !faults.cut, draw(faults.replay), let old = recorded.randomElement(using: &random) {
            counts.replayed += 1
            arrivals.append(Arrival(afterNanoseconds: delay(), bytes: old, kind: .replayed))
        }
        if !faults.cut, draw(faults.forge) {
            counts.forged += 1
            arrivals.append(Arrival(afterNanoseconds: delay(), bytes: forged(like: datagram), kind: .forged))
        }
        return arrivals
    }

    private mutating func isLost(_ datagram: [UInt8]) -> Bool {
        // The channel is the sixth byte (docs/WIRE.md, 1): 2 is a beat's.
        if faults.cut || faults.cutsBeats && datagram.count > 5 && datagram[5] == 2 {
            counts.cut += 1
            return true
        }
        if inBurst {
            // A link that has been told of no bursts any more is whole at once.
            inBurst = faults.burstBegin > 0 && !draw(faults.burstEnd)
        } else {
            inBurst = draw(faults.burstBegin)
        }
        if inBurst || draw(faults.loss) {
            counts.lost += 1
            return true
        }
        return false
    }

    private mutating func surviving(_ datagram: [UInt8]) -> Arrival {
        if draw(faults.flip), !datagram.isEmpty {
            counts.flipped += 1
            var bytes = datagram
            bytes[Int.random(in: bytes.indices, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            return Arrival(afterNanoseconds: 0, bytes: bytes, kind: .flipped)
        }
        if draw(faults.reorder) {
            counts.delayed += 1
            return Arrival(afterNanoseconds: delay(), bytes: datagram, kind: .delayed)
        }
        return Arrival(afterNanoseconds: 0, bytes: datagram, kind: .genuine)
    }

    /// A datagram that an attacker without the key could make: a real one's beginning with other bytes behind it, or noise.
    private mutating func forged(like datagram: [UInt8]) -> [UInt8] {
        var bytes = datagram
        let kept = Int.random(in: 0...bytes.count, using: &random)
        for index in kept..<bytes.count { bytes[index] = UInt8.random(in: 0...255, using: &random) }
        if draw(0.2) { bytes.removeLast(Int.random(in: 0...bytes.count, using: &random)) }
        return bytes == datagram ? bytes + [0] : bytes
    }

    private mutating func remember(_ datagram: [UInt8]) {
        if recorded.count < Self.memory {
            recorded.append(datagram)
        } else {
            recorded[nextRecord] = datagram
            nextRecord = (nextRecord + 1) % Self.memory
        }
    }

    private mutating func delay() -> UInt64 {
        UInt64.random(in: 0...max(faults.delayNanoseconds, 1), using: &random)
    }

    private mutating func draw(_ share: Double) -> Bool {
        share > 0 && Double.random(in: 0..<1, using: &random) < share
    }
}
