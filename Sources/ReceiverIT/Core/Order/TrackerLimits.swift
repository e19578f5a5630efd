extension GapTracker {
    /// What bounds its tables, and how long it waits.
    struct Limits: Sendable {
        /// How long a block waits for those before it.
        var reorderWindow = Duration.milliseconds(50)
        /// Units that wait, and their bytes; beyond either the oldest hole opens at once.
        var waitingUnits = 4_096
        var waitingBytes = 64 << 20
        /// Holes of one epoch; beyond, the oldest become lost and are forgotten.
        var holes = 16_384
        /// Words of 64 sequences with records that came without their block, 40 bytes each; beyond, the oldest holes become lost and
        /// are forgotten. There is room for two slots of each of a million topics.
        var filledWords = 1 << 21
        /// Epochs with a track; beyond, the oldest are folded into a sum, what they miss becomes lost.
        var epochs = 64

        init() {}
    }
}
