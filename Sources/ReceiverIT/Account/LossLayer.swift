/// Where records were lost that no gap of their own names (P9).
public enum LossLayer: Sendable, CaseIterable {
    /// Before the sender: these records were never numbered, so that no account has them.
    case otBroker
    /// Left out on purpose.
    case policy
    case sender
    case outbox
    case itBroker
    /// Of gaps that are not listed one by one any more.
    case gap
}
