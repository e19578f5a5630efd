/// What is known of a device, or of the edge node itself, and what hosts have been told.
struct DeviceTrack: Sendable {
    /// nil: dead, or never heard of.
    var table: MetricTable?
    /// Place of the newest birth, death or state.
    var order = RecordOrder.zero
    /// It has been told of since the link last spoke again.
    var isSure = false

    /// Its birth has been published on the connection that stands.
    var isPublished = false
    /// How many of the table's metrics that birth had; what was taken up since comes with the next.
    var publishedMetrics = 0
    /// The aliases of that birth; nil if its metrics go by name.
    var publishedAliases: [UInt64]?
    /// Metrics were taken up that no birth had.
    var needsBirth = false

    /// Forgets what hosts have been told: their connection is over.
    mutating func unpublish() {
        isPublished = false
        publishedAliases = nil
        needsBirth = false
    }
}
