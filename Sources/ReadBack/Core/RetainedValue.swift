package import DiodeProtocol

/// A retained value as the IT broker returned it.
package struct RetainedValue: Sendable {
    /// As the plant knows it, without the link's prefix.
    package var topic: [UInt8]
    /// Of the record that it was published for; nil where the broker cannot tell (MQTT 3.1.1).
    package var stamp: Stamp?
    /// Hash of the payload (`SymbolHasher.value`).
    package var value: UInt64

    /// It says of itself that we wrote it to this topic, so that it is no copy; or nothing can say so (MQTT 3.1.1).
    package var isOurs: Bool

    package init(topic: [UInt8], stamp: Stamp?, value: UInt64, isOurs: Bool = true) {
        self.topic = topic
        self.stamp = stamp
        self.value = value
        self.isOurs = isOurs
    }
}
