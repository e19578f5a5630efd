import DiodeProtocol

/// A message as it was handed to the sender, with the stamp that it got.
struct PublishedRecord: Equatable {
    var stamp: Stamp
    var topic: String
    var payload: [UInt8]
    var properties: [UInt8]
    var qos: QualityOfService
    var retain: Bool

    var isDeletion: Bool { retain && payload.isEmpty }
}
