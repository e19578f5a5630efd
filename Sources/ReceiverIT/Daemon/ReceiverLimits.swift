internal import Configuration
internal import ReceiverITCore
extension ReceiverCore.Settings {
    /// Takes what the configuration limits.
    mutating func limit(by limits: ReceiverConfiguration.Limits) {
        topics = limits.topics
        // Long names may take the room of others, not more.
        topicNameBytes = max(topicNameBytes, 128 * limits.topics)
        verificationsPerSecond = limits.verifications
        assemblyBytes = Int(clamping: limits.partial.bytes)
        reorderBytes = Int(clamping: limits.reorder.bytes)
    }
}
