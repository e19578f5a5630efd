public import Account
public import DiodeProtocol

extension ReceiverCore {
    /// What the core is told once. The defaults suit a 1 Gbit/s link.
    public struct Settings: Sendable {
        /// How long a block waits for those before it; a longer hole opens a gap.
        public var reorderWindow = Duration.milliseconds(50)
        /// Silence of beats after which values can no longer be trusted as current.
        public var silenceTimeout = Duration.seconds(3)
        /// How late beats may come before values count as old.
        public var freshness = Freshness()
        /// Signature verifications a second for frames whose transmission is not settled (W-17), at most: `price` says what is half a core.
        public var verificationsPerSecond = 8_000
        /// What one costs on this machine; whoever has a clock measures it. nil: `verificationsPerSecond` alone counts.
        package var price: Price?
        /// Frames that wait for such a verification, in bytes (W-17).
        public var waitingFrameBytes = 8 << 20
        /// Transmissions whose header and root are remembered (W-16), about 400 bytes each.
        public var settledTransmissions = 4_096
        /// Partly received blocks, and the bytes of their symbols.
        public var assemblyBlocks = 1_024
        public var assemblyBytes = 64 << 20
        /// Decoded blocks that wait for those before them, and their bytes.
        public var reorderBlocks = 4_096
        public var reorderBytes = 64 << 20
        /// Runs of missing blocks of one epoch; beyond, the oldest become lost.
        public var holes = 16_384
        /// Topics with a stamp, and the bytes of their names.
        public var topics = 1_000_000
        public var topicNameBytes = 128 << 20

        /// The addresses behind which there is a diode each: one, or the paths of a link, of which each brings every frame.
        public var paths = [""]
        /// The receiver's private seal keys, the newest first; none: sealed blocks are refused.
        public var seals: [SealKey] = []

        public init() {}
    }
}

extension GapTracker.Limits {
    init(_ settings: ReceiverCore.Settings) {
        reorderWindow = settings.reorderWindow
        waitingUnits = settings.reorderBlocks
        waitingBytes = settings.reorderBytes
        holes = settings.holes
    }
}

extension Replica.Limits {
    package init(_ settings: ReceiverCore.Settings) {
        topics = settings.topics
        nameBytes = settings.topicNameBytes
    }
}
