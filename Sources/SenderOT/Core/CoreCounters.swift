extension SenderCore {
    /// What has happened since the start.
    public struct Counters: Sendable, Equatable {
        /// Everything delivered, from the main session and the fetches.
        public let received: UInt64
        /// Records that cross with their content.
        public let records: UInt64
        public let shed: UInt64
        /// Fetched values that were known.
        public let known: UInt64
        /// Deliveries that an earlier lifetime had journalled, and that the broker sent again.
        public let repeated: UInt64
        /// By ``ExportPolicy/Refusal``.
        public let filtered: [UInt64]
        public let beats: UInt64
        public let checkpoints: UInt64

        public var filteredInAll: UInt64 { filtered.reduce(0, +) }
    }
}
