package import DiodeProtocol

extension Stamp {
    /// How people read it: `epoch:sequence`.
    package var text: String { "\(epoch.rawValue):\(sequence.rawValue)" }
}
