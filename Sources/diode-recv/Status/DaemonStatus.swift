internal import Account
public import ReceiverIT
public import Republish
public import Time

/// Everything that the receiver's daemon knows of itself, as of one instant.
public struct DaemonStatus: Sendable {
    public let at: UnixMilliseconds
    /// The public half of the key that signs the ledger's head, in base64.
    public let auditKey: String
    /// In the order of the configuration.
    public let links: [LinkKnowledge]
    public let listeners: [ListenerSnapshot]

    /// - Parameter publishers: what each link's publisher says, by the link's name.
    public init(_ receiver: ReceiverStatus, auditKey: String, publishers: [String: PublisherReport]) {
        at = receiver.at
        self.auditKey = auditKey
        links = receiver.links.map { LinkKnowledge($0, publisher: publishers[$0.name]) }
        listeners = receiver.listeners
    }

    /// The link that is worst off, by the state that its sender's silence and its gaps make; nil without any.
    public var worst: LinkKnowledge? { links.max { Self.severity($0) < Self.severity($1) } }

    private static func severity(_ link: LinkKnowledge) -> Int {
        switch link.snapshot.state {
        case .online: 0
        case .degraded: 1
        case .stale: 2
        case .offline: 3
        }
    }
}
