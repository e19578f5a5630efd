/// Where records were lost that no gap of their own names.
public enum LossLayer: String, Hashable, Sendable, CaseIterable {
    /// Before the sender: these records were never numbered, so that no account has them.
    case otBroker = "ot-broker"
    /// Left out on purpose.
    case policy
    case sender
    case outbox
    case itBroker = "it-broker"
    /// Of gaps that are not listed one by one any more.
    case gap
}
