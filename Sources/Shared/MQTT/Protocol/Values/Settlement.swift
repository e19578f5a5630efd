/// The fate of one publish. Every publish that was accepted is settled exactly once; one that is held is told as `received` before.
public struct Settlement: Sendable, Equatable {
    public enum Outcome: Sendable, Equatable {
        /// The server has it: PUBACK or PUBCOMP (with its reason, such as *no matching subscribers*), or for QoS 0 a
        /// PINGRESP or PUBACK to something sent later.
        case delivered(ReasonCode)
        /// The server has it (PUBREC), under an identifier of the user's, and waits for its release (`Connection.release`).
        case received
        /// The server refused this message; the session lives on. *Quota exceeded* (0x97), *message rate too high* (0x96)
        /// and *implementation specific error* (0x83) may pass: publish again later.
        case refused(ReasonCode)
        /// Larger than the server's Maximum Packet Size; it was not sent and the session lives on.
        case tooLarge(packetBytes: Int, limitBytes: Int)
        /// It was sent, and the connection (QoS 0) or the session (QoS 1 and 2) ended before an answer: the server may
        /// or may not have it.
        case unknown
        /// The connection was stopped before it was sent.
        case notSent
    }

    /// The number that the publisher gave.
    public let token: UInt64
    public let outcome: Outcome

    public init(token: UInt64, outcome: Outcome) {
        self.token = token
        self.outcome = outcome
    }
}
