/// What of the replica the IT broker can be expected to retain, as the publisher knows it.
package struct RetainedExpectations: Sendable {
    /// Whether a topic of the plant may be on the IT broker at all.
    package var admits: @Sendable ([UInt8]) -> Bool
    /// Whether the IT broker has refused this value of a topic: its record is a dead letter, and repairing it would be another one.
    package var refuses: @Sendable ([UInt8], _ value: UInt64) -> Bool

    package init(
        admits: @escaping @Sendable ([UInt8]) -> Bool, refuses: @escaping @Sendable ([UInt8], UInt64) -> Bool
    ) {
        self.admits = admits
        self.refuses = refuses
    }
}
