extension SenderCore {
    /// What the core is told once; every knob has its default in the configuration.
    public struct Settings: Sendable {
        public var policy: ExportPolicy
        public var geometry: BlockGeometry
        /// How long a record may wait for company under load.
        public var flush = Duration.milliseconds(2)
        public var beat = Duration.seconds(1)
        /// The most bytes of payload and properties that a record may have; a larger one is shed, numbered and named.
        public var maximumRecordBytes = 1 << 20
        public var slots = NamespaceSlots.Limits()
        public var compressionLevel = 1
        /// What a round of the carousel aims at, and between two checkpoints at most.
        public var snapshotPeriod = Duration.seconds(30)
        /// How long a deleted topic is remembered.
        public var tombstoneKeep = Duration.seconds(7 * 86_400)
        /// How Sparkplug edge nodes are understood.
        package var edgeNodes = EdgeNodeStates.Settings()

        public init(policy: ExportPolicy, geometry: BlockGeometry) {
            self.policy = policy
            self.geometry = geometry
        }
    }

    /// How the journal is: what comes is shed, numbered and named, while there is no room for it.
    public enum JournalState: Sendable, Equatable {
        case writing
        /// It cannot be written; records may be acknowledged from memory and say so (ADR 0009).
        case failing
        /// It holds its limit in blocks that were not sent.
        case full
        /// It cannot be written, and memory holds its limit.
        case failingAndFull
    }
}
