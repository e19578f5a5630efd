/// What a transmission is for, in the order in which the pacer prefers them (D4).
public enum TransmissionClass: Int, Sendable, CaseIterable, Comparable {
    /// The heartbeat: small, rare, always first.
    case beat
    /// First transmissions of records.
    case live
    /// The carousel: gets a tenth of the rate even while live wants all of it.
    case snapshot
    /// Repetitions that the receiving side asked for by hand.
    case resend
    /// Repetitions by schedule: they take what is left.
    case echo

    public static func < (a: TransmissionClass, b: TransmissionClass) -> Bool { a.rawValue < b.rawValue }
}
